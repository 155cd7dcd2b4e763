#include "tls/probe/server_flight.h"

#include <openssl/bytestring.h>

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "absl/strings/str_format.h"
#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tls/pki/der_reader.h"
#include "tls/probe/suites.h"
#include "tls/session/errors.h"
#include "tls/session/facts.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

constexpr size_t kRecordHeaderBytes = 5;
constexpr size_t kMaxRecordBytes = 1 << 14;  // RFC 5246 §6.2.1: of a plaintext
constexpr size_t kMessageHeaderBytes = 4;

enum RecordType : uint8_t {
  kChangeCipherSpec = 20,
  kAlertRecord = 21,
  kHandshakeRecord = 22,
  kApplicationData = 23,
};

// IANA "TLS HandshakeType".
enum MessageType : uint8_t {
  kHelloRequest = 0,
  kServerHello = 2,
  kCertificate = 11,
  kServerKeyExchange = 12,
  kCertificateRequest = 13,
  kServerHelloDone = 14,
  kCertificateStatus = 22,
};

enum ExtensionType : uint16_t {
  kExtendedMasterSecret = 23,
  kSupportedVersions = 43,
  kKeyShare = 51,
  kRenegotiationInfo = 0xff01,
};

constexpr uint8_t kCloseNotify = 0;
constexpr uint8_t kFatal = 2;
constexpr uint8_t kWarning = 1;

// RFC 8446 §4.1.3: SHA-256("HelloRetryRequest").
const Sha256& RetryRandom() {
  static constexpr std::string_view kText = "HelloRetryRequest";
  static const Sha256 kRandom =
      HashSha256({reinterpret_cast<const uint8_t*>(kText.data()), kText.size()});
  return kRandom;
}

DowngradeSentinel SentinelOf(Bytes random) {
  static constexpr uint8_t kText[] = {'D', 'O', 'W', 'N', 'G', 'R', 'D'};
  const Bytes tail = random.last(8);
  if (!std::ranges::equal(tail.first(7), kText)) return DowngradeSentinel::kNone;
  if (tail[7] == 1) return DowngradeSentinel::kBelowTls13;
  return tail[7] == 0 ? DowngradeSentinel::kBelowTls12 : DowngradeSentinel::kNone;
}

bool IsRecordType(uint8_t byte) { return byte >= kChangeCipherSpec && byte <= kApplicationData; }

// SSL 2.0's short header: the high bit, and 15 bits of length.
bool LooksLikeSsl2(Bytes bytes) {
  constexpr uint8_t kSsl2Error = 0;
  constexpr uint8_t kSsl2ServerHello = 4;
  if (bytes.size() < 3 || (bytes[0] & 0x80) == 0) return false;
  const size_t length = static_cast<size_t>(bytes[0] & 0x7f) << 8 | bytes[1];
  return (bytes[2] == kSsl2Error && length == 3) || (bytes[2] == kSsl2ServerHello && length >= 11);
}

std::vector<uint8_t> CopyOf(const CBS& cbs) {
  return {CBS_data(&cbs), CBS_data(&cbs) + CBS_len(&cbs)};
}

// A vector behind two bytes of length, not empty.
bool TakeNumber(CBS* from, std::vector<uint8_t>* number) {
  CBS cbs;
  if (!CBS_get_u16_length_prefixed(from, &cbs) || CBS_len(&cbs) == 0) return false;
  *number = CopyOf(cbs);
  return true;
}

bool TakeDhParams(CBS* from, ServerKeyExchange* out) {
  return TakeNumber(from, &out->dh_p) && TakeNumber(from, &out->dh_g) &&
         TakeNumber(from, &out->dh_public) && BitsOf(out->dh_p) > 0;
}

bool TakeRsaParams(CBS* from, ServerKeyExchange* out) {
  return TakeNumber(from, &out->rsa_modulus) && TakeNumber(from, &out->rsa_exponent) &&
         BitsOf(out->rsa_modulus) > 0;
}

