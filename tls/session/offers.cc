#include "tls/session/offers.h"

#include <openssl/bytestring.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "tls/pki/der_reader.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

// IANA "TLS Alerts".
constexpr uint8_t kHandshakeFailure = 40;
constexpr uint8_t kProtocolVersion = 70;
constexpr uint8_t kInsufficientSecurity = 71;
constexpr uint8_t kInternalError = 80;
constexpr uint8_t kUnrecognizedName = 112;

// BoringSSL's reasons, as HandshakeFacts::error_detail has them, and what each means here.
struct Reason {
  std::string_view library;
  std::string_view word;
};
constexpr Reason kReasons[] = {
    {"SERVER_ECHOED_INVALID_SESSION_ID", "session_id_echoed"},
    {"KEY_USAGE_BIT_INCORRECT", "key_usage"},
    {"ECC_CERT_NOT_FOR_SIGNING", "key_usage"},
    {"CANNOT_PARSE_LEAF_CERT", "certificate_not_parsed"},
    {"UNKNOWN_CERTIFICATE_TYPE", "leaf_key"},
    {"WRONG_CERTIFICATE_TYPE", "leaf_key"},
    {"PEER_ERROR_UNSUPPORTED_CERTIFICATE_TYPE", "leaf_key"},
    {"BAD_ECC_CERT", "leaf_key"},
    {"WRONG_SIGNATURE_TYPE", "signature_algorithm"},
    {"WRONG_CURVE", "group"},
    {"UNSUPPORTED_ELLIPTIC_CURVE", "group"},
    {"UNKNOWN_CIPHER_RETURNED", "no_common_cipher"},
    {"WRONG_CIPHER_RETURNED", "no_common_cipher"},
    {"UNSUPPORTED_CIPHER", "no_common_cipher"},
};

bool EndedByAlertBeforeServerHello(const HandshakeFacts& facts) {
  return facts.outcome == HandshakeOutcome::kAlertReceived && !facts.version_wire &&
         facts.alert_received;
}

// Perhaps the server, or a firewall before it, takes no ClientHello that comes in several packets.
bool PerhapsTooLong(const HandshakeFacts& facts) {
  return facts.offered_post_quantum && !facts.version_wire && !facts.hello_retry_request &&
         (EndedByAlertBeforeServerHello(facts) || facts.outcome == HandshakeOutcome::kClosed ||
          facts.outcome == HandshakeOutcome::kInProgress);
}

bool IsUsableKey(Bytes certificate) {
  CBS spki = ReaderOf(CutCertificate(certificate).spki);
  const bssl::UniquePtr<EVP_PKEY> key(EVP_parse_public_key(&spki));
  ERR_clear_error();
  return key != nullptr;
}

}  // namespace

std::string_view MayBeOurs(const HandshakeFacts& facts) {
  if (EndedByAlertBeforeServerHello(facts)) {
    switch (*facts.alert_received) {
      case kHandshakeFailure:
      case kInsufficientSecurity:
        return "no_common_cipher";
      case kProtocolVersion:
        return "no_common_version";
      default:
        return "client_hello";
    }
  }
  if (facts.outcome != HandshakeOutcome::kProtocolError) return "";
  // The leaf says it more precisely than what its key led to.
  if (!facts.chain.empty()) {
    const Bytes leaf = facts.chain.front().der();
    if (!CutCertificate(leaf).error.empty()) return "certificate_not_parsed";
    if (!IsUsableKey(leaf)) return "leaf_key";
  }
  for (const auto& [library, word] : kReasons) {
    if (facts.error_detail.find(library) != std::string::npos) return word;
  }
  return "";
}

std::vector<SecondOffer> SecondOffers(const HandshakeFacts& facts, bool had_server_name) {
  std::vector<SecondOffer> offers;
  const bool early = EndedByAlertBeforeServerHello(facts);
  const bool of_name = early && (*facts.alert_received == kUnrecognizedName ||
                                 *facts.alert_received == kInternalError);
  const bool maybe_of_name = early && *facts.alert_received == kHandshakeFailure;
  if (of_name && had_server_name) offers.push_back(SecondOffer::kNoServerName);
  if (PerhapsTooLong(facts)) offers.push_back(SecondOffer::kNoPostQuantum);
  if (WorthRetryingWithTls12(facts) || MayBeOurs(facts) == "session_id_echoed") {
    offers.push_back(SecondOffer::kTls12NoSessionId);
  }
  if (maybe_of_name && had_server_name) offers.push_back(SecondOffer::kNoServerName);
  return offers;
}

}  // namespace mxsweep::tls
