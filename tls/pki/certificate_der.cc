#include "tls/pki/certificate_der.h"

#include <openssl/mem.h>

#include <algorithm>
#include <chrono>

#include "scanner/base/utf8.h"
#include "tls/pki/der_reader.h"

namespace mxsweep::tls {
namespace {

constexpr AsnTag kVersionTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 0;
constexpr AsnTag kIssuerUniqueIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 1;
constexpr AsnTag kSubjectUniqueIdTag = CBS_ASN1_CONTEXT_SPECIFIC | 2;
constexpr AsnTag kExtensionsTag = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED | 3;
constexpr uint8_t kOidCommonName[] = {0x55, 0x04, 0x03};

bool TakeValidity(CBS* from, CertificateDer* out) {
  CBS validity;
  return CBS_get_asn1(from, &validity, CBS_ASN1_SEQUENCE) &&
         TakeTimeElement(&validity, &out->not_before) &&
         TakeTimeElement(&validity, &out->not_after) && CBS_len(&validity) == 0;
}

bool TakeExtensions(CBS* from, CertificateDer* out) {
  CBS wrapper;
  CBS list;
  int present;
  if (!CBS_get_optional_asn1(from, nullptr, nullptr, kIssuerUniqueIdTag) ||
      !CBS_get_optional_asn1(from, nullptr, nullptr, kSubjectUniqueIdTag) ||
      !CBS_get_optional_asn1(from, &wrapper, &present, kExtensionsTag)) {
    return false;
  }
  if (!present) return true;
  if (!CBS_get_asn1(&wrapper, &list, CBS_ASN1_SEQUENCE) || CBS_len(&wrapper) != 0) return false;
  out->extensions = BytesOf(list);
  return true;
}

// The first part of the to-be-signed body that cannot be read, or nullptr.
const char* CutTbs(CBS tbs, CertificateDer* out) {
  CBS body;
  CBS serial;
  if (!CBS_get_asn1(&tbs, &body, CBS_ASN1_SEQUENCE)) return "TBSCertificate";
  if (!CBS_get_optional_asn1(&body, nullptr, nullptr, kVersionTag)) return "version";
  if (!CBS_get_asn1(&body, &serial, CBS_ASN1_INTEGER)) return "serialNumber";
  out->serial = BytesOf(serial);
  if (!TakeElement(&body, &out->tbs_signature_algorithm, CBS_ASN1_SEQUENCE)) return "signature";
  if (!TakeElement(&body, &out->issuer, CBS_ASN1_SEQUENCE)) return "issuer";
  if (!TakeValidity(&body, out)) return "validity";
  if (!TakeElement(&body, &out->subject, CBS_ASN1_SEQUENCE)) return "subject";
  if (!TakeElement(&body, &out->spki, CBS_ASN1_SEQUENCE)) return "subjectPublicKeyInfo";
  if (!TakeExtensions(&body, out) || CBS_len(&body) != 0) return "extensions";
  return nullptr;
}

bool TakeExtension(CBS* from, ExtensionDer* out) {
  CBS extension;
  CBS oid;
  CBS critical;
  CBS value;
  int has_critical = 0;
  if (!CBS_get_asn1(from, &extension, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&extension, &oid, CBS_ASN1_OBJECT) ||
      !CBS_get_optional_asn1(&extension, &critical, &has_critical, CBS_ASN1_BOOLEAN) ||
      !CBS_get_asn1(&extension, &value, CBS_ASN1_OCTETSTRING)) {
    return false;
  }
  const bool is_critical = has_critical && CBS_len(&critical) == 1 && *CBS_data(&critical) != 0;
  *out = {.oid = BytesOf(oid), .critical = is_critical, .value = BytesOf(value)};
  return true;
}

// `width` bytes a character, big endian. Nothing where one is cut off, or is no Unicode character.
std::optional<std::string> WideText(Bytes contents, size_t width) {
  if (contents.size() % width != 0) return std::nullopt;
  std::string text;
  for (; !contents.empty(); contents = contents.subspan(width)) {
    uint32_t c = 0;
    for (const uint8_t byte : contents.first(width)) c = c << 8 | byte;
    if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return std::nullopt;
    AppendCodePoint(static_cast<char32_t>(c), text);
  }
  return text;
}

// `digits` decimal digits from the front of `text`.
std::optional<int> TakeDigits(std::string_view* text, size_t digits) {
  if (text->size() < digits) return std::nullopt;
  int value = 0;
  for (char c : text->substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return value;
}

// "Z", "+hhmm" or "-hhmm": seconds to subtract.
std::optional<int64_t> ParseOffset(std::string_view text) {
  if (text == "Z") return 0;
  if (text.size() != 5 || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const std::optional<int> hours = TakeDigits(&text, 2);
  const std::optional<int> minutes = TakeDigits(&text, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (int64_t{*hours} * 3600 + *minutes * 60);
}

}  // namespace

CertificateDer CutCertificate(Bytes der) {
  CertificateDer out;
  CBS input = ReaderOf(der);
  CBS certificate;
  CBS tbs;
  if (!CBS_get_asn1(&input, &certificate, CBS_ASN1_SEQUENCE)) {
    out.error = "not a DER SEQUENCE";
    return out;
  }
  if (!CBS_get_asn1_element(&certificate, &tbs, CBS_ASN1_SEQUENCE)) {
    out.error = "cannot read TBSCertificate";
    return out;
  }
  out.tbs = BytesOf(tbs);
  if (const char* part = CutTbs(tbs, &out)) out.error = std::string("cannot read ") + part;
  const bool signed_well = TakeElement(&certificate, &out.signature_algorithm, CBS_ASN1_SEQUENCE) &&
                           TakeBitString(&certificate, &out.signature);
  if (!out.error.empty()) return out;
  if (!signed_well) {
    out.error = "cannot read signature";
  } else if (CBS_len(&certificate) != 0 || CBS_len(&input) != 0) {
    out.error = "bytes after the certificate";
  }
  return out;
}

std::optional<Bytes> FindExtension(const CertificateDer& certificate, Bytes oid) {
  CBS list = ReaderOf(certificate.extensions);
  ExtensionDer extension;
  while (CBS_len(&list) > 0 && TakeExtension(&list, &extension)) {
    if (std::ranges::equal(extension.oid, oid)) return extension.value;
  }
  return std::nullopt;
}

bool ForEachExtension(Bytes extensions, const std::function<void(const ExtensionDer&)>& visit) {
  CBS list = ReaderOf(extensions);
  ExtensionDer extension;
  while (CBS_len(&list) > 0) {
    if (!TakeExtension(&list, &extension)) return false;
    visit(extension);
  }
  return true;
}

Bytes SubjectPublicKeyOf(Bytes spki) {
  CBS input = ReaderOf(spki);
  CBS sequence;
  CBS key;
  uint8_t unused_bits = 0;
  if (!CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&sequence, nullptr, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&sequence, &key, CBS_ASN1_BITSTRING) || !CBS_get_u8(&key, &unused_bits)) {
    return {};
  }
  return BytesOf(key);
}

bool IsCa(const CertificateDer& certificate) {
  const std::optional<Bytes> value = FindExtension(certificate, kOidBasicConstraints);
  if (!value) return false;
  CBS input = ReaderOf(*value);
  CBS sequence;
  CBS is_ca;
  int present = 0;
  return CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) &&
         CBS_get_optional_asn1(&sequence, &is_ca, &present, CBS_ASN1_BOOLEAN) && present &&
         CBS_len(&is_ca) == 1 && *CBS_data(&is_ca) != 0;
}

bool KeyUsageAllows(const CertificateDer& certificate, unsigned bit) {
  const std::optional<Bytes> value = FindExtension(certificate, kOidKeyUsage);
  if (!value) return true;
  CBS input = ReaderOf(*value);
  CBS bits;
  return CBS_get_asn1(&input, &bits, CBS_ASN1_BITSTRING) && CBS_asn1_bitstring_has_bit(&bits, bit);
}

bool ForEachSubjectAltName(const CertificateDer& certificate,
                           const std::function<void(GeneralName, Bytes)>& visit) {
  const std::optional<Bytes> value = FindExtension(certificate, kOidSubjectAltName);
  if (!value) return true;
  CBS input = ReaderOf(*value);
  CBS names;
  if (!CBS_get_asn1(&input, &names, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0) return false;
  while (CBS_len(&names) > 0) {
    CBS name;
    AsnTag tag;
    if (!CBS_get_any_asn1(&names, &name, &tag)) return false;
    const AsnTag number = tag & CBS_ASN1_TAG_NUMBER_MASK;
    if ((tag & CBS_ASN1_CLASS_MASK) != CBS_ASN1_CONTEXT_SPECIFIC || number > 8) return false;
    visit(static_cast<GeneralName>(number), BytesOf(name));
  }
  return true;
}

void ForEachCommonName(const CertificateDer& certificate,
                       const std::function<void(std::string_view)>& visit) {
  CBS input = ReaderOf(certificate.subject);
  CBS rdns;
  if (!CBS_get_asn1(&input, &rdns, CBS_ASN1_SEQUENCE)) return;
  while (CBS_len(&rdns) > 0) {
    CBS rdn;
    if (!CBS_get_asn1(&rdns, &rdn, CBS_ASN1_SET)) return;
    while (CBS_len(&rdn) > 0) {
      CBS attribute;
      CBS oid;
      CBS value;
      AsnTag tag;
      if (!CBS_get_asn1(&rdn, &attribute, CBS_ASN1_SEQUENCE) ||
          !CBS_get_asn1(&attribute, &oid, CBS_ASN1_OBJECT) ||
          !CBS_get_any_asn1(&attribute, &value, &tag)) {
        return;
      }
      if (!CBS_mem_equal(&oid, kOidCommonName, sizeof(kOidCommonName))) continue;
      if (const std::optional<std::string> text = StringText(tag, BytesOf(value))) visit(*text);
    }
  }
}

std::optional<std::string> StringText(AsnTag tag, Bytes contents) {
  switch (tag) {
    case CBS_ASN1_UTF8STRING:
      if (!IsValidUtf8(AsText(contents))) return std::nullopt;
      return std::string(AsText(contents));
    case CBS_ASN1_NUMERICSTRING:
    case CBS_ASN1_PRINTABLESTRING:
    case CBS_ASN1_IA5STRING:
    case CBS_ASN1_VISIBLESTRING:
    case CBS_ASN1_T61STRING:
      return WideText(contents, 1);
    case CBS_ASN1_BMPSTRING:
      return WideText(contents, 2);
    case CBS_ASN1_UNIVERSALSTRING:
      return WideText(contents, 4);
    default:
      return std::nullopt;
  }
}

std::optional<int64_t> ParseTime(Bytes time) {
  CBS input = ReaderOf(time);
  CBS contents;
  AsnTag tag;
  if (!CBS_get_any_asn1(&input, &contents, &tag)) return std::nullopt;
  std::string_view text = AsText(BytesOf(contents));
  std::optional<int> year = TakeDigits(&text, tag == CBS_ASN1_UTCTIME ? 2 : 4);
  const std::optional<int> month = TakeDigits(&text, 2);
  const std::optional<int> day = TakeDigits(&text, 2);
  const std::optional<int> hour = TakeDigits(&text, 2);
  const std::optional<int> minute = TakeDigits(&text, 2);
  if (!year || !month || !day || !hour || !minute) return std::nullopt;
  if (tag == CBS_ASN1_UTCTIME) *year += *year < 50 ? 2000 : 1900;
  const std::optional<int> second = TakeDigits(&text, 2);
  const std::optional<int64_t> offset = ParseOffset(text);
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                         std::chrono::day(*day)};
  if (!date.ok() || *hour > 23 || *minute > 59 || second.value_or(0) > 59 || !offset)
    return std::nullopt;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * 86400 + *hour * 3600 + *minute * 60 + second.value_or(0) - *offset;
}

std::string OidText(Bytes oid) {
  const CBS cbs = ReaderOf(oid);
  char* text = CBS_asn1_oid_to_text(&cbs);
  std::string out = text != nullptr ? text : "";
  OPENSSL_free(text);
  return out;
}

}  // namespace mxsweep::tls
