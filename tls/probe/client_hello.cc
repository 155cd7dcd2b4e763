#include "tls/probe/client_hello.h"

#include <algorithm>
#include <limits>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tls/probe/suites.h"
#include "tls/session/facts.h"

namespace mxsweep::tls {
namespace {

constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientHelloMessage = 1;
constexpr size_t kMaxRecordBytes = 1 << 14;
constexpr size_t kRecordHeaderBytes = 5;
constexpr size_t kUsualMessageBytes = 512;  // most are padded to it
// Type and length of an extension.
constexpr size_t kExtensionHeaderBytes = 4;
// Shorter messages do nobody harm (RFC 7685 §1).
constexpr size_t kFirstHarmfulBytes = 256;
// The line for people; names at most of it.
constexpr size_t kMaxOfferTextBytes = 400;
constexpr size_t kMaxNamedSuites = 4;

// IANA "TLS ExtensionType Values".
enum Extension : uint16_t {
  kServerName = 0,
  kSupportedGroups = 10,
  kEcPointFormats = 11,
  kSignatureAlgorithms = 13,
  kPadding = 21,
  kEncryptThenMac = 22,
  kExtendedMasterSecret = 23,
  kSessionTicket = 35,
  kSupportedVersions = 43,
  kPskKeyExchangeModes = 45,
  kSignatureAlgorithmsCert = 50,
  kKeyShare = 51,
  kRenegotiationInfo = 0xff01,
};

// Appends to a string, in the notation of RFC 8446 §3. BoringSSL's CBB does likewise at twice
// the cost, and a scan writes a message for every probe.
class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void U8(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  void U16(uint16_t value) {
    U8(static_cast<uint8_t>(value >> 8));
    U8(static_cast<uint8_t>(value));
  }
  template <typename Container>
  void Raw(const Container& bytes) {
    out_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void Zeros(size_t count) { out_->append(count, 0); }

  // What `fill` writes, behind its length of one, two or three bytes.
  template <typename Fill>
  void Prefixed8(const Fill& fill) {
    Prefixed(1, fill);
  }
  template <typename Fill>
  void Prefixed16(const Fill& fill) {
    Prefixed(2, fill);
  }
  template <typename Fill>
  void Prefixed24(const Fill& fill) {
    Prefixed(3, fill);
  }

  void List8(const std::vector<uint8_t>& bytes) {
    Prefixed8([&](Writer list) { list.Raw(bytes); });
  }
  void List16(const std::vector<uint16_t>& values) {
    Prefixed16([&](Writer list) {
      for (const uint16_t value : values) list.U16(value);
    });
  }

  template <typename Fill>
  void Add(Extension type, const Fill& fill) {
    U16(type);
    Prefixed16(fill);
  }
  void AddEmpty(Extension type) {
    U16(type);
    U16(0);
  }
  void AddList8(Extension type, const std::vector<uint8_t>& bytes) {
    if (bytes.empty()) return;
    Add(type, [&](Writer extension) { extension.List8(bytes); });
  }
  void AddList16(Extension type, const std::vector<uint16_t>& values) {
    if (values.empty()) return;
    Add(type, [&](Writer extension) { extension.List16(values); });
  }

 private:
  template <typename Fill>
  void Prefixed(size_t length_bytes, const Fill& fill) {
    const size_t at = out_->size();
    Zeros(length_bytes);
    fill(*this);
    size_t length = out_->size() - at - length_bytes;
    for (size_t i = length_bytes; i-- > 0; length >>= 8)
      (*out_)[at + i] = static_cast<char>(length);
    MXSWEEP_CHECK(length == 0);
  }

  std::string* out_;
};

void WriteServerName(Writer out, const std::string& name) {
  if (name.empty()) return;
  constexpr uint8_t kHostName = 0;
  out.Add(kServerName, [&](Writer extension) {
    extension.Prefixed16([&](Writer list) {
      list.U8(kHostName);
      list.Prefixed16([&](Writer text) { text.Raw(name); });
    });
  });
}

void WriteSupportedVersions(Writer out, const std::vector<uint16_t>& versions) {
  if (versions.empty()) return;
  out.Add(kSupportedVersions, [&](Writer extension) {
    extension.Prefixed8([&](Writer list) {
      for (const uint16_t version : versions) list.U16(version);
    });
  });
}

void WriteKeyShares(Writer out, const std::optional<std::vector<KeyShare>>& shares) {
  if (!shares) return;
  out.Add(kKeyShare, [&](Writer extension) {
    extension.Prefixed16([&](Writer list) {
      for (const KeyShare& share : *shares) {
        list.U16(share.group);
        list.Prefixed16([&](Writer key) { key.Raw(share.key_exchange); });
      }
    });
  });
}

// In OpenSSL's order, so that a server that minds the order meets nothing new.
void WriteExtensions(Writer out, const ClientHello& hello) {
  if (hello.renegotiation_info) {
    out.Add(kRenegotiationInfo, [](Writer extension) { extension.U8(0); });
  }
  WriteServerName(out, hello.server_name);
  out.AddList8(kEcPointFormats, hello.ec_point_formats);
  out.AddList16(kSupportedGroups, hello.groups);
  if (hello.session_ticket) out.AddEmpty(kSessionTicket);
  if (hello.encrypt_then_mac) out.AddEmpty(kEncryptThenMac);
  if (hello.extended_master_secret) out.AddEmpty(kExtendedMasterSecret);
  out.AddList16(kSignatureAlgorithmsCert, hello.signature_algorithms_cert);
  out.AddList16(kSignatureAlgorithms, hello.signature_algorithms);
  WriteSupportedVersions(out, hello.supported_versions);
  out.AddList8(kPskKeyExchangeModes, hello.psk_key_exchange_modes);
  WriteKeyShares(out, hello.key_shares);
}

// Nothing where `written` bytes of message need none.
void WritePadding(Writer out, const ClientHello& hello, size_t written) {
  if (written < kFirstHarmfulBytes || written >= hello.pad_to_bytes) return;
  // An extension of no bytes at the very end is what one family of servers fails at; one byte more
  // costs nothing.
  const size_t missing = std::max<size_t>(hello.pad_to_bytes - written, kExtensionHeaderBytes + 1);
  out.Add(kPadding, [&](Writer zeros) { zeros.Zeros(missing - kExtensionHeaderBytes); });
}

std::string WriteMessage(const ClientHello& hello) {
  std::string message;
  message.reserve(kUsualMessageBytes);
  Writer out(&message);
  out.U8(kClientHelloMessage);
  out.Prefixed24([&](Writer body) {
    body.U16(hello.legacy_version);
    body.Raw(hello.random);
    body.List8(hello.session_id);
    body.List16(hello.suites);
    body.List8(hello.compressions);
    if (!hello.extensions) return;
    body.Prefixed16([&](Writer extensions) {
      WriteExtensions(extensions, hello);
      WritePadding(extensions, hello, message.size());
    });
  });
  return message;
}

void AppendNames(std::string* text, std::string_view what, const std::vector<uint16_t>& numbers,
                 std::string (*name)(uint16_t)) {
  if (numbers.empty()) return;
  AppendText(text, "; ", what, " ");
  for (size_t i = 0; i < numbers.size(); ++i) {
    AppendText(text, i == 0 ? "" : " ", name(numbers[i]));
  }
}

}  // namespace

std::string WriteClientHello(const ClientHello& hello) {
  MXSWEEP_CHECK(hello.session_id.size() <= 32);
  const std::string message = WriteMessage(hello);
  std::string records;
  records.reserve(message.size() + kRecordHeaderBytes);
  Writer out(&records);
  for (size_t at = 0; at < message.size(); at += kMaxRecordBytes) {
    out.U8(kHandshakeRecord);
    out.U16(hello.record_version);
    out.Prefixed16(
        [&](Writer record) { record.Raw(std::string_view(message).substr(at, kMaxRecordBytes)); });
  }
  return records;
}

uint16_t HighestVersion(const ClientHello& hello) {
  if (!hello.extensions || hello.supported_versions.empty()) return hello.legacy_version;
  return *std::ranges::max_element(hello.supported_versions);
}

std::string OfferText(const ClientHello& hello) {
  std::string text;
  if (hello.extensions && !hello.supported_versions.empty()) {
    for (const uint16_t version : hello.supported_versions) {
      AppendText(&text, text.empty() ? "" : " ", VersionName(version));
    }
  } else {
    text = JoinText("up to ", VersionName(hello.legacy_version));
  }
  std::vector<uint16_t> suites = hello.suites;
  const bool fallback = std::erase(suites, kFallbackScsv) > 0;
  std::erase(suites, kRenegotiationInfoScsv);
  if (suites.size() <= kMaxNamedSuites) {
    AppendNames(&text, "suites", suites, SuiteName);
  } else {
    AppendText(&text, "; ", suites.size(), " suites");
  }
  if (fallback) text += " and TLS_FALLBACK_SCSV";
  if (hello.extensions) {
    AppendNames(&text, "groups", hello.groups, GroupName);
    if (hello.key_shares) {
      std::vector<uint16_t> shares;
      for (const KeyShare& share : *hello.key_shares) shares.push_back(share.group);
      if (shares.empty()) text += "; no key share";
      AppendNames(&text, "key shares", shares, GroupName);
    }
  }
  text += hello.extensions && !hello.server_name.empty() ? "; server name" : "; no server name";
  return SanitizeText(text, kMaxOfferTextBytes);
}

}  // namespace mxsweep::tls