// RFC 8422 §5.4. Curves that are spelt out are told by their type and not read: RFC 8422 took them
// away, and their end is where the signature's beginning is guessed.
bool TakeEcdhParams(CBS* from, ServerKeyExchange* out) {
  constexpr uint8_t kNamedCurve = 3;
  if (!CBS_get_u8(from, &out->curve_type)) return false;
  if (out->curve_type == 1 || out->curve_type == 2) {
    CBS_skip(from, CBS_len(from));
    return true;
  }
  uint16_t group = 0;
  CBS point;
  if (out->curve_type != kNamedCurve || !CBS_get_u16(from, &group) ||
      !CBS_get_u8_length_prefixed(from, &point) || CBS_len(&point) == 0) {
    return false;
  }
  out->group = group;
  out->ecdh_public = CopyOf(point);
  return true;
}

}  // namespace

uint32_t BitsOf(std::span<const uint8_t> number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  if (number.empty()) return 0;
  return static_cast<uint32_t>((number.size() - 1) * 8 + std::bit_width(number.front()));
}

std::string_view FlightWord(const ServerFlight& flight) {
  switch (flight.kind) {
    case FlightKind::kServerHello:
      return "server_hello";
    case FlightKind::kHelloRetryRequest:
      return "hello_retry_request";
    case FlightKind::kAlert:
      return "alert";
    case FlightKind::kSsl2:
      return "ssl2";
    case FlightKind::kNotTls:
      return "not_tls";
    case FlightKind::kNothing:
    case FlightKind::kUnreadable:
      break;
  }
  switch (flight.end) {
    case FlightEnd::kTruncated:
      return "truncated";
    case FlightEnd::kOversized:
      return "oversized";
    case FlightEnd::kReset:
      return "reset";
    case FlightEnd::kTimedOut:
    case FlightEnd::kOpen:
      return "timeout";
    case FlightEnd::kClosed:
    case FlightEnd::kComplete:
    case FlightEnd::kAlert:
      return "closed";
    case FlightEnd::kMalformed:
      break;
  }
  return "malformed";
}

bool IsAnswer(const ServerFlight& flight) {
  switch (flight.kind) {
    case FlightKind::kServerHello:
    case FlightKind::kHelloRetryRequest:
      return true;
    case FlightKind::kAlert:
      // A warning alone is a server that was about to say more.
      return flight.end == FlightEnd::kAlert || flight.end == FlightEnd::kClosed;
    case FlightKind::kNothing:
      return flight.end == FlightEnd::kClosed;
    default:
      return false;
  }
}

void ServerFlightReader::Feed(std::span<const uint8_t> in) {
  while (!in.empty() && !done()) {
    const size_t room = kMaxRecordBytes + kRecordHeaderBytes - unread_.size();
    const size_t taken = std::min(room, in.size());
    unread_.insert(unread_.end(), in.begin(), in.begin() + taken);
    flight_.bytes_in += taken;
    in = in.subspan(taken);
    while (!done() && TakeRecord()) {
    }
    if (!done() && flight_.bytes_in > kMaxFlightBytes) {
      End(FlightEnd::kOversized, JoinText("more than ", kMaxFlightBytes, " bytes"));
    }
  }
}

// The record at the front of what is unread, if it is whole.
bool ServerFlightReader::TakeRecord() {
  if (unread_.empty()) return false;
  const bool first = records_ == 0;
  if (first && (!IsRecordType(unread_[0]) || (unread_.size() >= 2 && unread_[1] != 3))) {
    if (LooksLikeSsl2(unread_)) {
      OnSsl2();
    } else {
      OnForeign(/*at_end=*/false);
    }
    return false;
  }
  if (unread_.size() < kRecordHeaderBytes) return false;
  const uint8_t type = unread_[0];
  if (!IsRecordType(type) || unread_[1] != 3) {
    Malformed(absl::StrFormat("a record of type %d and version 0x%02x%02x", type, unread_[1],
                              unread_[2]));
    return false;
  }
  const size_t length = static_cast<size_t>(unread_[3]) << 8 | unread_[4];
  if (length > kMaxRecordBytes) {
    End(FlightEnd::kOversized, JoinText("a record of ", length, " bytes"));
    return false;
  }
  if (unread_.size() < kRecordHeaderBytes + length) return false;
  if (++records_ > kMaxFlightRecords) {
    End(FlightEnd::kOversized, JoinText("more than ", kMaxFlightRecords, " records"));
    return false;
  }
  OnRecord(type, Bytes(unread_).subspan(kRecordHeaderBytes, length));
  unread_.erase(unread_.begin(), unread_.begin() + kRecordHeaderBytes + length);
  return true;
}

