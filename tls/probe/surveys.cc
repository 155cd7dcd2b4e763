#include "tls/probe/surveys.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_split.h"
#include "scanner/base/text.h"
#include "tls/probe/probe_findings.h"

namespace mxsweep::tls {
namespace {

constexpr uint8_t kPartTls13 = 4;

struct SurveyRow {
  Survey survey;
  std::string_view name;
  // See the functions of Plan: each probe at most once, and sets of n things in n + 1 connections,
  // of which the last n may ask for one each.
  int most_connections;
};
constexpr SurveyRow kRows[] = {
    // Newest, four versions, five for four kinds of weak suites, static RSA, forward secrecy,
    // fallback.
    {Survey::kLegacy, "legacy", 13},
    // Both over TLS 1.0, or both and each over TLS 1.2.
    {Survey::kExport, "export", 4},
    {Survey::kDhe, "dhe", 2},
    {Survey::kCerts, "certs", 3},
    // The preferred group, eight for seven groups, ML-DSA and its control.
    {Survey::kPq, "pq", 11},
};

// After so many probes in a row the server is gone, or has had enough of us.
constexpr size_t kMaxNotReached = 2;
constexpr size_t kMaxUnanswered = 3;

bool IsGone(std::span<const ProbeResult> done) {
  size_t not_reached = 0;
  while (not_reached < done.size() && !done[done.size() - 1 - not_reached].reached_tls) {
    ++not_reached;
  }
  size_t unanswered = 0;
  while (unanswered < done.size()) {
    const ProbeResult& result = done[done.size() - 1 - unanswered];
    if (result.reached_tls && IsAnswer(result.flight)) break;
    ++unanswered;
  }
  return not_reached >= kMaxNotReached || unanswered >= kMaxUnanswered;
}

class Plan {
 public:
  Plan(const OrdinaryHandshake& ordinary, std::span<const ProbeResult> done)
      : ordinary_(ordinary), done_(done), known_(Conclude(ordinary, done)) {}

  std::optional<Probe> FollowUp() const {
    if (ordinary_.completed || ordinary_.may_be_ours.empty()) return std::nullopt;
    return IfNew({ProbeKind::kFollowUp});
  }

  std::optional<Probe> Of(Survey survey) const {
    switch (survey) {
      case Survey::kLegacy:
        return Legacy();
      case Survey::kExport:
        return Export();
      case Survey::kDhe:
        return Dhe();
      case Survey::kCerts:
        return Certs();
      case Survey::kPq:
        break;
    }
    return Pq();
  }

 private:
  std::optional<Probe> IfNew(Probe probe) const {
    for (const ProbeResult& result : done_) {
      if (result.probe == probe) return std::nullopt;
    }
    return probe;
  }
  std::optional<Probe> IfUnknown(const std::optional<bool>& fact, Probe probe) const {
    return fact ? std::nullopt : IfNew(probe);
  }

  // Which of the things in `unknown` a server takes: all are offered at once, then those it did not
  // choose, until it refuses the rest. So it is one connection more than it takes things, not one
  // for each. Where a set was offered and nothing learnt from it, one by one.
  std::optional<Probe> Sift(ProbeKind kind, uint8_t unknown, uint8_t always) const {
    if (unknown == 0) return std::nullopt;
    const bool one = (unknown & (unknown - 1)) == 0;
    if (!one) {
      const std::optional<Probe> all = IfNew({kind, static_cast<uint8_t>(unknown | always)});
      // Had the set taught anything, it would not be unknown now.
      if (all && !HasFailedSet(kind, always)) return all;
    }
    for (uint8_t bit = 1; bit != 0; bit = static_cast<uint8_t>(bit << 1)) {
      if ((unknown & bit) == 0) continue;
      if (const auto probe = IfNew({kind, static_cast<uint8_t>(bit | always)})) return probe;
    }
    return std::nullopt;
  }

  // Was a set offered that taught nothing?
  bool HasFailedSet(ProbeKind kind, uint8_t always) const {
    return std::ranges::any_of(done_, [&](const ProbeResult& result) {
      const uint8_t parts = result.probe.parts;
      const uint8_t things = static_cast<uint8_t>(parts & ~always);
      return result.probe.kind == kind && (parts & always) == always &&
             (things & (things - 1)) != 0 && !Taught(result);
    });
  }
  // A ServerHello names one of the set, and an alert that refuses the whole set leaves none
  // unknown.
  static bool Taught(const ProbeResult& result) {
    return result.reached_tls && (result.flight.kind == FlightKind::kServerHello ||
                                  result.flight.kind == FlightKind::kHelloRetryRequest);
  }

  std::optional<Probe> Legacy() const {
    if (!known_.max_version_accepted && !ordinary_.version) {
      if (const auto probe = IfNew({ProbeKind::kFollowUp})) return probe;
    }
    for (const uint8_t part : {kPartTls12, kPartTls11, kPartTls10, kPartSsl3}) {
      const auto probe = IfUnknown(known_.accepts_version[part], {ProbeKind::kVersion, part});
      if (probe) return probe;
    }
    uint8_t weak = 0;
    if (!known_.accepts_rc4) weak |= kPartRc4;
    if (!known_.accepts_3des) weak |= kPart3Des;
    if (!known_.accepts_null) weak |= kPartNull;
    if (!known_.accepts_anonymous) weak |= kPartAnonymous;
    if (const auto probe = Sift(ProbeKind::kWeakSuites, weak, 0)) return probe;
    if (const auto probe = IfUnknown(known_.accepts_static_rsa, {ProbeKind::kStaticRsa})) {
      return probe;
    }
    if (const auto probe = IfUnknown(known_.accepts_forward_secret, {ProbeKind::kForwardSecret})) {
      return probe;
    }
    return Fallback();
  }

