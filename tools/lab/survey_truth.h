// What the columns of `endpoints` that probes fill must say: those of the follow-up, which nobody
// has to ask for, and those of `--probe all` and `--without-sni` (the table `surveys`).
#ifndef MXSWEEP_TOOLS_LAB_SURVEY_TRUTH_H_
#define MXSWEEP_TOOLS_LAB_SURVEY_TRUTH_H_

#include <cstdint>
#include <memory>
#include <optional>

#include "nlohmann/json.hpp"
#include "tools/lab/certificates.h"
#include "tools/lab/judge.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// Has a client of OpenSSL's suites in common with a server of that posture, where ours has none?
bool IsMetByFollowUp(TlsPosture tls);

// Of a scan without --probe. What the follow-up shows beside its own columns is told of the
// surveys.
void AddFollowUp(const EndpointTruth& truth, TlsPosture tls, nlohmann::ordered_json& row);

class SurveyTruth {
 public:
  // Borrows all.
  SurveyTruth(const World& world, CertificateStore& store, const Judge& judge)
      : world_(world), store_(store), judge_(judge) {}

  // The columns; nothing where the lab does not determine them. One is not of the table:
  // `certificates`, of which each says to whom the server shows it in the clear ("rsa" and "ecdsa":
  // who takes suites with such keys; "no_server_name"), with the columns of `shown_certificates`,
  // and whether a probe is certain to be shown it ("certain"), since what the ordinary handshake
  // has shown is not asked again.
  std::optional<nlohmann::ordered_json> Of(uint32_t host, const HostTruth& facts, uint32_t address,
                                           const EndpointTruth& truth) const;

 private:
  // What a client is shown that sends no server name, and how that was made.
  struct NamelessChain {
    std::shared_ptr<const Chain> chain;
    CertPosture cert;
  };
  NamelessChain ChainWithoutName(uint32_t address) const;
  nlohmann::ordered_json WithoutName(uint32_t host, const HostTruth& facts, uint32_t address,
                                     const EndpointTruth& truth) const;
  nlohmann::ordered_json CertificatesOf(uint32_t host, const HostTruth& facts, uint32_t address,
                                        const EndpointTruth& truth) const;
  nlohmann::ordered_json CertificateOf(const char* to, uint32_t host, const HostTruth& facts,
                                       const Chain& chain, CertPosture cert) const;

  const World& world_;
  CertificateStore& store_;
  const Judge& judge_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_SURVEY_TRUTH_H_