// Enough is waited for that it can be told what stands there, whatever the portions it came in.
void ServerFlightReader::OnForeign(bool at_end) {
  // SSL 2.0 shows in its third byte.
  if (!at_end && (unread_[0] & 0x80) != 0 && unread_.size() < 3) return;
  const auto line = std::ranges::find(unread_, '\n');
  if (!at_end && line == unread_.end() && unread_.size() < kMaxForeignBytes) return;
  const size_t length = std::min<size_t>(line - unread_.begin(), kMaxForeignBytes);
  const std::string_view text(reinterpret_cast<const char*>(unread_.data()), length);
  flight_.kind = FlightKind::kNotTls;
  if (!at_end) flight_.end = FlightEnd::kComplete;
  flight_.detail = SanitizeText(TrimText(text), kMaxForeignBytes);
}

void ServerFlightReader::OnSsl2() {
  flight_.kind = FlightKind::kSsl2;
  flight_.end = FlightEnd::kComplete;
  flight_.detail = unread_[2] == 0 ? "an error of SSL 2.0" : "a SERVER-HELLO of SSL 2.0";
}

void ServerFlightReader::OnRecord(uint8_t type, Bytes fragment) {
  switch (type) {
    case kAlertRecord:
      OnAlert(fragment);
      return;
    case kHandshakeRecord:
      OnHandshakeBytes(fragment);
      return;
    case kChangeCipherSpec:
      // RFC 8446 §5. After a ServerHello of TLS 1.2 it would resume a session that we don't have.
      if (!HasHello() && fragment.size() == 1 && fragment[0] == 1) return;
      Malformed("change_cipher_spec before the keys were exchanged");
      return;
    default:
      Malformed("application data before the keys were exchanged");
  }
}

void ServerFlightReader::OnAlert(Bytes fragment) {
  if (fragment.size() != 2 || (fragment[0] != kWarning && fragment[0] != kFatal)) {
    Malformed("an alert that is none");
    return;
  }
  flight_.alert = TlsAlert{.level = fragment[0], .code = fragment[1]};
  if (fragment[0] == kWarning && fragment[1] != kCloseNotify) return;
  if (!HasHello()) flight_.kind = FlightKind::kAlert;
  End(FlightEnd::kAlert, "");
}

void ServerFlightReader::OnHandshakeBytes(Bytes fragment) {
  message_.insert(message_.end(), fragment.begin(), fragment.end());
  size_t at = 0;
  while (!done() && message_.size() - at >= kMessageHeaderBytes) {
    const Bytes rest = Bytes(message_).subspan(at);
    const size_t length = static_cast<size_t>(rest[1]) << 16 | rest[2] << 8 | rest[3];
    if (length > kMaxHandshakeMessageBytes) {
      End(FlightEnd::kOversized, JoinText("a handshake message of ", length, " bytes"));
      return;
    }
    if (rest.size() - kMessageHeaderBytes < length) break;
    OnMessage(rest[0], rest.subspan(kMessageHeaderBytes, length));
    at += kMessageHeaderBytes + length;
  }
  message_.erase(message_.begin(), message_.begin() + at);
}

// The order of RFC 5246 §7.3; each at most once.
void ServerFlightReader::OnMessage(uint8_t type, Bytes body) {
  if (type == kHelloRequest && body.empty()) return;  // may come at any time, says nothing
  if (HasHello() != (type != kServerHello)) {
    Malformed(JoinText("handshake message ", int{type}, HasHello() ? " twice" : " first"));
    return;
  }
  const bool in_order =
      last_message_ == kCertificateStatus
          ? type >= kServerKeyExchange && type <= kServerHelloDone
          : type > last_message_ && (type != kCertificateStatus || last_message_ == kCertificate);
  if (!in_order) {
    Malformed(JoinText("handshake message ", int{type}, " after ", int{last_message_}));
    return;
  }
  last_message_ = type;
  switch (type) {
    case kServerHello:
      OnServerHello(body);
      return;
    case kCertificate:
      OnCertificate(body);
      return;
    case kServerKeyExchange:
      OnServerKeyExchange(body);
      return;
    case kCertificateRequest:
      flight_.certificate_requested = true;
      return;
    case kCertificateStatus:
      return;
    case kServerHelloDone:
      if (!body.empty()) {
        Malformed("a ServerHelloDone with something in it");
        return;
      }
      flight_.hello_done = true;
      End(FlightEnd::kComplete, "");
      return;
    default:
      Malformed(JoinText("handshake message ", int{type}));
  }
}

