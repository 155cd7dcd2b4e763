#include "tls/pki/revocation_sources.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

constexpr uint8_t kOidCrlDistributionPoints[] = {0x55, 0x1d, 0x1f};
constexpr uint8_t kOidTlsFeature[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x18};
constexpr uint64_t kStatusRequest = 5;  // RFC 6066 §8: the number of the TLS extension

// DistributionPoint and DistributionPointName (RFC 5280 §4.2.1.13): context tags.
constexpr AsnTag kPointNameTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr AsnTag kReasonsTag = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr AsnTag kCrlIssuerTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 2;
constexpr AsnTag kFullNameTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr AsnTag kUriTag = CBS_ASN1_CONTEXT_SPECIFIC | 6;
// Names kept of one certificate; those beyond are of no use.
constexpr size_t kMaxPointNames = 16;

bool LooksLikeUrl(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCrlUrlBytes &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}

bool IsHttp(std::string_view url) {
  return url.size() > 7 && absl::EqualsIgnoreCase(absl::string_view(url.data(), 7), "http://");
}

// The URIs of a fullName; other kinds of name are passed over.
bool ReadFullName(CBS names, RevocationSources* sources) {
  while (CBS_len(&names) > 0) {
    CBS name;
    AsnTag tag;
    if (!CBS_get_any_asn1(&names, &name, &tag)) return false;
    const std::string_view text = AsText(BytesOf(name));
    if (tag != kUriTag || !LooksLikeUrl(text)) continue;
    if (sources->distribution_point_names.size() < kMaxPointNames) {
      sources->distribution_point_names.emplace_back(text);
    }
    if (IsHttp(text) && sources->crl_urls.size() < kMaxCrlUrls &&
        std::ranges::find(sources->crl_urls, text) == sources->crl_urls.end()) {
      sources->crl_urls.emplace_back(text);
    }
  }
  return true;
}

bool ReadDistributionPoint(CBS point, RevocationSources* sources) {
  CBS name;
  CBS full_name;
  int has_name = 0;
  int has_reasons = 0;
  int has_issuer = 0;
  if (!CBS_get_optional_asn1(&point, &name, &has_name, kPointNameTag) ||
      !CBS_get_optional_asn1(&point, nullptr, &has_reasons, kReasonsTag) ||
      !CBS_get_optional_asn1(&point, nullptr, &has_issuer, kCrlIssuerTag)) {
    return false;
  }
  if (!has_name || has_reasons || has_issuer) return true;
  if (!CBS_peek_asn1_tag(&name, kFullNameTag)) return true;  // relative to the issuer: a directory
  return CBS_get_asn1(&name, &full_name, kFullNameTag) && ReadFullName(full_name, sources);
}

bool ReadDistributionPoints(Bytes value, RevocationSources* sources) {
  CBS input = ReaderOf(value);
  CBS points;
  if (!CBS_get_asn1(&input, &points, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0) return false;
  while (CBS_len(&points) > 0) {
    CBS point;
    if (!CBS_get_asn1(&points, &point, CBS_ASN1_SEQUENCE) ||
        !ReadDistributionPoint(point, sources)) {
      return false;
    }
  }
  return true;
}

// Features (RFC 7633 §4): SEQUENCE OF INTEGER.
bool ReadTlsFeatures(Bytes value, RevocationSources* sources) {
  CBS input = ReaderOf(value);
  CBS features;
  if (!CBS_get_asn1(&input, &features, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0) return false;
  while (CBS_len(&features) > 0) {
    uint64_t feature;
    if (!CBS_get_asn1_uint64(&features, &feature)) return false;
    if (feature == kStatusRequest) sources->ocsp_must_staple = true;
  }
  return true;
}

}  // namespace

RevocationSources ReadRevocationSources(const CertificateDer& certificate) {
  RevocationSources sources;
  if (const auto points = FindExtension(certificate, kOidCrlDistributionPoints)) {
    sources.well_formed = ReadDistributionPoints(*points, &sources);
  }
  if (const auto features = FindExtension(certificate, kOidTlsFeature)) {
    sources.well_formed = ReadTlsFeatures(*features, &sources) && sources.well_formed;
  }
  return sources;
}

}  // namespace mxsweep::tls
