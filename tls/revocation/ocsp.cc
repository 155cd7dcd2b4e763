#include "tls/revocation/ocsp.h"

#include <openssl/digest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "scanner/base/text.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/der_reader.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

constexpr AsnTag kExplicit = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED;
// CertStatus (RFC 6960 §4.2.1): IMPLICIT tags.
constexpr AsnTag kStatusGood = CBS_ASN1_CONTEXT_SPECIFIC | 0;
constexpr AsnTag kStatusRevoked = kExplicit | 1;
constexpr AsnTag kStatusUnknown = CBS_ASN1_CONTEXT_SPECIFIC | 2;

// 1.3.6.1.5.5.7.48.1.1
constexpr uint8_t kOidBasicResponse[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x01};
// 1.3.6.1.5.5.7.3.9
constexpr uint8_t kOidOcspSigning[] = {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x09};

constexpr uint8_t kSha1Oid[] = {0x2b, 0x0e, 0x03, 0x02, 0x1a};
constexpr uint8_t kSha256Oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};
constexpr uint8_t kSha384Oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
constexpr uint8_t kSha512Oid[] = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03};

// The parts of a BasicOCSPResponse that count, as spans of it.
struct BasicResponse {
  Bytes signed_bytes;
  Bytes responder_name;      // one of the two: a Name, or the SHA-1 of a key
  Bytes responder_key_hash;  //
  Bytes responses;           // contents of the SEQUENCE OF SingleResponse
  Bytes extensions;
  Bytes algorithm;
  Bytes signature;
  std::vector<Bytes> certificates;
};

struct SingleResponse {
  Bytes hash_oid;
  Bytes issuer_name_hash;
  Bytes issuer_key_hash;
  Bytes serial;
  OcspStatus status = OcspStatus::kUnknown;
  Revocation revocation;
  UpdateWindow window;
  Bytes extensions;
};

// RFC 6960 §4.2.1 allows this form alone.
bool TakeGeneralizedTime(CBS* from, int64_t* time_s) {
  return CBS_peek_asn1_tag(from, CBS_ASN1_GENERALIZEDTIME) && TakeTime(from, time_s);
}

// Extensions behind an EXPLICIT tag; none is well-formed, too.
bool TakeExtensions(CBS* from, AsnTag tag, Bytes* extensions) {
  CBS wrapper;
  int present = 0;
  if (!CBS_get_optional_asn1(from, &wrapper, &present, tag)) return false;
  return !present || TakeContents(&wrapper, extensions, CBS_ASN1_SEQUENCE);
}

// No critical extension is understood here: the nonce, which alone could matter, is not critical.
bool HasCritical(Bytes extensions) {
  bool critical = false;
  const bool well_formed = ForEachExtension(
      extensions, [&critical](const ExtensionDer& e) { critical = critical || e.critical; });
  return critical || !well_formed;
}

const char* ResponderErrorName(uint64_t status) {
  switch (status) {
    case 1:
      return "malformedRequest";
    case 2:
      return "internalError";
    case 3:
      return "tryLater";
    case 5:
      return "sigRequired";
    case 6:
      return "unauthorized";
    default:
      return nullptr;
  }
}

