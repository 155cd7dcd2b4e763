#include "tls/pki/x509_path.h"

#include <openssl/err.h>
#include <openssl/mem.h>
#include <openssl/stack.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

// BoringSSL of some years refuses what it deems weak with the same error as a forged signature. Ask
// again.
bool SignatureIsGood(X509_STORE_CTX* context) {
  const STACK_OF(X509)* path = X509_STORE_CTX_get0_chain(context);
  const size_t depth = static_cast<size_t>(X509_STORE_CTX_get_error_depth(context));
  const size_t length = sk_X509_num(path);
  if (depth >= length) return false;
  const std::vector<uint8_t> subject = DerOf(sk_X509_value(path, depth));
  const std::vector<uint8_t> issuer = DerOf(sk_X509_value(path, std::min(depth + 1, length - 1)));
  const CertificateDer parts = CutCertificate(subject);
  // The algorithm stands twice, and only one of the two is signed (RFC 5280 §4.1.1.2).
  return std::ranges::equal(parts.signature_algorithm, parts.tbs_signature_algorithm) &&
         SignedBy(parts, CutCertificate(issuer).spki);
}

thread_local std::vector<PathError>* collecting = nullptr;

int CollectError(int ok, X509_STORE_CTX* context) {
  const int code = X509_STORE_CTX_get_error(context);
  if (ok || (code == X509_V_ERR_CERT_SIGNATURE_FAILURE && SignatureIsGood(context))) return 1;
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
    if (std::ranges::find(left_out, i) != left_out.end()) continue;
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
    if (i == index || std::ranges::find(left_out, i) != left_out.end()) continue;
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
    const std::span<const uint8_t> der = chain[i].der();
    const uint8_t* position = der.data();
    bssl::UniquePtr<X509> certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
    if (certificate == nullptr || position != der.data() + der.size()) {
      malformed_ = i;
      ERR_clear_error();
      return;
    }
    certificates_.push_back(std::move(certificate));
  }
}

std::optional<size_t> ParsedChain::IndexOf(const X509* certificate) const {
  for (size_t i = 0; i < certificates_.size(); ++i) {
    if (certificates_[i].get() == certificate) return i;
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
  for (size_t tried = 0; tried < to_try.size() && tried < kMaxPaths; ++tried) {
    const std::vector<size_t> left_out = to_try[tried];
    const Path path = BuildPath(chain, anchors, time_s, left_out);
    if (accept(path)) return;
    for (size_t depth = 1; depth < path.certificates.size(); ++depth) {
      const std::optional<size_t> index = chain.IndexOf(path.certificates[depth].get());
      if (!index || !HasNamesake(chain, *index, left_out)) continue;
      to_try.push_back(left_out);
      to_try.back().push_back(*index);
    }
  }
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
