// What a ClientHello says (RFC 8446 §4.1.2), for tests of what we send: whether ours is as another
// program's.
#ifndef MXSWEEP_TESTS_TLS_SESSION_CLIENT_HELLO_READER_H_
#define MXSWEEP_TESTS_TLS_SESSION_CLIENT_HELLO_READER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tls/session/client_profile.h"

namespace mxsweep::tls::testing {

struct HelloText {
  std::vector<uint16_t> suites;
  std::vector<uint16_t> extensions;
  std::vector<uint16_t> groups;
  std::vector<uint16_t> signature_algorithms;
  std::vector<uint16_t> versions;    // of supported_versions
  std::vector<uint16_t> key_shares;  // their groups

  bool operator==(const HelloText&) const = default;
};

// Of the records that hold it and nothing else. Nothing where they are not well-formed.
std::optional<HelloText> ReadHello(std::string_view records);

// What the program of which a profile speaks sent by itself.
const HelloText& CapturedHello(ClientProfile profile);
// That, without what BoringSSL cannot offer.
HelloText ExpectedHello(ClientProfile profile);

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_SESSION_CLIENT_HELLO_READER_H_
