// What a scan does for each server and each line of its list, apart from I/O and cryptography.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "scanner/pace/gate.h"
#include "scanner/pace/ip_set.h"
#include "scanner/smtp/reply.h"
#include "scanner/targets/name_set.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {
namespace {

constexpr std::string_view kEhloReply =
    "250-mx.example.org at your service\r\n250-PIPELINING\r\n250-SIZE 157286400\r\n"
    "250-ETRN\r\n250-STARTTLS\r\n250-ENHANCEDSTATUSCODES\r\n250-8BITMIME\r\n250-DSN\r\n"
    "250-SMTPUTF8\r\n250 CHUNKING\r\n";

void BM_ReadEhloReply(benchmark::State& state) {
  const std::span<const uint8_t> bytes(reinterpret_cast<const uint8_t*>(kEhloReply.data()),
                                       kEhloReply.size());
  const size_t step = static_cast<size_t>(state.range(0));
  for (auto _ : state) {
    SmtpReplyParser parser;
    for (size_t at = 0; at < bytes.size(); at += step) {
      parser.Feed(bytes.subspan(at, std::min(step, bytes.size() - at)));
    }
    const EhloKeywords keywords = ParseEhloKeywords(parser.TakeReply());
    if (!keywords.starttls) state.SkipWithError("the reply was misread");
  }
}
BENCHMARK(BM_ReadEhloReply)->ArgName("bytes_at_once")->Arg(1)->Arg(1 << 20);

std::string TargetList(int64_t lines, bool ranked) {
  std::string text;
  for (int64_t i = 0; i < lines; ++i) {
    if (ranked) text += std::to_string(i + 1) + ",";
    text += "some-domain-" + std::to_string(i) + ".example\n";
  }
  return text;
}

void BM_ReadTargets(benchmark::State& state) {
  const std::string text = TargetList(state.range(0), state.range(1) != 0);
  for (auto _ : state) {
    TargetReader reader(FromString(text), {});
    Target target;
    while (reader.Next(&target)) benchmark::DoNotOptimize(target);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_ReadTargets)->ArgNames({"lines", "ranked"})->Args({10'000, 0})->Args({10'000, 1});

// What keeps duplicates out of a list, growing from nothing.
void BM_InsertNames(benchmark::State& state) {
  std::vector<std::string> names;
  for (int64_t i = 0; i < state.range(0); ++i) {
    names.push_back("some-domain-" + std::to_string(i) + ".example");
  }
  uint64_t peak_bytes = 0;
  for (auto _ : state) {
    NameSet set;
    for (const std::string& name : names) set.Insert(name);
    if (set.size() != names.size()) state.SkipWithError("a name was lost");
    peak_bytes = set.peak_allocated_bytes();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["bytes_per_name"] =
      static_cast<double>(peak_bytes) / static_cast<double>(names.size());
}
BENCHMARK(BM_InsertNames)->ArgName("names")->Arg(100'000);

// One connection through a gate that holds `queued` requests more for other addresses.
void BM_PassGate(benchmark::State& state) {
  Gate::Options options;
  options.max_concurrency = 1000;
  Gate gate(options);
  const auto queued = static_cast<uint32_t>(state.range(0));
  int64_t now_ns = 0;
  uint32_t next = 0;
  while (gate.queued() < queued) {
    gate.Request({dns::IpAddress::FromV4(next), 25}, next, now_ns);
    ++next;
  }
  uint32_t oldest = 0;
  for (auto _ : state) {
    now_ns += 10'000;
    gate.Release({dns::IpAddress::FromV4(oldest++), 25}, now_ns, Gate::Outcome::kOk);
    benchmark::DoNotOptimize(gate.Poll(now_ns));
    gate.Request({dns::IpAddress::FromV4(next), 25}, next, now_ns);
    ++next;
  }
  if (gate.in_flight() != options.max_concurrency || gate.queued() != queued) {
    state.SkipWithError("not one came for one that went");
  }
}
BENCHMARK(BM_PassGate)->ArgName("queued")->Arg(1)->Arg(100'000);

void BM_JudgeAddress(benchmark::State& state) {
  IpSet::Builder builder;
  for (uint32_t i = 0; i < 10'000; ++i) {
    const uint32_t first = 0x0b000000 + i * 4096;
    builder.Add({dns::IpAddress::FromV4(first), dns::IpAddress::FromV4(first + 255)});
  }
  const AddressFilter filter(builder.Build());
  uint32_t address = 0x0b000000;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter.Judge(dns::IpAddress::FromV4(address)));
    address += 4099;
  }
}
BENCHMARK(BM_JudgeAddress);

}  // namespace
}  // namespace mxsweep::scanner
