// TLS records in the clear, for servers that answer a ClientHello by hand: what stands in the
// client's, and how to write one's own.
#ifndef MXSWEEP_TOOLS_LAB_HELLO_RECORDS_H_
#define MXSWEEP_TOOLS_LAB_HELLO_RECORDS_H_

#include <openssl/bytestring.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::lab {

inline constexpr uint8_t kRecordHandshake = 22;

// What a server looks at in a ClientHello (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2). Numbers are IANA's.
struct Hello {
  uint16_t version = 0;  // the old field
  std::string random;    // 32 bytes
  std::string session_id;
  std::vector<uint16_t> suites;
  std::string server_name;  // RFC 6066 §3; empty: none
  std::vector<uint16_t> versions;
  std::vector<uint16_t> groups;
  std::vector<uint16_t> key_shares;  // their groups
  std::vector<uint16_t> signature_algorithms;
  bool renegotiation_info = false;  // RFC 5746, by extension or signalling value
};

// Of the ClientHello that is alone in `record`; nothing: it is none.
std::optional<Hello> ReadClientHello(std::string_view record);

// How long the record at the start of `bytes` is, header included; nothing: it has no header yet.
std::optional<size_t> RecordLength(std::string_view bytes);

// `content` in as many records as it takes.
std::string Record(uint8_t type, uint16_t version, std::string_view content);
std::string FatalAlert(uint16_t version, uint8_t code);

// A vector with a length of 16 bits before it.
void AddBytes16(CBB* out, std::string_view bytes);
std::string_view TextOf(const CBB& cbb);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_HELLO_RECORDS_H_
