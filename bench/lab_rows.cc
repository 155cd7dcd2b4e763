#include "bench/lab_rows.h"

#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace mxsweep::bench {

using output::EndpointRow;

LabRows::LabRows(uint64_t seed) : random_(seed) {
  for (int i = 0; i < 4'000; ++i) certificates_.push_back(Sha256());
  for (int i = 0; i < 20; ++i) intermediates_.push_back(Sha256());
}

std::vector<EndpointRow> LabRows::Take(size_t count) {
  std::vector<EndpointRow> rows;
  rows.reserve(count);
  for (size_t i = 0; i < count; ++i) rows.push_back(Next());
  return rows;
}

EndpointRow LabRows::Next() {
  if (number_++ % 2 == 0) NewHost();
  EndpointRow row;
  row.host = host_;
  row.address = absl::StrFormat("127.%d.%d.%d", Below(250), Below(250), 1 + Below(250));
  row.provider = provider_;
  row.attempts = 1;
  row.started_at =
      absl::FromUnixMicros(1'769'000'000'000'000 + static_cast<int64_t>(number_) * 200);
  row.connect_us = static_cast<uint32_t>(200 + Below(2'000));
  row.greeting_code = 220;
  row.greeting = host_ + " ESMTP Postfix";
  row.helo_used = false;
  row.ehlo_keywords = {"PIPELINING", "SIZE 52428800", "STARTTLS", "ENHANCEDSTATUSCODES",
                       "8BITMIME"};
  row.size_limit = 52'428'800;
  row.greeting_us = static_cast<uint32_t>(500 + Below(3'000));
  row.elapsed_us = 5'000 + Below(20'000);
  row.bytes_in = 3'000 + Below(1'500);
  row.bytes_out = 700 + Below(60);
  if (Below(10) == 0) {
    row.outcome = row.stage = "no_starttls";
    row.rpt_result = "starttls-not-supported";
  } else {
    AddTls(row);
  }
  return row;
}

std::string LabRows::Sha256() {
  return absl::StrFormat("%016x%016x%016x%016x", random_(), random_(), random_(), random_());
}

void LabRows::NewHost() {
  provider_ = absl::StrFormat("provider%d.example", Below(5'000));
  host_ = absl::StrFormat("mx%d.%s", Below(30), provider_);
  certificate_ = certificates_[Below(certificates_.size())];
}

void LabRows::AddTls(EndpointRow& row) {
  const bool tls13 = Below(3) != 0;
  row.outcome = "tls_ok";
  row.stage = "done";
  row.rpt_result = "success";
  row.starttls_code = 220;
  row.starttls_reply = "2.0.0 Ready to start TLS";
  row.injected_plaintext_bytes = 0;
  row.ehlo_after_tls = {"PIPELINING", "SIZE 52428800", "ENHANCEDSTATUSCODES", "8BITMIME"};
  row.requiretls = false;
  row.server_name = host_;
  row.tls_version = tls13 ? "TLSv1.3" : "TLSv1.2";
  row.cipher = tls13 ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
  row.cipher_bits = tls13 ? 256 : 128;
  row.group = Below(4) == 0 ? "P-256" : "X25519";
  row.group_bits = 253;
  row.signature_algorithm = "rsa_pss_rsae_sha256";
  row.ocsp_stapled = false;
  row.sct_count = 0;
  row.extended_master_secret = true;
  row.secure_renegotiation = true;
  row.leaf_key_type = "RSA";
  row.leaf_key_bits = Below(5) == 0 ? 4096 : 2048;
  row.leaf_signature_algorithm = "sha256WithRSAEncryption";
  row.session_level = 3;
  row.certificate_level = 2;
  row.chain_sha256 = {certificate_, intermediates_[certificate_[0] % intermediates_.size()]};
  row.pkix_status = Below(6) == 0 ? "untrusted" : "valid";
  row.name_match = "san";
  row.not_after =
      absl::FromUnixSeconds(1'770'000'000 + static_cast<int64_t>(certificate_[1]) * 86'400);
  row.dane_status = Below(5) == 0 ? "match" : "none";
  row.starttls_us = static_cast<uint32_t>(300 + Below(900));
  row.handshake_us = static_cast<uint32_t>(900 + Below(4'000));
}

}  // namespace mxsweep::bench
