// MTA-STS (RFC 8461) and TLS reporting (RFC 8460) in the lab: what each posture makes of a domain's
// TXT records, of its policy host and of its policy.
//
// Thread-safety: pure functions of the world.
#ifndef MXSWEEP_TOOLS_LAB_STS_POSTURES_H_
#define MXSWEEP_TOOLS_LAB_STS_POSTURES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/lab/world.h"

namespace mxsweep::lab {

// The answer to a TXT question.
struct TextAnswer {
  enum class Kind : uint8_t { kRecords, kNone, kServfail, kTimeout };
  Kind kind = Kind::kNone;
  std::string alias;                              // the name is a CNAME for this; empty: it is none
  std::vector<std::vector<std::string>> records;  // each its strings
};
TextAnswer StsTextOf(const World& world, uint32_t zone);
TextAnswer TlsRptTextOf(const World& world, uint32_t zone);

// The id of the zone's record, and its rua, as a scan must find them; empty: none that counts.
std::string StsIdOf(const World& world, uint32_t zone);
std::string TlsRptRuaOf(const World& world, uint32_t zone);

// How the policy host answers for a zone, once TLS is up.
struct PolicyAnswer {
  enum class Manner : uint8_t {
    kWhole,    // head and body, then the end
    kTrickle,  // head, then a byte now and then, for ever
    kSilent,   // nothing
    kClose,    // the end at once
  };
  Manner manner = Manner::kWhole;
  std::string head;  // status line and headers
  std::string body;
};
PolicyAnswer PolicyAnswerOf(const World& world, uint32_t zone);

// The patterns of the zone's policy; empty with mode none.
std::vector<std::string> PolicyMxOf(const World& world, uint32_t zone);

// What fetching must come to: words of docs/outcomes.md.
struct PolicyTruth {
  std::string_view status;
  int http_status = 0;          // 0: null
  std::string_view mode;        // empty: null
  std::string_view rpt_result;  // empty: null
};
PolicyTruth PolicyTruthOf(StsPosture posture);
// domains.mta_sts_status and domains.tlsrpt_status.
std::string_view StsStatusOf(const std::optional<StsPosture>& posture);
std::string_view TlsRptStatusOf(const std::optional<TlsRptPosture>& posture);

// The certificate of the policy host.
CertPosture PolicyCertOf(StsPosture posture);

inline constexpr uint32_t kPolicyMaxAge = 86400;

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_STS_POSTURES_H_
