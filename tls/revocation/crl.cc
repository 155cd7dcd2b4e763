#include "tls/revocation/crl.h"

#include <openssl/siphash.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "tls/pki/certificate.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/der_reader.h"
#include "tls/pki/public_key.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::tls {
namespace {

constexpr AsnTag kContext = CBS_ASN1_CONTEXT_SPECIFIC;
constexpr AsnTag kContextConstructed = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED;
constexpr AsnTag kUriTag = kContext | 6;

// RFC 5280 §5.2 and §5.3: id-ce.
constexpr uint8_t kOidDeltaCrlIndicator[] = {0x55, 0x1d, 0x1b};
constexpr uint8_t kOidIssuingDistributionPoint[] = {0x55, 0x1d, 0x1c};
constexpr uint8_t kOidReasonCode[] = {0x55, 0x1d, 0x15};
constexpr uint8_t kRemoveFromCrl = 8;
// Names kept of an issuing distribution point.
constexpr size_t kMaxNames = 16;

// A DEFAULT FALSE flag behind an implicit tag; an absent one is well-formed.
bool TakeFlag(CBS* from, AsnTag tag, bool* flag) {
  CBS value;
  int present = 0;
  if (!CBS_get_optional_asn1(from, &value, &present, tag)) return false;
  *flag = present && CBS_len(&value) == 1 && *CBS_data(&value) != 0;
  return true;
}

uint64_t Fingerprint(Bytes serial) {
  static constexpr uint64_t kKey[2] = {0x9ae16a3b2f90404f, 0xc949d7c7509e6557};
  return SIPHASH_24(kKey, serial.data(), serial.size());
}

// The reason of a list's entry; false if its extensions cannot be read or one that is critical is
// not understood (certificateIssuer: an indirect list).
bool ReadEntryExtensions(Bytes extensions, uint8_t* reason) {
  bool understood = true;
  const bool well_formed = ForEachExtension(extensions, [&](const ExtensionDer& extension) {
    if (!std::ranges::equal(extension.oid, kOidReasonCode)) {
      understood = understood && !extension.critical;
      return;
    }
    CBS input = ReaderOf(extension.value);
    CBS code;
    understood =
        understood && CBS_get_asn1(&input, &code, CBS_ASN1_ENUMERATED) && CBS_len(&code) == 1;
    if (understood) *reason = *CBS_data(&code);
  });
  return well_formed && understood;
}

}  // namespace

std::string_view CrlStatusName(CrlStatus status) {
  switch (status) {
    case CrlStatus::kGood:
      return "good";
    case CrlStatus::kRevoked:
      return "revoked";
    case CrlStatus::kNotCovered:
      return "not_covered";
    case CrlStatus::kUnsupported:
      return "unsupported";
    case CrlStatus::kNotYetValid:
      return "not_yet_valid";
    case CrlStatus::kExpired:
      return "expired";
    case CrlStatus::kBadSignature:
      return "bad_signature";
    case CrlStatus::kMalformed:
      return "malformed";
  }
  return "";
}

// The parts of a CertificateList, as spans of it.
struct RevocationList::Parts {
  Bytes tbs;
  Bytes tbs_algorithm;
  Bytes issuer;
  Bytes revoked;  // contents of revokedCertificates
  Bytes extensions;
  Bytes algorithm;
  Bytes signature;

  bool Cut(Bytes der, UpdateWindow* window);
  // Why the list is not `by`'s; empty if it is.
  std::string SignatureTrouble(const CertificateDer& by) const;

 private:
  bool CutTbs(UpdateWindow* window);
};

