// Writes a scan directory of many made-up domains, in the proportions of a survey of the Internet:
// four in ten domains have an MX host of their own, the others share those of some large providers.
//
//   report_big_scan DIR DOMAINS [CHANGED]
//
// CHANGED: of a thousand hosts and domains so many are drawn anew, as if the list had been scanned
// again later.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>

#include "absl/time/time.h"
#include "output/scan_directory.h"

namespace {

using namespace mxsweep;

constexpr int64_t kNow = 1'800'000'000;

class BigScan {
 public:
  BigScan(output::ScanWriter* writer, uint64_t domains, uint64_t changed)
      : writer_(*writer), domains_(domains), changed_(changed) {}

  absl::Status Write() {
    for (uint64_t i = 0; i < domains_; ++i) {
      absl::Status status = AddDomain(i);
      if (!status.ok()) return status;
      const auto committed = writer_.MaybeCommitEpoch(absl::Now());
      if (!committed.ok()) return committed.status();
    }
    return absl::OkStatus();
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }
  // What is drawn from here on follows from `name`, unless it is one that changed.
  void BeginDrawing(const std::string& name) {
    const bool is_changed = changes_() % 1'000 < changed_;
    random_.seed(std::hash<std::string>()(name) + (is_changed ? 1 : 0));
  }
  static absl::Time Now() { return absl::FromUnixSeconds(kNow); }

  absl::Status AddHost(const std::string& host, const std::string& provider) {
    BeginDrawing(host);
    output::MxHostRow row{.host = host, .provider = provider, .is_cname = false};
    row.address_status = row.ipv4_status = "ok";
    row.ipv6_status = "nodata";
    row.address_dnssec = "insecure";
    row.tlsa_status = Below(20) == 0 ? "secure" : "none";
    row.addresses = {"192.0.2." + std::to_string(std::hash<std::string>()(host) % 256)};
    row.started_at = Now();
    absl::Status status = AddServer(host, provider, row.addresses->front());
    return status.ok() ? writer_.Add(std::move(row)) : status;
  }

  absl::Status AddServer(const std::string& host, const std::string& provider,
                         const std::string& address) {
    output::EndpointRow row{.host = host, .address = address, .provider = provider};
    row.started_at = Now();
    row.connect_us = 1000 + Below(300'000);
    const uint64_t kind = Below(100);
    if (kind < 15) {
      row.outcome = kind < 6 ? "connect_timeout" : kind < 9 ? "connect_refused" : "no_starttls";
      row.stage = kind < 9 ? "connect" : "ehlo";
      return writer_.Add(std::move(row));
    }
    row.outcome = "tls_ok";
    row.stage = "done";
    row.greeting = host + " ESMTP number " + std::to_string(Below(1'000'000));
    row.greeting_code = 220;
    row.starttls_code = 220;
    row.after_tls = "ok";
    row.after_tls_code = 250;
    row.greeting_us = 1000 + Below(5'000'000);
    row.starttls_us = 1000 + Below(300'000);
    row.handshake_us = 2000 + Below(600'000);
    row.offered_as = "everything";
    row.server_name = host;
    row.tls_version = Below(4) == 0 ? "TLSv1.2" : "TLSv1.3";
    row.cipher = Below(3) == 0 ? "TLS_AES_128_GCM_SHA256" : "TLS_AES_256_GCM_SHA384";
    row.group = Below(5) == 0 ? "P-256" : "X25519";
    row.leaf_key_type = Below(3) == 0 ? "ec" : "rsa";
    row.leaf_key_bits = *row.leaf_key_type == "ec" ? 256 : 2048 << Below(2);
    row.leaf_signature_algorithm = "sha256WithRSAEncryption";
    row.session_level = 2 + Below(2);
    row.certificate_level = 2;
    row.pkix_status = Below(5) == 0 ? "self_signed" : "valid";
    row.name_match = Below(9) == 0 ? "none" : "san";
    row.dane_status = "none";
    row.rpt_result = "success";
    row.not_after = Now() + absl::Hours(24 * static_cast<int64_t>(Below(300)));
    output::CertificateRow certificate{.sha256 = std::to_string(random_()) + host};
    certificate.subject = "CN=" + host;
    certificate.issuer = "CN=Authority " + std::to_string(Below(40)) + ",O=Some Authority";
    certificate.key_type = row.leaf_key_type;
    certificate.key_bits = row.leaf_key_bits;
    certificate.signature_algorithm = row.leaf_signature_algorithm;
    certificate.is_ca = false;
    certificate.not_after = row.not_after;
    certificate.not_before = *row.not_after - absl::Hours(24 * 90);
    certificate.first_seen = Now();
    row.chain_sha256 = {certificate.sha256};
    absl::Status status = writer_.Add(std::move(certificate));
    return status.ok() ? writer_.Add(std::move(row)) : status;
  }

  absl::Status AddDomain(uint64_t number) {
    output::DomainRow row{.domain = "domain-" + std::to_string(number) + ".example"};
    BeginDrawing(row.domain);
    row.input_line = number + 1;
    row.started_at = Now();
    const uint64_t kind = Below(100);
    row.mx_status = kind < 12 ? "nxdomain" : kind < 15 ? "null_mx" : kind < 17 ? "timeout" : "mx";
    row.diagnosis = kind < 12 ? "nxdomain" : kind < 17 ? "dns_error" : "ok";
    if (row.mx_status != "mx") return writer_.Add(std::move(row));
    row.mx_dnssec = "insecure";
    row.mx.emplace();
    if (Below(10) < 4) {
      const std::string host = "mx." + row.domain;
      absl::Status status = AddHost(host, row.domain);
      if (!status.ok()) return status;
      row.mx->push_back({10, host});
    } else {
      const uint64_t provider = Below(1 + Below(20'000));
      const std::string name = "provider-" + std::to_string(provider) + ".example";
      for (const char* prefix : {"mx1.", "mx2."}) row.mx->push_back({10, prefix + name});
      if (provider >= known_.size()) known_.resize(provider + 1);
      if (!known_[provider]) {
        known_[provider] = true;
        for (const output::MxEntry& entry : *row.mx) {
          absl::Status status = AddHost(entry.host, name);
          if (!status.ok()) return status;
        }
      }
    }
    row.dane_status = "none";
    row.pkix_status = "valid";
    row.min_tls_version = row.max_tls_version = "TLSv1.3";
    row.weakest_session_level = 2;
    row.weakest_certificate_level = 2;
    row.mta_sts_status = Below(30) == 0 ? "valid" : "none";
    if (row.mta_sts_status == "valid") row.mta_sts_mode = "enforce";
    row.tlsrpt_status = "none";
    return writer_.Add(std::move(row));
  }

  output::ScanWriter& writer_;
  uint64_t domains_;
  uint64_t changed_;
  std::minstd_rand random_{1};
  std::mt19937_64 changes_{1};
  std::vector<bool> known_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3 && argc != 4) {
    std::fputs("usage: report_big_scan DIR DOMAINS [CHANGED]\n", stderr);
    return 2;
  }
  const nlohmann::json scan = {{"resolver", {{"validates", true}}}};
  auto writer = output::ScanWriter::Create(argv[1], scan, {.scan_id = "big"});
  absl::Status status = writer.status();
  if (status.ok()) {
    const uint64_t changed = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
    status = BigScan(writer->get(), std::strtoull(argv[2], nullptr, 10), changed).Write();
  }
  if (status.ok()) status = (*writer)->Finish(output::ScanState::kComplete, scan);
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}
