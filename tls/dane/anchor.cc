#include "tls/dane/anchor.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "scanner/base/text.h"
#include "tls/pki/public_key.h"
#include "tls/pki/x509_path.h"

namespace mxsweep::tls {
namespace {

using Result = AnchorJudge::Result;
using Verdict = AnchorJudge::Verdict;

bool IsDateError(int code) {
  return code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
}

bool IsNoPathError(int code) {
  return code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
         code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
         code == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
         code == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
         code == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN;
}

bssl::UniquePtr<X509> Parse(Bytes der) {
  const uint8_t* position = der.data();
  bssl::UniquePtr<X509> certificate(d2i_X509(nullptr, &position, static_cast<long>(der.size())));
  ERR_clear_error();
  return certificate;
}

// BoringSSL takes an anchor as it is. In DANE it is a certificate like the others: it must be a CA,
// and allow so many below it (RFC 5280 §6.1.4 (k) to (m)).
std::string AnchorConstraint(const Path& path) {
  X509* anchor = path.certificates.back().get();
  if (path.certificates.size() == 1) {
    return X509_check_purpose(anchor, X509_PURPOSE_SSL_SERVER, 0) == 1
               ? ""
               : "the leaf is not for TLS servers";
  }
  if (X509_check_ca(anchor) == 0) return "the trust anchor is not a CA certificate";
  const auto counts = [](const bssl::UniquePtr<X509>& certificate) {
    return (X509_get_extension_flags(certificate.get()) & EXFLAG_SI) == 0;
  };
  const auto between =
      std::count_if(path.certificates.begin() + 1, path.certificates.end() - 1, counts);
  const long limit = X509_get_pathlen(anchor);
  return limit >= 0 && between > limit
             ? "more CAs below the trust anchor than its path length allows"
             : "";
}

// BoringSSL asks for the dates of every certificate. Those of an anchor do not count, for it is no
// part of the path (RFC 5280 §6.1); but OpenSSL, by which most senders judge, does look at those of
// self-signed ones.
void ForgiveDatesOfAnchor(Path* path) {
  const size_t top = path->certificates.size() - 1;
  if (top == 0 || (X509_get_extension_flags(path->certificates[top].get()) & EXFLAG_SS) != 0)
    return;
  std::erase_if(path->errors, [top](const PathError& error) {
    return error.depth == top && IsDateError(error.code);
  });
}

std::string ErrorSentence(const PathError& error) {
  if (IsNoPathError(error.code)) return "the trust anchor is not on the leaf's path";
  return JoinText("certificate ", error.depth, ": ", X509_verify_cert_error_string(error.code));
}

Verdict VerdictOn(const Path& path) {
  Verdict verdict;
  verdict.depth = static_cast<int>(path.certificates.size()) - 1;
  // The worst is told: a path that is only out of date is the least wrong of the wrong ones.
  const auto worst =
      std::ranges::find_if(path.errors, [](const PathError& e) { return !IsDateError(e.code); });
  if (worst != path.errors.end()) {
    verdict.reason = ErrorSentence(*worst);
    return verdict;
  }
  ERR_clear_error();
  verdict.reason = AnchorConstraint(path);
  ERR_clear_error();
  if (!verdict.reason.empty()) return verdict;
  verdict.result = path.errors.empty() ? Result::kGood : Result::kBadDates;
  if (!path.errors.empty()) verdict.reason = ErrorSentence(path.errors.front());
  return verdict;
}

}  // namespace

AnchorJudge::AnchorJudge(std::span<const DerHandle> chain, int64_t time_s)
    : chain_(chain), time_s_(time_s) {}
AnchorJudge::~AnchorJudge() = default;

const ParsedChain* AnchorJudge::Parsed() {
  if (parsed_ == nullptr) parsed_ = std::make_unique<ParsedChain>(chain_);
  return parsed_->malformed() || parsed_->size() == 0 ? nullptr : parsed_.get();
}

Verdict AnchorJudge::JudgeSent(size_t index) {
  const auto known = sent_.find(index);
  if (known != sent_.end()) return known->second;
  return sent_[index] = JudgeAnchor(chain_[index].der());
}

Verdict AnchorJudge::JudgeAbsent(Bytes certificate_der) { return JudgeAnchor(certificate_der); }

Verdict AnchorJudge::JudgeKey(Bytes spki) {
  Verdict verdict;
  const ParsedChain* parsed = Parsed();
  if (parsed == nullptr) {
    verdict.reason = "the chain cannot be parsed";
    return verdict;
  }
  // Without any anchor the path goes as far as what was sent reaches.
  const bssl::UniquePtr<X509_STORE> none(X509_STORE_new());
  const Path untrusted = BuildPath(*parsed, none.get(), time_s_);
  if (untrusted.certificates.empty()) {
    verdict.reason = "no path can be built from the chain";
    return verdict;
  }
  const std::vector<uint8_t> top = DerOf(untrusted.certificates.back().get());
  if (!SignedBy(CutCertificate(top), spki)) {
    verdict.reason = "the key is in no certificate of the chain and did not sign its topmost one";
    return verdict;
  }
  verdict = JudgeAnchor(top, /*is_anchor=*/false);
  ++verdict.depth;  // the key stands above the certificate it signed
  return verdict;
}

Verdict AnchorJudge::JudgeAnchor(Bytes anchor_der, bool is_anchor) {
  Verdict verdict;
  const bssl::UniquePtr<X509> anchor = Parse(anchor_der);
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  const ParsedChain* parsed = Parsed();
  if (parsed == nullptr || anchor == nullptr) {
    verdict.reason = "the chain cannot be parsed";
    return verdict;
  }
  if (store == nullptr || !X509_STORE_add_cert(store.get(), anchor.get())) {
    verdict.reason = "no memory";
    return verdict;
  }
  Path path = BuildPath(*parsed, store.get(), time_s_);
  if (is_anchor && !path.certificates.empty()) ForgiveDatesOfAnchor(&path);
  return VerdictOn(path);
}

}  // namespace mxsweep::tls
