// TLSA records and a chain from one input: blocks of a kind byte, two bytes of length, and data.
// Odd kinds are certificates, even ones records (usage, selector, matching type, data).
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tls/dane/verdict.h"
#include "tls/pki/pkix.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep;
  std::vector<dns::TlsaRecord> records;
  std::vector<tls::DerHandle> chain;
  std::span<const uint8_t> rest(data, size);
  while (rest.size() >= 3 && records.size() + chain.size() < 24) {
    const bool certificate = (rest[0] & 1) != 0;
    const size_t length = std::min<size_t>(rest[1] << 8 | rest[2], rest.size() - 3);
    const std::span<const uint8_t> block = rest.subspan(3, length);
    rest = rest.subspan(3 + length);
    if (certificate) {
      chain.push_back(tls::DerHandle::Copy(block));
    } else if (block.size() >= 3) {
      records.push_back({block[0], block[1], block[2], {block.begin() + 3, block.end()}});
    }
  }
  const tls::DaneReference reference = {
      .tlsa_base_domain = "mx.example.org", .next_hop_names = {"example.org"}, .mx_secure = true};
  const tls::DaneVerdict verdict = tls::JudgeDane(records, chain, reference, 1768478400);
  const bool match = verdict.status == tls::DaneStatus::kMatch;
  if (match != verdict.matched_record.has_value() || match != verdict.matched_depth.has_value() ||
      verdict.record_reasons.size() != records.size() ||
      (records.empty() != (verdict.status == tls::DaneStatus::kNone))) {
    std::abort();
  }
  tls::RolloverReady(records);
  static const auto* const store =
      new absl::StatusOr<std::shared_ptr<const tls::TrustStore>>(tls::TrustStore::Load());
  if (store->ok() && !chain.empty()) {
    // A chain that no honest CA made is not valid, whatever else it is.
    tls::PkixVerifier(**store).Judge(chain, 1768478400);
  }
  return 0;
}
