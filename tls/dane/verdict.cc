#include "tls/dane/verdict.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "scanner/base/rpt_result.h"
#include "scanner/base/text.h"
#include "tls/dane/anchor.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/name_match.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {
namespace {

using dns::TlsaRecord;

// RFC 7218's acronyms.
constexpr uint8_t kPkixEe = 1;
constexpr uint8_t kDaneTa = 2;
constexpr uint8_t kDaneEe = 3;
constexpr uint8_t kCert = 0;
constexpr uint8_t kSpki = 1;
constexpr uint8_t kFull = 0;
constexpr uint8_t kSha256Type = 1;
constexpr uint8_t kSha512Type = 2;

// Of record_reasons.
constexpr char kMatchWord[] = "match";

using Sha512 = std::array<uint8_t, SHA512_DIGEST_LENGTH>;

// What a selector picks of a certificate. Digests are made when a record first asks, and once.
class Selected {
 public:
  explicit Selected(Bytes bytes) : full_(bytes) {}

  bool Matches(const TlsaRecord& record) {
    switch (record.matching_type) {
      case kFull:
        return std::ranges::equal(record.data, full_);
      case kSha256Type:
        if (!sha256_) sha256_ = HashSha256(full_);
        return std::ranges::equal(record.data, *sha256_);
      case kSha512Type:
        if (!sha512_) SHA512(full_.data(), full_.size(), sha512_.emplace().data());
        return std::ranges::equal(record.data, *sha512_);
      default:
        return false;
    }
  }
  bool empty() const { return full_.empty(); }

 private:
  Bytes full_;
  std::optional<Sha256> sha256_;
  std::optional<Sha512> sha512_;
};

// One certificate of the chain as the records see it.
struct ChainElement {
  explicit ChainElement(Bytes der) : certificate(der), spki(CutCertificate(der).spki) {}

  bool Matches(const TlsaRecord& record) {
    // A certificate whose key cannot be found has none, rather than one that a digest of nothing
    // fits.
    if (record.selector == kSpki) return !spki.empty() && spki.Matches(record);
    return certificate.Matches(record);
  }

  Selected certificate;
  Selected spki;
};

bool IsDigest(const TlsaRecord& record) { return record.matching_type != kFull; }

// RFC 7671 §9: the strongest digest published for a usage and selector is the only one that counts.
// Full data is not a digest: it neither wins nor is ignored.
class DigestAgility {
 public:
  explicit DigestAgility(std::span<const TlsaRecord> records) {
    for (const TlsaRecord& record : records) {
      if (!IsDigest(record) || CheckTlsa(record) != TlsaUsability::kUsable) continue;
      uint8_t& strongest = strongest_[record.usage][record.selector];
      strongest = std::max(strongest, record.matching_type);
    }
  }

  // REQUIRES: the record is usable.
  bool Supersedes(const TlsaRecord& record) const {
    return IsDigest(record) && strongest_[record.usage][record.selector] > record.matching_type;
  }

 private:
  uint8_t strongest_[kDaneEe + 1][kSpki + 1] = {};
};

std::vector<std::string> ReferenceNames(const DaneReference& reference) {
  std::vector<std::string> names = {reference.tlsa_base_domain};
  // An insecure MX answer could name anybody's domain as the next hop of anybody's host (RFC 7672
  // §3.2.2).
  if (reference.mx_secure) {
    names.insert(names.end(), reference.next_hop_names.begin(), reference.next_hop_names.end());
  }
  return names;
}

std::string RecordText(const TlsaRecord& record) {
  return JoinText(static_cast<int>(record.usage), " ", static_cast<int>(record.selector), " ",
                  static_cast<int>(record.matching_type));
}

// "the leaf is for a.example, b.example and 3 more, …": a certificate with a hundred names is not
// retold whole.
std::string WrongNameText(Bytes leaf) {
  constexpr size_t kShown = 4;
  const std::vector<std::string> names = PresentedNames(leaf);
  if (names.empty()) return "the leaf has no name";
  std::string text;
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i) {
    AppendText(&text, i == 0 ? "" : ", ", names[i]);
  }
  if (names.size() > kShown) AppendText(&text, " and ", names.size() - kShown, " more");
  return JoinText("the leaf's name is no reference identifier: it is for ", text);
}

class ChainJudge {
 public:
  ChainJudge(std::span<const DerHandle> chain, const DaneReference& reference, int64_t time_s)
      : chain_(chain), anchors_(chain, time_s) {
    elements_.reserve(chain.size());
    for (const DerHandle& certificate : chain) elements_.emplace_back(certificate.der());
    if (chain.empty()) return;
    leaf_ = chain[0].der();
    name_matches_ = MatchName(leaf_, ReferenceNames(reference)) != NameMatch::kNone;
  }

  struct Finding {
    std::optional<int> depth;  // where it matched
    std::string reason;        // why it did not
    DaneFailure failure = DaneFailure::kOther;
    bool not_known = false;
  };

