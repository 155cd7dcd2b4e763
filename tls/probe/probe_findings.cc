#include "tls/probe/probe_findings.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "tls/probe/dh_prime.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {
namespace {

using Bytes = std::span<const uint8_t>;

// IANA "TLS Alerts".
constexpr uint8_t kHandshakeFailure = 40;
constexpr uint8_t kIllegalParameter = 47;
constexpr uint8_t kProtocolVersion = 70;
constexpr uint8_t kInsufficientSecurity = 71;
constexpr uint8_t kInappropriateFallback = 86;

constexpr uint8_t kPartTls13 = 4;

enum class Answer : uint8_t {
  kAccepted,  // a ServerHello or HelloRetryRequest with what was offered
  kRefused,   // an alert instead, or a clean close
  kUnknown,
};

Answer AnswerOf(const ProbeResult& result) {
  const ServerFlight& flight = result.flight;
  if (!result.reached_tls || !IsAnswer(flight)) return Answer::kUnknown;
  if (flight.kind == FlightKind::kAlert || flight.kind == FlightKind::kNothing) {
    return Answer::kRefused;
  }
  // An alert behind its own ServerHello: it would not have come to an end.
  if (flight.end == FlightEnd::kAlert) return Answer::kUnknown;
  // Some choose what was not offered, and what they do is no answer to the question.
  return Offers(result.probe, *flight.version, *flight.suite) ? Answer::kAccepted
                                                              : Answer::kUnknown;
}

bool RefusedWith(const ProbeResult& result, uint8_t alert) {
  return AnswerOf(result) == Answer::kRefused && result.flight.alert &&
         result.flight.alert->code == alert;
}

// A refusal that says that nothing of the offer suits the server, whatever else was in it. Any
// other alert, and a connection that is closed, may come of one of the things offered.
bool RefusedAll(const ProbeResult& result) {
  return RefusedWith(result, kHandshakeFailure) || RefusedWith(result, kInsufficientSecurity) ||
         RefusedWith(result, kProtocolVersion) || RefusedWith(result, kIllegalParameter);
}

uint8_t PartOfVersion(uint16_t version) { return static_cast<uint8_t>(version - kSsl3); }

// What is true stays so: a server that once accepted something accepts it.
void Learn(std::optional<bool>* fact, bool value) {
  if (value || !*fact) *fact = value;
}

bool IsGroupWithMlKem(uint16_t group) { return std::ranges::count(HybridGroups(), group) != 0; }

Bytes WithoutZeros(Bytes number) {
  while (!number.empty() && number.front() == 0) number = number.subspan(1);
  return number;
}

class Concluder {
 public:
  Concluder(const OrdinaryHandshake& ordinary, std::span<const ProbeResult> done)
      : ordinary_(ordinary), done_(done) {}

  ProbeFindings Conclude() {
    LearnOrdinary();
    for (size_t i = 0; i < done_.size(); ++i) LearnResult(i);
    SettleVersions();
    SettleSuites();
    SettleCertificates();
    SettleDowngrades();
    SettleDhe();
    SettleGroups();
    return std::move(out_);
  }

 private:
  void LearnVersion(uint16_t version, bool accepted) {
    if (version >= kSsl3 && version <= kTls13) {
      Learn(&out_.accepts_version[PartOfVersion(version)], accepted);
    }
  }
  // A server takes the highest version it has of those offered (RFC 5246 §E.1, RFC 8446 §4.2.1).
  void LearnNegotiated(uint16_t version, uint16_t highest_offered) {
    LearnVersion(version, true);
    for (uint16_t above = version + 1; above <= highest_offered; ++above) {
      LearnVersion(above, false);
    }
  }

