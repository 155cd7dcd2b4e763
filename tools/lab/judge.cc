#include "tools/lab/judge.h"

#include <openssl/sha.h>

#include <algorithm>

#include "tools/lab/old_tls.h"
#include "tools/lab/text.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

bool DateValid(CertPosture cert) {
  return cert != CertPosture::kExpired && cert != CertPosture::kNotYetValid;
}

// Whether a path from the leaf is one for servers, dates apart.
bool IsForServers(CertPosture cert) { return cert != CertPosture::kClientPurpose; }

std::string Digest(const std::string& data, uint8_t matching_type) {
  if (matching_type == 0) return data;
  if (matching_type == 1) return Sha256(data);
  std::string out(SHA512_DIGEST_LENGTH, '\0');
  SHA512(reinterpret_cast<const uint8_t*>(data.data()), data.size(),
         reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

bool Fits(const Tlsa& record, const Certificate& certificate) {
  if (certificate.key == nullptr) return false;
  return record.data == Digest(record.selector == 0 ? certificate.der : certificate.key->spki,
                               record.matching_type);
}

// RFC 7671 §9: a weaker digest does not count beside a stronger one of the same usage and selector.
bool Outdone(const Tlsa& record, const std::vector<Tlsa>& all) {
  return record.matching_type == 1 && std::any_of(all.begin(), all.end(), [&](const Tlsa& other) {
           return other.usable && other.usage == record.usage &&
                  other.selector == record.selector && other.matching_type == 2;
         });
}

// Does the record name an authority above the leaf: one that was sent, or, in full, the root that
// signed the topmost of those that were (RFC 7672 §3.1.2)?
bool AnchorFits(const Tlsa& record, const Chain& chain) {
  for (size_t i = 1; i < chain.certificates.size(); ++i) {
    if (Fits(record, *chain.certificates[i])) return true;
  }
  const Certificate& top = *chain.certificates[std::min<size_t>(chain.certificates.size(), 2) - 1];
  return record.matching_type == 0 && chain.root && Fits(record, *chain.root) &&
         top.issuer_cn == chain.root->subject_cn;
}

DaneTruth JudgeDane(const std::vector<Tlsa>& records, const Chain& chain, CertPosture cert,
                    bool name_fits) {
  if (std::none_of(records.begin(), records.end(), [](const Tlsa& r) { return r.usable; })) {
    return {"unusable"};
  }
  DaneTruth truth{"mismatch"};
  for (size_t i = 0; i < records.size(); ++i) {
    const Tlsa& record = records[i];
    if (!record.usable || Outdone(record, records)) continue;
    if (record.usage == 3 && Fits(record, *chain.certificates[0])) return {"match", i};
    if (record.usage != 2 || !IsForServers(cert) || !AnchorFits(record, chain)) continue;
    if (DateValid(cert) && name_fits) return {"match", i};
    truth.failure = DateValid(cert) ? "certificate-host-mismatch" : "certificate-expired";
  }
  return truth;
}

bool RolloverReady(const std::vector<Tlsa>& records) {
  bool anchor = false;
  bool leaf = false;
  for (const Tlsa& a : records) {
    if (!a.usable) continue;
    anchor |= a.usage == 2;
    leaf |= a.usage == 3;
    for (const Tlsa& b : records) {
      if (b.usable && a.usage == 3 && b.usage == 3 && a.selector == b.selector &&
          a.matching_type == b.matching_type && a.data != b.data) {
        return true;
      }
    }
  }
  return anchor && leaf;
}

// OpenSSL's rules (ssl_security_default_callback; check_auth_level in x509_vfy.c): level by bits.
// tests/interop asks OpenSSL whether they are.
int LevelOfBits(int bits) {
  return bits >= 256 ? 5 : bits >= 192 ? 4 : bits >= 128 ? 3 : bits >= 112 ? 2 : bits >= 80 ? 1 : 0;
}

int CertificateSignatureBits(SignatureKind kind) {
  switch (kind) {
    case SignatureKind::kRsaSha1:
      return 63;
    case SignatureKind::kEcdsaSha384:
      return 192;
    default:
      return 128;
  }
}

// `old`: OpenSSL 3.0. What keeps TLS 1.0 and 1.1 at level 0 there are their signatures, so that
// static RSA, which needs none, goes further.
int SessionLevel(const Negotiated& tls, bool old) {
  if (!old && tls.version < TLS1_2_VERSION) return 0;
  int bits = static_cast<int>(tls.cipher_bits);
  if (tls.forward_secret) {
    bits = std::min({bits, tls.group_security_bits, tls.signature_security_bits});
  }
  int level = LevelOfBits(bits);
  if (tls.version == TLS1_VERSION || !tls.forward_secret) level = std::min(level, 2);
  if (tls.version == TLS1_1_VERSION || tls.sha1_mac) level = std::min(level, 3);
  return level;
}

// Of what was sent and has a part in the path, and of the root above it where that is known to
// those who verify.
int CertificateLevel(const Chain& chain, CertPosture cert) {
  std::vector<const Certificate*> path;
  for (const auto& certificate : chain.certificates) path.push_back(certificate.get());
  if (cert == CertPosture::kExtraCertificate) path.pop_back();
  const bool anchored = cert != CertPosture::kSelfSigned &&
                        cert != CertPosture::kMissingIntermediate &&
                        cert != CertPosture::kUnknownIssuer;
  if (anchored && path.back() != chain.root.get()) path.push_back(chain.root.get());
  int bits = 256;
  for (const Certificate* certificate : path) {
    bits = std::min(bits, FactsOf(certificate->key->kind).security_bits);
    if (certificate != path.back()) {
      bits = std::min(bits, CertificateSignatureBits(certificate->signature));
    }
  }
  return LevelOfBits(bits);
}

std::string_view PkixStatus(CertPosture cert) {
  switch (cert) {
    case CertPosture::kSelfSigned:
      return "self_signed";
    case CertPosture::kExpired:
      return "expired";
    case CertPosture::kNotYetValid:
      return "not_yet_valid";
    case CertPosture::kMissingIntermediate:
      return "incomplete";
    case CertPosture::kUnknownIssuer:
      return "untrusted";
    case CertPosture::kSha1Signed:
      return "weak_signature";
    case CertPosture::kClientPurpose:
      return "constraint";
    case CertPosture::kUnreadableExtra:
      return "malformed";
    default:
      return "valid";
  }
}

bool Matches(std::string_view presented, std::string_view name) {
  if (!ConsumePrefix(presented, "*.")) return presented == name;
  const size_t dot = name.find('.');
  return dot != name.npos && name.substr(dot + 1) == presented;
}

std::string_view NameMatch(const Certificate& leaf, const std::string& name) {
  for (const std::string& presented : leaf.names) {
    if (Matches(presented, name)) return "san";
  }
  return leaf.names.empty() && Matches(leaf.subject_cn, name) ? "cn" : "none";
}

// "endpoints.rpt_result" of docs/outcomes.md.
std::string_view RptResult(const EndpointTruth& truth, const DaneTruth& dane) {
  const std::string_view outcome = truth.outcome.outcome;
  if (outcome == "blocked") return "";  // it was not asked
  if (truth.dane_status == "lookup_error") return "dnssec-invalid";
  if (!truth.may_be_ours.empty()) return "";
  if (outcome == "no_starttls" || outcome == "starttls_refused") return "starttls-not-supported";
  if (outcome == "tls_alert" || outcome == "tls_protocol_error" ||
      ((outcome == "closed_early" || outcome == "reset") && truth.outcome.stage == "handshake")) {
    return "validation-failure";
  }
  if (!truth.tls_ok) return outcome;
  if (truth.dane_status == "match") return "success";
  if (truth.dane_status == "mismatch") return dane.failure;
  if (truth.dane_status == "unusable") return "tlsa-invalid";
  if (truth.pkix_status == "expired") return "certificate-expired";
  if (truth.name_match == "none") return "certificate-host-mismatch";
  return truth.pkix_status == "valid" ? "success" : "certificate-not-trusted";
}

// A ClientHello was sent for certain: the server waited for it before it did what it does.
bool HelloWasSent(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kSilentHandshake:
    case Behaviour::kCloseHandshake:
    case Behaviour::kResetHandshake:
    case Behaviour::kTlsGarbage:
    case Behaviour::kAlertHandshakeFailure:
    case Behaviour::kAlertProtocolVersion:
    case Behaviour::kAlertInternalError:
      return true;
    default:
      return OutcomeOf(behaviour).outcome == "tls_ok";
  }
}

// Servers that end the handshake at the sight of a ClientHello: another might do.
std::string_view MayBeOurs(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kAlertHandshakeFailure:
      return "no_common_cipher";
    case Behaviour::kAlertProtocolVersion:
      return "no_common_version";
    case Behaviour::kAlertInternalError:
      return "client_hello";
    default:
      return "";
  }
}

