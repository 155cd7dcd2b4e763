#include "tools/lab/truth.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"
#include "tools/lab/domain_truth.h"
#include "tools/lab/judge.h"
#include "tools/lab/ocsp.h"
#include "tools/lab/smtp_texts.h"
#include "tools/lab/survey_truth.h"
#include "tools/lab/text.h"
#include "tools/lab/tls_server.h"
#include "tools/lab/weak_key_truth.h"

namespace mxsweep::lab {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint32_t kMinRsaBits = 2048;

Json OrNull(std::string_view text) { return text.empty() ? Json() : Json(std::string(text)); }

// As the scanner writes time stamps.
std::string Timestamp(int64_t at) {
  const std::time_t seconds = at;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[40];
  std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S.000000Z", &parts);
  return text;
}

// "220 first line\nsecond line".
Json ReplyText(const Reply& reply, Behaviour behaviour) {
  if (reply.code == 0) return nullptr;
  std::string text = JoinText(reply.code, " ");
  for (size_t i = 0; i < reply.lines.size(); ++i) text += (i > 0 ? "\n" : "") + reply.lines[i];
  return behaviour == Behaviour::kLowerCase ? ToLower(text) : text;
}

std::string_view AlertName(uint8_t number) {
  switch (number) {
    case 10:
      return "unexpected_message";
    case 22:
      return "record_overflow";
    case 40:
      return "handshake_failure";
    case 47:
      return "illegal_parameter";
    case 50:
      return "decode_error";
    case 70:
      return "protocol_version";
    case 80:
      return "internal_error";
    default:
      return "";
  }
}

// The registrable domain: "lab" is a public suffix as any unlisted top-level domain is.
std::string Provider(const std::string& host) {
  const size_t last = host.rfind('.');
  const size_t before = last == host.npos || last == 0 ? host.npos : host.rfind('.', last - 1);
  return before == host.npos ? host : host.substr(before + 1);
}

Json Keywords(const Reply& reply) {
  Json list = Json::array();
  for (size_t i = 1; i < reply.lines.size(); ++i) list.push_back(reply.lines[i]);
  return list;
}

Json SizeLimit(const Reply& reply) {
  for (const std::string& line : reply.lines) {
    std::string_view text = line;
    if (ConsumePrefix(text, "SIZE ")) return std::stoull(std::string(text));
  }
  return nullptr;
}

// What became of the EHLO, and of HELO where it was refused, within TLS. The code: 0 where none
// came.
struct AfterTls {
  std::string_view word;
  int code = 0;
};

AfterTls AfterTlsOf(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kStuckAfterTls:
      return {"timeout"};
    case Behaviour::kCloseAfterTls:
    case Behaviour::kEhloAfterTlsClose:
      return {"closed"};
    case Behaviour::kEhloAfterTls421:
      return {"throttled_421", 421};
    case Behaviour::kEhloAfterTlsRefused:
      return {"refused", 550};
    case Behaviour::kEhloAfterTlsHelo:
      return {"helo", 250};
    default:
      return {"ok", 250};
  }
}

bool Reached(const EndpointTruth& truth, std::string_view stage) {
  constexpr std::array<std::string_view, 9> kStages = {"gate",           "connect",  "greeting",
                                                       "ehlo",           "starttls", "handshake",
                                                       "ehlo_after_tls", "quit",     "done"};
  const auto at = [&](std::string_view one) {
    return std::find(kStages.begin(), kStages.end(), one) - kStages.begin();
  };
  return at(truth.outcome.stage) >= at(stage);
}

