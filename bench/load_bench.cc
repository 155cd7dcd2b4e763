#include "bench/load_bench.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr std::chrono::milliseconds kLook{20};
constexpr std::chrono::seconds kPatience{30};
constexpr uint32_t kFirstAddress = 0x7f500001;  // 127.80.0.1
// Of so many networks (/24) by turns: the more, the more evenly workers share them.
constexpr uint32_t kNetworks = 4096;

uint32_t AddressOf(int target) {
  const auto i = static_cast<uint32_t>(target);
  return kFirstAddress + (i % kNetworks << 8) + i / kNetworks;
}

std::string AddressText(uint32_t address) {
  return absl::StrFormat("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                         address & 255);
}

}  // namespace

LoadBench::LoadBench(Options options, std::string folder, LoadCountersFile counters,
                     MeasuredProcess process)
    : options_(std::move(options)),
      folder_(std::move(folder)),
      counters_(std::move(counters)),
      process_(std::move(process)) {}

absl::StatusOr<LoadBench> LoadBench::Start(const Options& options, const std::string& folder) {
  const std::string counters_file = folder + "/counters";
  const std::string ready_file = folder + "/ready";
  const std::string log = folder + "/servers.log";
  std::filesystem::remove(ready_file);
  std::filesystem::remove(counters_file);
  absl::StatusOr<LoadCountersFile> counters = LoadCountersFile::Create(counters_file);
  if (!counters.ok()) return counters.status();
  std::vector<std::string> command = {options.load_server,
                                      "--port",
                                      JoinText(options.port),
                                      "--processes",
                                      JoinText(options.processes),
                                      "--dead-bit",
                                      JoinText(options.dead_bit),
                                      "--counters",
                                      counters_file,
                                      "--trust-store",
                                      folder + "/ca.pem",
                                      "--ready-file",
                                      ready_file};
  for (const Flight& flight : options.flights) {
    command.push_back("--flights");
    command.push_back(FlightText(flight));
  }
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, log);
  if (!process.ok()) return process.status();
  for (const auto end = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < end && !process->HasEnded();
       std::this_thread::sleep_for(kLook)) {
    if (std::filesystem::exists(ready_file)) {
      return LoadBench(options, folder, *std::move(counters), *std::move(process));
    }
  }
  return absl::UnavailableError("the servers did not start:\n" + FileText(log));
}

absl::StatusOr<std::string> LoadBench::WriteTargets(const Targets& targets, bool with_names) const {
  const std::string path = JoinText(folder_, "/targets-", targets.live, "-", targets.dead,
                                    with_names, targets.own_names, ".txt");
  std::ofstream file(path);
  const int total = targets.live + targets.dead;
  int dead = 0;
  for (int i = 0; i < total; ++i) {
    // Evenly spread.
    const bool is_dead = int64_t{dead + 1} * total <= int64_t{i + 1} * targets.dead;
    dead += is_dead ? 1 : 0;
    const uint32_t address = AddressOf(i) | (is_dead ? options_.dead_bit : 0);
    file << AddressText(address);
    if (with_names) file << ",mx" << (targets.own_names ? JoinText(i) : "") << ".example.org";
    file << "\n";
  }
  file.close();
  if (!file) return absl::InternalError("cannot write " + path);
  return path;
}

std::vector<std::string> LoadBench::ScanCommand(const std::string& targets_file,
                                                const std::string& output, int concurrency,
                                                int workers, const std::vector<std::string>& more,
                                                Leaves leaves) const {
  const int port = leaves == Leaves::kShared ? 0 : static_cast<int>(leaves) + 1;
  std::vector<std::string> command =
      FastScanCommand({.mxsweep = options_.mxsweep,
                       .targets = targets_file,
                       .output = output,
                       .port = static_cast<uint16_t>(options_.port + port),
                       .trust_store = trust_store(),
                       .concurrency = concurrency});
  command.insert(command.end(), {"--targets", "addresses", "--workers", JoinText(workers)});
  command.insert(command.end(), more.begin(), more.end());
  return command;
}

}  // namespace mxsweep::bench
