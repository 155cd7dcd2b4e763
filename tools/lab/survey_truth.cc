#include "tools/lab/survey_truth.h"

#include <openssl/base.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/base/text.h"
#include "tools/lab/hybrid_tls.h"
#include "tools/lab/old_tls.h"
#include "tools/lab/text.h"
#include "tools/lab/tls_server.h"

namespace mxsweep::lab {
namespace {

using Json = nlohmann::ordered_json;

// BoringSSL of 2022 looks at signature algorithms behind its ServerHello of TLS 1.3 alone: then
// nothing is known of who has no certificate for them. Later ones choose a certificate first.
constexpr bool kLooksAtSignaturesBehindHello = BORINGSSL_API_VERSION < 33;

constexpr const char* kSurveyColumns[] = {"min_version_accepted",
                                          "max_version_accepted",
                                          "accepts_sslv3",
                                          "accepts_rc4",
                                          "accepts_3des",
                                          "accepts_null",
                                          "accepts_anonymous",
                                          "accepts_export_rsa",
                                          "accepts_export_dhe",
                                          "accepts_export",
                                          "accepts_static_rsa",
                                          "static_rsa_only",
                                          "fallback_scsv",
                                          "downgrade_sentinel",
                                          "accepts_dhe",
                                          "dhe_bits",
                                          "dhe_prime",
                                          "dhe_generator",
                                          "dhe_prime_kind",
                                          "dhe_public_value_repeats",
                                          "has_rsa_certificate",
                                          "has_ecdsa_certificate",
                                          "accepts_no_server_name",
                                          "pq_groups",
                                          "pq_groups_unknown",
                                          "pq_preferred",
                                          "mldsa"};
constexpr const char* kFollowUpColumns[] = {"follow_up",
                                            "follow_up_alert",
                                            "follow_up_tls_version",
                                            "follow_up_cipher",
                                            "follow_up_group",
                                            "follow_up_session_level",
                                            "follow_up_session_level_openssl_3_0",
                                            "follow_up_session_level_limit"};
// What OpenSSL 3.5 offers of the groups that servers of the lab have, by its own numbers.
constexpr uint16_t kX25519MlKem768 = 0x11ec;
constexpr uint16_t kX25519 = 0x001d;
constexpr uint16_t kP384 = 0x0018;
constexpr uint32_t kStrongDhBits = 2048;

// The alert with which the handshake ended that the follow-up comes after, and so does it.
std::string_view AlertOf(std::string_view may_be_ours) {
  return may_be_ours == "no_common_version" ? "protocol_version"
         : may_be_ours == "client_hello"    ? "internal_error"
                                            : "handshake_failure";
}

void AddFollowUpColumns(const EndpointTruth& truth, TlsPosture tls, Json& row) {
  for (const char* column : kFollowUpColumns) row[column] = nullptr;
  if (truth.may_be_ours.empty()) return;
  if (!truth.no_common_suite || !IsMetByFollowUp(tls)) {
    row["follow_up"] = "alert";
    row["follow_up_alert"] = AlertOf(truth.may_be_ours);
    return;
  }
  const uint32_t bits = OldTlsOf(tls)->dh_prime->bits;
  row["follow_up"] = "server_hello";
  row["follow_up_tls_version"] = "TLSv1.2";
  row["follow_up_cipher"] = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384";
  row["follow_up_group"] = JoinText("DH ", bits, " bits");
  // Of 1024 bits are 80, and those are level 1; of 2048 are 112, and those are level 2
  // (SSL_CTX_set_security_level(3)).
  const int level = bits >= kStrongDhBits ? 2 : 1;
  row["follow_up_session_level"] = level;
  row["follow_up_session_level_openssl_3_0"] = level;
  row["follow_up_session_level_limit"] = JoinText("key exchange: DH ", bits, " bits");
}

std::string_view FirstGroupOf(const TlsSetup& setup) {
  const std::string_view groups = setup.groups;
  return groups.substr(0, groups.find(':'));
}

// Which of the groups with ML-KEM the server takes, and what it takes of OpenSSL 3.5's offer.
void AddGroups(TlsPosture tls, Json& row) {
  const TlsSetup& setup = SetupOf(tls);
  row["pq_groups"] = Json::array();
  row["pq_groups_unknown"] = Json::array();
  row["pq_preferred"] = nullptr;
  if (setup.max_version < TLS1_3_VERSION) return;
  const HybridTls* hybrid = HybridTlsOf(tls);
  if (hybrid == nullptr) {
    row["pq_preferred"] = FirstGroupOf(setup);
    return;
  }
  for (const uint16_t group : hybrid->groups) {
    if (IsHybrid(group)) row["pq_groups"].push_back(GroupName(group));
    const bool offered = group == kX25519MlKem768 || group == kX25519 || group == kP384;
    if (offered && row["pq_preferred"].is_null()) row["pq_preferred"] = GroupName(group);
  }
}

// Of a server with which a handshake is completed, by what its BoringSSL is set up with.
void AddSurveys(TlsPosture tls, Behaviour behaviour, const EndpointTruth& truth, Json& row) {
  const TlsSetup& setup = SetupOf(tls);
  const std::string_view ciphers = setup.ciphers;
  const bool triple_des = ciphers.starts_with("DES-CBC3");
  const bool static_rsa = triple_des || ciphers.starts_with("AES128");
  const bool has_tls13 = setup.max_version == TLS1_3_VERSION;
  const bool old = setup.min_version < TLS1_3_VERSION;  // certificates come in the clear
  const bool has_several = setup.min_version < setup.max_version;
  row["min_version_accepted"] = VersionName(setup.min_version);
  row["max_version_accepted"] = VersionName(setup.max_version);
  for (const char* column :
       {"accepts_sslv3", "accepts_rc4", "accepts_null", "accepts_anonymous", "accepts_export_rsa",
        "accepts_export_dhe", "accepts_export", "accepts_dhe"}) {
    row[column] = false;  // BoringSSL has none of it
  }
  // Export suites are of TLS 1.0 and before (RFC 4346 §A.5) or, of servers that mind no RFC, of
  // 1.2: it is not asked over 1.1.
  if (setup.max_version == TLS1_1_VERSION) {
    for (const char* column : {"accepts_export_rsa", "accepts_export_dhe", "accepts_export"}) {
      row[column] = nullptr;
    }
  }
  row["accepts_3des"] = triple_des;
  row["accepts_static_rsa"] = static_rsa;
  row["static_rsa_only"] = static_rsa;
  if (has_several) {
    row["fallback_scsv"] = true;
    // BoringSSL says what it could have taken only where that is TLS 1.3.
    row["downgrade_sentinel"] = has_tls13;
  }
  AddGroups(tls, row);
  const HybridTls* hybrid = HybridTlsOf(tls);
  row["mldsa"] = hybrid && hybrid->mldsa                      ? Json(true)
                 : has_tls13 && kLooksAtSignaturesBehindHello ? Json()
                                                              : Json(false);
  const std::string_view key = FactsOf(truth.chain->certificates[0]->key->kind).type;
  // Within TLS 1.3 only that is seen that the ordinary handshake is shown.
  if (!old && key == "rsa") row["has_rsa_certificate"] = true;
  if (!old && key == "ec") row["has_ecdsa_certificate"] = true;
  if (old) {
    // A key of Ed25519 goes with suites of ECDSA (RFC 8422 §5.10).
    row["has_rsa_certificate"] = key == "rsa" || truth.chain->for_rsa != nullptr;
    row["has_ecdsa_certificate"] = key != "rsa";
    row["accepts_no_server_name"] = behaviour != Behaviour::kRequireSni;
  }
}

// The same of a server that BoringSSL does not play.
void AddOldSurveys(TlsPosture posture, Json& row) {
  const OldTls& server = *OldTlsOf(posture);
  const bool is_export = posture == TlsPosture::kExportOnly;
  const bool is_null = posture == TlsPosture::kNullOnly;
  const bool rc4 = posture == TlsPosture::kSsl3Only || posture == TlsPosture::kRc4Only;
  const bool dhe = server.dh_prime != nullptr && !is_export;
  const bool ssl3_alone = server.max_version == SSL3_VERSION;
  row["min_version_accepted"] = VersionName(server.min_version);
  row["max_version_accepted"] = VersionName(server.max_version);
  row["accepts_sslv3"] = server.min_version == SSL3_VERSION;
  row["accepts_rc4"] = rc4;
  row["accepts_null"] = is_null;
  row["accepts_3des"] = false;
  row["accepts_anonymous"] = false;
  for (const char* column : {"accepts_export_rsa", "accepts_export_dhe", "accepts_export"}) {
    row[column] = is_export;
  }
  row["accepts_static_rsa"] = rc4;
  row["static_rsa_only"] = rc4;
  // They know nothing of either.
  if (!ssl3_alone) row["fallback_scsv"] = false;
  if (server.max_version == TLS1_2_VERSION) row["downgrade_sentinel"] = false;
  row["accepts_dhe"] = dhe;
  if (server.dh_prime != nullptr) {
    const OldPrime& prime = *server.dh_prime;
    row["dhe_bits"] = prime.bits;
    row["dhe_prime"] =
        prime.name.empty() ? "sha256:" + ToHex(Sha256(prime.prime)) : std::string(prime.name);
    row["dhe_generator"] = std::to_string(prime.generator);
    row["dhe_prime_kind"] = prime.kind;
    // Twice is asked only who takes more than export suites.
    if (dhe) row["dhe_public_value_repeats"] = prime.value_repeats;
  }
  row["has_rsa_certificate"] = true;
  // Who takes NULL or export suites alone has nothing that these are asked with, and whoever has
  // nothing but SSL 3.0 is not asked.
  if (dhe || posture == TlsPosture::kRc4Only) {
    row["has_ecdsa_certificate"] = false;
    row["accepts_no_server_name"] = true;
  }
  row["pq_groups"] = Json::array();
  row["pq_groups_unknown"] = Json::array();
  row["mldsa"] = false;
}

// Of a server that answers every ClientHello with the same alert: that it takes nothing is known,
// but not what its certificates are, nor that the missing name was to blame.
void AddSurveysOfAlert(Json& row) {
  for (const char* column :
       {"accepts_sslv3", "accepts_rc4", "accepts_3des", "accepts_null", "accepts_anonymous",
        "accepts_export_rsa", "accepts_export_dhe", "accepts_export", "accepts_static_rsa",
        "static_rsa_only", "accepts_dhe"}) {
    row[column] = false;
  }
  row["pq_groups"] = Json::array();
  row["pq_groups_unknown"] = Json::array();
}

bool IsBeforeTls(std::string_view stage) {
  return stage == "gate" || stage == "connect" || stage == "greeting" || stage == "ehlo" ||
         stage == "starttls";
}

}  // namespace

bool IsMetByFollowUp(TlsPosture tls) {
  return OldTlsOf(tls) != nullptr && OldTlsOf(tls)->dh_prime != nullptr &&
         tls != TlsPosture::kExportOnly;
}

void AddFollowUp(const EndpointTruth& truth, TlsPosture tls, Json& row) {
  const bool shown = truth.no_common_suite && IsMetByFollowUp(tls);
  if (!shown) {
    for (const char* column : kSurveyColumns) row[column] = nullptr;
    row["shown_certificates"] = nullptr;
  }
  row["probe_count"] = truth.may_be_ours.empty() ? 0 : 1;
  AddFollowUpColumns(truth, tls, row);
}

std::optional<Json> SurveyTruth::Of(uint32_t host, const HostTruth& facts, uint32_t address,
                                    const EndpointTruth& truth) const {
  const Address& server = world_.addresses()[address];
  Json row = Json::object();
  for (const char* column : kSurveyColumns) row[column] = nullptr;
  if (truth.tls_ok) {
    AddSurveys(server.tls, server.behaviour, truth, row);
  } else if (truth.no_common_suite) {
    AddOldSurveys(server.tls, row);
  } else if (server.behaviour == Behaviour::kAlertHandshakeFailure ||
             server.behaviour == Behaviour::kAlertProtocolVersion) {
    AddSurveysOfAlert(row);
  } else if (IsBeforeTls(truth.outcome.stage)) {
    row["probe_count"] = 0;
    row["shown_certificates"] = nullptr;
  } else {
    return std::nullopt;
  }
  AddFollowUpColumns(truth, server.tls, row);
  row["without_server_name"] = WithoutName(host, facts, address, truth);
  row["certificates"] = CertificatesOf(host, facts, address, truth);
  return row;
}

// docs/outcomes.md. Asked where a handshake with a name was completed.
Json SurveyTruth::WithoutName(uint32_t host, const HostTruth& facts, uint32_t address,
                              const EndpointTruth& truth) const {
  if (!truth.tls_ok) return nullptr;
  if (world_.addresses()[address].behaviour == Behaviour::kRequireSni) return "failed";
  const NamelessChain nameless = ChainWithoutName(address);
  if (nameless.chain->certificates[0]->der == truth.chain->certificates[0]->der) return "same";
  const ChainTruth judged = judge_.JudgeChain(host, facts, *nameless.chain, nameless.cert);
  return judged.pkix_status == "valid" && judged.name_match != "none" ? "valid" : "invalid";
}

SurveyTruth::NamelessChain SurveyTruth::ChainWithoutName(uint32_t address) const {
  const uint32_t owner = world_.CertificateOwner(address, "");
  std::shared_ptr<const Chain> chain = store_.ChainOf(owner, world_.addresses()[address].variant);
  if (chain->without_name) return {chain->without_name, CertPosture::kSelfSigned};
  return {std::move(chain), world_.hosts()[owner].cert};
}

Json SurveyTruth::CertificatesOf(uint32_t host, const HostTruth& facts, uint32_t address,
                                 const EndpointTruth& truth) const {
  Json all = Json::array();
  if (!truth.tls_ok && !truth.no_common_suite) return all;
  const Address& server = world_.addresses()[address];
  if (truth.tls_ok && SetupOf(server.tls).min_version >= TLS1_3_VERSION) return all;
  const uint32_t owner = world_.CertificateOwner(address, truth.server_name);
  const auto chain = store_.ChainOf(owner, server.variant);
  const CertPosture cert = world_.hosts()[owner].cert;
  const bool rsa = FactsOf(chain->certificates[0]->key->kind).type == "rsa";
  all.push_back(CertificateOf(rsa ? "rsa" : "ecdsa", host, facts, *chain, cert));
  // Of a server without a handshake probes are all that shows it.
  all.back()["certain"] = !truth.tls_ok;
  if (chain->for_rsa) {
    all.push_back(CertificateOf("rsa", host, facts, *chain->for_rsa, CertPosture::kValidRsaIssuer));
    all.back()["certain"] = true;
  }
  const NamelessChain nameless = ChainWithoutName(address);
  all.push_back(CertificateOf("no_server_name", host, facts, *nameless.chain, nameless.cert));
  all.back()["certain"] = truth.tls_ok
                              ? server.behaviour != Behaviour::kRequireSni
                              : IsMetByFollowUp(server.tls) || server.tls == TlsPosture::kRc4Only;
  return all;
}

Json SurveyTruth::CertificateOf(const char* to, uint32_t host, const HostTruth& facts,
                                const Chain& chain, CertPosture cert) const {
  const ChainTruth judged = judge_.JudgeChain(host, facts, chain, cert);
  const Certificate& leaf = *chain.certificates[0];
  const KeyFacts key = FactsOf(leaf.key->kind);
  const auto or_not_known = [](std::string_view word) {
    return std::string(word.empty() ? "not_known" : word);
  };
  return {{"to", to},
          {"leaf_sha256", ToHex(Sha256(leaf.der))},
          {"key_type", key.type},
          {"key_bits", key.bits},
          {"pkix_status", judged.pkix_status},
          {"name_match", judged.name_match},
          {"dane_status", or_not_known(judged.dane.status)},
          {"certificate_level",
           judged.certificate_level ? std::to_string(*judged.certificate_level) : "not_known"}};
}

}  // namespace mxsweep::lab