  Finding Judge(const TlsaRecord& record) {
    if (elements_.empty()) return {std::nullopt, "the server showed no certificate"};
    return record.usage == kDaneEe ? JudgeLeaf(record) : JudgeAnchors(record);
  }

 private:
  // RFC 7671 §5.1: nothing of the certificate matters but that it is the one.
  Finding JudgeLeaf(const TlsaRecord& record) {
    if (elements_.front().Matches(record)) return {0, "", DaneFailure::kNone};
    return {std::nullopt, JoinText(record.selector == kSpki ? "not the leaf's public key"
                                                            : "not the leaf certificate",
                                   WhatWasMeant(record))};
  }

  // What a record of usage 3 fits instead: a word from where it was made wrongly.
  std::string WhatWasMeant(const TlsaRecord& record) {
    TlsaRecord other = record;
    other.selector = record.selector == kSpki ? kCert : kSpki;
    if (elements_.front().Matches(other)) {
      return record.selector == kSpki ? ", but the leaf certificate, for which selector 0 is"
                                      : ", but the leaf's public key, for which selector 1 is";
    }
    for (size_t i = 1; i < elements_.size(); ++i) {
      if (elements_[i].Matches(record)) {
        return JoinText(", but that of certificate ", i, ", an issuer, for which usage 2 is");
      }
    }
    return "";
  }

  // RFC 7671 §5.2. The leaf is no anchor of itself, as in OpenSSL.
  Finding JudgeAnchors(const TlsaRecord& record) {
    std::optional<AnchorJudge::Verdict> best;
    for (size_t i = 1; i < elements_.size(); ++i) {
      // Sent twice, the leaf is still the leaf.
      if (std::ranges::equal(chain_[i].der(), leaf_) || !elements_[i].Matches(record)) continue;
      Improve(anchors_.JudgeSent(i), &best);
    }
    if (!best && record.matching_type == kFull) {
      best = record.selector == kCert ? anchors_.JudgeAbsent(record.data)
                                      : anchors_.JudgeKey(record.data);
    }
    if (!best) {
      return {std::nullopt, elements_.front().Matches(record)
                                ? "matches the leaf, which cannot be its own trust anchor"
                                : "no certificate above the leaf matches"};
    }
    return Conclude(*best);
  }

  Finding Conclude(const AnchorJudge::Verdict& anchor) const {
    if (anchor.result == AnchorJudge::Result::kBadDates) {
      return {std::nullopt, anchor.reason, DaneFailure::kExpired};
    }
    if (anchor.result == AnchorJudge::Result::kBad) return {std::nullopt, anchor.reason};
    if (anchor.result == AnchorJudge::Result::kNotKnown) {
      return {std::nullopt, "not known: " + anchor.reason, DaneFailure::kOther, true};
    }
    if (!name_matches_) {
      return {std::nullopt, WrongNameText(leaf_), DaneFailure::kHostMismatch};
    }
    return {anchor.depth, "", DaneFailure::kNone};
  }

  static void Improve(AnchorJudge::Verdict verdict, std::optional<AnchorJudge::Verdict>* best) {
    if (!*best || verdict.result < (*best)->result) *best = std::move(verdict);
  }

  std::span<const DerHandle> chain_;
  std::vector<ChainElement> elements_;
  AnchorJudge anchors_;
  Bytes leaf_;
  bool name_matches_ = false;
};

// The class that says most: a name or date that is wrong under an anchor that is right.
DaneFailure Clearer(DaneFailure a, DaneFailure b) {
  for (DaneFailure failure :
       {DaneFailure::kHostMismatch, DaneFailure::kExpired, DaneFailure::kOther}) {
    if (a == failure || b == failure) return failure;
  }
  return DaneFailure::kNone;
}

void JudgeRecords(std::span<const TlsaRecord> records, bool complete, ChainJudge* judge,
                  DaneVerdict* verdict) {
  const DigestAgility agility(records);
  bool usable = false;
  bool not_known = !complete;
  for (size_t i = 0; i < records.size(); ++i) {
    const TlsaUsability usability = CheckTlsa(records[i]);
    std::string& reason = verdict->record_reasons[i];
    if (usability != TlsaUsability::kUsable) {
      reason = JoinText("unusable: ", std::string(TlsaUsabilityText(usability)));
      continue;
    }
    usable = true;
    if (agility.Supersedes(records[i])) {
      reason = "passed over for a stronger digest with the same usage and selector";
      continue;
    }
    ChainJudge::Finding finding = judge->Judge(records[i]);
    if (!finding.depth) {
      verdict->failure = Clearer(verdict->failure, finding.failure);
      not_known = not_known || finding.not_known;
      reason = std::move(finding.reason);
      continue;
    }
    reason = kMatchWord;
    verdict->record_depths[i] = finding.depth;
    if (!verdict->matched_record) {
      verdict->matched_record = i;
      verdict->matched_depth = finding.depth;
    }
  }
  verdict->status = verdict->matched_record ? DaneStatus::kMatch
                    : not_known             ? DaneStatus::kNotKnown
                    : usable                ? DaneStatus::kMismatch
                                            : DaneStatus::kUnusable;
}

