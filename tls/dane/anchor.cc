#include "tls/dane/anchor.h"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "scanner/base/text.h"
#include "tls/pki/openssl_parse.h"
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
  if (IsNotKnownError(error.code)) {
    return JoinText(
        "certificate ", error.depth,
        ": the key or the algorithm that signed it is of a kind that cannot be checked here");
  }
  if (IsNoPathError(error.code)) return "the trust anchor is not on the leaf's path";
  return JoinText("certificate ", error.depth, ": ", PathErrorText(error.code));
}

Verdict VerdictOn(const Path& path) {
  Verdict verdict;
  // The worst is told: a path that is only out of date is the least wrong of the wrong ones.
  const auto worst = std::ranges::find_if(path.errors, [](const PathError& e) {
    return !IsDateError(e.code) && !IsNotKnownError(e.code);
  });
  if (worst != path.errors.end()) {
    verdict.reason = ErrorSentence(*worst);
    return verdict;
  }
  ERR_clear_error();
  verdict.reason = AnchorConstraint(path);
  ERR_clear_error();
  if (!verdict.reason.empty()) return verdict;
  verdict.result = Result::kGood;
  if (path.errors.empty()) return verdict;
  const auto dates =
      std::ranges::find_if(path.errors, [](const PathError& e) { return IsDateError(e.code); });
  verdict.result = dates != path.errors.end() ? Result::kBadDates : Result::kNotKnown;
  verdict.reason = ErrorSentence(dates != path.errors.end() ? *dates : path.errors.front());
  return verdict;
}

}  // namespace

AnchorJudge::AnchorJudge(std::span<const DerHandle> chain, int64_t time_s)
    : chain_(chain), time_s_(time_s) {}
AnchorJudge::~AnchorJudge() = default;

const ParsedChain* AnchorJudge::Parsed(Verdict* verdict) {
  if (parsed_ == nullptr) parsed_ = std::make_unique<ParsedChain>(chain_);
  if (parsed_->has_leaf()) return parsed_.get();
  verdict->reason = "the chain cannot be parsed";
  if (!chain_.empty() && OpenSslParseTrouble(chain_.front().der()).empty()) {
    verdict->result = Result::kNotKnown;
    verdict->reason = JoinText("the leaf cannot be parsed here: ", parsed_->refused()[0].reason);
  }
  return nullptr;
}

Verdict AnchorJudge::JudgeSent(size_t index) {
  const auto known = sent_.find(index);
  if (known != sent_.end()) return known->second;
  Verdict verdict = JudgeAnchor(chain_[index].der());
  verdict.depth = static_cast<int>(index);
  return sent_[index] = verdict;
}

Verdict AnchorJudge::JudgeAbsent(Bytes certificate_der) {
  Verdict verdict = JudgeAnchor(certificate_der);
  verdict.depth = static_cast<int>(chain_.size());
  return verdict;
}

Verdict AnchorJudge::JudgeKey(Bytes spki) {
  Verdict verdict;
  const ParsedChain* parsed = Parsed(&verdict);
  if (parsed == nullptr) return verdict;
  if (judged_ >= kMaxAnchorsJudged) return JudgeAnchor(spki);
  // Without any anchor the path goes as far as what was sent reaches.
  const bssl::UniquePtr<X509_STORE> none(X509_STORE_new());
  const Path untrusted = BuildPath(*parsed, none.get(), time_s_);
  if (untrusted.certificates.empty()) {
    verdict.reason = "no path can be built from the chain";
    return verdict;
  }
  const std::vector<uint8_t> top = DerOf(untrusted.certificates.back().get());
  const SignatureCheck by_key = CheckSignedBy(CutCertificate(top), spki);
  if (by_key == SignatureCheck::kNotKnown) {
    verdict.result = Result::kNotKnown;
    verdict.reason =
        "the key, or the topmost certificate's signature, is of a kind that cannot be checked here";
    return verdict;
  }
  if (by_key == SignatureCheck::kBad) {
    ++judged_;
    verdict.reason = "the key is in no certificate of the chain and did not sign its topmost one";
    return verdict;
  }
  verdict = JudgeAnchor(top, /*is_anchor=*/false);
  verdict.depth = static_cast<int>(chain_.size());
  return verdict;
}

Verdict AnchorJudge::JudgeAnchor(Bytes anchor_der, bool is_anchor) {
  Verdict verdict;
  if (judged_++ >= kMaxAnchorsJudged) {
    verdict.result = Result::kNotKnown;
    verdict.reason = JoinText("not tried: more than ", kMaxAnchorsJudged, " trust anchors");
    return verdict;
  }
  const ParsedChain* parsed = Parsed(&verdict);
  if (parsed == nullptr) return verdict;
  std::string refused;
  const bssl::UniquePtr<X509> anchor = ParseX509(anchor_der, &refused);
  const bssl::UniquePtr<X509_STORE> store(X509_STORE_new());
  if (anchor == nullptr) {
    const std::string trouble = OpenSslParseTrouble(anchor_der);
    verdict.result = trouble.empty() ? Result::kNotKnown : Result::kBad;
    verdict.reason = trouble.empty() ? JoinText("the trust anchor cannot be parsed here: ", refused)
                                     : JoinText("the trust anchor cannot be parsed: ", trouble);
    return verdict;
  }
  if (store == nullptr || !X509_STORE_add_cert(store.get(), anchor.get())) {
    verdict.reason = "no memory";
    return verdict;
  }
  Path path = BuildPath(*parsed, store.get(), time_s_);
  if (is_anchor && path.certificates.size() == 1 && path.errors.empty()) {
    verdict.reason = "matches the leaf, which cannot be its own trust anchor";
    return verdict;
  }
  if (is_anchor && !path.certificates.empty()) ForgiveDatesOfAnchor(&path);
  verdict = VerdictOn(path);
  // What was refused may be the link.
  if (verdict.result == Result::kBad && !parsed->refused().empty() &&
      std::ranges::any_of(path.errors, [](const PathError& e) { return IsNoPathError(e.code); })) {
    verdict.result = Result::kNotKnown;
    verdict.reason = JoinText("certificate ", parsed->refused()[0].index,
                              " cannot be parsed here: ", parsed->refused()[0].reason);
  }
  return verdict;
}

}  // namespace mxsweep::tls
