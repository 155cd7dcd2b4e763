// Domains to explain: one for each kind of trouble, made up row by row.
#ifndef MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_CHECKS_H_
#define MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_CHECKS_H_

#include <ostream>
#include <string>
#include <vector>

#include "scanner/posture/report.h"
#include "tests/scanner/posture/made_up_domain.h"

namespace mxsweep::scanner::testing {

using testing::MadeUpDomain;

inline CheckWorld World() {
  return {.now = MadeUpDomain::Now(),
          .resolver = "The resolver validates DNSSEC.",
          .resolver_validates = true};
}

// One MX host with one good server that shows a certificate.
inline MadeUpDomain Plain(const std::string& name = "example.org") {
  MadeUpDomain domain(name);
  domain.domain().mta_sts_status = "none";
  domain.domain().tlsrpt_status = "none";
  domain.AddHost(10, "mx." + name);
  domain.AddLeaf(domain.AddGoodServer());
  return domain;
}

inline output::EndpointRow& Server(MadeUpDomain& domain) { return domain.rows().endpoints.front(); }
inline output::MxHostRow& Host(MadeUpDomain& domain) { return domain.rows().hosts.front(); }
inline output::CertificateRow& Leaf(MadeUpDomain& domain) {
  return domain.rows().certificates.front();
}

inline void Unsign(MadeUpDomain& domain) {
  domain.domain().mx_dnssec = "insecure";
  Host(domain).address_dnssec = "insecure";
  Host(domain).tlsa_status = "insecure";
  for (output::EndpointRow& row : domain.rows().endpoints) row.dane_status = "insecure";
}

// With one TLSA record: `data` and what comes of it.
inline void AddTlsa(MadeUpDomain& domain, const std::string& data, const std::string& status) {
  Host(domain).tlsa_status = "secure";
  Host(domain).tlsa_base_domain = Host(domain).host;
  Host(domain).tlsa = {{3, 1, 1, data, true}};
  Host(domain).dane_rollover_ready = false;
  output::EndpointRow& row = Server(domain);
  row.dane_status = status;
  if (status == "match") {
    row.dane_matched_record = "3 1 1 " + data;
    row.dane_detail = "3 1 1 matches at depth 0";
  } else {
    row.dane_detail = "3 1 1: not the leaf's public key";
  }
}

// With a policy in `mode` that names the first host.
inline void AddPolicy(MadeUpDomain& domain, const std::string& mode) {
  output::DomainRow& row = domain.domain();
  row.mta_sts_status = "valid";
  row.mta_sts_id = "20270101";
  row.mta_sts_policy_status = "valid";
  row.mta_sts_mode = mode;
  row.mta_sts_max_age = 604800;
  row.mta_sts_mx = {Host(domain).host};
  row.mta_sts_unmatched_mx.emplace();
  row.tlsrpt_status = "valid";
  row.tlsrpt_rua = "mailto:tls-reports@" + row.domain;
}

// DANE and no MTA-STS.
inline MadeUpDomain Dane() {
  MadeUpDomain domain = Plain();
  AddTlsa(domain, *Leaf(domain).spki_sha256, "match");
  Host(domain).tlsa->push_back({2, 1, 1, std::string(64, 'b'), true});
  Host(domain).dane_rollover_ready = true;
  return domain;
}

inline MadeUpDomain Perfect() {
  MadeUpDomain domain = Dane();
  AddPolicy(domain, "enforce");
  return domain;
}

inline void Expire(MadeUpDomain& domain) {
  Server(domain).not_after = Leaf(domain).not_after = MadeUpDomain::Now() - absl::Hours(24 * 40);
  Server(domain).pkix_status = "expired";
  Server(domain).pkix_error = "certificate 0 (CN=mx) expired";
}

inline void Shorten(MadeUpDomain& domain) {
  Server(domain).leaf_key_type = Leaf(domain).key_type = "rsa";
  Server(domain).leaf_key_bits = Leaf(domain).key_bits = 1024;
  Leaf(domain).curve.reset();
  Server(domain).certificate_level = 1;
  Server(domain).certificate_level_limit = "leaf key: rsa 1024 bits";
}

inline void Silence(MadeUpDomain& domain, const std::string& outcome, const std::string& stage) {
  for (output::EndpointRow& row : domain.rows().endpoints) {
    row = output::EndpointRow{.host = row.host,
                              .address = row.address,
                              .outcome = outcome,
                              .stage = stage,
                              .attempts = 2,
                              .dane_status = row.dane_status,
                              .started_at = row.started_at};
  }
  domain.rows().certificates.clear();
}

struct Check {
  std::string name;  // of its golden files
  std::vector<MadeUpDomain> domains;
  CheckWorld world = World();

