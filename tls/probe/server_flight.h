// What a server says to a ClientHello in the clear: hello, certificates, key exchange, or an alert,
// or something that is no TLS. Sans-IO; nothing is verified, nothing decrypted.
#ifndef MXSWEEP_TLS_PROBE_SERVER_FLIGHT_H_
#define MXSWEEP_TLS_PROBE_SERVER_FLIGHT_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

// The first thing that came.
enum class FlightKind : uint8_t {
  kNothing,            // not one byte
  kServerHello,        // version and suite are set
  kHelloRetryRequest,  // RFC 8446 §4.1.4: version, suite, and mostly the group
  kAlert,              // instead of a ServerHello
  kSsl2,               // an answer of SSL 2.0, which is not read any further
  kNotTls,             // neither: text, mostly
  kUnreadable,         // records of TLS with no ServerHello in them that can be read
};

// How the reading ended.
enum class FlightEnd : uint8_t {
  kOpen,       // it has not
  kComplete,   // all that comes in the clear is there (or, of kNotTls, enough to say so)
  kAlert,      // a fatal alert, or close_notify
  kClosed,     // the server closed between two messages
  kTruncated,  // the server closed within a record or message
  kOversized,  // over a cap
  kMalformed,  // not as the RFCs have it
  kReset,      // the connection broke (Abandon)
  kTimedOut,   // nothing came any more (Abandon)
};

// RFC 8446 §4.1.3: the end of the server's random, where a server that could have done better says
// so.
enum class DowngradeSentinel : uint8_t { kNone, kBelowTls13, kBelowTls12 };

struct TlsAlert {
  uint8_t level = 0;  // 1 warning, 2 fatal
  uint8_t code = 0;
};

// RFC 5246 §7.4.3, RFC 8422 §5.4, RFC 2246 §7.4.3 (export RSA). What its kind does not have is
// empty.
struct ServerKeyExchange {
  // Big-endian as sent, leading zeros included.
  std::vector<uint8_t> dh_p;
  std::vector<uint8_t> dh_g;
  std::vector<uint8_t> dh_public;
  uint8_t curve_type = 0;         // 3 named_curve; 1 and 2: a curve spelt out, which nobody uses
  std::optional<uint16_t> group;  // of named_curve
  std::vector<uint8_t> ecdh_public;
  std::vector<uint8_t> rsa_modulus;  // a temporary key, weaker than the certificate's
  std::vector<uint8_t> rsa_exponent;
  bool anonymous = false;                       // nobody signed it
  std::optional<uint16_t> signature_algorithm;  // TLS 1.2 only
};

struct ServerFlight {
  FlightKind kind = FlightKind::kNothing;
  FlightEnd end = FlightEnd::kOpen;
  // One line for people: what was wrong, or what stands there instead of TLS. Empty where all is
  // well.
  std::string detail;

  // Of the ServerHello or HelloRetryRequest; supported_versions counts where it is there.
  std::optional<uint16_t> version;
  std::optional<uint16_t> suite;
  uint8_t compression = 0;
  DowngradeSentinel sentinel = DowngradeSentinel::kNone;
  bool renegotiation_info = false;
  bool extended_master_secret = false;
  // HelloRetryRequest: the group it wants. TLS 1.3: of the server's key share. Else: of the
  // ServerKeyExchange.
  std::optional<uint16_t> group;

  // TLS 1.2 and before (what follows a ServerHello of TLS 1.3 is encrypted). As sent, leaf first,
  // at most kMaxChainCertificates of them.
  std::vector<DerHandle> chain;
  std::optional<ServerKeyExchange> key_exchange;
  bool certificate_requested = false;
  bool hello_done = false;

  // The alert that ended it; of kClosed, the last warning if there was one.
  std::optional<TlsAlert> alert;
  uint64_t bytes_in = 0;
};

// "server_hello", "hello_retry_request", "alert", "closed", "ssl2", "not_tls", "truncated",
// "oversized", "malformed", "reset", "timeout": what rows say came. A hello with something wrong
// behind it is a hello.
std::string_view FlightWord(const ServerFlight& flight);

// Did a server that speaks TLS answer the ClientHello, if only with an alert or by closing in good
// order? A reset, a time-out and what cannot be read are no answers: they say nothing of what was
// offered.
bool IsAnswer(const ServerFlight& flight);

// Of a big-endian number.
uint32_t BitsOf(std::span<const uint8_t> number);

// All that is taken of one server. A chain of 32 certificates has some 60 kB.
inline constexpr size_t kMaxFlightBytes = 256 * 1024;
// Records are at most 2^14 bytes; a server may make them as small as 64, and some write each
// message in its own.
inline constexpr size_t kMaxFlightRecords = 2048;
// A prime of 16,384 bits: more than any library takes.
inline constexpr size_t kMaxDhBytes = 2048;
// What is waited for of an answer that is no TLS, or up to its first line's end.
inline constexpr size_t kMaxForeignBytes = 64;

// Reads one flight.
//
//   ServerFlightReader reader;
//   while (!reader.done()) reader.Feed(receive());   // or Eof(), or Abandon()
//   ServerFlight flight = reader.Take();
//
// Input may be cut anywhere; what comes after the flight is ignored. It stops after ServerHelloDone
// (TLS 1.2 and before), after a ServerHello of TLS 1.3, a HelloRetryRequest, a fatal alert, and at
// whatever is wrong. Warnings are passed over (RFC 6066 §3: unrecognized_name), and so is the
// change_cipher_spec that RFC 8446 §5 lets come at any time.
//
// Memory: the record and the message under way.
class ServerFlightReader {
 public:
  // The certificates share their buffers with every equal one in `pool` (borrowed; may be null).
  explicit ServerFlightReader(crypto_buffer_pool_st* pool = nullptr) : pool_(pool) {}

  void Feed(std::span<const uint8_t> in);
  // The server closed the stream in good order.
  void Eof();
  // The caller gives up: kReset or kTimedOut.
  void Abandon(FlightEnd why);

  bool done() const { return flight_.end != FlightEnd::kOpen; }
  const ServerFlight& flight() const { return flight_; }
  ServerFlight Take() { return std::move(flight_); }

 private:
  using Bytes = std::span<const uint8_t>;

  bool TakeRecord();
  void OnForeign(bool at_end);
  void OnSsl2();
  void OnRecord(uint8_t type, Bytes fragment);
  void OnAlert(Bytes fragment);
  void OnHandshakeBytes(Bytes fragment);
  void OnMessage(uint8_t type, Bytes body);
  void OnServerHello(Bytes body);
  bool ReadExtensions(Bytes block, std::optional<uint16_t>* chosen_version);
  void OnCertificate(Bytes body);
  void OnServerKeyExchange(Bytes body);
  bool HasHello() const;
  void End(FlightEnd end, std::string detail);
  void Malformed(std::string_view detail);

  crypto_buffer_pool_st* pool_;
  ServerFlight flight_;
  std::vector<uint8_t> unread_;   // the start of a record
  std::vector<uint8_t> message_;  // the start of a handshake message
  size_t records_ = 0;
  bool retry_random_ = false;
  uint8_t last_message_ = 0;  // the type; 0: none yet
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_SERVER_FLIGHT_H_