// The record that matched first, and then all others with what is to be said of each.
std::string Summary(std::span<const TlsaRecord> records, const DaneVerdict& verdict) {
  // A zone with dozens of records is not retold whole.
  constexpr size_t kShown = 8;
  std::string text;
  if (verdict.matched_record) {
    text = JoinText(RecordText(records[*verdict.matched_record]), " matches at depth ",
                    *verdict.matched_depth);
  }
  size_t untold = records.size() - (verdict.matched_record ? 1 : 0);
  for (size_t i = 0, told = 0; i < records.size(); ++i) {
    if (i == verdict.matched_record) continue;
    if (told++ == kShown) return JoinText(text, "; and ", untold, " more");
    --untold;
    AppendText(&text, text.empty() ? "" : "; ", RecordText(records[i]), ": ",
               verdict.record_reasons[i]);
  }
  return text;
}

}  // namespace

std::string_view DaneStatusName(DaneStatus status) {
  switch (status) {
    case DaneStatus::kNone:
      return "none";
    case DaneStatus::kUnusable:
      return "unusable";
    case DaneStatus::kMatch:
      return "match";
    case DaneStatus::kMismatch:
      return "mismatch";
    case DaneStatus::kNotKnown:
      return "not_known";
  }
  return "";
}

TlsaUsability CheckTlsa(const TlsaRecord& record) {
  if (record.usage <= kPkixEe) return TlsaUsability::kPkixUsage;
  if (record.usage > kDaneEe) return TlsaUsability::kUnknownUsage;
  if (record.selector > kSpki) return TlsaUsability::kUnknownSelector;
  switch (record.matching_type) {
    case kSha256Type:
      return record.data.size() == SHA256_DIGEST_LENGTH ? TlsaUsability::kUsable
                                                        : TlsaUsability::kWrongDigestLength;
    case kSha512Type:
      return record.data.size() == SHA512_DIGEST_LENGTH ? TlsaUsability::kUsable
                                                        : TlsaUsability::kWrongDigestLength;
    case kFull:
      break;
    default:
      return TlsaUsability::kUnknownMatchingType;
  }
  const bool well_formed = record.selector == kCert ? CutCertificate(record.data).error.empty()
                                                    : ReadPublicKey(record.data).error.empty();
  return well_formed ? TlsaUsability::kUsable : TlsaUsability::kMalformedData;
}

std::string_view TlsaUsabilityText(TlsaUsability usability) {
  switch (usability) {
    case TlsaUsability::kUsable:
      return "usable";
    case TlsaUsability::kPkixUsage:
      return "usages 0 and 1 are not for SMTP";
    case TlsaUsability::kUnknownUsage:
      return "unknown usage";
    case TlsaUsability::kUnknownSelector:
      return "unknown selector";
    case TlsaUsability::kUnknownMatchingType:
      return "unknown matching type";
    case TlsaUsability::kWrongDigestLength:
      return "the digest has the wrong length";
    case TlsaUsability::kMalformedData:
      return "the data is not a certificate or public key";
  }
  return "";
}

DaneVerdict JudgeDane(std::span<const TlsaRecord> records, std::span<const DerHandle> chain,
                      const DaneReference& reference, int64_t time_s, bool complete) {
  DaneVerdict verdict;
  if (records.empty()) return verdict;
  verdict.record_reasons.resize(records.size());
  verdict.record_depths.resize(records.size());
  ChainJudge judge(chain, reference, time_s);
  JudgeRecords(records, complete, &judge, &verdict);
  if (verdict.status != DaneStatus::kMismatch) verdict.failure = DaneFailure::kNone;
  verdict.detail = Summary(records, verdict);
  if (!complete) AppendText(&verdict.detail, "; not all records were kept");
  return verdict;
}

std::string_view DaneFailureRptResult(DaneFailure failure) {
  switch (failure) {
    case DaneFailure::kExpired:
      return rpt::kCertificateExpired;
    case DaneFailure::kHostMismatch:
      return rpt::kCertificateHostMismatch;
    default:
      return rpt::kValidationFailure;
  }
}

bool RolloverReady(std::span<const TlsaRecord> records) {
  const DigestAgility agility(records);
  std::vector<const TlsaRecord*> ee;
  bool has_ta = false;
  for (const TlsaRecord& record : records) {
    if (CheckTlsa(record) != TlsaUsability::kUsable || agility.Supersedes(record)) continue;
    if (record.usage == kDaneTa) {
      has_ta = true;
    } else {
      ee.push_back(&record);
    }
  }
  if (ee.empty()) return false;
  return has_ta || std::ranges::any_of(ee, [&ee](const TlsaRecord* a) {
           return std::ranges::any_of(ee, [a](const TlsaRecord* b) {
             return std::tie(a->selector, a->matching_type) ==
                        std::tie(b->selector, b->matching_type) &&
                    a->data != b->data;
           });
         });
}

}  // namespace mxsweep::tls
