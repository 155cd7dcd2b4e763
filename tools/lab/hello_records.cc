#include "tools/lab/hello_records.h"

#include <openssl/ssl.h>

#include <algorithm>

namespace mxsweep::lab {
namespace {

constexpr uint8_t kRecordAlert = 21;
constexpr uint8_t kFatal = 2;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMaxRecord = 16'384;
constexpr size_t kRandomBytes = 32;
constexpr uint16_t kRenegotiationInfoScsv = 0x00ff;

std::string_view TextOf(const CBS& cbs) {
  return {reinterpret_cast<const char*>(CBS_data(&cbs)), CBS_len(&cbs)};
}

void ReadServerName(CBS extension, std::string* name) {
  CBS list, host;
  uint8_t type = 0;
  if (CBS_get_u16_length_prefixed(&extension, &list) && CBS_get_u8(&list, &type) && type == 0 &&
      CBS_get_u16_length_prefixed(&list, &host)) {
    *name = TextOf(host);
  }
}

void ReadNumbers(CBS list, std::vector<uint16_t>* numbers) {
  uint16_t number = 0;
  while (CBS_get_u16(&list, &number)) numbers->push_back(number);
}

void ReadKeyShares(CBS extension, std::vector<uint16_t>* groups) {
  CBS shares, share;
  uint16_t group = 0;
  if (!CBS_get_u16_length_prefixed(&extension, &shares)) return;
  while (CBS_get_u16(&shares, &group) && CBS_get_u16_length_prefixed(&shares, &share)) {
    groups->push_back(group);
  }
}

void ReadExtension(uint16_t id, CBS extension, Hello* hello) {
  CBS list;
  switch (id) {
    case TLSEXT_TYPE_server_name:
      ReadServerName(extension, &hello->server_name);
      break;
    case TLSEXT_TYPE_supported_versions:
      if (CBS_get_u8_length_prefixed(&extension, &list)) ReadNumbers(list, &hello->versions);
      break;
    case TLSEXT_TYPE_supported_groups:
      if (CBS_get_u16_length_prefixed(&extension, &list)) ReadNumbers(list, &hello->groups);
      break;
    case TLSEXT_TYPE_signature_algorithms:
      if (CBS_get_u16_length_prefixed(&extension, &list)) {
        ReadNumbers(list, &hello->signature_algorithms);
      }
      break;
    case TLSEXT_TYPE_key_share:
      ReadKeyShares(extension, &hello->key_shares);
      break;
    case TLSEXT_TYPE_renegotiate:
      hello->renegotiation_info = true;
      break;
    default:
      break;
  }
}

}  // namespace

std::optional<Hello> ReadClientHello(std::string_view record) {
  CBS in, body, random, session, suites, compressions, extensions, extension;
  CBS_init(&in, reinterpret_cast<const uint8_t*>(record.data()), record.size());
  uint8_t type = 0;
  Hello hello;
  if (!CBS_skip(&in, kRecordHeader) || !CBS_get_u8(&in, &type) || type != SSL3_MT_CLIENT_HELLO ||
      !CBS_get_u24_length_prefixed(&in, &body) || !CBS_get_u16(&body, &hello.version) ||
      !CBS_get_bytes(&body, &random, kRandomBytes) ||
      !CBS_get_u8_length_prefixed(&body, &session) ||
      !CBS_get_u16_length_prefixed(&body, &suites) ||
      !CBS_get_u8_length_prefixed(&body, &compressions)) {
    return std::nullopt;
  }
  hello.random = TextOf(random);
  hello.session_id = TextOf(session);
  ReadNumbers(suites, &hello.suites);
  hello.renegotiation_info =
      std::ranges::find(hello.suites, kRenegotiationInfoScsv) != hello.suites.end();
  if (!CBS_get_u16_length_prefixed(&body, &extensions)) return hello;
  uint16_t id = 0;
  while (CBS_get_u16(&extensions, &id) && CBS_get_u16_length_prefixed(&extensions, &extension)) {
    ReadExtension(id, extension, &hello);
  }
  return hello;
}

std::optional<size_t> RecordLength(std::string_view bytes) {
  if (bytes.size() < kRecordHeader) return std::nullopt;
  const auto at = [&](size_t i) { return static_cast<size_t>(static_cast<uint8_t>(bytes[i])); };
  return kRecordHeader + (at(3) << 8 | at(4));
}

std::string Record(uint8_t type, uint16_t version, std::string_view content) {
  std::string out;
  for (size_t at = 0; at < content.size(); at += kMaxRecord) {
    const std::string_view part = content.substr(at, kMaxRecord);
    for (const size_t byte : {size_t{type}, size_t{version} >> 8, size_t{version} & 0xff,
                              part.size() >> 8, part.size() & 0xff}) {
      out += static_cast<char>(byte);
    }
    out += part;
  }
  return out;
}

std::string FatalAlert(uint16_t version, uint8_t code) {
  return Record(kRecordAlert, version, std::string{kFatal, static_cast<char>(code)});
}

void AddBytes16(CBB* out, std::string_view bytes) {
  CBB child;
  CBB_add_u16_length_prefixed(out, &child);
  CBB_add_bytes(&child, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  CBB_flush(out);
}

std::string_view TextOf(const CBB& cbb) {
  return {reinterpret_cast<const char*>(CBB_data(&cbb)), CBB_len(&cbb)};
}

}  // namespace mxsweep::lab
