#include "tls/pki/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include "scanner/base/utf8.h"
#include "tls/pki/certificate.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

// RFC 2253 form, with UTF-8 as it is instead of escaped byte by byte.
constexpr unsigned long kNameFlags =
    XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);

// Of what RFC 4514 §2.4 lets anybody escape, byte by byte: that by which a name would look like
// another one, or move a terminal's cursor.
std::string WithObeyedEscaped(std::string_view text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  size_t plain = 0;
  for (size_t at = FindObeyed(text); at != std::string_view::npos; at = FindObeyed(text, plain)) {
    out.append(text.substr(plain, at - plain));
    plain = at + Utf8CharacterBytes(text.substr(at));
    for (const char c : text.substr(at, plain - at)) {
      const uint8_t byte = static_cast<uint8_t>(c);
      out.append({'\\', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  out.append(text.substr(plain));
  return out;
}

std::string PrintableText(Bytes bytes) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size());
  for (uint8_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7f && byte != '\\') {
      out.push_back(static_cast<char>(byte));
    } else {
      out.append({'\\', 'x', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return out;
}

std::string IpText(Bytes bytes) {
  char text[INET6_ADDRSTRLEN];
  if (bytes.size() == 4 && inet_ntop(AF_INET, bytes.data(), text, sizeof(text)) != nullptr)
    return text;
  if (bytes.size() == 16 && inet_ntop(AF_INET6, bytes.data(), text, sizeof(text)) != nullptr)
    return text;
  return "#" + HexLower(bytes);
}

// OtherName begins with its type.
std::string OtherNameType(Bytes contents) {
  CBS input = ReaderOf(contents);
  CBS oid;
  if (!CBS_get_asn1(&input, &oid, CBS_ASN1_OBJECT)) return "";
  return OidText(BytesOf(oid));
}

}  // namespace

std::string DistinguishedNameText(Bytes name) {
  const uint8_t* position = name.data();
  const bssl::UniquePtr<X509_NAME> parsed(
      d2i_X509_NAME(nullptr, &position, static_cast<long>(name.size())));
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  const uint8_t* text;
  size_t length;
  const bool printed = parsed != nullptr && memory != nullptr &&
                       position == name.data() + name.size() &&
                       X509_NAME_print_ex(memory.get(), parsed.get(), 0, kNameFlags) >= 0 &&
                       BIO_mem_contents(memory.get(), &text, &length);
  ERR_clear_error();
  if (!printed) return "#" + HexLower(name);
  return WithObeyedEscaped({reinterpret_cast<const char*>(text), length});
}

std::string GeneralNameText(GeneralName kind, Bytes contents) {
  switch (kind) {
    case GeneralName::kDns:
      return "dns:" + PrintableText(contents);
    case GeneralName::kEmail:
      return "email:" + PrintableText(contents);
    case GeneralName::kUri:
      return "uri:" + PrintableText(contents);
    case GeneralName::kIp:
      return "ip:" + IpText(contents);
    case GeneralName::kDirectory:
      return "dirname:" + DistinguishedNameText(contents);
    case GeneralName::kRegisteredId:
      return "rid:" + OidText(contents);
    case GeneralName::kOther:
      return "other:" + OtherNameType(contents);
    case GeneralName::kX400:
      return "x400:";
    case GeneralName::kEdiParty:
      return "edi:";
  }
  return "";
}

}  // namespace mxsweep::tls
