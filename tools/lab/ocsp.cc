#include "tools/lab/ocsp.h"

#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/evp.h>
#include <openssl/mem.h>
#include <openssl/sha.h>

#include <cstdint>
#include <cstdlib>
#include <functional>
#include <string_view>

namespace mxsweep::lab {
namespace {

enum class Kind : uint8_t {
  kGood,
  kGoodToo,  // as often as two of the others
  kRevoked,
  kUnknown,
  kExpired,
  kOtherCertificate,
  kForged,
  kUnauthorized,
  kNotDer,
  kCount
};

// Dates are absolute, as those of the certificates.
constexpr std::string_view kSince = "20240101000000Z";
constexpr std::string_view kUntil = "20421231000000Z";
constexpr std::string_view kLongAgo = "20230101000000Z";
constexpr std::string_view kRevokedAt = "20240501080000Z";

using Tag = unsigned;
constexpr Tag kContext = CBS_ASN1_CONTEXT_SPECIFIC;
constexpr Tag kExplicit = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED;

void Check(bool ok) {
  if (!ok) std::abort();  // Out of memory, or an error in this file.
}

Kind KindOf(const Chain& chain) {
  const std::string& serial = chain.certificates[0]->serial;
  const auto last = static_cast<uint8_t>(serial.back());
  return static_cast<Kind>(last % static_cast<uint8_t>(Kind::kCount));
}

const Certificate& IssuerIn(const Chain& chain) {
  return *chain.certificates[chain.certificates.size() > 1 ? 1 : 0];
}

void AddBytes(CBB* to, std::string_view bytes) {
  Check(CBB_add_bytes(to, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()));
}

void Add(CBB* to, Tag tag, const std::function<void(CBB*)>& body) {
  CBB child;
  Check(CBB_add_asn1(to, &child, tag));
  body(&child);
  Check(CBB_flush(to));
}

void Add(CBB* to, Tag tag, std::string_view contents) {
  Add(to, tag, [contents](CBB* out) { AddBytes(out, contents); });
}

void AddOid(CBB* to, std::string_view oid) {
  Add(to, CBS_ASN1_OBJECT,
      [oid](CBB* out) { Check(CBB_add_asn1_oid_from_text(out, oid.data(), oid.size())); });
}

std::string Encode(const std::function<void(CBB*)>& body) {
  bssl::ScopedCBB cbb;
  uint8_t* der = nullptr;
  size_t size = 0;
  Check(CBB_init(cbb.get(), 512));
  body(cbb.get());
  Check(CBB_finish(cbb.get(), &der, &size));
  std::string out(reinterpret_cast<char*>(der), size);
  OPENSSL_free(der);
  return out;
}

// The Name of a common name, as the certificates have it.
void AddName(CBB* to, std::string_view common_name) {
  Add(to, CBS_ASN1_SEQUENCE, [common_name](CBB* name) {
    Add(name, CBS_ASN1_SET, [common_name](CBB* rdn) {
      Add(rdn, CBS_ASN1_SEQUENCE, [common_name](CBB* attribute) {
        AddOid(attribute, "2.5.4.3");
        Add(attribute, CBS_ASN1_UTF8STRING, common_name);
      });
    });
  });
}

std::string Sha1(std::string_view of) {
  std::string hash(SHA_DIGEST_LENGTH, '\0');
  SHA1(reinterpret_cast<const uint8_t*>(of.data()), of.size(),
       reinterpret_cast<uint8_t*>(hash.data()));
  return hash;
}

// The key within a SubjectPublicKeyInfo.
std::string KeyBits(const std::string& spki) {
  CBS input;
  CBS sequence;
  CBS bits;
  CBS_init(&input, reinterpret_cast<const uint8_t*>(spki.data()), spki.size());
  Check(CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) &&
        CBS_get_asn1(&sequence, nullptr, CBS_ASN1_SEQUENCE) &&
        CBS_get_asn1(&sequence, &bits, CBS_ASN1_BITSTRING) && CBS_skip(&bits, 1));
  return std::string(reinterpret_cast<const char*>(CBS_data(&bits)), CBS_len(&bits));
}

void AddCertId(CBB* to, const Certificate& leaf, const Certificate& issuer, bool other) {
  std::string serial = leaf.serial;
  if (other) serial.front() = static_cast<char>(serial.front() ^ 1);
  Add(to, CBS_ASN1_SEQUENCE, [&](CBB* id) {
    Add(id, CBS_ASN1_SEQUENCE, [](CBB* algorithm) { AddOid(algorithm, "1.3.14.3.2.26"); });
    Add(id, CBS_ASN1_OCTETSTRING, Sha1(Encode([&](CBB* name) { AddName(name, leaf.issuer_cn); })));
    Add(id, CBS_ASN1_OCTETSTRING, Sha1(KeyBits(issuer.key->spki)));
    Add(id, CBS_ASN1_INTEGER, serial);
  });
}

void AddCertStatus(CBB* to, Kind kind) {
  if (kind == Kind::kRevoked) {
    Add(to, kExplicit | 1, [](CBB* info) { Add(info, CBS_ASN1_GENERALIZEDTIME, kRevokedAt); });
    return;
  }
  Add(to, kContext | (kind == Kind::kUnknown ? 2 : 0), "");
}

std::string ResponseData(const Certificate& leaf, const Certificate& issuer, Kind kind) {
  const std::string_view until = kind == Kind::kExpired ? kLongAgo : kUntil;
  const std::string_view since = kind == Kind::kExpired ? "20221224000000Z" : kSince;
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* data) {
      Add(data, kExplicit | 1, [&](CBB* id) { AddName(id, issuer.subject_cn); });
      Add(data, CBS_ASN1_GENERALIZEDTIME, since);
      Add(data, CBS_ASN1_SEQUENCE, [&](CBB* list) {
        Add(list, CBS_ASN1_SEQUENCE, [&](CBB* single) {
          AddCertId(single, leaf, issuer, kind == Kind::kOtherCertificate);
          AddCertStatus(single, kind);
          Add(single, CBS_ASN1_GENERALIZEDTIME, since);
          Add(single, kExplicit | 0,
              [until](CBB* next) { Add(next, CBS_ASN1_GENERALIZEDTIME, until); });
        });
      });
    });
  });
}

