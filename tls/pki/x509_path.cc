#include "tls/pki/x509_path.h"

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/stack.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "tls/pki/der_reader.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

// BoringSSL of some years refuses what it deems weak with the same error as a forged signature. Ask
// again.
SignatureCheck CheckAgain(X509_STORE_CTX* context) {
  const STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context);
  const size_t depth = static_cast<size_t>(X509_STORE_CTX_get_error_depth(context));
  const size_t length = sk_X509_num(path);
  if (depth >= length) return SignatureCheck::kBad;
  const std::vector<uint8_t> subject = DerOf(sk_X509_value(path, depth));
  const std::vector<uint8_t> issuer = DerOf(sk_X509_value(path, std::min(depth + 1, length - 1)));
  const CertificateDer parts = CutCertificate(subject);
  // The algorithm stands twice, and only one of the two is signed (RFC 5280 §4.1.1.2).
  if (!std::ranges::equal(parts.signature_algorithm, parts.tbs_signature_algorithm)) {
    return SignatureCheck::kBad;
  }
  return CheckSignedBy(parts, CutCertificate(issuer).spki);
}

// Server gated cryptography, of Netscape and of Microsoft: OpenSSL takes it for serverAuth,
// BoringSSL does not.
bool IsServerGated(X509* certificate) {
  // 1.3.6.1.5.5.7.3.1, 2.16.840.1.113730.4.1, 1.3.6.1.4.1.311.10.3.3
  static constexpr uint8_t kServerAuth[] = {0x2b, 6, 1, 5, 5, 7, 3, 1};
  static constexpr uint8_t kNetscape[] = {0x60, 0x86, 0x48, 1, 0x86, 0xf8, 0x42, 4, 1};
  static constexpr uint8_t kMicrosoft[] = {0x2b, 6, 1, 4, 1, 0x82, 0x37, 0x0a, 3, 3};
  const std::vector<uint8_t> der = DerOf(certificate);
  const CertificateDer parts = CutCertificate(der);
  const std::optional<Bytes> value = FindExtension(parts, kOidExtendedKeyUsage);
  if (!value) return false;
  CBS input = ReaderOf(*value);
  CBS purposes;
  CBS purpose;
  if (!CBS_get_asn1(&input, &purposes, CBS_ASN1_SEQUENCE)) return false;
  bool gated = false;
  while (CBS_len(&purposes) > 0) {
    if (!CBS_get_asn1(&purposes, &purpose, CBS_ASN1_OBJECT)) return false;
    const Bytes oid = BytesOf(purpose);
    // Then it was something else that was wrong.
    if (std::ranges::equal(oid, kServerAuth)) return false;
    gated = gated || std::ranges::equal(oid, kNetscape) || std::ranges::equal(oid, kMicrosoft);
  }
  // digitalSignature, keyEncipherment or keyAgreement, unless it is a CA.
  return gated && (IsCa(parts) || KeyUsageAllows(parts, 0) || KeyUsageAllows(parts, 2) ||
                   KeyUsageAllows(parts, 4));
}

// Is what BoringSSL deems an error none?
bool IsPardoned(int code, X509_STORE_CTX* context, SignatureCheck signature) {
  if (code == X509_V_ERR_CERT_SIGNATURE_FAILURE) return signature == SignatureCheck::kGood;
  return code == X509_V_ERR_INVALID_PURPOSE &&
         X509_STORE_CTX_get_current_cert(context) != nullptr &&
         IsServerGated(X509_STORE_CTX_get_current_cert(context));
}

thread_local std::vector<PathError>* collecting = nullptr;

int CollectError(int ok, X509_STORE_CTX* context) {
  if (ok) return 1;
  int code = X509_STORE_CTX_get_error(context);
  const SignatureCheck signature =
      code == X509_V_ERR_CERT_SIGNATURE_FAILURE ? CheckAgain(context) : SignatureCheck::kBad;
  if (IsPardoned(code, context, signature)) return 1;
  if (signature == SignatureCheck::kNotKnown) code = X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY;
  const int depth = std::max(X509_STORE_CTX_get_error_depth(context), 0);
  collecting->push_back({code, static_cast<size_t>(depth)});
  // Otherwise it would still be there when the next check that passes is told.
  X509_STORE_CTX_set_error(context, X509_V_OK);
  return 1;
}

bool Prepare(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
             std::span<const size_t> left_out, STACK_OF(X509) * untrusted,
             X509_STORE_CTX* context) {
  for (size_t i = 1; i < chain.size(); ++i) {
    if (chain.at(i) == nullptr || std::ranges::find(left_out, i) != left_out.end()) continue;
    if (!sk_X509_push(untrusted, chain.at(i))) return false;
  }
  if (!X509_STORE_CTX_init(context, anchors, chain.at(0), untrusted)) return false;
  X509_VERIFY_PARAM* parameters = X509_STORE_CTX_get0_param(context);
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_depth(parameters, static_cast<int>(kMaxPathLength));
  X509_STORE_CTX_set_time(context, 0, static_cast<time_t>(time_s));
  X509_STORE_CTX_set_verify_cb(context, CollectError);
  return X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER) != 0;
}