void AddSmtp(const World& world, uint32_t address, const EndpointTruth& truth, Json& row) {
  const Behaviour behaviour = world.addresses()[address].behaviour;
  const Reply greeting = GreetingOf(world, address);
  // A reply that is refused for its code may be told or not.
  if (behaviour != Behaviour::kGreeting354) {
    row["greeting_code"] = greeting.code == 0 ? Json() : Json(greeting.code);
    row["greeting"] = ReplyText(greeting, behaviour);
  }
  const Reply ehlo = EhloReplyOf(world, address, false);
  const bool ehlo_ok = Reached(truth, "ehlo") && ehlo.code == 250;
  const bool helo = behaviour == Behaviour::kHeloOnly || behaviour == Behaviour::kEhloRefused;
  row["helo_used"] = ehlo_ok || helo ? Json(helo) : Json();
  row["ehlo_keywords"] = ehlo_ok ? Keywords(ehlo) : Json();
  row["size_limit"] = ehlo_ok ? SizeLimit(ehlo) : Json();
  const Reply starttls = truth.starttls_offered ? StarttlsReplyOf(behaviour) : Reply{};
  row["starttls_code"] = starttls.code == 0 ? Json() : Json(starttls.code);
  row["starttls_reply"] = ReplyText(starttls, behaviour);
  row["injected_plaintext_bytes"] = starttls.code != 220 ? Json()
                                    : behaviour == Behaviour::kInjectedPlaintext
                                        ? Json(kInjected.size())
                                        : Json(0);
  const AfterTls after_tls = truth.tls_ok ? AfterTlsOf(behaviour) : AfterTls{};
  const bool listed = after_tls.word == "ok";
  row["ehlo_after_tls"] = listed ? Keywords(EhloReplyOf(world, address, true)) : Json();
  row["requiretls"] = listed ? Json(behaviour == Behaviour::kEhloDiffers) : Json();
  row["reply_codes"] = nullptr;  // no reply here has two
  row["after_tls"] = OrNull(after_tls.word);
  row["after_tls_code"] = after_tls.code == 0 ? Json() : Json(after_tls.code);
}

void AddTls(const World& world, uint32_t address, const EndpointTruth& truth,
            std::optional<uint8_t> garbage_alert, Json& row) {
  const Behaviour behaviour = world.addresses()[address].behaviour;
  if (!truth.server_name.empty() || !Reached(truth, "handshake")) {
    row["server_name"] = OrNull(truth.server_name);
    const bool shown = !truth.server_name.empty();
    row["offer"] = shown ? Json("usual") : Json();
    row["offered_as"] = shown ? Json("everything") : Json();
    row["offered_post_quantum"] = shown ? Json(KnowsHybridGroups()) : Json();
  }
  // Nobody is asked without a name unless the scan is told to.
  row["without_server_name"] = nullptr;
  row["without_server_name_detail"] = nullptr;
  row["usual_offer_failure"] = nullptr;  // no server here wants another one
  row["may_be_ours"] = OrNull(truth.may_be_ours);
  const bool ok = truth.tls_ok;
  const Negotiated tls = truth.tls.value_or(Negotiated{});
  const bool stapled = behaviour == Behaviour::kStapled;
  row["tls_version"] = OrNull(tls.version_name);
  row["cipher"] = OrNull(tls.cipher);
  row["cipher_bits"] = ok ? Json(tls.cipher_bits) : Json();
  row["group"] = OrNull(tls.group);
  row["group_bits"] = tls.forward_secret ? Json(tls.group_bits) : Json();
  row["signature_algorithm"] = OrNull(tls.signature);
  row["ocsp_stapled"] = ok ? Json(stapled) : Json();
  row["sct_count"] = ok ? Json(stapled ? kSctCount : 0) : Json();
  row["extended_master_secret"] = ok ? Json(tls.extended_master_secret) : Json();
  row["secure_renegotiation"] = ok ? Json(tls.secure_renegotiation) : Json();
  row["alert_sent"] = behaviour == Behaviour::kTlsGarbage && garbage_alert
                          ? OrNull(AlertName(*garbage_alert))
                          : Json();
  row["alert_received"] = behaviour == Behaviour::kAlertHandshakeFailure || truth.no_common_suite
                              ? Json("handshake_failure")
                          : behaviour == Behaviour::kAlertProtocolVersion ? Json("protocol_version")
                          : behaviour == Behaviour::kAlertInternalError   ? Json("internal_error")
                                                                          : Json();
  AddFollowUp(truth, world.addresses()[address].tls, row);
}