bool RevocationList::Parts::Cut(Bytes der, UpdateWindow* window) {
  CBS input = ReaderOf(der);
  CBS list;
  if (!CBS_get_asn1(&input, &list, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0 ||
      !TakeElement(&list, &tbs, CBS_ASN1_SEQUENCE) ||
      !TakeElement(&list, &algorithm, CBS_ASN1_SEQUENCE) || !TakeBitString(&list, &signature) ||
      CBS_len(&list) != 0) {
    return false;
  }
  return CutTbs(window);
}

bool RevocationList::Parts::CutTbs(UpdateWindow* window) {
  CBS input = ReaderOf(tbs);
  CBS body;
  CBS wrapper;
  int has_extensions = 0;
  if (!CBS_get_asn1(&input, &body, CBS_ASN1_SEQUENCE) ||
      !CBS_get_optional_asn1(&body, nullptr, nullptr, CBS_ASN1_INTEGER) ||
      !TakeElement(&body, &tbs_algorithm, CBS_ASN1_SEQUENCE) ||
      !TakeElement(&body, &issuer, CBS_ASN1_SEQUENCE) || !TakeTime(&body, &window->this_update_s)) {
    return false;
  }
  if (PeekTime(body)) {
    int64_t next_update_s;
    if (!TakeTime(&body, &next_update_s)) return false;
    window->next_update_s = next_update_s;
  }
  if (CBS_peek_asn1_tag(&body, CBS_ASN1_SEQUENCE) &&
      !TakeContents(&body, &revoked, CBS_ASN1_SEQUENCE)) {
    return false;
  }
  if (!CBS_get_optional_asn1(&body, &wrapper, &has_extensions, kContextConstructed | 0) ||
      CBS_len(&body) != 0) {
    return false;
  }
  return !has_extensions || TakeContents(&wrapper, &extensions, CBS_ASN1_SEQUENCE);
}

std::string RevocationList::Parts::SignatureTrouble(const CertificateDer& by) const {
  if (!std::ranges::equal(issuer, by.subject)) return "a list of another issuer";
  if (!KeyUsageAllows(by, kKeyUsageCrlSign)) return "its issuer may not sign lists (key usage)";
  if (IsMd5OrOlder(ReadSignatureAlgorithm(algorithm).digest)) return "signed over MD5";
  if (!std::ranges::equal(algorithm, tbs_algorithm) ||
      !SignatureVerifies(tbs, algorithm, signature, by.spki)) {
    return "the issuer's signature does not verify";
  }
  return "";
}

void RevocationList::Refuse(CrlStatus status, std::string detail) {
  if (status_ != CrlStatus::kGood) return;
  status_ = status;
  detail_ = std::move(detail);
}

// IssuingDistributionPoint (RFC 5280 §5.2.5).
bool RevocationList::ReadIssuingDistributionPoint(Bytes value) {
  CBS input = ReaderOf(value);
  CBS point;
  CBS name;
  int has_name = 0;
  int has_reasons = 0;
  bool indirect = false;
  bool attributes_only = false;
  if (!CBS_get_asn1(&input, &point, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0 ||
      !CBS_get_optional_asn1(&point, &name, &has_name, kContextConstructed | 0) ||
      !TakeFlag(&point, kContext | 1, &user_certificates_only_) ||
      !TakeFlag(&point, kContext | 2, &ca_certificates_only_) ||
      !CBS_get_optional_asn1(&point, nullptr, &has_reasons, kContext | 3) ||
      !TakeFlag(&point, kContext | 4, &indirect) ||
      !TakeFlag(&point, kContext | 5, &attributes_only) || CBS_len(&point) != 0) {
    return false;
  }
  if (indirect) Refuse(CrlStatus::kUnsupported, "an indirect list");
  if (has_reasons) Refuse(CrlStatus::kUnsupported, "a list for some reasons only");
  if (attributes_only) Refuse(CrlStatus::kUnsupported, "a list of attribute certificates");
  if (!has_name) return true;
  names_distribution_point_ = true;
  CBS names;
  if (!CBS_get_asn1(&name, &names, kContextConstructed | 0)) return true;  // relative to the issuer
  while (CBS_len(&names) > 0) {
    CBS uri;
    AsnTag tag;
    if (!CBS_get_any_asn1(&names, &uri, &tag)) return false;
    if (tag != kUriTag || distribution_point_names_.size() >= kMaxNames) continue;
    distribution_point_names_.emplace_back(AsText(BytesOf(uri)));
  }
  return true;
}

void RevocationList::ReadExtension(const ExtensionDer& extension) {
  if (std::ranges::equal(extension.oid, kOidIssuingDistributionPoint)) {
    if (!ReadIssuingDistributionPoint(extension.value)) {
      Refuse(CrlStatus::kMalformed, "cannot read issuingDistributionPoint");
    }
  } else if (std::ranges::equal(extension.oid, kOidDeltaCrlIndicator)) {
    Refuse(CrlStatus::kUnsupported, "a delta list");
  } else if (extension.critical) {
    Refuse(CrlStatus::kUnsupported, "a critical extension that is not understood");
  }
}

bool RevocationList::ReadEntry(Bytes entry) {
  CBS input = ReaderOf(entry);
  CBS serial;
  CBS extensions;
  int64_t at_s;
  uint8_t reason = 0;
  if (!CBS_get_asn1(&input, &serial, CBS_ASN1_INTEGER) || !TakeTime(&input, &at_s)) return false;
  if (CBS_len(&input) > 0) {
    if (!CBS_get_asn1(&input, &extensions, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0) return false;
    if (!ReadEntryExtensions(BytesOf(extensions), &reason)) {
      Refuse(CrlStatus::kUnsupported, "an entry with an extension that is not understood");
      return true;
    }
  }
  if (reason == kRemoveFromCrl) return true;
  const int64_t kept_s = std::clamp<int64_t>(at_s, 0, std::numeric_limits<uint32_t>::max());
  entries_.push_back({Fingerprint(BytesOf(serial)), static_cast<uint32_t>(kept_s), reason});
  return true;
}

bool RevocationList::ReadEntries(Bytes list) {
  CBS input = ReaderOf(list);
  while (CBS_len(&input) > 0) {
    CBS entry;
    if (!CBS_get_asn1(&input, &entry, CBS_ASN1_SEQUENCE) || !ReadEntry(BytesOf(entry)))
      return false;
  }
  entries_.shrink_to_fit();
  std::ranges::sort(entries_, {}, &Entry::fingerprint);
  return true;
}

RevocationList RevocationList::Read(std::span<const uint8_t> der,
                                    std::span<const uint8_t> issuer_der) {
  RevocationList list;
  Parts parts;
  if (der.size() > kMaxCrlBytes) {
    list.Refuse(CrlStatus::kMalformed, "larger than any list");
    return list;
  }
  if (!parts.Cut(der, &list.window_)) {
    list.Refuse(CrlStatus::kMalformed, "not a certificate revocation list");
    return list;
  }
  const bool read = ForEachExtension(
      parts.extensions, [&list](const ExtensionDer& extension) { list.ReadExtension(extension); });
  if (!read) list.Refuse(CrlStatus::kMalformed, "cannot read the extensions");
  if (list.status_ == CrlStatus::kGood && !list.ReadEntries(parts.revoked)) {
    list.Refuse(CrlStatus::kMalformed, "cannot read the revoked certificates");
  }
  // Of a list by anybody else it does not matter what it is good for.
  std::string trouble = parts.SignatureTrouble(CutCertificate(issuer_der));
  if (!trouble.empty() && list.status_ != CrlStatus::kMalformed) {
    list.status_ = CrlStatus::kBadSignature;
    list.detail_ = std::move(trouble);
  }
  if (list.status_ != CrlStatus::kGood) list.entries_ = {};
  return list;
}

CrlVerdict RevocationList::Judge(const CrlQuestion& question, int64_t time_s) const {
  if (status_ != CrlStatus::kGood) return {status_, std::nullopt, detail_};
  switch (FreshnessOf(window_, time_s)) {
    case Freshness::kNotYetValid:
      return {CrlStatus::kNotYetValid, std::nullopt,
              "thisUpdate " + TimeText(window_.this_update_s)};
    case Freshness::kExpired:
      return {CrlStatus::kExpired, std::nullopt,
              window_.next_update_s ? "nextUpdate " + TimeText(*window_.next_update_s)
                                    : "thisUpdate " + TimeText(window_.this_update_s)};
    case Freshness::kFresh:
      break;
  }
  if (question.is_ca ? user_certificates_only_ : ca_certificates_only_) {
    return {CrlStatus::kNotCovered, std::nullopt,
            question.is_ca ? "a list of end entity certificates" : "a list of CA certificates"};
  }
  // One of several lists of an issuer must be the one that the certificate names: any other knows
  // nothing of it, and comes as well signed (RFC 5280 §6.3.3 (b)(2)(i)).
  const bool names_it =
      std::ranges::any_of(distribution_point_names_, [&](const std::string& name) {
        return std::ranges::find(question.distribution_point_names, name) !=
               question.distribution_point_names.end();
      });
  if (names_distribution_point_ && !names_it) {
    return {CrlStatus::kNotCovered, std::nullopt, "a list of another distribution point"};
  }
  const uint64_t fingerprint = Fingerprint(question.serial);
  const auto found = std::ranges::lower_bound(entries_, fingerprint, {}, &Entry::fingerprint);
  if (found == entries_.end() || found->fingerprint != fingerprint) {
    return {CrlStatus::kGood, std::nullopt, ""};
  }
  const Revocation revocation{.at_s = found->revoked_at_s, .reason = found->reason};
  return {CrlStatus::kRevoked, revocation, RevocationText(revocation)};
}

CrlQuestion QuestionOf(const CertificateDer& certificate) {
  CrlQuestion question;
  question.serial.assign(certificate.serial.begin(), certificate.serial.end());
  question.is_ca = IsCa(certificate);
  question.distribution_point_names = ReadRevocationSources(certificate).distribution_point_names;
  return question;
}

}  // namespace mxsweep::tls
