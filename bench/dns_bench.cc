// What a DNS answer costs before anything is done with it: building the query, reading the message,
// finding the answer in it, normalising a name.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "dns/message.h"
#include "dns/name.h"
#include "dns/public_suffix.h"

namespace mxsweep::dns {
namespace {

// A response to an MX question: the question, `records` answers whose owner is a pointer to it,
// OPT.
std::vector<uint8_t> MxResponse(int records) {
  std::vector<uint8_t> bytes = *BuildQuery("example.org", RrType::kMx, {.id = 7, .edns = false});
  bytes[2] |= 0x80;
  bytes[3] |= 0x80;
  bytes[7] = static_cast<uint8_t>(records);
  for (int i = 0; i < records; ++i) {
    const uint8_t digit = static_cast<uint8_t>('0' + i % 10);
    const std::vector<uint8_t> record = {0xC0, 12, 0, 15, 0, 1,   0,   0,     1,    44,
                                         0,    8,  0, 10, 3, 'm', 'x', digit, 0xC0, 12};
    bytes.insert(bytes.end(), record.begin(), record.end());
  }
  bytes[11] = 1;
  const std::vector<uint8_t> opt = {0, 0, 41, 0x04, 0xD0, 0, 0, 0, 0, 0, 0};
  bytes.insert(bytes.end(), opt.begin(), opt.end());
  return bytes;
}

void BM_BuildQuery(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(BuildQuery("mail.example.org", RrType::kMx, {.id = 7}));
  }
}
BENCHMARK(BM_BuildQuery);

void BM_ParseMxResponse(benchmark::State& state) {
  const std::vector<uint8_t> bytes = MxResponse(static_cast<int>(state.range(0)));
  if (!ParseResponse(bytes).ok()) state.SkipWithError("the benchmark's own message is malformed");
  for (auto _ : state) benchmark::DoNotOptimize(ParseResponse(bytes));
}
BENCHMARK(BM_ParseMxResponse)->ArgName("records")->Arg(2)->Arg(50);

void BM_SummarizeAnswer(benchmark::State& state) {
  const auto message = ParseResponse(MxResponse(static_cast<int>(state.range(0))));
  if (!message.ok()) {
    state.SkipWithError("the benchmark's own message is malformed");
    return;
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(SummarizeAnswer(*message, "example.org", RrType::kMx));
  }
}
BENCHMARK(BM_SummarizeAnswer)->ArgName("records")->Arg(2)->Arg(50);

void BM_NormalizeAscii(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(NormalizeDomain("Shop.Example.ORG"));
}
BENCHMARK(BM_NormalizeAscii);

void BM_NormalizeUnicode(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(NormalizeDomain("bücher.example"));
}
BENCHMARK(BM_NormalizeUnicode);

void BM_RegistrableDomain(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(RegistrableDomain("mx1.mail.example.co.uk"));
}
BENCHMARK(BM_RegistrableDomain);

}  // namespace
}  // namespace mxsweep::dns
