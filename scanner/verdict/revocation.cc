#include "scanner/verdict/revocation.h"

#include <charconv>
#include <utility>

#include "dns/ip_address.h"
#include "dns/name.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr std::string_view kHttp = "http://";
constexpr int64_t kFetchTimeoutNs = 60'000'000'000;

// Who is meant by a place in the path.
std::string Who(size_t depth) {
  return depth == 0 ? std::string("leaf") : "certificate " + std::to_string(depth);
}

bool Settles(RevocationStatus status) {
  return status == RevocationStatus::kGood || status == RevocationStatus::kRevoked;
}

// What is known of the leaf.
EndpointRevocation JudgeLeaf(const std::optional<tls::OcspVerdict>& ocsp,
                             std::span<const CertificateRevocation> path) {
  if (ocsp && ocsp->status == tls::OcspStatus::kGood) {
    return {RevocationStatus::kGood, RevocationSource::kOcspStaple, ""};
  }
  const CertificateRevocation listed = path.empty() ? CertificateRevocation{} : path.front();
  const bool list_says_something =
      listed.status != RevocationStatus::kNotAsked && listed.status != RevocationStatus::kNoSource;
  if (list_says_something) {
    return {listed.status, RevocationSource::kCrl,
            listed.detail.empty() ? "" : JoinText("leaf: ", listed.detail)};
  }
  if (ocsp) {
    return {RevocationStatus::kUnknown, RevocationSource::kOcspStaple,
            JoinText("stapled response ", tls::OcspStatusName(ocsp->status), ": ", ocsp->detail)};
  }
  return {listed.status, RevocationSource::kNone, listed.detail};
}

// Host and port, "host", "host:port", "192.0.2.1" or "[2001:db8::1]:port".
bool ReadAuthority(std::string_view authority, HttpRequest* request) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    port = authority.substr(end + 1);
    authority = authority.substr(1, end - 1);
    if (!port.empty() && !port.starts_with(':')) return false;
    if (authority.find(':') == std::string_view::npos) return false;
  } else if (const size_t colon = authority.find(':'); colon != std::string_view::npos) {
    port = authority.substr(colon);
    authority = authority.substr(0, colon);
  }
  request->port = 80;
  if (port.size() > 1) {
    const char* end = port.data() + port.size();
    const auto [stop, error] = std::from_chars(port.data() + 1, end, request->port);
    if (error != std::errc() || stop != end || request->port == 0) return false;
  }
  if (dns::IpAddress::Parse(authority)) {
    request->host = std::string(authority);
    return true;
  }
  const absl::StatusOr<std::string> host = dns::NormalizeDomain(authority);
  if (!host.ok()) return false;
  request->host = *host;
  return true;
}

}  // namespace

std::string_view RevocationStatusName(RevocationStatus status) {
  switch (status) {
    case RevocationStatus::kNotAsked:
      return "";
    case RevocationStatus::kGood:
      return "good";
    case RevocationStatus::kRevoked:
      return "revoked";
    case RevocationStatus::kUnknown:
      return "unknown";
    case RevocationStatus::kNoSource:
      return "no_source";
    case RevocationStatus::kExpiredCrl:
      return "expired_crl";
    case RevocationStatus::kBadCrl:
      return "bad_crl";
    case RevocationStatus::kFetchFailed:
      return "fetch_failed";
  }
  return "";
}

std::string_view RevocationSourceName(RevocationSource source) {
  switch (source) {
    case RevocationSource::kNone:
      return "";
    case RevocationSource::kOcspStaple:
      return "ocsp_staple";
    case RevocationSource::kCrl:
      return "crl";
  }
  return "";
}

CertificateRevocation FromCrl(const tls::CrlVerdict& verdict) {
  switch (verdict.status) {
    case tls::CrlStatus::kGood:
      return {RevocationStatus::kGood, ""};
    case tls::CrlStatus::kRevoked:
      return {RevocationStatus::kRevoked, verdict.detail};
    case tls::CrlStatus::kNotCovered:
    case tls::CrlStatus::kUnsupported:
      return {RevocationStatus::kUnknown, "CRL: " + verdict.detail};
    case tls::CrlStatus::kNotYetValid:
    case tls::CrlStatus::kExpired:
      return {RevocationStatus::kExpiredCrl, "CRL: " + verdict.detail};
    case tls::CrlStatus::kBadSignature:
    case tls::CrlStatus::kMalformed:
      return {RevocationStatus::kBadCrl, "CRL: " + verdict.detail};
  }
  return {};
}

EndpointRevocation JudgeEndpointRevocation(const std::optional<tls::OcspVerdict>& ocsp,
                                           std::span<const CertificateRevocation> path) {
  if (ocsp && ocsp->status == tls::OcspStatus::kRevoked) {
    return {RevocationStatus::kRevoked, RevocationSource::kOcspStaple, "leaf: " + ocsp->detail};
  }
  for (size_t depth = 0; depth < path.size(); ++depth) {
    if (path[depth].status != RevocationStatus::kRevoked) continue;
    return {RevocationStatus::kRevoked, RevocationSource::kCrl,
            JoinText(Who(depth), ": ", path[depth].detail)};
  }
  EndpointRevocation verdict = JudgeLeaf(ocsp, path);
  if (verdict.status != RevocationStatus::kGood) return verdict;
  // Of an intermediate nobody need say anything; what is said must be good.
  for (size_t depth = 1; depth < path.size(); ++depth) {
    const RevocationStatus status = path[depth].status;
    if (Settles(status) || status == RevocationStatus::kNoSource) continue;
    return {status, RevocationSource::kCrl, JoinText(Who(depth), ": ", path[depth].detail)};
  }
  return verdict;
}

std::optional<HttpRequest> CrlRequest(std::string_view url) {
  if (url.size() <= kHttp.size()) return std::nullopt;
  url.remove_prefix(kHttp.size());
  url = url.substr(0, url.find('#'));
  const size_t path = url.find_first_of("/?");
  const std::string_view authority = url.substr(0, path);
  const std::string_view target = path == std::string_view::npos ? "/" : url.substr(path);
  HttpRequest request{.tls = false, .accept = "application/pkix-crl, */*"};
  if (authority.find('@') != std::string_view::npos || !ReadAuthority(authority, &request)) {
    return std::nullopt;
  }
  request.target = target.starts_with('?') ? JoinText("/", target) : std::string(target);
  request.max_body_bytes = tls::kMaxCrlBytes;
  request.timeout_ns = kFetchTimeoutNs;
  return request;
}

}  // namespace mxsweep::scanner
