// mxsweep_keys_bench: what `mxsweep keys` costs, for so many moduli at once, for a tenth of them,
// and for a hundredth that is new against a store of all. What is planted among them must be found,
// and nothing else. See docs/performance.md.
//
// A million primes of 1024 bits would take a day. So most moduli are products of 51 different
// primes of 40 bits (tests/tls/keys/weak_numbers.h), which no algorithm here can tell from others;
// only those planted have primes of 1024 bits.
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_format.h"
#include "bench/measured_process.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tests/tls/keys/weak_numbers.h"
#include "tls/keys/key_checks.h"
#include "tls/pki/certificate.h"

namespace mxsweep::bench {
namespace {

using tls::Integer;
using tls::testing::Product;

// "spki_sha256 weakness" of each that is to be found.
using Findings = std::set<std::string>;

struct Settings {
  std::string self;
  std::string mxsweep = MXSWEEP_PROGRAM;
  std::string folder;
  size_t moduli = 100'000;
  size_t fresh = 1'000;
  int groups = 20;  // of each kind that is planted
  std::string memory = "3GiB";
  int threads = 0;
};

class KeyFile {
 public:
  explicit KeyFile(const std::string& path) : out_(path) {}
  void Add(const Integer& modulus, unsigned long exponent = 65537) {
    const std::vector<uint8_t> spki = tls::testing::RsaSpki(modulus, Integer(exponent));
    out_ << "-----BEGIN PUBLIC KEY-----\n";
    const std::string base64 = absl::Base64Escape(
        absl::string_view(reinterpret_cast<const char*>(spki.data()), spki.size()));
    for (size_t i = 0; i < base64.size(); i += 64) out_ << base64.substr(i, 64) << "\n";
    out_ << "-----END PUBLIC KEY-----\n";
  }
  bool good() { return static_cast<bool>(out_.flush()); }

 private:
  std::ofstream out_;
};

class Expected {
 public:
  void Add(const Integer& modulus, const std::string& word, unsigned long exponent = 65537) {
    const std::vector<uint8_t> spki = tls::testing::RsaSpki(modulus, Integer(exponent));
    lines_.insert(tls::HexLower(tls::HashSha256(spki)) + " " + word);
  }
  void Write(const std::string& path) const {
    std::ofstream out(path);
    for (const std::string& line : lines_) out << line << "\n";
  }

 private:
  Findings lines_;
};

// tenth.pem, whose keys are in old.pem, too, and new.pem; and what is to be found in each.
int MakeKeys(const Settings& settings) {
  tls::testing::Numbers numbers(20261128);
  const auto prime = [&] { return numbers.Prime(1024); };
  const std::vector<Integer> lonely = tls::testing::CoprimeModuli(settings.moduli + settings.fresh);
  KeyFile tenth(settings.folder + "/tenth.pem");
  KeyFile old(settings.folder + "/old.pem");
  KeyFile fresh(settings.folder + "/new.pem");
  Expected of_tenth, of_old, of_new;
  const size_t small = std::max<size_t>(settings.moduli / 10, 1);
  for (size_t i = 0; i < settings.moduli; ++i) {
    old.Add(lonely[i]);
    if (i < small) tenth.Add(lonely[i]);
  }
  for (size_t i = settings.moduli; i < lonely.size(); ++i) fresh.Add(lonely[i]);
  for (int group = 0; group < settings.groups; ++group) {
    // Two and three with one prime, three that share one each with the other two.
    const Integer p = prime(), q = prime(), r = prime(), s = prime();
    const Integer planted[] = {Product(p, prime()), Product(p, prime()), Product(q, prime()),
                               Product(q, prime()), Product(q, prime()), Product(r, s)};
    for (const Integer& modulus : planted) {
      tenth.Add(modulus);
      old.Add(modulus);
      if (&modulus == &planted[5]) continue;
      of_tenth.Add(modulus, "shared_prime");
      of_old.Add(modulus, "shared_prime");
    }
    // A duplicate, and one with another exponent.
    tenth.Add(lonely[static_cast<size_t>(group) % small]);
    old.Add(lonely[static_cast<size_t>(group) % small]);
    const Integer& twice = lonely[static_cast<size_t>(group) % small];
    for (const unsigned long exponent : {65537ul, 65539ul}) {
      of_tenth.Add(twice, "shared_modulus", exponent);
      of_old.Add(twice, "shared_modulus", exponent);
    }
    tenth.Add(twice, 65539);
    old.Add(twice, 65539);
    // What only shows when the new ones come: a prime of an old one, a triangle over the border.
    const Integer with_old = Product(p, prime());
    const Integer triangle[] = {Product(r, q), Product(s, prime())};
    for (const Integer& modulus : {with_old, triangle[0], triangle[1]}) {
      fresh.Add(modulus);
      of_new.Add(modulus, "shared_prime");
    }
  }
  of_tenth.Write(settings.folder + "/tenth.expected");
  of_old.Write(settings.folder + "/old.expected");
  of_new.Write(settings.folder + "/new.expected");
  return tenth.good() && old.good() && fresh.good() ? 0 : 1;
}

struct Run {
  MeasuredProcess::Usage usage;
  double compare_s = 0;
  size_t found = 0;

