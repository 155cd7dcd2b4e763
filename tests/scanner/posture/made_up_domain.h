// Rows of made-up domains: what a scan could have found, in a few words.
#ifndef MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_DOMAIN_H_
#define MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_DOMAIN_H_

#include <cstdint>
#include <string>
#include <utility>

#include "scanner/posture/domain_rows.h"

namespace mxsweep::scanner::testing {

// What the handshake's halves come to on OpenSSL's scale: version, cipher, group and signature …
inline void SetSessionLevel(output::EndpointRow& row, int level) {
  row.session_level = static_cast<uint8_t>(level);
  row.session_level_limit = "version: " + row.tls_version.value_or("");
}
// … and the keys and signatures of the certificates.
inline void SetCertificateLevel(output::EndpointRow& row, int level,
                                const std::string& limit = "leaf key: rsa 1024 bits") {
  row.certificate_level = static_cast<uint8_t>(level);
  row.certificate_level_limit = limit;
}

// Builds the rows of one domain, host by host and server by server.
class MadeUpDomain {
 public:
  explicit MadeUpDomain(const std::string& name = "example.org") {
    rows_.domains.push_back({});
    output::DomainRow& row = rows_.domains.back();
    row.domain = name;
    row.mx_status = "mx";
    row.mx_dnssec = "secure";
    row.mx.emplace();
    row.diagnosis = "ok";
    row.started_at = Now();
  }

  static absl::Time Now() { return absl::FromUnixSeconds(1'800'000'000); }  // 2027-01-15

  output::DomainRow& domain() { return rows_.domains.front(); }
  ScanRows& rows() { return rows_; }

  // An MX host with signed addresses and no TLSA records.
  output::MxHostRow& AddHost(uint16_t preference, const std::string& name) {
    domain().mx->push_back({preference, name});
    output::MxHostRow& row = rows_.hosts.emplace_back();
    row.host = name;
    row.is_cname = false;
    row.address_status = "ok";
    row.address_dnssec = "secure";
    row.addresses.emplace();
    row.tlsa_status = "none";
    return row;
  }

  // A server of the host that was added last.
  output::EndpointRow& AddServer(const std::string& outcome, const std::string& stage = "done") {
    output::MxHostRow& host = rows_.hosts.back();
    host.addresses->push_back("192.0.2." + std::to_string(rows_.endpoints.size() + 1));
    output::EndpointRow& row = rows_.endpoints.emplace_back();
    row.host = host.host;
    row.address = host.addresses->back();
    row.port = 25;
    row.outcome = outcome;
    row.stage = stage;
    row.attempts = 1;
    row.started_at = Now();
    if (host.tlsa_status == "none") row.dane_status = "none";
    return row;
  }

  // A server where all is as it should be.
  output::EndpointRow& AddGoodServer() {
    output::EndpointRow& row = AddServer("tls_ok");
    row.greeting_code = 220;
    row.tls_version = "TLSv1.3";
    row.cipher = "TLS_AES_128_GCM_SHA256";
    row.cipher_bits = 128;
    row.group = "X25519";
    row.signature_algorithm = "ecdsa_secp256r1_sha256";
    row.leaf_key_type = "ec";
    row.leaf_key_bits = 256;
    row.session_level = 3;
    row.session_level_limit = "cipher: TLS_AES_128_GCM_SHA256";
    row.session_level_openssl_3_0 = 3;
    row.certificate_level = 3;
    row.certificate_level_limit = "leaf key: ec 256 bits";
    row.pkix_status = "valid";
    row.name_match = "san";
    row.not_after = Now() + absl::Hours(24 * 80);
    row.injected_plaintext_bytes = 0;
    row.after_tls = "ok";
    row.after_tls_code = 250;
    return row;
  }

  // The certificate that `row` shows, unless it shows one already.
  output::CertificateRow& AddLeaf(output::EndpointRow& row) {
    output::CertificateRow& leaf = rows_.certificates.emplace_back();
    leaf.sha256 = "c" + std::to_string(rows_.certificates.size());
    leaf.spki_sha256 = std::string(62, 'a') + (rows_.certificates.size() < 10 ? "0" : "") +
                       std::to_string(rows_.certificates.size());
    leaf.subject = "CN=" + row.host;
    leaf.issuer = "CN=Some Authority R3,O=Some Authority";
    leaf.subject_alt_names = {"dns:" + row.host};
    leaf.not_before = Now() - absl::Hours(24 * 10);
    leaf.not_after = row.not_after;
    leaf.key_type = row.leaf_key_type;
    leaf.key_bits = row.leaf_key_bits;
    if (row.leaf_key_type == "ec") leaf.curve = "P-256";
    leaf.signature_algorithm = "sha256WithRSAEncryption";
    row.chain_sha256 = {leaf.sha256};
    return leaf;
  }

  DomainRows Gather() { return GatherDomain(domain(), rows_); }

 private:
  ScanRows rows_;
};

}  // namespace mxsweep::scanner::testing

#endif  // MXSWEEP_TESTS_SCANNER_POSTURE_MADE_UP_DOMAIN_H_
