#include "bench/lab_process.h"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::milliseconds kLook{50};

std::vector<std::string> Command(const LabOptions& options, const std::string& ready) {
  return {options.program,
          "serve",
          "--mix",
          options.mix,
          "--fixed",
          options.fixed,
          "--domains",
          JoinText(options.domains),
          "--seed",
          JoinText(options.seed),
          "--network",
          "127.80.0.0",
          "--smtp-port",
          JoinText(options.smtp_port),
          "--https-port",
          JoinText(options.https_port),
          "--dns-port",
          "0",
          "--state",
          options.folder,
          "--ready-file",
          ready,
          "--die-with-parent"};
}

}  // namespace

TemporaryFolder::TemporaryFolder() {
  std::string name = std::filesystem::temp_directory_path() / "mxsweep-bench.XXXXXX";
  if (mkdtemp(name.data()) == nullptr) {
    std::perror(name.c_str());
    std::exit(1);
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string FileText(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

absl::StatusOr<LabProcess> LabProcess::Start(const LabOptions& options) {
  std::filesystem::create_directories(options.folder);
  const std::string ready = options.folder + "/ready";
  const std::string log = options.folder + "/lab.log";
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(Command(options, ready), log);
  if (!process.ok()) return process.status();
  for (const auto end = std::chrono::steady_clock::now() + kPatience;
       std::chrono::steady_clock::now() < end && !process->HasEnded();) {
    std::ifstream in(ready);
    for (std::string word; in >> word;) {
      if (word.rfind("dns=", 0) == 0) {
        return LabProcess(*std::move(process), options.folder, word.substr(4));
      }
    }
    std::this_thread::sleep_for(kLook);
  }
  return absl::UnavailableError("the lab did not start:\n" + FileText(log));
}

}  // namespace mxsweep::bench