// Of the yardsticks the lab knows what one session cannot show, and two faults for certain.
void AddYardsticks(const EndpointTruth& truth, Json& row) {
  // A server that has other suites in common with OpenSSL is for real ones to play.
  if (truth.no_common_suite) return;
  const Negotiated tls = truth.tls.value_or(Negotiated{});
  if (tls.version_name.empty()) {
    for (const char* column : {"nist_sp800_52r2", "ncsc_nl_2021", "ncsc_nl_2021_at_most",
                               "ncsc_nl_2025", "ncsc_nl_2025_at_most", "mozilla_modern",
                               "mozilla_intermediate", "mozilla_old", "yardsticks_unseen"}) {
      row[column] = nullptr;
    }
    return;
  }
  if (!truth.tls_ok) return;
  Json& unseen = row["yardsticks_unseen"] = Json::array();
  for (const char* word : {"versions", "weak_suites", "export_suites", "dhe", "certificates"}) {
    unseen.push_back(word);
  }
  unseen.push_back(tls.version_name == "TLSv1.3" ? "tls12_extensions" : "fallback_scsv");
  const KeyFacts key = FactsOf(truth.chain->certificates[0]->key->kind);
  if ((key.type == "rsa" && key.bits < kMinRsaBits) || tls.version_name == "TLSv1" ||
      tls.version_name == "TLSv1.1") {
    row["ncsc_nl_2025_at_most"] = "insufficient";
  }
}

// Lists are not asked: only the stapled response speaks.
void AddRevocation(const World& world, uint32_t address, const EndpointTruth& truth, Json& row) {
  const bool stapled = truth.tls_ok && world.addresses()[address].behaviour == Behaviour::kStapled;
  const OcspTruth ocsp = stapled ? OcspTruthFor(*truth.chain) : OcspTruth{};
  row["ocsp_status"] = OrNull(ocsp.ocsp_status);
  row["revocation_status"] = OrNull(ocsp.revocation_status);
  row["revocation_source"] = stapled ? Json("ocsp_staple") : Json();
  // The sentence is free, its absence is not.
  if (!stapled || ocsp.revocation_status == "good") row["revocation_detail"] = nullptr;
}

void AddCertificates(const EndpointTruth& truth, const HostTruth& host, Json& row) {
  const bool ok = truth.tls_ok;
  const Certificate* leaf = ok ? truth.chain->certificates[0].get() : nullptr;
  row["leaf_key_type"] = ok ? Json(std::string(FactsOf(leaf->key->kind).type)) : Json();
  row["leaf_key_bits"] = ok ? Json(FactsOf(leaf->key->kind).bits) : Json();
  row["leaf_signature_algorithm"] = ok ? Json(std::string(NameOf(leaf->signature))) : Json();
  row["session_level"] = ok ? Json(truth.session_level) : Json();
  row["session_level_openssl_3_0"] = ok ? Json(truth.session_level_openssl_3_0) : Json();
  row["certificate_level"] = truth.certificate_level ? Json(*truth.certificate_level) : Json();
  Json hashes = Json::array();
  for (size_t i = 0; ok && i < truth.chain->certificates.size(); ++i) {
    hashes.push_back(ToHex(Sha256(truth.chain->certificates[i]->der)));
  }
  row["chain_sha256"] = ok ? hashes : Json();
  row["pkix_status"] = OrNull(truth.pkix_status);
  // The sentence is free, its absence is not.
  if (!ok || truth.pkix_status == "valid") row["pkix_error"] = nullptr;
  row["name_match"] = OrNull(truth.name_match);
  row["not_after"] = ok ? Json(Timestamp(leaf->not_after)) : Json();
  row["dane_status"] = OrNull(truth.dane_status);
  row["dane_matched_record"] = nullptr;
  row["dane_matched_depth"] = truth.dane_depth ? Json(*truth.dane_depth) : Json();
  if (truth.dane_matched) {
    const Tlsa& record = host.tlsa[*truth.dane_matched];
    row["dane_matched_record"] = JoinText(record.usage, " ", record.selector, " ",
                                          record.matching_type, " ", ToHex(record.data));
  }
}