  ScanRows Rows() const {
    ScanRows all;
    for (MadeUpDomain domain : domains) {
      const ScanRows& rows = domain.rows();
      all.domains.insert(all.domains.end(), rows.domains.begin(), rows.domains.end());
      all.hosts.insert(all.hosts.end(), rows.hosts.begin(), rows.hosts.end());
      all.endpoints.insert(all.endpoints.end(), rows.endpoints.begin(), rows.endpoints.end());
      all.certificates.insert(all.certificates.end(), rows.certificates.begin(),
                              rows.certificates.end());
    }
    return all;
  }
  std::vector<CheckedDomain> Asked() const {
    std::vector<CheckedDomain> asked;
    for (MadeUpDomain domain : domains) {
      asked.push_back({domain.domain().domain, domain.domain().domain});
    }
    return asked;
  }
};

// For GoogleTest: its name says which one it is.
inline void PrintTo(const Check& check, std::ostream* out) { *out << check.name; }

inline MadeUpDomain WithMxStatus(const std::string& status) {
  MadeUpDomain domain(status + ".example");
  domain.domain().mx_status = status;
  return domain;
}

// Two MX hosts of equal preference, one with and one without TLS, and a third that is silent.
inline MadeUpDomain Mixed() {
  MadeUpDomain domain("mixed.example");
  domain.AddHost(10, "a.mixed.example");
  domain.AddLeaf(domain.AddGoodServer());
  domain.AddHost(10, "b.mixed.example");
  output::EndpointRow& bare = domain.AddServer("no_starttls", "ehlo");
  bare.ehlo_keywords = {"PIPELINING", "XXXXXXXA"};
  domain.AddHost(20, "c.mixed.example");
  domain.AddServer("connect_timeout", "connect");
  return domain;
}

// Two servers that complete the handshake: one wants a client certificate, the other refuses EHLO.
inline MadeUpDomain TurnedAwayWithinTls() {
  MadeUpDomain domain("within.example");
  domain.AddHost(10, "a.within.example");
  output::EndpointRow& wants = domain.AddGoodServer();
  domain.AddLeaf(wants);
  wants.stage = "ehlo_after_tls";
  wants.after_tls = "closed";
  wants.after_tls_code.reset();
  wants.alert_received = "certificate_required";
  wants.error_detail = "alert certificate_required";
  domain.AddHost(20, "b.within.example");
  output::EndpointRow& refuses = domain.AddGoodServer();
  domain.AddLeaf(refuses);
  refuses.stage = "ehlo_after_tls";
  refuses.after_tls = "refused";
  refuses.after_tls_code = 550;
  refuses.error_detail = "550 5.7.1 no";
  return domain;
}

// TLS 1.0 and a server without RFC 5746.
inline void Age(MadeUpDomain& domain) {
  output::EndpointRow& row = Server(domain);
  row.tls_version = "TLSv1";
  row.cipher = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA";
  row.secure_renegotiation = false;
  SetSessionLevel(row, 0);
}

// MX records that cannot be meant so: an address, a blank, a forgotten dot, an underscore.
inline MadeUpDomain OddNames() {
  MadeUpDomain domain("odd.example");
  const std::pair<const char*, const char*> names[] = {
      {"192.0.2.99", "ip_literal"}, {"mx.odd.example\\032", "blank"}, {"my_mx.odd.example", ""}};
  uint16_t preference = 0;
  for (const auto& [name, problem] : names) {
    output::MxHostRow& host = domain.AddHost(preference += 10, name);
    host.address_status.reset();
    host.addresses.reset();
    host.tlsa_status.reset();
    host.is_valid_name = false;
    host.name_problem = *problem == '\0' ? "not_a_host_name" : problem;
  }
  output::MxHostRow& twice = domain.AddHost(preference += 10, "mx.odd.example.odd.example");
  twice.address_status = "nxdomain";
  return domain;
}

// A host with two addresses and a key of its own at each; the record is of the first one.
inline MadeUpDomain TwoKeys() {
  MadeUpDomain domain = Plain();
  domain.AddLeaf(domain.AddGoodServer());
  AddTlsa(domain, *Leaf(domain).spki_sha256, "match");
  output::EndpointRow& other = domain.rows().endpoints.back();
  other.dane_status = "mismatch";
  other.dane_detail = "3 1 1: not the leaf's public key";
  domain.domain().dane_status = "broken";
  return domain;
}

inline std::vector<Check> AllChecks() {
  std::vector<Check> checks;
  const auto add = [&checks](std::string name, MadeUpDomain domain) -> Check& {
    return checks.emplace_back(Check{.name = std::move(name), .domains = {std::move(domain)}});
  };
  add("perfect", Perfect());
  add("plain", Plain());
  MadeUpDomain domain = Plain();
  Unsign(domain);
  domain.domain().domain = "xn--bcher-kva.example";
  add("unsigned", domain);
  domain = Plain();
  AddTlsa(domain, std::string(64, 'f'), "mismatch");
  add("dane_mismatch", domain);
  domain = Plain();
  Expire(domain);
  Unsign(domain);
  add("expired", domain);
  domain = Dane();
  Expire(domain);
  add("expired_but_dane", domain);
  domain = Plain();
  Shorten(domain);
  add("weak_key", domain);
  domain = Plain();
  Silence(domain, "no_starttls", "ehlo");
  add("no_starttls", domain);
  domain = Plain();
  Silence(domain, "connect_timeout", "connect");
  add("connect_timeout", domain);
  domain = Plain();
  Server(domain).pkix_status = "incomplete";
  Server(domain).pkix_error = "the issuer of certificate 0 is missing";
  Server(domain).name_match = "none";
  Leaf(domain).subject_alt_names = {"dns:a.example", "dns:b.example", "dns:c.example",
                                    "dns:d.example"};
  add("incomplete", domain);
  domain = Plain();
  AddPolicy(domain, "enforce");
  domain.domain().mta_sts_mx = {"*.example.net"};
  domain.domain().mta_sts_unmatched_mx = {"mx.example.org"};
  add("mta_sts_other_host", domain);
  domain = Plain();
  AddPolicy(domain, "enforce");
  domain.domain().mta_sts_policy_status = "http_status";
  domain.domain().mta_sts_rpt_result = "sts-policy-fetch-error";
  domain.domain().mta_sts_mode.reset();
  domain.domain().mta_sts_mx.reset();
  domain.domain().mta_sts_unmatched_mx.reset();
  domain.domain().mta_sts_error = "status 404";
  domain.domain().tlsrpt_status = "invalid";
  domain.domain().tlsrpt_error = "no rua";
  add("mta_sts_broken", domain);
  domain = Plain();
  AddPolicy(domain, "testing");
  Expire(domain);
  domain.domain().tlsrpt_status = "lookup_error";
  domain.domain().tlsrpt_error = "SERVFAIL";
  add("mta_sts_testing", domain);
  domain = Plain();
  Server(domain).revocation_status = "revoked";
  Server(domain).revocation_source = "crl";
  Server(domain).revocation_detail = "leaf: revoked 2026-12-01T08:00:00Z, keyCompromise";
  add("revoked", domain);
  add("blind_resolver", Plain()).world = {.now = MadeUpDomain::Now(),
                                          .resolver = "192.0.2.53:53 does not validate DNSSEC.",
                                          .resolver_validates = false};
  add("mixed", Mixed());
  add("within_tls", TurnedAwayWithinTls());
  domain = Plain();
  Age(domain);
  add("old_server", domain);
  domain = Plain();
  Server(domain).greeting = "220 **************************";
  Server(domain).starttls_code = 220;
  add("masked_greeting", domain);
  add("odd_names", OddNames());
  add("two_keys", TwoKeys());
  Check& several = add("several", Perfect());
  for (const char* status : {"null_mx", "nxdomain", "no_mail", "bogus", "timeout"}) {
    several.domains.push_back(WithMxStatus(status));
  }
  return checks;
}

}  // namespace mxsweep::scanner::testing

#endif  // MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_CHECKS_H_
