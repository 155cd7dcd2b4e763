// A leaf and its issuer, each behind two bytes of length, and then an OCSP response.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "tls/pki/revocation_sources.h"
#include "tls/revocation/ocsp.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  std::span<const uint8_t> rest(data, size);
  std::span<const uint8_t> certificates[2];
  for (auto& certificate : certificates) {
    if (rest.size() < 2) return 0;
    const size_t length = std::min<size_t>(rest[0] << 8 | rest[1], rest.size() - 2);
    certificate = rest.subspan(2, length);
    rest = rest.subspan(2 + length);
  }
  const auto& [leaf, issuer] = certificates;
  for (const std::span<const uint8_t> known : {issuer, std::span<const uint8_t>()}) {
    const OcspVerdict verdict = JudgeOcspResponse(rest, leaf, known, 1768478400);
    if (verdict.detail.empty() != (verdict.status == OcspStatus::kGood)) std::abort();
    if (verdict.status >= OcspStatus::kNotYetValid && known.empty()) std::abort();
    if (verdict.status == OcspStatus::kRevoked && !verdict.revocation) std::abort();
  }
  const RevocationSources sources = ReadRevocationSources(CutCertificate(leaf));
  if (sources.crl_urls.size() > kMaxCrlUrls) std::abort();
  return 0;
}