// Is there another certificate of the same name that may still be used?
bool HasNamesake(const ParsedChain& chain, size_t index, std::span<const size_t> left_out) {
  const X509* certificate = chain.at(index);
  for (size_t i = 1; i < chain.size(); ++i) {
    if (i == index || chain.at(i) == nullptr || std::ranges::find(left_out, i) != left_out.end())
      continue;
    if (X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_subject_name(chain.at(i))) ==
            0 &&
        X509_cmp(certificate, chain.at(i)) != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

ParsedChain::ParsedChain(std::span<const DerHandle> chain) {
  certificates_.reserve(chain.size());
  for (size_t i = 0; i < chain.size(); ++i) {
    std::string reason;
    certificates_.push_back(ParseX509(chain[i].der(), &reason));
    if (certificates_.back() == nullptr) refused_.push_back({i, std::move(reason)});
  }
}

std::optional<size_t> ParsedChain::IndexOf(const X509* certificate) const {
  for (size_t i = 0; i < certificates_.size(); ++i) {
    if (certificate != nullptr && certificates_[i].get() == certificate) return i;
  }
  return std::nullopt;
}

Path BuildPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
               std::span<const size_t> left_out) {
  Path path;
  const bssl::UniquePtr<X509_STORE_CTX> context(X509_STORE_CTX_new());
  STACK_OF(X509)* untrusted = sk_X509_new_null();
  if (context == nullptr || untrusted == nullptr ||
      !Prepare(chain, anchors, time_s, left_out, untrusted, context.get())) {
    path.errors.push_back({X509_V_ERR_OUT_OF_MEM, 0});
  } else {
    collecting = &path.errors;
    const int result = X509_verify_cert(context.get());
    collecting = nullptr;
    // Trouble that never came through the callback.
    if (result <= 0) path.errors.push_back({X509_STORE_CTX_get_error(context.get()), 0});
    const STACK_OF(X509)* built = X509_STORE_CTX_get0_chain(context.get());
    for (size_t i = 0; built != nullptr && i < sk_X509_num(built); ++i) {
      path.certificates.push_back(bssl::UpRef(sk_X509_value(built, i)));
      const std::vector<uint8_t> der = DerOf(sk_X509_value(built, i));
      if (ReadPublicKey(CutCertificate(der).spki).curve == "explicit") {
        path.errors.push_back({kExplicitCurveError, i});
      }
    }
  }
  sk_X509_free(untrusted);  // the stack only: its certificates are the chain's
  ERR_clear_error();
  return path;
}

void ForEachPath(const ParsedChain& chain, X509_STORE* anchors, int64_t time_s,
                 const std::function<bool(const Path&)>& accept) {
  // What to leave out, in breadth: few certificates before many.
  std::vector<std::vector<size_t>> to_try(1);
  uint64_t work = 0;
  for (size_t tried = 0; tried < to_try.size() && tried < kMaxPaths; ++tried) {
    const std::vector<size_t> left_out = to_try[tried];
    const Path path = BuildPath(chain, anchors, time_s, left_out);
    if (accept(path)) return;
    work += VerificationWork(path);
    if (work >= kMaxVerificationWork) return;
    for (size_t depth = 1; depth < path.certificates.size(); ++depth) {
      const std::optional<size_t> index = chain.IndexOf(path.certificates[depth].get());
      if (!index || !HasNamesake(chain, *index, left_out)) continue;
      to_try.push_back(left_out);
      to_try.back().push_back(*index);
    }
  }
}

uint64_t VerificationWork(const Path& path) {
  uint64_t work = 0;
  for (size_t i = 1; i < path.certificates.size(); ++i) {
    const std::vector<uint8_t> der = DerOf(path.certificates[i].get());
    const PublicKeyFacts key = ReadPublicKey(CutCertificate(der).spki);
    const uint64_t kilobits =
        key.type == KeyType::kRsa ? (uint64_t{key.bits.value_or(0)} + 1023) / 1024 : 2;
    work += kilobits * kilobits;
  }
  return work;
}

std::string PathErrorText(int code) {
  if (code == kExplicitCurveError) return "its key has explicit curve parameters";
  return X509_verify_cert_error_string(code);
}

bool IsNotKnownError(int code) { return code == X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY; }

bssl::UniquePtr<X509> ParseX509(std::span<const uint8_t> der, std::string* reason) {
  ERR_clear_error();
  const uint8_t* position = der.data();
  bssl::UniquePtr<X509> certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  if (certificate != nullptr && position != der.data() + der.size()) certificate.reset();
  if (certificate == nullptr && reason != nullptr) {
    const char* text = ERR_reason_error_string(ERR_peek_error());
    *reason = text != nullptr ? text : "bytes after the certificate";
  }
  ERR_clear_error();
  return certificate;
}

std::vector<uint8_t> DerOf(X509* certificate) {
  uint8_t* der = nullptr;
  const int length = i2d_X509(certificate, &der);
  std::vector<uint8_t> out;
  if (length > 0) out.assign(der, der + length);
  OPENSSL_free(der);
  return out;
}

}  // namespace mxsweep::tls
