// A ClientHello with whatever one likes in it, as bytes. No secrets and no arithmetic: who sends it
// reads what comes back (server_flight.h) and closes.
#ifndef MXSWEEP_TLS_PROBE_CLIENT_HELLO_H_
#define MXSWEEP_TLS_PROBE_CLIENT_HELLO_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tls/session/version.h"

namespace mxsweep::tls {

struct KeyShare {
  uint16_t group = 0;
  std::vector<uint8_t> key_exchange;
};

// Fields in the order of the wire (RFC 5246 §7.4.1.2, RFC 8446 §4.1.2). An extension whose field is
// empty is not sent.
struct ClientHello {
  // Of the record. TLS 1.0 is what old servers accept of every client (RFC 8446 §D.2).
  uint16_t record_version = kTls10;
  // client_version: the highest version but for TLS 1.3, which supported_versions offers.
  uint16_t legacy_version = kTls12;
  std::array<uint8_t, 32> random = {};
  std::vector<uint8_t> session_id;  // at most 32 bytes
  std::vector<uint16_t> suites;     // in order of preference, signalling values among them
  std::vector<uint8_t> compressions = {0};

  // False: not even the length of the extensions, as in SSL 3.0 and before RFC 3546. Whatever is
  // set below is not sent.
  bool extensions = true;
  std::string server_name;  // RFC 6066 §3: a host name without its trailing dot, no address
  bool renegotiation_info = false;  // RFC 5746, empty as in a first handshake
  std::vector<uint8_t> ec_point_formats;
  std::vector<uint16_t> groups;
  bool session_ticket = false;  // RFC 5077, empty
  bool encrypt_then_mac = false;
  bool extended_master_secret = false;
  std::vector<uint16_t> signature_algorithms_cert;
  std::vector<uint16_t> signature_algorithms;
  std::vector<uint16_t> supported_versions;
  std::vector<uint8_t> psk_key_exchange_modes;
  // Set and empty: an empty list, by which a server is asked to name the group it wants with a
  // HelloRetryRequest (RFC 8446 §4.2.8).
  std::optional<std::vector<KeyShare>> key_shares;
  // A message of 256 bytes or more that is shorter than this is brought to it by a padding
  // extension: some servers hang on 256 to 511 bytes (RFC 7685 §1). 0: none.
  uint16_t pad_to_bytes = 512;
};

// The record, or records if one cannot hold it.
// REQUIRES: every list fits its length field, the message fits 2^16 bytes.
std::string WriteClientHello(const ClientHello& hello);

// What is offered, for people and the rows of probes: versions, how many suites and which (up to
// four are named), groups where they matter, server name or none. One line, at most 400 bytes.
std::string OfferText(const ClientHello& hello);

// The highest version it offers.
uint16_t HighestVersion(const ClientHello& hello);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_CLIENT_HELLO_H_