void ServerFlightReader::OnServerHello(Bytes body) {
  CBS cbs = ReaderOf(body);
  uint16_t version = 0;
  uint16_t suite = 0;
  uint8_t compression = 0;
  CBS random;
  CBS session_id;
  if (!CBS_get_u16(&cbs, &version) || !CBS_get_bytes(&cbs, &random, 32) ||
      !CBS_get_u8_length_prefixed(&cbs, &session_id) || CBS_len(&session_id) > 32 ||
      !CBS_get_u16(&cbs, &suite) || !CBS_get_u8(&cbs, &compression)) {
    Malformed("a ServerHello that cannot be read");
    return;
  }
  retry_random_ = std::ranges::equal(BytesOf(random), RetryRandom());
  std::optional<uint16_t> chosen_version;
  if (CBS_len(&cbs) != 0) {
    CBS extensions;
    if (!CBS_get_u16_length_prefixed(&cbs, &extensions) || CBS_len(&cbs) != 0 ||
        !ReadExtensions(BytesOf(extensions), &chosen_version)) {
      Malformed("extensions of a ServerHello that cannot be read");
      return;
    }
  }
  // RFC 8446 §4.2.1: the extension is for TLS 1.3 and later, the field for TLS 1.2 and before.
  if (chosen_version && (*chosen_version < kTls13 || version != kTls12)) {
    Malformed("a ServerHello with two versions");
    return;
  }
  if (!chosen_version && (version < kSsl3 || version > kTls12 || retry_random_)) {
    Malformed(JoinText("a ServerHello of version ", VersionName(version)));
    return;
  }
  flight_.version = chosen_version.value_or(version);
  flight_.suite = suite;
  flight_.compression = compression;
  flight_.sentinel = SentinelOf(BytesOf(random));
  flight_.kind = retry_random_ ? FlightKind::kHelloRetryRequest : FlightKind::kServerHello;
  if (chosen_version) End(FlightEnd::kComplete, "");
}

bool ServerFlightReader::ReadExtensions(Bytes block, std::optional<uint16_t>* chosen_version) {
  CBS cbs = ReaderOf(block);
  std::vector<uint16_t> seen;
  while (CBS_len(&cbs) != 0) {
    uint16_t type = 0;
    CBS value;
    if (!CBS_get_u16(&cbs, &type) || !CBS_get_u16_length_prefixed(&cbs, &value) ||
        std::ranges::count(seen, type) != 0) {
      return false;
    }
    // Servers send a dozen; each is compared with all before it.
    constexpr size_t kMaxExtensions = 64;
    if (seen.size() == kMaxExtensions) return false;
    seen.push_back(type);
    uint16_t number = 0;
    switch (type) {
      case kSupportedVersions:
        if (!CBS_get_u16(&value, &number) || CBS_len(&value) != 0) return false;
        *chosen_version = number;
        break;
      case kKeyShare:
        if (!CBS_get_u16(&value, &number)) return false;
        if (retry_random_ ? CBS_len(&value) != 0 : CBS_len(&value) < 2) return false;
        flight_.group = number;
        break;
      case kRenegotiationInfo:
        flight_.renegotiation_info = true;
        break;
      case kExtendedMasterSecret:
        if (CBS_len(&value) != 0) return false;
        flight_.extended_master_secret = true;
        break;
      default:
        break;
    }
  }
  return true;
}

void ServerFlightReader::OnCertificate(Bytes body) {
  CBS cbs = ReaderOf(body);
  CBS list;
  if (!CBS_get_u24_length_prefixed(&cbs, &list) || CBS_len(&cbs) != 0) {
    Malformed("a Certificate message that cannot be read");
    return;
  }
  while (CBS_len(&list) != 0) {
    CBS certificate;
    if (!CBS_get_u24_length_prefixed(&list, &certificate) || CBS_len(&certificate) == 0) {
      Malformed("a certificate list that cannot be read");
      return;
    }
    if (flight_.chain.size() < kMaxChainCertificates) {
      flight_.chain.push_back(DerHandle::Pooled(BytesOf(certificate), pool_));
    }
  }
}

