#include "scanner/verdict/probes.h"

#include <array>
#include <string_view>
#include <utility>

#include "scanner/base/text.h"
#include "tls/probe/suites.h"
#include "tls/session/session_level.h"
#include "tls/session/version.h"

namespace mxsweep::scanner {
namespace {

// Strength of the cipher in a suite of this name, bits, as OpenSSL counts it.
uint32_t CipherBits(const tls::Suite& suite) {
  if (suite.is_null) return 0;
  if (suite.is_export) return suite.name.find("DES40") != std::string_view::npos ? 40 : 56;
  if (suite.is_3des) return 112;
  if (suite.is_des) return 56;
  constexpr std::array<std::pair<std::string_view, uint32_t>, 3> kByWord = {
      {{"256", 256}, {"CHACHA20", 256}, {"128", 128}}};
  for (const auto& [word, bits] : kByWord) {
    // Behind WITH, where the cipher stands; SHA256 stands at the end.
    const std::string_view cipher = suite.name.substr(0, suite.name.rfind("_SHA"));
    if (cipher.find(word) != std::string_view::npos) return bits;
  }
  return 128;  // IDEA, SEED
}

// Those whose chain answers a question of its own.
bool HasChainToTell(const tls::ProbeFindings& findings, size_t result) {
  return findings.follow_up_result == result || findings.rsa_chain_result == result ||
         findings.ecdsa_chain_result == result || findings.no_server_name_chain_result == result;
}

}  // namespace

tls::HandshakeFacts HandshakeFactsOf(const tls::ServerFlight& flight) {
  tls::HandshakeFacts facts;
  facts.outcome = tls::HandshakeOutcome::kOk;
  facts.version_wire = flight.version;
  if (flight.version) facts.version = tls::VersionName(*flight.version);
  if (flight.suite) {
    facts.cipher_wire = flight.suite;
    facts.cipher = tls::SuiteName(*flight.suite);
    const tls::Suite* suite = tls::FindSuite(*flight.suite);
    if (suite != nullptr) facts.cipher_bits = CipherBits(*suite);
  }
  if (flight.key_exchange && !flight.key_exchange->dh_p.empty()) {
    facts.dh_prime_bits = tls::BitsOf(flight.key_exchange->dh_p);
    facts.group = JoinText("DH ", *facts.dh_prime_bits, " bits");
    facts.group_bits = facts.dh_prime_bits;
  } else if (flight.group) {
    facts.group_wire = flight.group;
    facts.group = tls::GroupName(*flight.group);
    facts.group_bits = tls::GroupBits(*flight.group);
  }
  if (flight.key_exchange && flight.key_exchange->signature_algorithm) {
    facts.signature_algorithm_wire = flight.key_exchange->signature_algorithm;
    facts.signature_algorithm = tls::SignatureSchemeName(*flight.key_exchange->signature_algorithm);
  }
  facts.chain = flight.chain;
  return facts;
}

ProbeVerdicts JudgeProbes(const HostContext& host, const dns::IpAddress& address,
                          const tls::OrdinaryHandshake& ordinary,
                          std::span<const tls::ProbeResult> done,
                          std::span<const std::vector<tls::CertificateRef>> chains,
                          absl::Time began, tls::PkixVerifier* pkix) {
  ProbeVerdicts verdicts;
  verdicts.probe_count = done.size();
  verdicts.findings = tls::Conclude(ordinary, done);
  for (size_t i = 0; i < done.size(); ++i) {
    const tls::ProbeResult& result = done[i];
    const tls::ServerFlight& flight = result.flight;
    if (!HasChainToTell(verdicts.findings, i) || !flight.suite) continue;
    const bool is_follow_up = result.probe.kind == tls::ProbeKind::kFollowUp;
    EndpointFacts facts;
    facts.outcome = Outcome::kTlsOk;
    facts.started_at = began;
    facts.handshake = HandshakeFactsOf(flight);
    std::vector<tls::CertificateRef> chain = chains[i];
    if (is_follow_up) {
      const tls::Certificate* leaf = chain.empty() ? nullptr : chain.front().get();
      verdicts.follow_up_group = facts.handshake->group;
      verdicts.follow_up_level =
          tls::JudgeSessionLevel(*facts.handshake, leaf, tls::OpenSslRules::k3_1);
      verdicts.follow_up_level_openssl_3_0 =
          tls::JudgeSessionLevel(*facts.handshake, leaf, tls::OpenSslRules::k3_0).level;
    }
    if (flight.chain.empty()) continue;
    verdicts.shown.push_back(
        {result.probe, JudgeEndpoint(host, facts, std::move(chain), pkix, &address)});
  }
  return verdicts;
}

}  // namespace mxsweep::scanner