// For endpoints without a completed handshake.
std::string_view DaneWithoutTls(const BehaviourOutcome& outcome) {
  if (outcome.outcome == "no_starttls" || outcome.outcome == "starttls_refused") {
    return "no_starttls";
  }
  if (outcome.outcome == "tls_alert" || outcome.outcome == "tls_protocol_error" ||
      ((outcome.outcome == "closed_early" || outcome.outcome == "reset") &&
       outcome.stage == "handshake")) {
    return "tls_failed";
  }
  return "";
}

}  // namespace

bool IsError(const HostTruth::Family& family) {
  return family.status == "servfail" || family.status == "timeout";
}

HostTruth Judge::JudgeHost(uint32_t index) const {
  const Host& host = world_.hosts()[index];
  const bool secure_zone = world_.zones()[host.zone].secure;
  HostTruth truth;
  const std::string_view dnssec = world_.AddressSecure(index) ? "secure" : "insecure";
  const HostTruth::Family absent = {"nodata", dnssec}, servfail = {"servfail", "error"},
                          timeout = {"timeout", "error"};
  truth.ipv4 = host.address_count > 0 ? HostTruth::Family{"ok", dnssec} : absent;
  truth.ipv6 = host.has_v6 ? HostTruth::Family{"ok", dnssec} : absent;
  switch (host.naming) {
    case HostNaming::kNxdomain:
      truth.ipv4 = truth.ipv6 = {"nxdomain", dnssec};
      break;
    case HostNaming::kServfail:
      truth.ipv4 = truth.ipv6 = servfail;
      break;
    case HostNaming::kTimeout:
      truth.ipv4 = truth.ipv6 = timeout;
      break;
    case HostNaming::kNoA:
      truth.ipv4 = servfail;
      break;
    case HostNaming::kNoAaaa:
      truth.ipv6 = servfail;
      break;
    case HostNaming::kSlowAaaa:
      truth.ipv6 = timeout;
      break;
    case HostNaming::kAaaaInsecure:
      truth.ipv6.dnssec = "insecure";
      break;
    default:
      break;
  }
  // What gave addresses counts; else what hides them; else that there are none.
  const bool by_v4 =
      truth.ipv4.status == "ok" || (truth.ipv6.status != "ok" && !IsError(truth.ipv6));
  const HostTruth::Family& telling = by_v4 ? truth.ipv4 : truth.ipv6;
  truth.address_status = telling.status;
  truth.address_dnssec = telling.dnssec;
  if (truth.address_status != "ok") return truth;
  // An alias that is signed itself may have records at its own name, wherever it leads (RFC 7672
  // §2.2.2): then only the zone counts.
  if (!secure_zone || host.dane == DanePosture::kInsecureAnswer) {
    truth.tlsa_status = "insecure";
  } else if (host.dane == DanePosture::kServfail || host.dane == DanePosture::kTimeout) {
    truth.tlsa_status = "lookup_error";
  } else {
    truth.tlsa = TlsaOf(world_, store_, index);
    truth.tlsa_status = truth.tlsa.empty() ? "none" : "secure";
    if (!truth.tlsa.empty()) truth.tlsa_base = TlsaBase(world_, index);
    truth.rollover_ready = RolloverReady(truth.tlsa);
  }
  return truth;
}

