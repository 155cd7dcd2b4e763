#include "tools/explain/lines/known_reports.h"

#include <algorithm>
#include <span>
#include <string>

#include "tls/pki/der_handle.h"

namespace mxsweep::tools {
namespace {

tls::Sha256 HashOf(std::string_view bytes) {
  return tls::HashSha256(std::span(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

}  // namespace

KnownReports::Met KnownReports::Add(std::string_view identity, std::string_view contents) {
  const tls::Sha256 by_identity = HashOf(identity), by_contents = HashOf(contents);
  std::string both(by_identity.begin(), by_identity.end());
  both.append(by_contents.begin(), by_contents.end());
  const tls::Sha256 by_both = HashOf(both);
  Digest of_identity, of_report;
  std::copy_n(by_identity.begin(), of_identity.size(), of_identity.begin());
  std::copy_n(by_both.begin(), of_report.size(), of_report.begin());
  if (reports_.contains(of_report)) return Met::kAgain;
  const bool is_known = identities_.contains(of_identity);
  const bool has_room = reports_.size() < most_kept_;
  if (has_room) {
    reports_.insert(of_report);
    identities_.insert(of_identity);
  }
  if (is_known) return Met::kOtherContents;
  return has_room ? Met::kFirst : Met::kNotKept;
}

}  // namespace mxsweep::tools