// OCSPResponse: the BasicOCSPResponse in it, or a verdict that ends it here.
std::optional<OcspVerdict> OpenResponse(Bytes response, Bytes* basic) {
  const auto malformed = [](const char* what) {
    return OcspVerdict{.status = OcspStatus::kMalformed, .detail = what};
  };
  CBS input = ReaderOf(response);
  CBS outer;
  CBS status_bytes;
  if (!CBS_get_asn1(&input, &outer, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0 ||
      !CBS_get_asn1(&outer, &status_bytes, CBS_ASN1_ENUMERATED) || CBS_len(&status_bytes) != 1) {
    return malformed("not an OCSP response");
  }
  if (const uint8_t status = *CBS_data(&status_bytes); status != 0) {
    const char* name = ResponderErrorName(status);
    if (name == nullptr) return malformed("a response status that does not exist");
    return OcspVerdict{.status = OcspStatus::kResponderError,
                       .detail = JoinText("the responder says ", name)};
  }
  CBS wrapper;
  CBS body;
  CBS type;
  if (!CBS_get_asn1(&outer, &wrapper, kExplicit | 0) || CBS_len(&outer) != 0 ||
      !CBS_get_asn1(&wrapper, &body, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&body, &type, CBS_ASN1_OBJECT) ||
      !TakeContents(&body, basic, CBS_ASN1_OCTETSTRING)) {
    return malformed("no response bytes");
  }
  if (!std::ranges::equal(BytesOf(type), kOidBasicResponse)) {
    return malformed("not a basic response");
  }
  return std::nullopt;
}

bool CutResponderId(CBS* from, BasicResponse* out) {
  CBS id;
  if (CBS_peek_asn1_tag(from, kExplicit | 1)) {
    return CBS_get_asn1(from, &id, kExplicit | 1) &&
           TakeElement(&id, &out->responder_name, CBS_ASN1_SEQUENCE);
  }
  return CBS_get_asn1(from, &id, kExplicit | 2) &&
         TakeContents(&id, &out->responder_key_hash, CBS_ASN1_OCTETSTRING);
}

bool CutResponseData(Bytes signed_bytes, BasicResponse* out) {
  CBS input = ReaderOf(signed_bytes);
  CBS data;
  int64_t produced_at_s;
  return CBS_get_asn1(&input, &data, CBS_ASN1_SEQUENCE) &&
         CBS_get_optional_asn1(&data, nullptr, nullptr, kExplicit | 0) &&
         CutResponderId(&data, out) && TakeGeneralizedTime(&data, &produced_at_s) &&
         TakeContents(&data, &out->responses, CBS_ASN1_SEQUENCE) &&
         TakeExtensions(&data, kExplicit | 1, &out->extensions) && CBS_len(&data) == 0;
}

bool CutCertificates(CBS* from, BasicResponse* out) {
  CBS wrapper;
  CBS list;
  int present = 0;
  if (!CBS_get_optional_asn1(from, &wrapper, &present, kExplicit | 0)) return false;
  if (!present) return true;
  if (!CBS_get_asn1(&wrapper, &list, CBS_ASN1_SEQUENCE)) return false;
  while (CBS_len(&list) > 0 && out->certificates.size() < kMaxOcspCertificates) {
    Bytes certificate;
    if (!TakeElement(&list, &certificate, CBS_ASN1_SEQUENCE)) return false;
    out->certificates.push_back(certificate);
  }
  return true;
}

bool CutBasicResponse(Bytes basic, BasicResponse* out) {
  CBS input = ReaderOf(basic);
  CBS response;
  if (!CBS_get_asn1(&input, &response, CBS_ASN1_SEQUENCE) || CBS_len(&input) != 0 ||
      !TakeElement(&response, &out->signed_bytes, CBS_ASN1_SEQUENCE) ||
      !TakeElement(&response, &out->algorithm, CBS_ASN1_SEQUENCE) ||
      !TakeBitString(&response, &out->signature) || !CutCertificates(&response, out) ||
      CBS_len(&response) != 0) {
    return false;
  }
  return CutResponseData(out->signed_bytes, out);
}

bool CutRevokedInfo(CBS info, Revocation* revocation) {
  CBS wrapper;
  CBS reason;
  int present = 0;
  if (!TakeGeneralizedTime(&info, &revocation->at_s) ||
      !CBS_get_optional_asn1(&info, &wrapper, &present, kExplicit | 0)) {
    return false;
  }
  if (!present) return true;
  if (!CBS_get_asn1(&wrapper, &reason, CBS_ASN1_ENUMERATED) || CBS_len(&reason) != 1) return false;
  revocation->reason = *CBS_data(&reason);
  return true;
}

bool CutCertStatus(CBS* from, SingleResponse* out) {
  CBS contents;
  AsnTag tag;
  if (!CBS_get_any_asn1(from, &contents, &tag)) return false;
  switch (tag) {
    case kStatusGood:
      out->status = OcspStatus::kGood;
      return CBS_len(&contents) == 0;
    case kStatusRevoked:
      out->status = OcspStatus::kRevoked;
      return CutRevokedInfo(contents, &out->revocation);
    case kStatusUnknown:
      out->status = OcspStatus::kUnknown;
      return CBS_len(&contents) == 0;
    default:
      return false;
  }
}

bool CutSingleResponse(CBS* from, SingleResponse* out) {
  CBS single;
  CBS id;
  CBS algorithm;
  CBS wrapper;
  int has_next = 0;
  if (!CBS_get_asn1(from, &single, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&single, &id, CBS_ASN1_SEQUENCE) ||
      !CBS_get_asn1(&id, &algorithm, CBS_ASN1_SEQUENCE) ||
      !TakeContents(&algorithm, &out->hash_oid, CBS_ASN1_OBJECT) ||
      !TakeContents(&id, &out->issuer_name_hash, CBS_ASN1_OCTETSTRING) ||
      !TakeContents(&id, &out->issuer_key_hash, CBS_ASN1_OCTETSTRING) ||
      !TakeContents(&id, &out->serial, CBS_ASN1_INTEGER) || !CutCertStatus(&single, out) ||
      !TakeGeneralizedTime(&single, &out->window.this_update_s) ||
      !CBS_get_optional_asn1(&single, &wrapper, &has_next, kExplicit | 0)) {
    return false;
  }
  if (has_next) {
    int64_t next_update_s;
    if (!TakeGeneralizedTime(&wrapper, &next_update_s)) return false;
    out->window.next_update_s = next_update_s;
  }
  return TakeExtensions(&single, kExplicit | 1, &out->extensions) && CBS_len(&single) == 0;
}

const EVP_MD* DigestNamed(Bytes oid) {
  const std::pair<Bytes, const EVP_MD*> known[] = {
      {kSha1Oid, EVP_sha1()},
      {kSha256Oid, EVP_sha256()},
      {kSha384Oid, EVP_sha384()},
      {kSha512Oid, EVP_sha512()},
  };
  for (const auto& [name, digest] : known) {
    if (std::ranges::equal(name, oid)) return digest;
  }
  return nullptr;
}

bool HashIs(const EVP_MD* digest, Bytes of, Bytes expected) {
  uint8_t hash[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  return EVP_Digest(of.data(), of.size(), hash, &length, digest, nullptr) &&
         std::ranges::equal(Bytes(hash, length), expected);
}

// Does the CertID name `leaf`? Without the issuer, whose key it also names, by the rest.
bool Names(const SingleResponse& single, const CertificateDer& leaf, const CertificateDer& issuer) {
  const EVP_MD* digest = DigestNamed(single.hash_oid);
  if (digest == nullptr || !std::ranges::equal(single.serial, leaf.serial) ||
      !HashIs(digest, leaf.issuer, single.issuer_name_hash)) {
    return false;
  }
  return issuer.spki.empty() ||
         HashIs(digest, SubjectPublicKeyOf(issuer.spki), single.issuer_key_hash);
}

// The response that speaks of `leaf`. False: not well-formed.
bool FindSingle(const BasicResponse& basic, const CertificateDer& leaf,
                const CertificateDer& issuer, std::optional<SingleResponse>* found) {
  CBS responses = ReaderOf(basic.responses);
  for (size_t i = 0; i < kMaxOcspSingleResponses && CBS_len(&responses) > 0; ++i) {
    SingleResponse single;
    if (!CutSingleResponse(&responses, &single)) return false;
    if (!Names(single, leaf, issuer)) continue;
    *found = single;
    return true;
  }
  return true;
}

bool IsResponder(const BasicResponse& basic, const CertificateDer& certificate) {
  if (!basic.responder_name.empty()) {
    return std::ranges::equal(basic.responder_name, certificate.subject);
  }
  return HashIs(EVP_sha1(), SubjectPublicKeyOf(certificate.spki), basic.responder_key_hash);
}

bool MaySignResponses(const CertificateDer& certificate) {
  const std::optional<Bytes> value = FindExtension(certificate, kOidExtendedKeyUsage);
  if (!value) return false;
  CBS input = ReaderOf(*value);
  CBS purposes;
  CBS purpose;
  if (!CBS_get_asn1(&input, &purposes, CBS_ASN1_SEQUENCE)) return false;
  while (CBS_len(&purposes) > 0) {
    if (!CBS_get_asn1(&purposes, &purpose, CBS_ASN1_OBJECT)) return false;
    if (std::ranges::equal(BytesOf(purpose), kOidOcspSigning)) return true;
  }
  return false;
}

bool WithinDates(const CertificateDer& certificate, int64_t time_s) {
  const std::optional<int64_t> from_s = ParseTime(certificate.not_before);
  const std::optional<int64_t> until_s = ParseTime(certificate.not_after);
  return from_s && until_s && *from_s <= time_s && time_s <= *until_s;
}

// Why the signature does not count; empty if it does.
std::string SignatureTrouble(const BasicResponse& basic, const CertificateDer& issuer,
                             int64_t time_s) {
  if (IsMd5OrOlder(ReadSignatureAlgorithm(basic.algorithm).digest)) return "signed over MD5";
  const auto signed_by = [&basic](const CertificateDer& signer) {
    return SignatureVerifies(basic.signed_bytes, basic.algorithm, basic.signature, signer.spki);
  };
  if (IsResponder(basic, issuer)) {
    return signed_by(issuer) ? "" : "the issuer's signature does not verify";
  }
  std::string trouble = "the responder is neither the issuer nor one whose certificate it sent";
  for (const Bytes der : basic.certificates) {
    const CertificateDer responder = CutCertificate(der);
    if (!responder.error.empty() || !IsResponder(basic, responder)) continue;
    if (!std::ranges::equal(responder.issuer, issuer.subject) ||
        !SignedBy(responder, issuer.spki)) {
      trouble = "the responder's certificate is not from the certificate's issuer";
    } else if (IsMd5OrOlder(ReadSignatureAlgorithm(responder.signature_algorithm).digest)) {
      trouble = "the responder's certificate is signed over MD5";
    } else if (!MaySignResponses(responder)) {
      trouble = "the responder's certificate is not for OCSP signing";
    } else if (!WithinDates(responder, time_s)) {
      trouble = "the responder's certificate is outside its dates";
    } else if (!signed_by(responder)) {
      trouble = "the responder's signature does not verify";
    } else {
      return "";
    }
  }
  return trouble;
}

void JudgeSingle(const SingleResponse& single, int64_t time_s, OcspVerdict* verdict) {
  const std::string said = single.status == OcspStatus::kRevoked
                               ? RevocationText(single.revocation)
                               : std::string(OcspStatusName(single.status));
  switch (FreshnessOf(single.window, time_s)) {
    case Freshness::kNotYetValid:
      verdict->status = OcspStatus::kNotYetValid;
      verdict->detail =
          JoinText("thisUpdate ", TimeText(single.window.this_update_s), "; says ", said);
      return;
    case Freshness::kExpired:
      verdict->status = OcspStatus::kExpired;
      verdict->detail = single.window.next_update_s
                            ? "nextUpdate " + TimeText(*single.window.next_update_s)
                            : "thisUpdate " + TimeText(single.window.this_update_s);
      AppendText(&verdict->detail, "; says ", said);
      return;
    case Freshness::kFresh:
      break;
  }
  verdict->status = single.status;
  if (single.status == OcspStatus::kRevoked) verdict->detail = said;
  if (single.status == OcspStatus::kUnknown) {
    verdict->detail = "the responder does not know the certificate";
  }
}

}  // namespace

std::string_view OcspStatusName(OcspStatus status) {
  switch (status) {
    case OcspStatus::kMalformed:
      return "malformed";
    case OcspStatus::kResponderError:
      return "responder_error";
    case OcspStatus::kNotForThisCertificate:
      return "not_for_this_certificate";
    case OcspStatus::kIssuerUnknown:
      return "issuer_unknown";
    case OcspStatus::kBadSignature:
      return "bad_signature";
    case OcspStatus::kNotYetValid:
      return "not_yet_valid";
    case OcspStatus::kExpired:
      return "expired";
    case OcspStatus::kRevoked:
      return "revoked";
    case OcspStatus::kUnknown:
      return "unknown";
    case OcspStatus::kGood:
      return "good";
  }
  return "";
}

OcspVerdict JudgeOcspResponse(std::span<const uint8_t> response, std::span<const uint8_t> leaf,
                              std::span<const uint8_t> issuer, int64_t time_s) {
  Bytes inner;
  if (std::optional<OcspVerdict> verdict = OpenResponse(response, &inner)) return *verdict;
  const auto ended = [](OcspStatus status, std::string detail) {
    return OcspVerdict{.status = status, .detail = std::move(detail)};
  };
  BasicResponse basic;
  if (!CutBasicResponse(inner, &basic)) {
    return ended(OcspStatus::kMalformed, "not a basic response");
  }
  if (HasCritical(basic.extensions)) {
    return ended(OcspStatus::kMalformed, "a critical extension that is not understood");
  }
  const CertificateDer leaf_parts = CutCertificate(leaf);
  const CertificateDer issuer_parts = issuer.empty() ? CertificateDer{} : CutCertificate(issuer);
  std::optional<SingleResponse> single;
  if (!FindSingle(basic, leaf_parts, issuer_parts, &single)) {
    return ended(OcspStatus::kMalformed, "a single response that cannot be read");
  }
  if (!single) {
    return ended(OcspStatus::kNotForThisCertificate, "it speaks of other certificates");
  }
  if (HasCritical(single->extensions)) {
    return ended(OcspStatus::kMalformed, "a critical extension that is not understood");
  }
  OcspVerdict verdict;
  verdict.window = single->window;
  if (single->status == OcspStatus::kRevoked) verdict.revocation = single->revocation;
  if (issuer_parts.spki.empty()) {
    verdict.status = OcspStatus::kIssuerUnknown;
    verdict.detail = "the leaf's issuer, who would have signed it, is not known";
    return verdict;
  }
  verdict.detail = SignatureTrouble(basic, issuer_parts, time_s);
  if (!verdict.detail.empty()) {
    verdict.status = OcspStatus::kBadSignature;
    return verdict;
  }
  JudgeSingle(*single, time_s, &verdict);
  return verdict;
}

}  // namespace mxsweep::tls
