// Which probes a survey makes: a pure plan, in which each probe follows from the answers before it.
#ifndef MXSWEEP_TLS_PROBE_SURVEYS_H_
#define MXSWEEP_TLS_PROBE_SURVEYS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tls/probe/probes.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {

enum class Survey : uint8_t {
  kLegacy,  // oldest and newest version, RC4, 3DES, NULL, anonymous, static RSA, downgrades
  kExport,  // RSA_EXPORT and DHE_EXPORT
  kDhe,     // the prime, and whether its public value repeats
  kCerts,   // the RSA and the ECDSA certificate, and that without a server name
  kPq,      // groups with ML-KEM, ML-DSA certificates
};
inline constexpr std::array kSurveys = {Survey::kLegacy, Survey::kExport, Survey::kDhe,
                                        Survey::kCerts, Survey::kPq};

class SurveySet {
 public:
  constexpr SurveySet() = default;
  static constexpr SurveySet All() {
    SurveySet all;
    for (const Survey survey : kSurveys) all.Add(survey);
    return all;
  }
  constexpr void Add(Survey survey) { bits_ |= 1u << static_cast<unsigned>(survey); }
  constexpr bool Has(Survey survey) const {
    return (bits_ >> static_cast<unsigned>(survey) & 1) != 0;
  }
  constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(SurveySet, SurveySet) = default;

 private:
  uint8_t bits_ = 0;
};

// "legacy", "export", "dhe", "certs", "pq".
std::string_view SurveyName(Survey survey);
// "legacy,pq" or "all"; names may repeat. kInvalidArgument says which word is none.
absl::StatusOr<SurveySet> ParseSurveys(std::string_view list);
// The names joined by commas, "all" for all of them, empty for none.
std::string SurveysText(SurveySet surveys);

// The most connections a survey takes of one server beside the ordinary one. Most servers take a
// third of it: what is known already is not asked.
int MostConnections(Survey survey);
int MostConnections(SurveySet surveys);

// What the ordinary handshake said.
struct OrdinaryHandshake {
  bool reached_tls = false;  // its ClientHello was sent
  bool completed = false;
  uint16_t max_version_offered = kTls13;
  // Of its ServerHello, also where it failed afterwards.
  std::optional<uint16_t> version;
  std::optional<uint16_t> suite;
  std::optional<uint16_t> group;
  std::string_view may_be_ours;  // MayBeOurs() of a handshake that failed
  bool had_server_name = false;
  SuiteKey leaf_key = SuiteKey::kNone;  // of the leaf it was shown; kAny: some other
};

// The next connection, or nothing: all is known that can be, or the server is gone (two probes in
// a row that did not get as far as TLS, or three without an answer). The follow-up comes first
// where the ordinary handshake failed for a reason that may be ours, with no survey, too. A probe
// is made once; what it did not answer stays unknown.
std::optional<Probe> NextProbe(SurveySet surveys, const OrdinaryHandshake& ordinary,
                               std::span<const ProbeResult> done);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PROBE_SURVEYS_H_