std::string_view SignatureOid(const Key& key) {
  const std::string_view type = FactsOf(key.kind).type;
  return type == "rsa"  ? "1.2.840.113549.1.1.11"
         : type == "ec" ? "1.2.840.10045.4.3.2"
                        : "1.3.101.112";
}

std::string Sign(const Key& key, const std::string& data) {
  const EVP_MD* digest = FactsOf(key.kind).type == "ed25519" ? nullptr : EVP_sha256();
  const auto* bytes = reinterpret_cast<const uint8_t*>(data.data());
  bssl::ScopedEVP_MD_CTX context;
  size_t size = 1024;
  std::string signature(size, '\0');
  Check(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.private_key.get()) &&
        EVP_DigestSign(context.get(), reinterpret_cast<uint8_t*>(signature.data()), &size, bytes,
                       data.size()));
  signature.resize(size);
  return signature;
}

std::string BasicResponse(const Chain& chain, Kind kind) {
  const Certificate& issuer = IssuerIn(chain);
  const std::string data = ResponseData(*chain.certificates[0], issuer, kind);
  std::string signature = Sign(*issuer.key, data);
  if (kind == Kind::kForged) signature.back() = static_cast<char>(signature.back() ^ 1);
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* basic) {
      AddBytes(basic, data);
      Add(basic, CBS_ASN1_SEQUENCE,
          [&](CBB* algorithm) { AddOid(algorithm, SignatureOid(*issuer.key)); });
      Add(basic, CBS_ASN1_BITSTRING, std::string(1, '\0') + signature);
    });
  });
}

}  // namespace

std::string OcspResponseFor(const Chain& chain) {
  const Kind kind = KindOf(chain);
  if (kind == Kind::kUnauthorized) return "\x30\x03\x0a\x01\x06";
  if (kind == Kind::kNotDer) return "not a response";
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* response) {
      Add(response, CBS_ASN1_ENUMERATED, std::string(1, '\0'));
      Add(response, kExplicit | 0, [&](CBB* wrapper) {
        Add(wrapper, CBS_ASN1_SEQUENCE, [&](CBB* bytes) {
          AddOid(bytes, "1.3.6.1.5.5.7.48.1.1");
          Add(bytes, CBS_ASN1_OCTETSTRING, BasicResponse(chain, kind));
        });
      });
    });
  });
}

OcspTruth OcspTruthFor(const Chain& chain) {
  const Kind kind = KindOf(chain);
  switch (kind) {
    case Kind::kNotDer:
      return {"malformed", "unknown"};
    case Kind::kUnauthorized:
      return {"responder_error", "unknown"};
    case Kind::kOtherCertificate:
      return {"not_for_this_certificate", "unknown"};
    default:
      break;
  }
  if (chain.certificates.size() == 1) return {"issuer_unknown", "unknown"};
  switch (kind) {
    case Kind::kForged:
      return {"bad_signature", "unknown"};
    case Kind::kExpired:
      return {"expired", "unknown"};
    case Kind::kRevoked:
      return {"revoked", "revoked"};
    case Kind::kUnknown:
      return {"unknown", "unknown"};
    default:
      return {"good", "good"};
  }
}

}  // namespace mxsweep::lab
