// The verdicts of docs/outcomes.md on the lab's own endpoints, hosts and domains, from how they
// were made.
#ifndef MXSWEEP_TOOLS_LAB_JUDGE_H_
#define MXSWEEP_TOOLS_LAB_JUDGE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/certificates.h"
#include "tools/lab/reference_handshake.h"
#include "tools/lab/smtp_texts.h"
#include "tools/lab/tlsa.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// The TLSA side of an MX host. Words as in docs/outcomes.md; empty: null.
struct HostTruth {
  std::string_view address_status;  // empty: not looked up
  std::string_view address_dnssec;
  struct Family {
    std::string_view status;
    std::string_view dnssec;
  };
  Family ipv4, ipv6;
  std::string_view tlsa_status;
  std::string tlsa_base;   // where tlsa_status is "secure"
  std::vector<Tlsa> tlsa;  // likewise
  bool rollover_ready = false;
};

// What DANE says of one chain, and in which words TLS reports would (RFC 8460 §4.3).
struct DaneTruth {
  std::string_view status;        // empty: null
  std::optional<size_t> matched;  // index into HostTruth::tlsa
  std::string_view failure = "validation-failure";
};

// What a chain is worth to who asked for a host and was shown it.
struct ChainTruth {
  std::optional<int> certificate_level;  // nothing: a certificate cannot be read
  std::string_view pkix_status;
  std::string_view name_match;
  DaneTruth dane;
};

struct EndpointTruth {
  BehaviourOutcome outcome;
  bool tls_ok = false;
  bool greeted = false;  // with a reply of whatever code
  bool starttls_offered = false;
  bool no_common_suite = false;   // what the server has is not offered
  std::string_view may_be_ours;   // why the handshake may fail for the scanner alone; empty: null
  std::string server_name;        // of the ClientHello; empty: none was sent, or maybe none
  std::optional<Negotiated> tls;  // where tls_ok, as what follows
  uint32_t certificate_owner = kNothing;
  std::shared_ptr<const Chain> chain;
  int session_level = 0;
  int session_level_openssl_3_0 = 0;
  std::optional<int> certificate_level;  // nothing: a certificate cannot be read
  std::string_view pkix_status;
  std::string_view name_match;
  std::string_view dane_status;        // empty: null
  std::optional<size_t> dane_matched;  // index into HostTruth::tlsa
  std::optional<size_t> dane_depth;    // place in the chain of what it is of
  std::string_view rpt_result;         // empty: null
};

// A look-up that says nothing of what there is.
bool IsError(const HostTruth::Family& family);

class Judge {
 public:
  // Borrows all.
  Judge(const World& world, CertificateStore& store, ReferenceClient& client)
      : world_(world), store_(store), client_(client) {}

  HostTruth JudgeHost(uint32_t host) const;
  absl::StatusOr<EndpointTruth> JudgeEndpoint(uint32_t host, const HostTruth& facts,
                                              uint32_t address) const;
  // Of a chain that was made as `cert` has it.
  ChainTruth JudgeChain(uint32_t host, const HostTruth& facts, const Chain& chain,
                        CertPosture cert) const;

 private:
  const World& world_;
  CertificateStore& store_;
  ReferenceClient& client_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_JUDGE_H_
