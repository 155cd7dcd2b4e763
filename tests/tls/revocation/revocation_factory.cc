#include "tests/tls/revocation/revocation_factory.h"

#include <openssl/bytestring.h>
#include <openssl/digest.h>
#include <openssl/mem.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::tls::testing {
namespace {

using Body = std::function<void(CBB*)>;
using Tag = unsigned;

constexpr Tag kContext = CBS_ASN1_CONTEXT_SPECIFIC;
constexpr Tag kExplicit = CBS_ASN1_CONTEXT_SPECIFIC | CBS_ASN1_CONSTRUCTED;

void Check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "revocation factory: %s\n", what);
  std::abort();
}

void Add(CBB* to, Tag tag, const Body& body) {
  CBB child;
  Check(CBB_add_asn1(to, &child, tag), "element");
  body(&child);
  Check(CBB_flush(to), "element");
}

void AddBytes(CBB* to, Bytes bytes) {
  Check(CBB_add_bytes(to, bytes.data(), bytes.size()), "bytes");
}

void AddPrimitive(CBB* to, Tag tag, Bytes contents) {
  Add(to, tag, [contents](CBB* out) { AddBytes(out, contents); });
}

void AddOid(CBB* to, std::string_view oid) {
  Add(to, CBS_ASN1_OBJECT,
      [oid](CBB* out) { Check(CBB_add_asn1_oid_from_text(out, oid.data(), oid.size()), "OID"); });
}

std::vector<uint8_t> Encode(const Body& body) {
  bssl::ScopedCBB cbb;
  uint8_t* out = nullptr;
  size_t length = 0;
  Check(CBB_init(cbb.get(), 256), "buffer");
  body(cbb.get());
  Check(CBB_finish(cbb.get(), &out, &length), "finish");
  std::vector<uint8_t> bytes(out, out + length);
  OPENSSL_free(out);
  return bytes;
}