  void LearnSuite(uint16_t wire) {
    if (std::ranges::count(out_.accepted_suites, wire) == 0) out_.accepted_suites.push_back(wire);
    const Suite* suite = FindSuite(wire);
    if (suite == nullptr) return;
    if (suite->is_export) {
      if (suite->key_exchange == KeyExchange::kRsa) Learn(&out_.accepts_export_rsa, true);
      if (suite->key_exchange == KeyExchange::kDhe) Learn(&out_.accepts_export_dhe, true);
      return;
    }
    if (suite->is_rc4) Learn(&out_.accepts_rc4, true);
    if (suite->is_3des) Learn(&out_.accepts_3des, true);
    if (suite->is_null) Learn(&out_.accepts_null, true);
    if (suite->anonymous()) Learn(&out_.accepts_anonymous, true);
    // What is not encrypted at all is no key exchange to speak of.
    if (suite->is_null) return;
    if (suite->key_exchange == KeyExchange::kRsa) Learn(&out_.accepts_static_rsa, true);
    if (suite->forward_secret() && !suite->anonymous()) Learn(&out_.accepts_forward_secret, true);
    if (suite->key_exchange == KeyExchange::kDhe) Learn(&out_.accepts_dhe, true);
  }

  void LearnOrdinary() {
    if (ordinary_.version) LearnNegotiated(*ordinary_.version, ordinary_.max_version_offered);
    if (ordinary_.version && ordinary_.suite) LearnSuite(*ordinary_.suite);
    if (ordinary_.leaf_key == SuiteKey::kRsa) out_.has_rsa_certificate = true;
    if (ordinary_.leaf_key == SuiteKey::kEcdsa) out_.has_ecdsa_certificate = true;
    if (ordinary_.version && !ordinary_.had_server_name) out_.accepts_no_server_name = true;
    if (ordinary_.group && IsGroupWithMlKem(*ordinary_.group)) groups_.push_back(*ordinary_.group);
  }

  void LearnResult(size_t index) {
    const ProbeResult& result = done_[index];
    if (result.probe.kind == ProbeKind::kFollowUp) TellFollowUp(index);
    switch (AnswerOf(result)) {
      case Answer::kAccepted:
        OnAccepted(index);
        return;
      case Answer::kRefused:
        OnRefused(result);
        return;
      case Answer::kUnknown:
        return;
    }
  }

  void TellFollowUp(size_t index) {
    const ProbeResult& result = done_[index];
    out_.follow_up_result = index;
    out_.follow_up_outcome = result.reached_tls ? FlightWord(result.flight) : "not_reached";
    out_.follow_up_version = result.flight.version;
    out_.follow_up_suite = result.flight.suite;
    out_.follow_up_group = result.flight.group;
    if (result.flight.alert) out_.follow_up_alert = result.flight.alert->code;
  }

  void OnAccepted(size_t index) {
    const ProbeResult& result = done_[index];
    const ServerFlight& flight = result.flight;
    const uint16_t version = *flight.version;
    LearnSuite(*flight.suite);
    switch (result.probe.kind) {
      case ProbeKind::kVersion:
        // An SSL 3.0 server may refuse extensions, and what they bring; what is not chosen of a
        // TLS hello is not accepted all the same.
        LearnNegotiated(version, VersionOf(result.probe));
        break;
      case ProbeKind::kFollowUp:
        LearnNegotiated(version, kTls13);
        break;
      case ProbeKind::kHybridPreferred:
        if (version == kTls13) out_.pq_preferred = flight.group;
        [[fallthrough]];
      case ProbeKind::kHybridGroups:
        if (flight.group && IsGroupWithMlKem(*flight.group)) LearnGroup(*flight.group);
        break;
      case ProbeKind::kFallback:
        out_.fallback_scsv = false;
        break;
      case ProbeKind::kNoServerName:
        out_.accepts_no_server_name = true;
        break;
      default:
        break;
    }
    LearnVersion(version, true);
    if (!flight.chain.empty()) TellChain(index);
  }

  void TellChain(size_t index) {
    const ProbeResult& result = done_[index];
    if (result.probe.kind == ProbeKind::kNoServerName) {
      out_.no_server_name_chain_result = index;
      return;
    }
    const Suite* suite = FindSuite(*result.flight.suite);
    if (suite == nullptr) return;
    if (suite->key == SuiteKey::kRsa) {
      out_.has_rsa_certificate = true;
      if (!out_.rsa_chain_result) out_.rsa_chain_result = index;
    } else if (suite->key == SuiteKey::kEcdsa) {
      out_.has_ecdsa_certificate = true;
      if (!out_.ecdsa_chain_result) out_.ecdsa_chain_result = index;
    }
  }

