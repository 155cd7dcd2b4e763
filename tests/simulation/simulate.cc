// Crashing scans of random worlds, one after the other, until the time is over:
//
//   simulate [--minutes M | --seconds S | --seeds N] [--seed FIRST]
//   simulate --seed S --once [--events N] [--targets N] [--hosts N] [--calm]    one, with its story
//
// A scenario that fails is made smaller as long as it fails, and the command that repeats it is
// printed. Exit code 1 then. Each runs in a process of its own, so one that ends its program is
// one that fails.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/base/text.h"
#include "tests/simulation/crashing_scan.h"

namespace mxsweep::scanner::simulation {
namespace {

// A process is begun for so many scenarios: what is set up once (keys, certificates) costs more
// than one of them.
constexpr uint64_t kSeedsAProcess = 100;

// What a child tells, in memory that it shares with us: it may not come to tell otherwise.
struct Tally {
  uint64_t seed;  // under way
  uint64_t seeds;
  uint64_t runs;
  uint64_t crashes;
  uint64_t other_ends;
  uint64_t sessions;
  size_t events;  // of the last scenario
  size_t targets;
  size_t hosts;
};

using Clock = std::chrono::steady_clock;

bool Succeeds(uint64_t seed, const Trim& trim, Tally* tally, bool tell) {
  tally->seed = seed;
  const CrashReport report = ScanThroughCrashes(seed, trim);
  if (tell) {
    std::printf("%s", report.story.c_str());
    for (const std::string& failure : report.failures) std::printf("%s\n", failure.c_str());
  }
  ++tally->seeds;
  tally->runs += report.runs;
  tally->crashes += report.crashes;
  tally->other_ends += report.other_ends;
  tally->sessions += report.sessions;
  tally->events = report.events;
  tally->targets = report.targets;
  tally->hosts = report.hosts;
  return report.failures.empty();
}

// Runs `work` in a child; true if it says so.
template <typename Work>
bool InChild(const Work& work) {
  std::fflush(stdout);
  const pid_t child = fork();
  MXSWEEP_CHECK(child >= 0);
  if (child == 0) {
    const bool good = work();
    std::fflush(stdout);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  MXSWEEP_CHECK(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string CommandOf(uint64_t seed, const Trim& trim) {
  std::string command = JoinText("simulate --seed ", std::to_string(seed), " --once");
  if (trim.events != SIZE_MAX) AppendText(&command, " --events ", std::to_string(trim.events));
  if (trim.targets != SIZE_MAX) AppendText(&command, " --targets ", std::to_string(trim.targets));
  if (trim.hosts != SIZE_MAX) AppendText(&command, " --hosts ", std::to_string(trim.hosts));
  if (trim.calm) command += " --calm";
  return command;
}

bool Fails(uint64_t seed, const Trim& trim) {
  Tally unused{};
  return !InChild([&] {
    // What an assertion says is said once more in the end.
    if (std::freopen("/dev/null", "w", stderr) == nullptr) return true;
    return Succeeds(seed, trim, &unused, false);
  });
}

// Fewer events, targets and hosts, one kind after the other, each as few as still fail: by halves,
// then by one.
Trim Shrink(uint64_t seed, const Trim& whole) {
  Trim least = whole;
  least.calm = true;
  if (!Fails(seed, least)) least.calm = whole.calm;
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (size_t Trim::*part : {&Trim::events, &Trim::targets, &Trim::hosts}) {
      for (size_t step = least.*part / 2 + 1; step > 0; step /= 2) {
        while (least.*part >= step) {
          Trim tried = least;
          tried.*part -= step;
          if (!Fails(seed, tried)) break;
          least = tried;
          smaller = true;
        }
      }
    }
  }
  return least;
}

int Report(uint64_t seed, const Tally& tally) {
  std::printf("FAILED: %s\n", CommandOf(seed, {}).c_str());
  // How large it is is told by whoever ran it to its end; else it is not known.
  Trim whole{.events = 64, .targets = 64, .hosts = 64};
  if (tally.seed == seed && tally.targets > 0) {
    whole = {.events = tally.events, .targets = tally.targets, .hosts = tally.hosts};
  }
  if (!Fails(seed, whole)) {
    std::printf("it does not fail again\n");
    return 1;
  }
  const Trim least = Shrink(seed, whole);
  std::printf("as small as it gets: %s\n", CommandOf(seed, least).c_str());
  Tally unused{};
  InChild([&] { return Succeeds(seed, least, &unused, true); });
  return 1;
}

struct Flags {
  uint64_t seed = 1;
  uint64_t seeds = UINT64_MAX;
  double seconds = 60;
  bool once = false;
  Trim trim;
};

bool ReadFlags(int argc, char** argv, Flags* flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--once" || flag == "--calm") {
      (flag == "--once" ? flags->once : flags->trim.calm) = true;
      continue;
    }
    if (i + 1 == argc) return false;
    char* end = nullptr;
    const double number = std::strtod(argv[++i], &end);
    if (end == argv[i] || *end != '\0' || number < 0) return false;
    const auto whole = static_cast<uint64_t>(number);
    if (flag == "--seed") {
      flags->seed = whole;
    } else if (flag == "--seeds") {
      flags->seeds = whole;
      flags->seconds = 1e9;
    } else if (flag == "--minutes") {
      flags->seconds = 60 * number;
    } else if (flag == "--seconds") {
      flags->seconds = number;
    } else if (flag == "--events") {
      flags->trim.events = whole;
    } else if (flag == "--targets") {
      flags->trim.targets = whole;
    } else if (flag == "--hosts") {
      flags->trim.hosts = whole;
    } else {
      return false;
    }
  }
  return true;
}

int RunMany(const Flags& flags, Tally* tally) {
  const auto began = Clock::now();
  const auto ends = began + std::chrono::duration<double>(flags.seconds);
  uint64_t seed = flags.seed;
  const uint64_t end = flags.seeds > UINT64_MAX - seed ? UINT64_MAX : seed + flags.seeds;
  bool good = true;
  while (good && seed < end && Clock::now() < ends) {
    const uint64_t until = std::min(end, seed + kSeedsAProcess);
    good = InChild([&] {
      for (; seed < until && Clock::now() < ends; ++seed) {
        if (!Succeeds(seed, {}, tally, false)) return false;
      }
      return true;
    });
    seed = until;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
  std::printf(
      "%llu scenarios, the last is seed %llu: %llu runs, %llu crashes, %llu stops and failed "
      "disks, %llu sessions in %.0f s\n",
      static_cast<unsigned long long>(tally->seeds), static_cast<unsigned long long>(tally->seed),
      static_cast<unsigned long long>(tally->runs), static_cast<unsigned long long>(tally->crashes),
      static_cast<unsigned long long>(tally->other_ends),
      static_cast<unsigned long long>(tally->sessions), seconds);
  return good ? 0 : Report(tally->seed, *tally);
}

int Main(int argc, char** argv) {
  Flags flags;
  if (!ReadFlags(argc, argv, &flags)) {
    std::fprintf(stderr,
                 "simulate [--minutes M | --seconds S | --seeds N] [--seed FIRST]\n"
                 "simulate --seed S --once [--events N] [--targets N] [--hosts N] [--calm]\n");
    return 2;
  }
  void* shared =
      mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  MXSWEEP_CHECK(shared != MAP_FAILED);
  auto* tally = new (shared) Tally{};
  if (!flags.once) return RunMany(flags, tally);
  const bool good = InChild([&] { return Succeeds(flags.seed, flags.trim, tally, /*tell=*/true); });
  std::printf("%s\n", good ? "as it should be" : "FAILED");
  return good ? 0 : 1;
}

}  // namespace
}  // namespace mxsweep::scanner::simulation

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  return mxsweep::scanner::simulation::Main(argc, argv);
}