// Null over 64 bits.
Json ExponentOf(const Key& key) {
  if (key.rsa_exponent.size() > sizeof(uint64_t)) return nullptr;
  uint64_t value = 0;
  for (const char byte : key.rsa_exponent) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

Json CertificateRow(const Certificate& c) {
  if (c.key == nullptr) {
    return {{"sha256", ToHex(Sha256(c.der))}, {"der", absl::Base64Escape(c.der)}};
  }
  const KeyFacts key = FactsOf(c.key->kind);
  const bool rsa = key.type == "rsa";
  Json names = Json::array();
  for (const std::string& name : c.names) names.push_back("dns:" + name);
  Json weak = Json::array();
  for (const std::string_view word : c.key->faults.at_scan) weak.push_back(word);
  if (c.signature == SignatureKind::kRsaSha1) weak.push_back("sha1_signature");
  return {{"sha256", ToHex(Sha256(c.der))},
          {"spki_sha256", ToHex(Sha256(c.key->spki))},
          {"der", absl::Base64Escape(c.der)},
          {"subject", "CN=" + c.subject_cn},
          {"issuer", "CN=" + c.issuer_cn},
          {"subject_alt_names", names},
          {"serial", ToHex(c.serial)},
          {"not_before", Timestamp(c.not_before)},
          {"not_after", Timestamp(c.not_after)},
          {"key_type", std::string(key.type)},
          {"key_bits", key.bits},
          {"rsa_exponent", rsa ? ExponentOf(*c.key) : Json()},
          {"curve", OrNull(key.curve)},
          {"signature_algorithm", std::string(NameOf(c.signature))},
          {"is_ca", c.is_ca},
          {"self_signed", c.self_signed},
          {"weak_key", weak.empty() ? Json() : weak},
          {"crl_urls", Json::array()},
          {"ocsp_must_staple", false},
          {"revocation_status", nullptr},
          {"revocation_detail", nullptr}};
}

struct Outputs {
  std::ostream* domains = nullptr;
  std::ostream* mx_hosts = nullptr;
  std::ostream* endpoints = nullptr;
  std::ostream* certificates = nullptr;
  std::ostream* surveys = nullptr;
  std::ostream* weak_keys = nullptr;
};

void PutRow(std::ostream* out, const Json& row) {
  if (out == nullptr) return;
  // 8-bit text becomes U+FFFD, byte by byte, as in the scanner's own rows.
  *out << row.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

// Walks over the domains in their order, and over each host once, when it is first met.
class TruthWalk {
 public:
  TruthWalk(const World& world, CertificateStore& store, uint16_t smtp_port, Outputs out)
      : world_(world),
        store_(store),
        port_(smtp_port),
        out_(out),
        tls_(world, store),
        client_(tls_, store),
        judge_(world, store, client_) {}

  absl::Status Run() {
    absl::Status status = tls_.Init();
    if (status.ok()) status = client_.Init();
    if (!status.ok()) return status;
    garbage_alert_ = client_.AlertFor(kTlsGarbage);
    summaries_.resize(world_.hosts().size());
    for (const uint32_t zone : world_.Domains()) {
      DomainTruth domain(world_, zone);
      if (IsHostile(world_.zones()[zone].crowd)) {
        // Which of its hosts are asked is the scanner's to choose.
        if (out_.domains != nullptr) PutRow(out_.domains, domain.AnswerRow());
        continue;
      }
      for (const MxRecord& mx : domain.mx()) {
        if (mx.host_index == kNothing) {
          // The "host" of a null MX is one only beside others (RFC 7505 §3).
          if (!mx.host.empty() || domain.mx().size() > 1) {
            PutUnreachableHost(mx.host.empty() ? "." : mx.host);
          }
          continue;
        }
        status = VisitHost(mx.host_index);
        if (!status.ok()) return status;
        domain.Add(*summaries_[mx.host_index]);
      }
      if (out_.domains != nullptr) PutRow(out_.domains, domain.Row());
      AddMail(domain);
    }
    for (const Json& row : weak_keys_.Rows()) PutRow(out_.weak_keys, row);
    return absl::OkStatus();
  }

 private:
  absl::Status VisitHost(uint32_t index) {
    if (summaries_[index]) return absl::OkStatus();
    const HostTruth facts = judge_.JudgeHost(index);
    HostSummary& summary = summaries_[index].emplace();
    summary.tlsa_secure = facts.tlsa_status == "secure";
    summary.tlsa_error = facts.tlsa_status == "lookup_error";
    summary.dane_unknown = facts.address_status == "servfail" || facts.address_status == "timeout";
    summary.unknown += IsError(facts.ipv4) || IsError(facts.ipv6);
    PutHost(index, facts);
    if (facts.address_status != "ok") return absl::OkStatus();
    for (const uint32_t address : world_.AddressesOf(index)) {
      const absl::StatusOr<EndpointTruth> endpoint = judge_.JudgeEndpoint(index, facts, address);
      if (!endpoint.ok()) return endpoint.status();
      summary.Add(*endpoint);
      if (out_.endpoints != nullptr) PutEndpoint(index, facts, address, *endpoint);
      if (out_.certificates != nullptr || out_.weak_keys != nullptr) {
        PutChains(index, address, *endpoint);
      }
      if (out_.surveys != nullptr) PutSurveys(index, facts, address, *endpoint);
    }
    return absl::OkStatus();
  }

  void PutHost(uint32_t index, const HostTruth& facts) {
    if (out_.mx_hosts == nullptr) return;
    const std::string name = world_.HostName(index);
    const bool alias = world_.CanonicalName(index) != name;
    const bool error = facts.address_status == "servfail" || facts.address_status == "timeout";
    Json row = {{"host", name}, {"is_valid_name", true}, {"name_problem", nullptr}};
    row["provider"] = Provider(name);
    if (!error) row["is_cname"] = alias;
    row["canonical_name"] = alias ? Json(world_.CanonicalName(index)) : Json();
    row["address_status"] = std::string(facts.address_status);
    row["address_dnssec"] = std::string(facts.address_dnssec);
    row["ipv4_status"] = std::string(facts.ipv4.status);
    row["ipv6_status"] = std::string(facts.ipv6.status);
    row["ipv4_dnssec"] = std::string(facts.ipv4.dnssec);
    row["ipv6_dnssec"] = std::string(facts.ipv6.dnssec);
    Json addresses = Json::array();
    if (facts.address_status == "ok") {
      for (const uint32_t address : world_.AddressesOf(index)) {
        addresses.push_back(world_.AddressText(address));
      }
    }
    row["addresses"] = addresses;
    row["unasked_address_count"] = 0;  // none here has more than 64
    row["tlsa_status"] = OrNull(facts.tlsa_status);
    row["tlsa_base_domain"] = OrNull(facts.tlsa_base);
    Json records = Json::array();
    for (const Tlsa& record : facts.tlsa) {
      records.push_back({{"usage", record.usage},
                         {"selector", record.selector},
                         {"matching_type", record.matching_type},
                         {"data", ToHex(record.data)},
                         {"usable", record.usable}});
    }
    const bool unknown = facts.tlsa_status.empty() || facts.tlsa_status == "lookup_error";
    row["tlsa"] = unknown ? Json() : records;
    if (facts.tlsa_status == "secure") row["dane_rollover_ready"] = facts.rollover_ready;
    PutRow(out_.mx_hosts, row);
  }

  // MX hosts that are no host names, or a single label that nobody has.
  void PutUnreachableHost(const std::string& name) {
    if (out_.mx_hosts == nullptr || !odd_hosts_.insert(name).second) return;
    const bool single = name.find('.') == name.npos;
    const bool literal = name[0] >= '0' && name[0] <= '9';
    Json row = {{"host", name},
                {"is_valid_name", false},
                {"name_problem", name == "." ? "null_mx"
                                 : single    ? "single_label"
                                 : literal   ? "ip_literal"
                                             : "not_a_host_name"}};
    row["address_status"] = single ? Json("nxdomain") : Json();
    row["address_dnssec"] = single ? Json("secure") : Json();
    row["addresses"] = single ? Json(Json::array()) : Json();
    row["unasked_address_count"] = single ? Json(0) : Json();
    row["tlsa_status"] = nullptr;
    PutRow(out_.mx_hosts, row);
  }

  void PutEndpoint(uint32_t index, const HostTruth& host, uint32_t address,
                   const EndpointTruth& truth) {
    const std::string name = world_.HostName(index);
    Json row = {{"host", name},
                {"address", world_.AddressText(address)},
                {"port", port_},
                {"provider", Provider(name)},
                {"outcome", std::string(truth.outcome.outcome)},
                {"rpt_result", OrNull(truth.rpt_result)}};
    // Whether an address that is known for dead is asked for each of its names is left open.
    if (!IsParked(world_.zones()[world_.hosts()[index].zone].crowd)) {
      row["stage"] = std::string(truth.outcome.stage);
      row["attempts"] = truth.outcome.attempts;
    }
    AddSmtp(world_, address, truth, row);
    AddTls(world_, address, truth, garbage_alert_, row);
    AddYardsticks(truth, row);
    AddCertificates(truth, host, row);
    AddRevocation(world_, address, truth, row);
    PutRow(out_.endpoints, row);
  }

  void PutSurveys(uint32_t index, const HostTruth& host, uint32_t address,
                  const EndpointTruth& truth) {
    const SurveyTruth survey(world_, store_, judge_);
    const std::optional<Json> columns = survey.Of(index, host, address, truth);
    if (!columns) return;
    Json row = {{"host", world_.HostName(index)}, {"address", world_.AddressText(address)}};
    row.update(*columns);
    PutRow(out_.surveys, row);
  }

  // Of a server with finite-field DHE alone the follow-up is shown the chain.
  void PutChains(uint32_t index, uint32_t address, const EndpointTruth& truth) {
    const std::string host = world_.HostName(index);
    const ShownAt place = {host, world_.AddressText(address), port_, Provider(host)};
    if (truth.tls_ok) {
      for (const auto& shown : truth.chain->certificates) weak_keys_.AddShown(*shown, place);
      return PutChain(*truth.chain);
    }
    const TlsPosture tls = world_.addresses()[address].tls;
    if (!truth.no_common_suite || !IsMetByFollowUp(tls)) return;
    const auto chain = tls_.ChainFor({.address = address, .server_name = truth.server_name});
    // Rows tell the leaf alone of what a probe was shown.
    weak_keys_.AddShown(*chain->certificates[0], place);
    weak_keys_.AddPrime(*OldTlsOf(tls)->dh_prime, place);
    PutChain(*chain);
  }

  // Whose mail goes to which host, as the row of the domain says.
  void AddMail(const DomainTruth& domain) {
    if (out_.weak_keys == nullptr) return;
    const Json row = domain.AnswerRow();
    if (row["mx"].is_null()) return;
    for (const Json& mx : row["mx"]) weak_keys_.AddDomain(row["domain"], mx["host"]);
  }

  void PutChain(const Chain& chain) {
    for (const auto& certificate : chain.certificates) {
      if (seen_.insert(Sha256(certificate->der)).second) {
        PutRow(out_.certificates, CertificateRow(*certificate));
        weak_keys_.Add(*certificate);
      }
    }
  }

  const World& world_;
  CertificateStore& store_;
  uint16_t port_;
  Outputs out_;
  TlsServer tls_;
  ReferenceClient client_;
  Judge judge_;
  std::optional<uint8_t> garbage_alert_;
  std::vector<std::optional<HostSummary>> summaries_;
  WeakKeyTruth weak_keys_;
  absl::flat_hash_set<std::string> seen_;
  std::set<std::string> odd_hosts_;
};

}  // namespace

absl::Status WriteTruth(const World& world, CertificateStore& store, uint16_t smtp_port,
                        const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  std::ofstream domains(folder + "/domains.ndjson");
  std::ofstream mx_hosts(folder + "/mx_hosts.ndjson");
  std::ofstream endpoints(folder + "/endpoints.ndjson");
  std::ofstream certificates(folder + "/certificates.ndjson");
  std::ofstream surveys(folder + "/surveys.ndjson");
  std::ofstream weak_keys(folder + "/weak_keys.ndjson");
  TruthWalk walk(world, store, smtp_port,
                 {&domains, &mx_hosts, &endpoints, &certificates, &surveys, &weak_keys});
  const absl::Status status = walk.Run();
  if (!status.ok()) return status;
  for (std::ofstream* file :
       {&domains, &mx_hosts, &endpoints, &certificates, &surveys, &weak_keys}) {
    file->close();
    if (!*file) return absl::UnavailableError("cannot write to " + folder);
  }
  return absl::OkStatus();
}

absl::Status PrintTruth(const World& world, CertificateStore& store, uint16_t smtp_port,
                        std::string_view table, std::ostream& out) {
  Outputs outputs;
  (table == "domains"     ? outputs.domains
   : table == "mx_hosts"  ? outputs.mx_hosts
   : table == "endpoints" ? outputs.endpoints
   : table == "surveys"   ? outputs.surveys
   : table == "weak_keys" ? outputs.weak_keys
                          : outputs.certificates) = &out;
  return TruthWalk(world, store, smtp_port, outputs).Run();
}

}  // namespace mxsweep::lab