  void OnRefused(const ProbeResult& result) {
    const bool no_version = RefusedWith(result, kProtocolVersion);
    switch (result.probe.kind) {
      case ProbeKind::kFollowUp:
        // Whoever has TLS 1.3 has something in common with this one, unless it minds something
        // else.
        if (no_version) {
          LearnNoneOf(kTls10, kTls13);
        } else if (!result.flight.alert || RefusedAll(result)) {
          LearnVersion(kTls13, false);
        }
        break;
      case ProbeKind::kVersion:
        OnVersionRefused(result);
        break;
      case ProbeKind::kWeakSuites:
        OnWeakRefused(result);
        break;
      case ProbeKind::kStaticRsa:
        Learn(&out_.accepts_static_rsa, false);
        break;
      case ProbeKind::kForwardSecret:
        Learn(&out_.accepts_forward_secret, false);
        break;
      case ProbeKind::kFallback:
        if (RefusedWith(result, kInappropriateFallback)) out_.fallback_scsv = true;
        break;
      case ProbeKind::kExport:
        OnExportRefused(result);
        break;
      case ProbeKind::kDhe:
        Learn(&out_.accepts_dhe, false);
        break;
      case ProbeKind::kCertificate:
        // A server of TLS 1.3 only may have it all the same.
        if (no_version) {
          LearnNoneOf(kTls10, kTls12);
          break;
        }
        ((result.probe.parts & kPartRsa) != 0 ? rsa_refused_ : ecdsa_refused_) = true;
        break;
      case ProbeKind::kNoServerName:
        no_server_name_refused_ = no_server_name_refused_ || !no_version;
        break;
      case ProbeKind::kHybridGroups:
        OnGroupsRefused(result);
        break;
      case ProbeKind::kHybridPreferred:
      case ProbeKind::kDheAgain:
      case ProbeKind::kMlDsa:
      case ProbeKind::kMlDsaControl:
        break;
    }
  }

  static uint16_t VersionOf(Probe probe) { return static_cast<uint16_t>(kSsl3 + probe.parts); }

  void LearnNoneOf(uint16_t lowest, uint16_t highest) {
    for (uint16_t version = lowest; version <= highest; ++version) LearnVersion(version, false);
  }

  void OnVersionRefused(const ProbeResult& result) {
    const uint16_t version = VersionOf(result.probe);
    LearnVersion(version, false);
    // A server with an older one would have answered with that; but some cannot bear to hear of a
    // version above theirs. Those have shown it with the ordinary ClientHello.
    const bool tolerant = ordinary_.version && *ordinary_.version > version;
    // SSL 3.0 is asked for in its own words.
    if (version != kSsl3 && (tolerant || RefusedWith(result, kProtocolVersion))) {
      LearnNoneOf(kTls10, version);
    }
  }

  void OnWeakRefused(const ProbeResult& result) {
    const uint8_t parts = result.probe.parts;
    const bool one = (parts & (parts - 1)) == 0;
    if (!one && !RefusedAll(result)) return;
    if ((parts & kPartRc4) != 0) Learn(&out_.accepts_rc4, false);
    if ((parts & kPart3Des) != 0) Learn(&out_.accepts_3des, false);
    if ((parts & kPartNull) != 0) Learn(&out_.accepts_null, false);
    if ((parts & kPartAnonymous) != 0) Learn(&out_.accepts_anonymous, false);
  }

  void OnExportRefused(const ProbeResult& result) {
    const uint8_t parts = result.probe.parts;
    const bool over_tls12 = (parts & kPartOverTls12) != 0;
    // Then it has no TLS 1.0, and is asked over TLS 1.2.
    if (!over_tls12 && RefusedWith(result, kProtocolVersion)) {
      LearnVersion(kTls10, false);
      return;
    }
    const bool both = (parts & kPartRsa) != 0 && (parts & kPartDhe) != 0;
    if (both && !RefusedAll(result)) return;
    if ((parts & kPartRsa) != 0) Learn(&out_.accepts_export_rsa, false);
    if ((parts & kPartDhe) != 0) Learn(&out_.accepts_export_dhe, false);
  }

