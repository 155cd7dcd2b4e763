#include "tls/pki/openssl_parse.h"

#include <optional>

#include "scanner/base/text.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

// c2i_ASN1_INTEGER.
std::string IntegerTrouble(Bytes contents) {
  if (contents.empty()) return "the serial number is empty";
  if (contents.size() == 1) return "";
  const bool high = (contents[1] & 0x80) != 0;
  if (contents[0] == 0x00 && !high) return "the serial number has a needless zero byte";
  if (contents[0] != 0xff) return "";
  bool rest_is_zero = true;
  for (const uint8_t byte : contents.subspan(1)) rest_is_zero = rest_is_zero && byte == 0;
  return high && !rest_is_zero ? "the serial number has a needless sign byte" : "";
}

bool IsStringType(AsnTag tag) {
  switch (tag) {
    case CBS_ASN1_UTF8STRING:
    case CBS_ASN1_NUMERICSTRING:
    case CBS_ASN1_PRINTABLESTRING:
    case CBS_ASN1_IA5STRING:
    case CBS_ASN1_VISIBLESTRING:
    case CBS_ASN1_T61STRING:
    case CBS_ASN1_BMPSTRING:
    case CBS_ASN1_UNIVERSALSTRING:
      return true;
    default:
      return false;
  }
}

// A name is brought into a canonical form as it is read: its strings must be text.
std::string NameTrouble(Bytes name, std::string_view whose) {
  const std::string unreadable = JoinText("cannot read ", whose);
  CBS input = ReaderOf(name);
  CBS rdns;
  if (!CBS_get_asn1(&input, &rdns, CBS_ASN1_SEQUENCE)) return unreadable;
  while (CBS_len(&rdns) > 0) {
    CBS rdn;
    if (!CBS_get_asn1(&rdns, &rdn, CBS_ASN1_SET)) return unreadable;
    while (CBS_len(&rdn) > 0) {
      CBS attribute;
      CBS value;
      AsnTag tag;
      if (!CBS_get_asn1(&rdn, &attribute, CBS_ASN1_SEQUENCE) ||
          !CBS_get_asn1(&attribute, nullptr, CBS_ASN1_OBJECT) ||
          !CBS_get_any_asn1(&attribute, &value, &tag) || CBS_len(&attribute) != 0) {
        return unreadable;
      }
      if (IsStringType(tag) && !StringText(tag, BytesOf(value))) {
        return JoinText("a string of ", whose, " is no text of its type");
      }
    }
  }
  return "";
}

std::string ExtensionsTrouble(Bytes extensions) {
  const bool well_formed = ForEachExtension(extensions, [](const ExtensionDer&) {});
  return well_formed ? "" : "cannot read the extensions";
}

}  // namespace

std::string OpenSslParseTrouble(Bytes der) {
  const CertificateDer parts = CutCertificate(der);
  if (!parts.error.empty()) return parts.error;
  for (std::string trouble :
       {IntegerTrouble(parts.serial), NameTrouble(parts.issuer, "the issuer's name"),
        NameTrouble(parts.subject, "the subject's name"), ExtensionsTrouble(parts.extensions)}) {
    if (!trouble.empty()) return trouble;
  }
  return "";
}

}  // namespace mxsweep::tls
