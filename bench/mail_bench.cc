// mxsweep_mail_bench: what `mxsweep explain` and `mxsweep dashboard` cost of whole logs of each
// program. What was written into the logs must be found, and nothing else. See docs/performance.md.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "bench/instructions.h"
#include "bench/mail_logs.h"
#include "bench/measured_process.h"
#include "nlohmann/json.hpp"

namespace mxsweep::bench {
namespace {

using nlohmann::json;

struct Settings {
  std::string mxsweep = MXSWEEP_PROGRAM;
  std::string folder;
  uint64_t mebibytes = 256;
  uint64_t counted_kibibytes = 1024;
  int rounds = 3;
};

absl::Status Differs(std::string_view what, uint64_t wanted, uint64_t found) {
  if (wanted == found) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(std::string(what), ": ", wanted, " were written, ", found, " are told"));
}

absl::Status CheckExplain(const json& said, const MailLogFacts& facts) {
  uint64_t failures = 0, others = 0;
  for (const json& cause : said.at("causes")) {
    const bool is_failure = cause.at("kind") == "refused";
    (is_failure ? failures : others) += cause.at("count").get<uint64_t>();
  }
  absl::Status status = Differs("lines", facts.lines, said.at("lines"));
  status.Update(Differs("failures", facts.failures, failures));
  return status;
}

absl::Status CheckDashboard(const json& said, const MailLogFacts& facts) {
  absl::Status status;
  for (const json& flow : said.at("flows")) {
    if (flow.at("flow") == "reported") continue;
    uint64_t encrypted = 0, clear = 0, not_told = 0;
    for (const json& bucket : flow.at("buckets")) {
      encrypted += bucket.at("encrypted").get<uint64_t>();
      clear += bucket.at("clear").get<uint64_t>();
      not_told += bucket.at("not_told").get<uint64_t>();
    }
    const bool out = flow.at("flow") == "outbound";
    status.Update(
        Differs("encrypted", out ? facts.outbound_encrypted : facts.inbound_encrypted, encrypted));
    status.Update(Differs("in clear", out ? facts.outbound_clear : facts.inbound_clear, clear));
    status.Update(Differs("not told", 0, not_told));
  }
  return status;
}

// One command over one log.
class Run {
 public:
  Run(const Settings& settings, std::string command)
      : settings_(settings), command_(std::move(command)) {}

  // Of the round that took least CPU time; the largest memory of all.
  absl::StatusOr<MeasuredProcess::Usage> Measure(const std::string& path,
                                                 const MailLogFacts& facts) const {
    std::optional<MeasuredProcess::Usage> least;
    uint64_t peak = 0;
    for (int round = 0; round < settings_.rounds; ++round) {
      const std::string said = absl::StrCat(settings_.folder, "/said.json");
      std::filesystem::remove(said);  // it is written to at its end
      auto process = MeasuredProcess::Start(Command(path), said);
      if (!process.ok()) return process.status();
      const MeasuredProcess::Usage usage = process->Wait();
      if (usage.exit_code != 0) return absl::InternalError(absl::StrCat(command_, " has failed"));
      std::ifstream read(said);
      const json data = json::parse(read);
      const absl::Status right =
          command_ == "explain" ? CheckExplain(data, facts) : CheckDashboard(data, facts);
      if (!right.ok()) return right;
      peak = std::max(peak, usage.peak_rss_bytes);
      if (!least || usage.user_s + usage.system_s < least->user_s + least->system_s) least = usage;
    }
    least->peak_rss_bytes = peak;
    return *least;
  }

  // User instructions of a byte, by two logs, of which one is three times as long: what the program
  // needs to start is in both. Nothing where there is no valgrind.
  absl::StatusOr<std::optional<double>> CountOfAByte(MailLog log) const {
    const std::string path = absl::StrCat(settings_.folder, "/counted.log");
    double instructions[2] = {}, bytes[2] = {};
    for (int i = 0; i < 2; ++i) {
      const auto facts =
          WriteMailLog(log, path, (settings_.counted_kibibytes << 10) * (i == 0 ? 1 : 3));
      if (!facts.ok()) return facts.status();
      const auto count = CountInstructions(Command(path), settings_.folder + "/callgrind", true);
      if (!count.ok()) return count.status();
      if (!*count) return std::nullopt;
      instructions[i] = **count;
      bytes[i] = static_cast<double>(facts->bytes);
    }
    std::filesystem::remove(path);
    return (instructions[1] - instructions[0]) / (bytes[1] - bytes[0]);
  }

 private:
  std::vector<std::string> Command(const std::string& path) const {
    return {settings_.mxsweep, command_, path, "--json"};
  }

  const Settings& settings_;
  std::string command_;
};

absl::Status MeasureLog(const Settings& settings, MailLog log) {
  const std::string path = absl::StrCat(settings.folder, "/mail.log");
  const auto facts = WriteMailLog(log, path, settings.mebibytes << 20);
  if (!facts.ok()) return facts.status();
  std::printf("%-16s%9.2f", MailLogName(log), static_cast<double>(facts->lines) / 1e6);
  for (const char* command : {"explain", "dashboard"}) {
    const Run run(settings, command);
    const auto usage = run.Measure(path, *facts);
    if (!usage.ok()) return usage.status();
    const auto of_a_byte = run.CountOfAByte(log);
    if (!of_a_byte.ok()) return of_a_byte.status();
    const double cpu_s = std::max(usage->user_s + usage->system_s, 1e-6);
    std::printf("%9.0f", static_cast<double>(facts->bytes) / 1e6 / cpu_s);
    if (*of_a_byte) {
      std::printf("%9.1f", **of_a_byte);
    } else {
      std::printf("%9s", "-");
    }
    std::printf("%9.0f", static_cast<double>(usage->peak_rss_bytes) / (1 << 20));
  }
  std::printf("\n");
  std::fflush(stdout);
  std::filesystem::remove(path);
  return absl::OkStatus();
}

absl::Status Measure(const Settings& settings) {
  std::printf("%-25s%27s%27s\n%-16s%9s", "", "explain", "dashboard", "log", "million");
  for (int i = 0; i < 2; ++i) std::printf("%9s%9s%9s", "MB a s", "instr.", "peak");
  std::printf("\n%-16s%9s", absl::StrCat(settings.mebibytes, " MiB each").c_str(), "lines");
  for (int i = 0; i < 2; ++i) std::printf("%9s%9s%9s", "of CPU", "a byte", "MiB");
  std::printf("\n");
  for (const MailLog log : kMailLogs) {
    if (absl::Status status = MeasureLog(settings, log); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat(MailLogName(log), ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Measures mxsweep explain and mxsweep dashboard on whole logs");
  app.option_defaults()->always_capture_default();
  app.add_option("--mebibytes", settings.mebibytes, "of each log")->check(CLI::Range(1, 65'536));
  app.add_option("--counted", settings.counted_kibibytes,
                 "KiB of the log whose instructions are counted, and three times as many")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--rounds", settings.rounds, "the cheapest of so many counts")
      ->check(CLI::Range(1, 100));
  app.add_option("--mxsweep", settings.mxsweep, "the program to measure");
  CLI11_PARSE(app, argc, argv);
  settings.folder = std::filesystem::temp_directory_path().string() + "/mxsweep-mail-bench-XXXXXX";
  if (mkdtemp(settings.folder.data()) == nullptr) return 1;
  const absl::Status status = Measure(settings);
  std::filesystem::remove_all(settings.folder);
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_mail_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) { return mxsweep::bench::Main(argc, argv); }
