// A row's strength by OpenSSL's security levels, in its two halves: what ends the handshake of
// everybody at a level, and what ends it only for who verifies the certificate.
#ifndef MXSWEEP_SCANNER_POSTURE_STRENGTH_H_
#define MXSWEEP_SCANNER_POSTURE_STRENGTH_H_

#include <optional>
#include <string>

#include "output/tables/tables.h"

namespace mxsweep::scanner {

// Of version, cipher, group and handshake signature, by the rules of OpenSSL 3.1 and later;
// nothing: not known.
inline std::optional<int> SessionLevel(const output::EndpointRow& row) {
  if (!row.session_level) return std::nullopt;
  return *row.session_level;
}

// The same by the rules of OpenSSL 3.0.
inline std::optional<int> SessionLevelOfOpenSsl30(const output::EndpointRow& row) {
  if (!row.session_level_openssl_3_0) return std::nullopt;
  return *row.session_level_openssl_3_0;
}

// Of the keys and signatures of the certificate's path; nothing: not known.
inline std::optional<int> CertificateLevel(const output::EndpointRow& row) {
  if (!row.certificate_level) return std::nullopt;
  return *row.certificate_level;
}

// What keeps each from the next level; empty: nothing.
inline std::string SessionLimit(const output::EndpointRow& row) {
  return row.session_level_limit.value_or("");
}
inline std::string CertificateLimit(const output::EndpointRow& row) {
  return row.certificate_level_limit.value_or("");
}

// Is it the leaf's own key?
inline bool IsLimitedByLeafKey(const output::EndpointRow& row) {
  return row.certificate_level_limit && row.certificate_level_limit->starts_with("leaf key");
}

// The columns of the following are heeded as soon as a scan fills them: templates, so that they
// may be missing from the row.
//
// Did the handshake fail perhaps for what our own client lacks (endpoints.may_be_ours)?
template <typename Row>
bool IsMaybeOurs(const Row& row) {
  if constexpr (requires { row.may_be_ours; }) return row.may_be_ours.has_value();
  return false;
}
// Is the row of an attempt without a server name, after one with a name had failed
// (endpoints.offer)?
template <typename Row>
bool IsOfferWithoutServerName(const Row& row) {
  if constexpr (requires { row.offer; }) return row.offer == "no_server_name";
  return false;
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_STRENGTH_H_
