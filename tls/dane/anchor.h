#ifndef MXSWEEP_TLS_DANE_ANCHOR_H_
#define MXSWEEP_TLS_DANE_ANCHOR_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tls/pki/certificate_der.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tls {

class ParsedChain;

// Whether the leaf of a chain is reached from a trust anchor that a usage 2 record names (RFC 7671
// §5.2): signatures, dates, CA flag, path length, key usage and name constraints, everything but
// the leaf's name. The dates of the anchor itself count only if it is self-signed.
class AnchorJudge {
 public:
  // The better first. kNotKnown: as PkixStatus::kNotKnown, or one anchor more than are tried.
  enum class Result : uint8_t { kGood, kBadDates, kNotKnown, kBad };
  struct Verdict {
    Result result = Result::kBad;
    // Of the anchor in the chain as sent; behind its last where it is not there.
    int depth = 0;
    std::string reason;  // why not; empty if good
  };

  // `chain` is borrowed.
  AnchorJudge(std::span<const DerHandle> chain, int64_t time_s);

  // A path is built for so many anchors; what the others are worth is not known.
  static constexpr size_t kMaxAnchorsJudged = 8;

  ~AnchorJudge();

  // The anchor is certificate `index` (not the leaf) of the chain. Judged once, then remembered.
  Verdict JudgeSent(size_t index);
  // The anchor is this certificate, which the chain may lack (2 0 0).
  Verdict JudgeAbsent(Bytes certificate_der);
  // The anchor is a bare key (2 1 0) that may have signed the topmost certificate of the leaf's
  // path.
  Verdict JudgeKey(Bytes spki);

 private:
  // The path ends at this certificate, which is the anchor or the last one below it.
  Verdict JudgeAnchor(Bytes anchor_der, bool is_anchor = true);
  // The chain as X.509 objects, made when first asked for; null if its leaf cannot be parsed, and
  // then `verdict` says so.
  const ParsedChain* Parsed(Verdict* verdict);

  std::span<const DerHandle> chain_;
  int64_t time_s_;
  std::unique_ptr<ParsedChain> parsed_;
  std::map<size_t, Verdict> sent_;
  size_t judged_ = 0;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_DANE_ANCHOR_H_