  double cpu_s() const { return usage.user_s + usage.system_s; }
};

// "comparing moduli: 12.3 s"
double StageSeconds(const std::string& line, const std::string& stage) {
  if (!line.starts_with(stage + ": ") || !line.ends_with(" s")) return 0;
  return std::atof(line.c_str() + stage.size() + 2);
}

absl::StatusOr<Run> RunKeys(const Settings& settings, const std::string& name, bool against) {
  const std::string log = settings.folder + "/" + name + ".log";
  std::vector<std::string> command = {
      settings.mxsweep, "keys",         settings.folder + "/" + name + ".pem",
      "--json",         "--scratch",    settings.folder,
      "--memory",       settings.memory};
  if (against) command.insert(command.end(), {"--against", settings.folder + "/store"});
  if (settings.threads > 0) {
    command.insert(command.end(), {"--threads", JoinText(settings.threads)});
  }
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, log);
  if (!process.ok()) return process.status();
  Run run{.usage = process->Wait()};
  Findings found;
  std::ifstream lines(log);
  for (std::string line; std::getline(lines, line);) {
    run.compare_s += StageSeconds(line, "comparing moduli");
    const nlohmann::json row = nlohmann::json::parse(line, nullptr, false);
    if (!row.is_object()) continue;
    for (const nlohmann::json& word : row["weaknesses"]) {
      found.insert(row["spki_sha256"].get<std::string>() + " " + word.get<std::string>());
    }
  }
  if (run.usage.exit_code != 0) {
    return absl::InternalError(JoinText("mxsweep keys failed; see ", log));
  }
  Findings expected;
  std::ifstream wanted(settings.folder + "/" + name + ".expected");
  for (std::string line; std::getline(wanted, line);) expected.insert(line);
  if (found != expected) {
    return absl::InternalError(JoinText(name, ": ", found.size(), " findings, planted were ",
                                        expected.size(), ", and they are not the same"));
  }
  run.found = found.size();
  return run;
}

void PrintRun(const char* name, double moduli, const Run& run) {
  std::printf("%-34s%12.0f%10.1f%12.1f%10.1f%10.0f%10zu\n", name, moduli, run.usage.wall_s,
              run.compare_s, run.cpu_s(), static_cast<double>(run.usage.peak_rss_bytes) / (1 << 20),
              run.found);
  std::fflush(stdout);
}

double Growth(double n) { return n * std::log2(n) * std::log2(n); }

// The checks of one key by itself.
void PrintChecks() {
  tls::testing::Numbers numbers(1);
  const Integer modulus = Product(numbers.Prime(1024), numbers.Prime(1024));
  const std::vector<uint8_t> spki = tls::testing::RsaSpki(modulus, Integer(65537));
  for (const auto& [name, depth] :
       {std::pair("a key's checks in a scan, CPU us", tls::KeyCheckDepth::kScan),
        std::pair("a key's checks in mxsweep keys, CPU us", tls::KeyCheckDepth::kThorough)}) {
    constexpr int kRounds = 2000;
    double least_us = 1e9;
    for (int attempt = 0; attempt < 3; ++attempt) {
      const std::clock_t begun = std::clock();
      size_t words = 0;
      for (int i = 0; i < kRounds; ++i) {
        words += tls::CheckKey(tls::ReadPublicKey(spki), depth).weaknesses.size();
      }
      const double us = 1e6 * static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC / kRounds;
      least_us = words == 0 ? std::min(least_us, us) : least_us;
    }
    std::printf("%-46s%10.1f\n", name, least_us);
  }
}

absl::Status Measure(const Settings& settings) {
  PrintChecks();
  // In a process of its own, whose memory is gone then.
  absl::StatusOr<MeasuredProcess> maker = MeasuredProcess::Start(
      {settings.self, "--make", "--folder", settings.folder, "--moduli", JoinText(settings.moduli),
       "--new", JoinText(settings.fresh), "--groups", JoinText(settings.groups)},
      settings.folder + "/make.log");
  if (!maker.ok()) return maker.status();
  if (maker->Wait().exit_code != 0) return absl::InternalError("the keys could not be made");
  std::printf("\n%-34s%12s%10s%12s%10s%10s%10s\n", "", "moduli", "seconds", "comparing", "CPU s",
              "peak MiB", "found");
  const auto many = static_cast<double>(settings.moduli);
  const absl::StatusOr<Run> tenth = RunKeys(settings, "tenth", false);
  if (!tenth.ok()) return tenth.status();
  PrintRun("a tenth", many / 10, *tenth);
  const absl::StatusOr<Run> old = RunKeys(settings, "old", true);
  if (!old.ok()) return old.status();
  PrintRun("all, into a store", many, *old);
  const absl::StatusOr<Run> fresh = RunKeys(settings, "new", true);
  if (!fresh.ok()) return fresh.status();
  PrintRun("new ones against it", static_cast<double>(settings.fresh), *fresh);
  const double growth = Growth(many) / Growth(many / 10);
  std::printf("\n%-60s%10.2f\n%-60s%10.2f\n", "comparing: all against a tenth",
              old->compare_s / std::max(tenth->compare_s, 1e-3), "  n log^2 n would be", growth);
  std::printf("%-60s%10.3f\n", "whole run: new ones against all",
              fresh->usage.wall_s / std::max(old->usage.wall_s, 1e-3));
  constexpr double kInternet = 30e6;
  std::printf("%-60s%10.1f\n", "30 million, by n log^2 n and with memory for it: hours comparing",
              old->compare_s * Growth(kInternet) / Growth(many) / 3600);
  std::printf("%-60s%10.1f\n", "  and looking at single keys",
              (old->usage.wall_s - old->compare_s) * kInternet / many / 3600);
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Settings settings;
  settings.self = std::filesystem::read_symlink("/proc/self/exe").string();
  bool make = false;
  CLI::App app("Measures mxsweep keys");
  app.option_defaults()->always_capture_default();
  app.add_option("--moduli", settings.moduli, "compared")->check(CLI::Range(100, 100'000'000));
  app.add_option("--new", settings.fresh, "compared with all of these afterwards")
      ->check(CLI::Range(1, 100'000'000));
  app.add_option("--groups", settings.groups, "planted, of each kind")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--memory", settings.memory, "as mxsweep keys takes it");
  app.add_option("--threads", settings.threads, "0: one for each core");
  app.add_option("--folder", settings.folder, "for keys and scratch files; not removed");
  app.add_option("--mxsweep", settings.mxsweep, "the program to measure");
  app.add_flag("--make", make, "only make the keys");
  CLI11_PARSE(app, argc, argv);
  if (make) return MakeKeys(settings);
  std::string own;
  if (settings.folder.empty()) {
    own = std::filesystem::temp_directory_path().string() + "/mxsweep-keys-bench-XXXXXX";
    if (mkdtemp(own.data()) == nullptr) return 1;
    settings.folder = own;
  }
  const absl::Status status = Measure(settings);
  if (status.ok() && !own.empty()) std::filesystem::remove_all(own);
  if (status.ok()) return 0;
  std::fprintf(stderr, "mxsweep_keys_bench: %s\n", std::string(status.message()).c_str());
  return 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) { return mxsweep::bench::Main(argc, argv); }
