// What a row of `domains` must say, from what is true of the domain's hosts (docs/outcomes.md).
#ifndef MXSWEEP_TOOLS_LAB_DOMAIN_TRUTH_H_
#define MXSWEEP_TOOLS_LAB_DOMAIN_TRUTH_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/lab/judge.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

inline constexpr int kNoLevel = 9;  // above all that there are

// What a domain needs to know of one host and its endpoints; addable.
struct HostSummary {
  bool tlsa_secure = false;
  bool tlsa_error = false;
  bool dane_unknown = false;  // its addresses could not be looked up
  uint32_t endpoints = 0;
  uint32_t blocked = 0;  // of those
  uint32_t unknown = 0;  // what the blocklist forbids to ask, and what could not be looked up
  uint32_t greeted = 0;
  uint32_t throttled = 0;    // ended by 421 or another 4xx before TLS
  uint32_t got_further = 0;  // greeted with 2xx, and not ended that way
  uint32_t starttls = 0;     // offered it
  uint32_t no_starttls = 0;  // outcome no_starttls or starttls_refused
  uint32_t completed = 0;
  uint32_t verified = 0;  // of those: valid chain and matching name
  uint32_t dane_match = 0;
  uint32_t dane_broken = 0;
  uint32_t dane_unusable = 0;
  uint32_t sts_passed = 0;  // an MTA-STS sender would deliver, if the policy allows the host
  uint32_t sts_failed = 0;  // it would not
  uint16_t min_version = 0xffff;
  uint16_t max_version = 0;
  int weakest_session_level = kNoLevel;
  int weakest_certificate_level = kNoLevel;

  void Add(const EndpointTruth& endpoint);
};

class DomainTruth {
 public:
  DomainTruth(const World& world, uint32_t zone);

  // By preference; host_index is kNothing for what is no host of the lab, the host's name is empty
  // for a null MX.
  const std::vector<MxRecord>& mx() const { return mx_; }
  void Add(const HostSummary& host);
  nlohmann::ordered_json Row() const;
  // What the MX answer alone determines of it.
  nlohmann::ordered_json AnswerRow() const;

 private:
  std::string_view MxStatus() const;
  bool Answered() const;
  // Sets the column, unless the rules leave it open.
  void PutDane(nlohmann::ordered_json& row) const;
  // MX hosts of which the addresses cannot be looked up.
  size_t UnknownHosts() const;
  std::string_view PkixStatus() const;
  std::string_view Diagnosis() const;
  void PutPolicies(nlohmann::ordered_json& row) const;

  const World& world_;
  uint32_t zone_;
  std::vector<MxRecord> mx_;
  std::vector<HostSummary> hosts_;  // of those in mx_ that are hosts of the lab, in their order
  HostSummary sum_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_DOMAIN_TRUTH_H_