  void OnGroupsRefused(const ProbeResult& result) {
    const uint8_t parts = result.probe.parts;
    const bool one = (parts & (parts - 1)) == 0;
    if (one || RefusedAll(result)) groups_refused_ |= parts;
    if (RefusedWith(result, kProtocolVersion)) LearnVersion(kTls13, false);
  }

  void LearnGroup(uint16_t group) {
    if (std::ranges::count(groups_, group) == 0) groups_.push_back(group);
  }

  bool IsKnownNot(size_t part) const { return out_.accepts_version[part] == false; }

  bool HasNoneUpTo(size_t part) const {
    for (size_t i = 0; i <= part; ++i) {
      if (!IsKnownNot(i)) return false;
    }
    return true;
  }

  void SettleVersions() {
    out_.accepts_sslv3 = out_.accepts_version[kPartSsl3];
    const auto& accepts = out_.accepts_version;
    for (size_t part = 0; part < accepts.size() && accepts[part]; ++part) {
      if (!*accepts[part]) continue;
      out_.min_version_accepted = static_cast<uint16_t>(kSsl3 + part);
      break;
    }
    for (size_t part = accepts.size(); part-- > 0 && accepts[part];) {
      if (!*accepts[part]) continue;
      out_.max_version_accepted = static_cast<uint16_t>(kSsl3 + part);
      break;
    }
  }

  void SettleSuites() {
    // TLS 1.3 has none of these.
    if (HasNoneUpTo(kPartTls12)) {
      for (std::optional<bool>* fact :
           {&out_.accepts_rc4, &out_.accepts_3des, &out_.accepts_null, &out_.accepts_anonymous,
            &out_.accepts_export_rsa, &out_.accepts_export_dhe, &out_.accepts_static_rsa,
            &out_.accepts_dhe}) {
        Learn(fact, false);
      }
    }
    if (out_.accepts_version[kPartTls13] == true) Learn(&out_.accepts_forward_secret, true);
    const std::optional<bool>& rsa = out_.accepts_export_rsa;
    const std::optional<bool>& dhe = out_.accepts_export_dhe;
    if (rsa == true || dhe == true) {
      out_.accepts_export = true;
    } else if (rsa && dhe) {
      out_.accepts_export = false;
    }
    if (out_.accepts_forward_secret == true || out_.accepts_static_rsa == false) {
      out_.static_rsa_only = false;
    } else if (out_.accepts_forward_secret == false && out_.accepts_static_rsa == true) {
      out_.static_rsa_only = true;
    }
  }

  // A refusal is one of the key, or of the missing name, only of a server that takes something of
  // what these probes offer.
  void SettleCertificates() {
    const bool takes_some = std::ranges::any_of(out_.accepted_suites, [](uint16_t suite) {
      return Offers({ProbeKind::kNoServerName}, kTls12, suite);
    });
    if (!takes_some) return;
    if (rsa_refused_) Learn(&out_.has_rsa_certificate, false);
    if (ecdsa_refused_) Learn(&out_.has_ecdsa_certificate, false);
    if (no_server_name_refused_) Learn(&out_.accepts_no_server_name, false);
  }

  // RFC 8446 §4.1.3: a server of TLS 1.3 says so in every older answer; one of TLS 1.2 should in
  // answers of TLS 1.1 and 1.0. SSL 3.0 is not spoken of.
  void SettleDowngrades() {
    if (!out_.max_version_accepted || *out_.max_version_accepted < kTls12) return;
    for (const ProbeResult& result : done_) {
      const ServerFlight& flight = result.flight;
      if (AnswerOf(result) != Answer::kAccepted || flight.kind != FlightKind::kServerHello ||
          *flight.version < kTls10 || *flight.version >= *out_.max_version_accepted) {
        continue;
      }
      const DowngradeSentinel expected = *flight.version == kTls12 ? DowngradeSentinel::kBelowTls13
                                                                   : DowngradeSentinel::kBelowTls12;
      out_.downgrade_sentinel =
          out_.downgrade_sentinel.value_or(true) && flight.sentinel == expected;
    }
  }