  // With the newest version that is not the newest (RFC 7507 §3: nothing else shows anything).
  std::optional<Probe> Fallback() const {
    if (!known_.max_version_accepted) return std::nullopt;
    for (uint8_t part = kPartTls12 + 1; part-- > 0;) {
      if (kSsl3 + part >= *known_.max_version_accepted) continue;
      if (known_.accepts_version[part] != true) continue;
      return IfUnknown(known_.fallback_scsv, {ProbeKind::kFallback, part});
    }
    return std::nullopt;
  }

  std::optional<Probe> Export() const {
    uint8_t unknown = 0;
    if (!known_.accepts_export_rsa) unknown |= kPartRsa;
    if (!known_.accepts_export_dhe) unknown |= kPartDhe;
    // Whoever has SSL 3.0 answers the same ClientHello with that.
    if (known_.accepts_version[kPartTls10] == false && known_.accepts_version[kPartSsl3] != true) {
      return known_.accepts_version[kPartTls12] == false
                 ? std::nullopt
                 : Sift(ProbeKind::kExport, unknown, kPartOverTls12);
    }
    return Sift(ProbeKind::kExport, unknown, 0);
  }

  std::optional<Probe> Dhe() const {
    // It may be known from another probe that the server takes DHE; its prime is asked for in a
    // ClientHello that leaves it the choice (RFC 7919 §4).
    if (known_.accepts_dhe == false) return std::nullopt;
    if (const auto probe = IfNew({ProbeKind::kDhe})) return probe;
    if (!known_.dhe_result || done_[*known_.dhe_result].probe.kind != ProbeKind::kDhe) {
      return std::nullopt;
    }
    return IfNew({ProbeKind::kDheAgain});
  }

  // In TLS 1.3 certificates are encrypted.
  std::optional<Probe> Certs() const {
    const auto& accepts = known_.accepts_version;
    if (accepts[kPartTls10] == false && accepts[kPartTls11] == false &&
        accepts[kPartTls12] == false) {
      return std::nullopt;
    }
    const auto rsa = IfUnknown(known_.has_rsa_certificate, {ProbeKind::kCertificate, kPartRsa});
    if (rsa) return rsa;
    const auto ecdsa =
        IfUnknown(known_.has_ecdsa_certificate, {ProbeKind::kCertificate, kPartEcdsa});
    if (ecdsa) return ecdsa;
    return ordinary_.had_server_name ? IfNew({ProbeKind::kNoServerName}) : std::nullopt;
  }

  std::optional<Probe> Pq() const {
    if (known_.accepts_version[kPartTls13] == false && known_.pq_groups) return std::nullopt;
    if (const auto probe = IfNew({ProbeKind::kHybridPreferred})) return probe;
    if (const auto probe = Sift(ProbeKind::kHybridGroups, known_.pq_groups_unknown, 0)) {
      return probe;
    }
    if (known_.mldsa) return std::nullopt;
    if (const auto probe = IfNew({ProbeKind::kMlDsa})) return probe;
    return TookMlDsa() ? IfNew({ProbeKind::kMlDsaControl}) : std::nullopt;
  }

  bool TookMlDsa() const {
    return std::ranges::any_of(done_, [](const ProbeResult& result) {
      return result.probe.kind == ProbeKind::kMlDsa && Taught(result);
    });
  }

  const OrdinaryHandshake& ordinary_;
  std::span<const ProbeResult> done_;
  ProbeFindings known_;
};

const SurveyRow& RowOf(Survey survey) {
  return *std::ranges::find(kRows, survey, &SurveyRow::survey);
}

}  // namespace

std::string_view SurveyName(Survey survey) { return RowOf(survey).name; }

absl::StatusOr<SurveySet> ParseSurveys(std::string_view list) {
  SurveySet surveys;
  for (const absl::string_view part : absl::StrSplit(ToAbsl(list), ',')) {
    const std::string_view word = TrimText(FromAbsl(part));
    if (word == "all") {
      surveys = SurveySet::All();
      continue;
    }
    const auto row = std::ranges::find(kRows, word, &SurveyRow::name);
    if (row == std::end(kRows)) {
      std::string known;
      for (const SurveyRow& each : kRows) AppendText(&known, each.name, ", ");
      return InvalidArgument(JoinText("no survey \"", word, "\"; there are ", known, "and all"));
    }
    surveys.Add(row->survey);
  }
  return surveys;
}

std::string SurveysText(SurveySet surveys) {
  if (surveys == SurveySet::All()) return "all";
  std::string text;
  for (const SurveyRow& row : kRows) {
    if (surveys.Has(row.survey)) AppendText(&text, text.empty() ? "" : ",", row.name);
  }
  return text;
}

int MostConnections(Survey survey) { return RowOf(survey).most_connections; }

int MostConnections(SurveySet surveys) {
  int most = 0;
  for (const SurveyRow& row : kRows) {
    if (surveys.Has(row.survey)) most += row.most_connections;
  }
  return most;
}

std::optional<Probe> NextProbe(SurveySet surveys, const OrdinaryHandshake& ordinary,
                               std::span<const ProbeResult> done) {
  if (!ordinary.reached_tls || IsGone(done)) return std::nullopt;
  const Plan plan(ordinary, done);
  if (const auto probe = plan.FollowUp()) return probe;
  for (const Survey survey : kSurveys) {
    if (!surveys.Has(survey)) continue;
    if (const auto probe = plan.Of(survey)) return probe;
  }
  return std::nullopt;
}

}  // namespace mxsweep::tls