void AddTime(CBB* to, int64_t time_s) {
  const std::string text =
      absl::FormatTime("%Y%m%d%H%M%SZ", absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
  AddPrimitive(to, CBS_ASN1_GENERALIZEDTIME,
               {reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

std::vector<uint8_t> Hash(const EVP_MD* digest, Bytes of) {
  std::vector<uint8_t> hash(EVP_MD_size(digest));
  unsigned length = 0;
  Check(EVP_Digest(of.data(), of.size(), hash.data(), &length, digest, nullptr), "hash");
  return hash;
}

std::string_view OidOfDigest(const EVP_MD* digest) {
  if (digest == EVP_sha1()) return "1.3.14.3.2.26";
  if (digest == EVP_sha384()) return "2.16.840.1.101.3.4.2.2";
  if (digest == EVP_sha512()) return "2.16.840.1.101.3.4.2.3";
  if (digest == EVP_md5()) return "1.2.840.113549.2.5";
  return "2.16.840.1.101.3.4.2.1";
}

std::string_view OidOfSignature(const EVP_PKEY* key, const EVP_MD* digest) {
  if (EVP_PKEY_id(key) == EVP_PKEY_ED25519) return "1.3.101.112";
  if (EVP_PKEY_id(key) == EVP_PKEY_RSA) {
    if (digest == EVP_md5()) return "1.2.840.113549.1.1.4";
    if (digest == EVP_sha1()) return "1.2.840.113549.1.1.5";
    return "1.2.840.113549.1.1.11";
  }
  if (digest == EVP_sha1()) return "1.2.840.10045.4.1";
  return "1.2.840.10045.4.3.2";
}

void AddAlgorithm(CBB* to, EVP_PKEY* key, const EVP_MD* digest) {
  Add(to, CBS_ASN1_SEQUENCE, [&](CBB* out) { AddOid(out, OidOfSignature(key, digest)); });
}

std::vector<uint8_t> Sign(EVP_PKEY* key, const EVP_MD* digest, Bytes bytes, bool broken) {
  bssl::ScopedEVP_MD_CTX context;
  size_t length = 0;
  const EVP_MD* used = EVP_PKEY_id(key) == EVP_PKEY_ED25519 ? nullptr : digest;
  Check(EVP_DigestSignInit(context.get(), nullptr, used, nullptr, key) &&
            EVP_DigestSign(context.get(), nullptr, &length, bytes.data(), bytes.size()),
        "sign");
  std::vector<uint8_t> signature(length);
  Check(EVP_DigestSign(context.get(), signature.data(), &length, bytes.data(), bytes.size()),
        "sign");
  signature.resize(length);
  if (broken) signature.back() ^= 1;
  return signature;
}

// What follows the signed bytes in both formats: how and by what they are signed.
void AddSignature(CBB* to, EVP_PKEY* key, const EVP_MD* digest, Bytes signed_bytes, bool broken) {
  AddAlgorithm(to, key, digest);
  const std::vector<uint8_t> signature = Sign(key, digest, signed_bytes, broken);
  Add(to, CBS_ASN1_BITSTRING, [&](CBB* out) {
    Check(CBB_add_u8(out, 0), "bits");
    AddBytes(out, signature);
  });
}

void AddExtension(CBB* list, std::string_view oid, bool critical, Bytes value) {
  Add(list, CBS_ASN1_SEQUENCE, [&](CBB* extension) {
    AddOid(extension, oid);
    if (critical) {
      static constexpr uint8_t kTrue[] = {0xff};
      AddPrimitive(extension, CBS_ASN1_BOOLEAN, kTrue);
    }
    AddPrimitive(extension, CBS_ASN1_OCTETSTRING, value);
  });
}

void AddReason(CBB* to, uint8_t reason) { AddPrimitive(to, CBS_ASN1_ENUMERATED, {&reason, 1}); }

struct SingleParts {
  const CertificateDer* leaf;
  const CertificateDer* issuer;
  std::vector<uint8_t> serial;
};

void AddSingle(CBB* list, const SingleParts& parts, const OcspSpec& spec) {
  Add(list, CBS_ASN1_SEQUENCE, [&](CBB* single) {
    Add(single, CBS_ASN1_SEQUENCE, [&](CBB* id) {
      Add(id, CBS_ASN1_SEQUENCE, [&](CBB* out) { AddOid(out, OidOfDigest(spec.id_digest)); });
      AddPrimitive(id, CBS_ASN1_OCTETSTRING, Hash(spec.id_digest, parts.leaf->issuer));
      AddPrimitive(id, CBS_ASN1_OCTETSTRING,
                   Hash(spec.id_digest, SubjectPublicKeyOf(parts.issuer->spki)));
      AddPrimitive(id, CBS_ASN1_INTEGER, parts.serial);
    });
    switch (spec.says) {
      case SaidStatus::kGood:
        AddPrimitive(single, kContext | 0, {});
        break;
      case SaidStatus::kRevoked:
        Add(single, kExplicit | 1, [&](CBB* info) {
          AddTime(info, spec.revoked_at);
          if (!spec.reason) return;
          Add(info, kExplicit | 0, [&](CBB* out) { AddReason(out, *spec.reason); });
        });
        break;
      case SaidStatus::kUnknown:
        AddPrimitive(single, kContext | 2, {});
        break;
    }
    AddTime(single, spec.this_update);
    if (spec.next_update) {
      Add(single, kExplicit | 0, [&](CBB* out) { AddTime(out, *spec.next_update); });
    }
    if (spec.critical_extension_oid.empty()) return;
    Add(single, kExplicit | 1, [&](CBB* wrapper) {
      Add(wrapper, CBS_ASN1_SEQUENCE, [&](CBB* extensions) {
        AddExtension(extensions, spec.critical_extension_oid, true, {});
      });
    });
  });
}

std::vector<uint8_t> ResponseData(const CertificateDer& leaf, const CertificateDer& issuer,
                                  const CertificateDer& responder, const OcspSpec& spec) {
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* data) {
      if (spec.responder_by_key) {
        Add(data, kExplicit | 2, [&](CBB* id) {
          AddPrimitive(id, CBS_ASN1_OCTETSTRING,
                       Hash(EVP_sha1(), SubjectPublicKeyOf(responder.spki)));
        });
      } else {
        Add(data, kExplicit | 1, [&](CBB* id) { AddBytes(id, responder.subject); });
      }
      AddTime(data, spec.this_update);
      Add(data, CBS_ASN1_SEQUENCE, [&](CBB* list) {
        for (int i = 0; i < spec.others_before; ++i) {
          AddSingle(list, {&leaf, &issuer, {0x01, static_cast<uint8_t>(i % 128), 0x7f}}, spec);
        }
        AddSingle(list, {&leaf, &issuer, {leaf.serial.begin(), leaf.serial.end()}}, spec);
      });
    });
  });
}

std::vector<uint8_t> BasicResponse(const TestCertificate& leaf, const TestCertificate& issuer,
                                   const OcspSpec& spec) {
  const TestCertificate& responder = spec.responder != nullptr ? *spec.responder : issuer;
  const std::vector<uint8_t> leaf_der = leaf.der();
  const std::vector<uint8_t> issuer_der = issuer.der();
  const std::vector<uint8_t> responder_der = responder.der();
  const std::vector<uint8_t> data = ResponseData(
      CutCertificate(leaf_der), CutCertificate(issuer_der), CutCertificate(responder_der), spec);
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* basic) {
      AddBytes(basic, data);
      AddSignature(basic, responder.key(), spec.digest, data, spec.break_signature);
      if (spec.responder == nullptr || !spec.send_responder) return;
      Add(basic, kExplicit | 0, [&](CBB* wrapper) {
        Add(wrapper, CBS_ASN1_SEQUENCE, [&](CBB* list) { AddBytes(list, responder_der); });
      });
    });
  });
}