  // Nothing where it has no prime.
  const ServerKeyExchange* DhOf(size_t index) const {
    const std::optional<ServerKeyExchange>& exchange = done_[index].flight.key_exchange;
    return exchange && !exchange->dh_p.empty() ? &*exchange : nullptr;
  }

  std::optional<size_t> FindDh(ProbeKind kind) const {
    for (size_t i = 0; i < done_.size(); ++i) {
      if (done_[i].probe.kind == kind && DhOf(i) != nullptr) return i;
    }
    return std::nullopt;
  }

  void SettleDhe() {
    for (const ProbeKind kind : {ProbeKind::kDhe, ProbeKind::kDheAgain, ProbeKind::kFollowUp,
                                 ProbeKind::kVersion, ProbeKind::kForwardSecret}) {
      if (!out_.dhe_result) out_.dhe_result = FindDh(kind);
    }
    if (!out_.dhe_result) return;
    const ServerKeyExchange& exchange = *DhOf(*out_.dhe_result);
    out_.dhe_bits = BitsOf(exchange.dh_p);
    out_.dhe_prime = PrimeName(exchange.dh_p);
    out_.dhe_generator = GeneratorText(exchange.dh_g);
    if (const WellKnownPrime* known = FindWellKnownPrime(exchange.dh_p)) {
      out_.dhe_prime_kind = PrimeKindName(known->kind);
    }
    const std::optional<size_t> first = FindDh(ProbeKind::kDhe);
    const std::optional<size_t> again = FindDh(ProbeKind::kDheAgain);
    if (first && again) {
      out_.dhe_public_value_repeats = std::ranges::equal(WithoutZeros(DhOf(*first)->dh_public),
                                                         WithoutZeros(DhOf(*again)->dh_public));
    }
  }

  void SettleGroups() {
    // That TLS 1.3 is refused with other groups says nothing of these where no version is known
    // that the server has.
    const bool has_older = std::ranges::count(out_.accepts_version, std::optional<bool>(true)) > 0;
    if (IsKnownNot(kPartTls13) && has_older) {
      out_.pq_groups.emplace();
      out_.pq_groups_unknown = 0;
      out_.mldsa = false;
      return;
    }
    uint8_t accepted = 0;
    for (size_t i = 0; i < kHybridGroupCount; ++i) {
      if (std::ranges::count(groups_, HybridGroups()[i]) != 0) accepted |= 1u << i;
    }
    constexpr uint8_t kAll = (1u << kHybridGroupCount) - 1;
    out_.pq_groups_unknown = kAll & ~accepted & ~groups_refused_;
    const bool asked = std::ranges::any_of(done_, [](const ProbeResult& result) {
      return result.probe.kind == ProbeKind::kHybridGroups ||
             result.probe.kind == ProbeKind::kHybridPreferred;
    });
    if (out_.pq_groups_unknown == 0 || (asked && !groups_.empty())) out_.pq_groups = groups_;
    SettleMlDsa();
  }

  void SettleMlDsa() {
    const auto answer = [&](ProbeKind kind) {
      const auto found = std::ranges::find_if(
          done_, [kind](const ProbeResult& result) { return result.probe.kind == kind; });
      return found == done_.end() ? Answer::kUnknown : AnswerOf(*found);
    };
    const Answer asked = answer(ProbeKind::kMlDsa);
    if (asked == Answer::kRefused) out_.mldsa = false;
    if (asked == Answer::kAccepted && answer(ProbeKind::kMlDsaControl) == Answer::kRefused) {
      out_.mldsa = true;
    }
  }

  const OrdinaryHandshake& ordinary_;
  std::span<const ProbeResult> done_;
  ProbeFindings out_;
  std::vector<uint16_t> groups_;  // accepted, in the order in which they showed
  uint8_t groups_refused_ = 0;    // bits of HybridGroups()
  bool rsa_refused_ = false;
  bool ecdsa_refused_ = false;
  bool no_server_name_refused_ = false;
};

}  // namespace

ProbeFindings Conclude(const OrdinaryHandshake& ordinary, std::span<const ProbeResult> done) {
  return Concluder(ordinary, done).Conclude();
}

}  // namespace mxsweep::tls