ChainTruth Judge::JudgeChain(uint32_t host, const HostTruth& facts, const Chain& chain,
                             CertPosture cert) const {
  ChainTruth truth;
  const Certificate& leaf = *chain.certificates[0];
  if (cert != CertPosture::kUnreadableExtra) {
    truth.certificate_level = CertificateLevel(chain, cert);
  }
  truth.pkix_status = PkixStatus(cert);
  truth.name_match = NameMatch(leaf, world_.HostName(host));
  truth.dane.status = facts.tlsa_status;  // none, insecure, lookup_error
  if (facts.tlsa_status == "secure") {
    truth.dane = JudgeDane(facts.tlsa, chain, cert, NameMatch(leaf, facts.tlsa_base) != "none");
  }
  return truth;
}

absl::StatusOr<EndpointTruth> Judge::JudgeEndpoint(uint32_t index, const HostTruth& facts,
                                                   uint32_t address) const {
  const Address& server = world_.addresses()[address];
  const std::string host = world_.HostName(index);
  EndpointTruth truth;
  truth.outcome = OutcomeOf(server.behaviour);
  if (OldTlsOf(server.tls) != nullptr && truth.outcome.outcome == "tls_ok") {
    // As after every handshake_failure: without TLS 1.3, and without a server name.
    truth.outcome = {"tls_alert", "handshake", truth.outcome.attempts + 2};
    truth.no_common_suite = true;
  }
  // Where nothing of TLS comes but the end, the ClientHello may have been too long with a hybrid
  // group, and one without follows.
  const std::string_view how = truth.outcome.outcome;
  if (KnowsHybridGroups() && truth.outcome.stage == "handshake" &&
      (how == "tls_alert" || how == "tls_timeout" || how == "closed_early" || how == "reset")) {
    ++truth.outcome.attempts;
  }
  truth.may_be_ours = truth.no_common_suite ? "no_common_cipher" : MayBeOurs(server.behaviour);
  truth.tls_ok = truth.outcome.outcome == "tls_ok";
  const std::string_view stage = truth.outcome.stage;
  truth.starttls_offered = truth.tls_ok || stage == "starttls" || stage == "handshake";
  truth.greeted = GreetingOf(world_, address).code != 0;
  DaneTruth dane;
  if (HelloWasSent(server.behaviour)) {
    truth.server_name = facts.tlsa_base.empty() ? host : facts.tlsa_base;
  }
  if (truth.tls_ok) {
    truth.certificate_owner = world_.CertificateOwner(address, truth.server_name);
    const Host& owner = world_.hosts()[truth.certificate_owner];
    absl::StatusOr<Negotiated> tls =
        client_.Negotiate(server.tls, owner.key, truth.certificate_owner);
    if (!tls.ok()) return tls.status();
    truth.tls = *std::move(tls);
    truth.chain = store_.ChainOf(truth.certificate_owner, server.variant);
    truth.session_level = SessionLevel(*truth.tls, /*old=*/false);
    truth.session_level_openssl_3_0 = SessionLevel(*truth.tls, /*old=*/true);
    const ChainTruth judged = JudgeChain(index, facts, *truth.chain, owner.cert);
    truth.certificate_level = judged.certificate_level;
    truth.pkix_status = judged.pkix_status;
    truth.name_match = judged.name_match;
    dane = judged.dane;
  }
  if (facts.tlsa_status != "secure") {
    truth.dane_status = facts.tlsa_status;
  } else if (truth.tls_ok) {
    truth.dane_status = dane.status;
    truth.dane_matched = dane.matched;
    if (dane.matched) {
      const auto& sent = truth.chain->certificates;
      const size_t first = facts.tlsa[*dane.matched].usage == 3 ? 0 : 1;
      for (size_t i = first; i < sent.size() && !truth.dane_depth; ++i) {
        if (Fits(facts.tlsa[*dane.matched], *sent[i])) truth.dane_depth = i;
      }
      // As if it had been sent last.
      if (!truth.dane_depth) truth.dane_depth = sent.size();
    }
  } else if (truth.may_be_ours.empty()) {
    truth.dane_status = DaneWithoutTls(truth.outcome);
  }
  truth.rpt_result = RptResult(truth, dane);
  return truth;
}

}  // namespace mxsweep::lab