std::vector<uint8_t> IssuingDistributionPoint(const CrlSpec& spec) {
  static constexpr uint8_t kTrue[] = {0xff};
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* point) {
      if (const std::string& uri = spec.distribution_point_uri; !uri.empty()) {
        Add(point, kExplicit | 0, [&](CBB* name) {
          Add(name, kExplicit | 0, [&](CBB* full) {
            AddPrimitive(full, kContext | 6,
                         {reinterpret_cast<const uint8_t*>(uri.data()), uri.size()});
          });
        });
      }
      if (spec.user_certificates_only) AddPrimitive(point, kContext | 1, kTrue);
      if (spec.ca_certificates_only) AddPrimitive(point, kContext | 2, kTrue);
      if (spec.only_some_reasons) {
        static constexpr uint8_t kKeyCompromise[] = {0x06, 0x40};
        AddPrimitive(point, kContext | 3, kKeyCompromise);
      }
      if (spec.indirect) AddPrimitive(point, kContext | 4, kTrue);
      if (spec.attribute_certificates_only) AddPrimitive(point, kContext | 5, kTrue);
    });
  });
}

void AddCrlEntry(CBB* list, const CrlEntrySpec& entry) {
  Add(list, CBS_ASN1_SEQUENCE, [&](CBB* out) {
    Check(CBB_add_asn1_uint64(out, static_cast<uint64_t>(entry.serial)), "serial");
    AddTime(out, entry.revoked_at);
    if (!entry.reason && entry.critical_extension_oid.empty()) return;
    Add(out, CBS_ASN1_SEQUENCE, [&](CBB* extensions) {
      if (entry.reason) {
        AddExtension(extensions, "2.5.29.21", false,
                     Encode([&](CBB* value) { AddReason(value, *entry.reason); }));
      }
      if (!entry.critical_extension_oid.empty()) {
        AddExtension(extensions, entry.critical_extension_oid, true, {});
      }
    });
  });
}

void AddCrlExtensions(CBB* list, const CrlSpec& spec) {
  static constexpr uint8_t kNumber[] = {0x02, 0x01, 0x07};
  AddExtension(list, "2.5.29.20", false, kNumber);
  if (spec.delta) AddExtension(list, "2.5.29.27", true, kNumber);
  if (!spec.distribution_point_uri.empty() || spec.user_certificates_only ||
      spec.ca_certificates_only || spec.only_some_reasons || spec.indirect ||
      spec.attribute_certificates_only) {
    AddExtension(list, "2.5.29.28", true, IssuingDistributionPoint(spec));
  }
  if (!spec.critical_extension_oid.empty()) {
    AddExtension(list, spec.critical_extension_oid, true, {});
  }
}

}  // namespace

std::vector<uint8_t> MakeOcspResponse(const TestCertificate& leaf, const TestCertificate& issuer,
                                      const OcspSpec& spec) {
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* response) {
      AddPrimitive(response, CBS_ASN1_ENUMERATED, {&spec.response_status, 1});
      if (spec.response_status != 0) return;
      Add(response, kExplicit | 0, [&](CBB* wrapper) {
        Add(wrapper, CBS_ASN1_SEQUENCE, [&](CBB* bytes) {
          AddOid(bytes, "1.3.6.1.5.5.7.48.1.1");
          AddPrimitive(bytes, CBS_ASN1_OCTETSTRING, BasicResponse(leaf, issuer, spec));
        });
      });
    });
  });
}

std::vector<uint8_t> MakeCrl(const TestCertificate& issuer, const CrlSpec& spec) {
  const std::vector<uint8_t> issuer_der = issuer.der();
  const std::vector<uint8_t> body = Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* tbs) {
      Check(CBB_add_asn1_uint64(tbs, 1), "version");
      AddAlgorithm(tbs, issuer.key(), spec.digest);
      AddBytes(tbs, CutCertificate(issuer_der).subject);
      AddTime(tbs, spec.this_update);
      if (spec.next_update) AddTime(tbs, *spec.next_update);
      if (!spec.entries.empty()) {
        Add(tbs, CBS_ASN1_SEQUENCE, [&](CBB* list) {
          for (const CrlEntrySpec& entry : spec.entries) AddCrlEntry(list, entry);
        });
      }
      Add(tbs, kExplicit | 0, [&](CBB* wrapper) {
        Add(wrapper, CBS_ASN1_SEQUENCE, [&](CBB* list) { AddCrlExtensions(list, spec); });
      });
    });
  });
  return Encode([&](CBB* top) {
    Add(top, CBS_ASN1_SEQUENCE, [&](CBB* list) {
      AddBytes(list, body);
      AddSignature(list, issuer.key(), spec.digest, body, spec.break_signature);
    });
  });
}

}  // namespace mxsweep::tls::testing