void ServerFlightReader::OnServerKeyExchange(Bytes body) {
  const Suite* const suite = FindSuite(*flight_.suite);
  if (suite == nullptr) return;  // a suite nobody offered: what is in there is not known
  ServerKeyExchange exchange = {.anonymous = suite->anonymous()};
  CBS cbs = ReaderOf(body);
  bool read = false;
  switch (suite->key_exchange) {
    case KeyExchange::kDhe:
    case KeyExchange::kDhAnon:
      read = TakeDhParams(&cbs, &exchange);
      break;
    case KeyExchange::kEcdhe:
    case KeyExchange::kEcdhAnon:
      read = TakeEcdhParams(&cbs, &exchange);
      break;
    case KeyExchange::kRsa:
      read = TakeRsaParams(&cbs, &exchange);
      break;
    default:
      break;
  }
  const bool spelt_out = exchange.curve_type == 1 || exchange.curve_type == 2;
  if (read && !exchange.anonymous && !spelt_out) {
    uint16_t algorithm = 0;
    CBS signature;
    if (flight_.version == kTls12) {
      read = CBS_get_u16(&cbs, &algorithm);
      exchange.signature_algorithm = algorithm;
    }
    read = read && CBS_get_u16_length_prefixed(&cbs, &signature);
  }
  if (!read || CBS_len(&cbs) != 0) {
    Malformed("a ServerKeyExchange that cannot be read");
    return;
  }
  if (std::max(exchange.dh_p.size(), exchange.rsa_modulus.size()) > kMaxDhBytes) {
    End(FlightEnd::kOversized,
        JoinText("a number of ", std::max(exchange.dh_p.size(), exchange.rsa_modulus.size()),
                 " bytes in the ServerKeyExchange"));
    return;
  }
  if (exchange.group) flight_.group = exchange.group;
  flight_.key_exchange = std::move(exchange);
}

bool ServerFlightReader::HasHello() const {
  return flight_.kind == FlightKind::kServerHello || flight_.kind == FlightKind::kHelloRetryRequest;
}

void ServerFlightReader::Eof() {
  if (done()) return;
  if (unread_.empty() && message_.empty()) {
    // What a warning said was the last word.
    if (!HasHello() && flight_.alert) flight_.kind = FlightKind::kAlert;
    End(FlightEnd::kClosed, "");
    if (HasHello()) flight_.detail = "closed before ServerHelloDone";
    return;
  }
  End(FlightEnd::kTruncated, "");
}

void ServerFlightReader::Abandon(FlightEnd why) {
  MXSWEEP_CHECK(why == FlightEnd::kReset || why == FlightEnd::kTimedOut);
  if (done()) return;
  if (!HasHello() && flight_.alert) flight_.kind = FlightKind::kAlert;
  End(why, "");
}

void ServerFlightReader::End(FlightEnd end, std::string detail) {
  flight_.end = end;
  if (records_ == 0 && !unread_.empty()) {
    if (!IsRecordType(unread_[0]) || (unread_.size() >= 2 && unread_[1] != 3)) {
      OnForeign(/*at_end=*/true);
      return;
    }
  }
  if (!HasHello() && flight_.kind != FlightKind::kAlert && flight_.bytes_in > 0 &&
      (end == FlightEnd::kTruncated || end == FlightEnd::kOversized ||
       end == FlightEnd::kMalformed || end == FlightEnd::kReset || end == FlightEnd::kTimedOut)) {
    flight_.kind = FlightKind::kUnreadable;
  }
  if (end == FlightEnd::kTruncated && detail.empty()) {
    detail = JoinText("closed after ", unread_.size() + message_.size(), " bytes of a ",
                      unread_.empty() ? "handshake message" : "record");
  }
  flight_.detail = std::move(detail);
}

void ServerFlightReader::Malformed(std::string_view detail) {
  End(FlightEnd::kMalformed, std::string(detail));
}

}  // namespace mxsweep::tls
