#ifndef MXSWEEP_SCANNER_VERDICT_PROBES_H_
#define MXSWEEP_SCANNER_VERDICT_PROBES_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/time/time.h"
#include "dns/ip_address.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/verdict/verdicts.h"
#include "tls/pki/pkix.h"
#include "tls/probe/probe_findings.h"
#include "tls/probe/probes.h"

namespace mxsweep::scanner {

// A chain that a probe was shown.
struct ShownChain {
  tls::Probe probe;
  EndpointVerdicts verdicts;
};

// What the probes of an endpoint mean.
struct ProbeVerdicts {
  size_t probe_count = 0;
  tls::ProbeFindings findings;
  // Of what the follow-up got, where that was a ServerHello: what a client like OpenSSL's gets.
  std::optional<tls::SecurityLevel> follow_up_level;  // by the rules of 3.1 and later
  std::optional<int> follow_up_level_openssl_3_0;
  std::string follow_up_group;
  // Of the follow-up and the survey of certificates.
  std::vector<ShownChain> shown;
};

// What a handshake would have seen that went on behind this flight, as far as it is in the clear.
tls::HandshakeFacts HandshakeFactsOf(const tls::ServerFlight& flight);

// Judges the results of `done`, made from `began` on. `chains`: what each showed, as the
// certificate table knows it, as many as results. `pkix` is borrowed for the call; `address` as for
// JudgeEndpoint.
ProbeVerdicts JudgeProbes(const HostContext& host, const dns::IpAddress& address,
                          const tls::OrdinaryHandshake& ordinary,
                          std::span<const tls::ProbeResult> done,
                          std::span<const std::vector<tls::CertificateRef>> chains,
                          absl::Time began, tls::PkixVerifier* pkix);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_PROBES_H_
