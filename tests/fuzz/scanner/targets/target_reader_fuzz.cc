// Feeds bytes as a list of targets: the first one chooses what the lines are, the rest may also be
// packed (gzip, zstd, xz, bzip2). Each line must be accounted for, and each target fit to be looked
// up and written down.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "dns/name.h"
#include "scanner/base/check.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {
namespace {

// A range of addresses may be far longer than the input; its beginning will do.
constexpr int kMaxTargets = 5000;

void CheckTarget(const Target& target) {
  MXSWEEP_CHECK(target.input_line > 0);
  if (target.kind == Target::Kind::kInvalid) {
    MXSWEEP_CHECK(!target.problem.empty() && target.raw.size() <= kMaxTargetRawBytes);
    return;
  }
  MXSWEEP_CHECK(target.problem.empty() && target.raw.size() <= kMaxTargetRawBytes);
  if (target.name.empty()) {
    MXSWEEP_CHECK(target.kind == Target::Kind::kAddress);
    return;
  }
  const auto again = dns::NormalizeDomain(target.name);
  MXSWEEP_CHECK(again.ok() && *again == target.name);
}

void ReadList(std::string list, TargetsKind kind) {
  auto source = Decompress(FromString(std::move(list)));
  if (!source.ok()) return;
  TargetReader reader(*std::move(source), {.kind = kind});
  Target target;
  for (int i = 0; i < kMaxTargets; ++i) {
    if (!reader.Next(&target)) break;
    CheckTarget(target);
  }
  const TargetCounts& counts = reader.counts();
  MXSWEEP_CHECK(counts.invalid <= counts.targets);
  if (kind != TargetsKind::kAddresses) {
    MXSWEEP_CHECK(counts.targets + counts.duplicates <= counts.lines);
  }
}

}  // namespace
}  // namespace mxsweep::scanner

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::scanner::TargetsKind;
  if (size == 0) return 0;
  static constexpr TargetsKind kKinds[] = {TargetsKind::kDomains, TargetsKind::kHosts,
                                           TargetsKind::kAddresses};
  mxsweep::scanner::ReadList(std::string(data + 1, data + size), kKinds[data[0] % 3]);
  return 0;
}
