// What mxsweep says of each endpoint, beside what openssl says of it.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/interop/interop_fixture.h"

namespace mxsweep::interop {
namespace {

using testing::AnyOf;
using testing::HasSubstr;
using testing::SizeIs;

using EndpointsTest = InteropTest;

TEST_F(EndpointsTest, HaveOneRowPerHostWithItsAddress) {
  for (const MailHost& host : network().hosts()) {
    // The MX answer that names this host and no other is bogus for one domain, and fine for
    // another.
    const Row row = OnlyRow(network().scan().endpoints, "host", host.name);
    EXPECT_EQ(Text(row, "address"), host.address) << host.name;
    EXPECT_EQ(Text(row, "port"), "25") << host.name;
  }
  const Row alias = OnlyRow(network().scan().endpoints, "host", "alias.signed.example");
  EXPECT_EQ(Text(alias, "address"), network().host("ecdsa.signed.example").address);
}

// Guards the comparisons below: servers that all did the same would prove little.
TEST_F(EndpointsTest, MeetTheServersThatWereMeant) {
  struct Meant {
    const char* host;
    const char* version;
    const char* group;
    const char* key;
    const char* pkix_status;
  };
  for (const Meant& meant : std::initializer_list<Meant>{
           {"ecdsa.signed.example", "TLSv1.3", "X25519", "ec 256", "valid"},
           {"rsa12.signed.example", "TLSv1.2", "X25519", "rsa 2048", "valid"},
           {"expired.signed.example", "TLSv1.3", "X25519", "rsa 2048", "expired"},
           {"selfsigned.signed.example", "TLSv1.3", "X25519", "ec 384", "self_signed"},
           {"static.signed.example", "TLSv1.2", "null", "rsa 2048", "valid"},
           {"old.signed.example", "TLSv1", "X25519", "rsa 1024", "valid"},
           {"retry.signed.example", "TLSv1.3", "P-384", "ec 256", "untrusted"},
           {"incomplete.signed.example", "TLSv1.3", "X25519", "ec 256", "incomplete"},
           {"exim.signed.example", "TLSv1.3", "X25519", "rsa 2048", "valid"},
           {"exim12.signed.example", "TLSv1.2", "X25519", "rsa 3072", "valid"},
           {"eximec.signed.example", "TLSv1.3", "X25519", "ec 384", "valid"}}) {
    SCOPED_TRACE(meant.host);
    const Row row = OnlyRow(network().scan().endpoints, "host", meant.host);
    EXPECT_EQ(Text(row, "tls_version"), meant.version);
    EXPECT_EQ(Text(row, "group"), meant.group);
    EXPECT_EQ(Text(row, "leaf_key_type") + " " + Text(row, "leaf_key_bits"), meant.key);
    EXPECT_EQ(Text(row, "pkix_status"), meant.pkix_status);
    EXPECT_THAT(Text(row, "greeting"),
                HasSubstr(std::string(meant.host).rfind("exim", 0) == 0 ? "Exim" : "Postfix"));
  }
}

TEST_F(EndpointsTest, SayLikeOpensslWhetherStarttlsIsOffered) {
  for (const MailHost& host : network().hosts()) {
    SCOPED_TRACE(host.name);
    const auto witness = network().Witness(host.name);
    ASSERT_TRUE(witness.ok()) << witness.status();
    const Row row = OnlyRow(network().scan().endpoints, "host", host.name);
    ASSERT_TRUE(row.contains("ehlo_keywords"));
    const Row& keywords = row["ehlo_keywords"];
    EXPECT_EQ(std::find(keywords.begin(), keywords.end(), "STARTTLS") != keywords.end(),
              (*witness)->starttls_offered);
    EXPECT_EQ((*witness)->finished, (*witness)->starttls_offered) << (*witness)->text;
    EXPECT_EQ(Text(row, "outcome"), (*witness)->finished ? "tls_ok" : "no_starttls");
    EXPECT_EQ(Text(row, "stage"), (*witness)->finished ? "done" : "ehlo") << row;
    EXPECT_EQ(Text(row, "attempts"), "1");
  }
}

TEST_F(EndpointsTest, AgreeWithOpensslOnVersionAndCipher) {
  ForEachHandshake([](const Row& row, const SClientResult& witness) {
    EXPECT_EQ(Text(row, "tls_version"), witness.version);
    EXPECT_EQ(Text(row, "cipher"), witness.cipher);
    EXPECT_EQ(Text(row, "cipher_bits"), absl::StrCat(witness.cipher_bits));
  });
}

TEST_F(EndpointsTest, AgreeWithOpensslOnKeyExchangeAndHandshakeSignature) {
  const auto or_null = [](const std::string& text) { return text.empty() ? "null" : text; };
  ForEachHandshake([&](const Row& row, const SClientResult& witness) {
    EXPECT_EQ(Text(row, "group"), or_null(witness.group)) << witness.text;
    EXPECT_EQ(Text(row, "signature_algorithm"), or_null(witness.signature_algorithm))
        << witness.text;
  });
}

TEST_F(EndpointsTest, AgreeWithOpensslOnExtensions) {
  ForEachHandshake([](const Row& row, const SClientResult& witness) {
    // OpenSSL says of TLS 1.3 that it has no renegotiation, which is as secure as can be.
    const bool is_tls13 = witness.version == "TLSv1.3";
    EXPECT_EQ(row["extended_master_secret"], is_tls13 || witness.extended_master_secret);
    EXPECT_EQ(row["secure_renegotiation"], is_tls13 || witness.secure_renegotiation);
    EXPECT_EQ(row["ocsp_stapled"], witness.ocsp_stapled);
  });
}

TEST_F(EndpointsTest, AgreeWithOpensslOnTheCertificatesSent) {
  ForEachHandshake([](const Row& row, const SClientResult& witness) {
    Row chain = Row::array();
    for (const SClientCertificate& certificate : witness.chain) chain.push_back(certificate.sha256);
    EXPECT_EQ(row["chain_sha256"], chain);
    const SClientCertificate& leaf = witness.chain.front();
    EXPECT_EQ(Text(row, "leaf_key_type"), leaf.key_type);
    EXPECT_EQ(Text(row, "leaf_key_bits"), absl::StrCat(leaf.key_bits));
    EXPECT_EQ(Text(row, "leaf_signature_algorithm"), leaf.signature_algorithm);
    EXPECT_THAT(Text(row, "not_after"), HasSubstr(leaf.not_after.substr(0, 19)));
    for (const SClientCertificate& certificate : witness.chain) {
      SCOPED_TRACE(certificate.sha256);
      const Row kept = OnlyRow(network().scan().certificates, "sha256", certificate.sha256);
      EXPECT_EQ(Text(kept, "key_type"), certificate.key_type);
      EXPECT_EQ(Text(kept, "key_bits"), absl::StrCat(certificate.key_bits));
      EXPECT_EQ(Text(kept, "signature_algorithm"), certificate.signature_algorithm);
      EXPECT_THAT(Text(kept, "not_after"), HasSubstr(certificate.not_after.substr(0, 19)));
    }
  });
}

TEST_F(EndpointsTest, AgreeWithOpensslOnTheChainAndTheName) {
  ForEachHandshake([](const Row& row, const SClientResult& witness) {
    EXPECT_EQ(Text(row, "pkix_status"), witness.chain_verdict) << Text(row, "pkix_error") << "\n"
                                                               << witness.text;
    EXPECT_EQ(Text(row, "pkix_error") == "null", witness.verify_code == 0);
    EXPECT_EQ(Text(row, "name_match"), witness.leaf_names_host ? "san" : "none");
  });
}

TEST_F(EndpointsTest, AgreeWithOpensslOnUsableDaneRecords) {
  int matches = 0, mismatches = 0;
  for (const std::string name :
       {"ecdsa.signed.example", "agile-mx.signed.example", "rsa12.signed.example",
        "expired.signed.example", "exim.signed.example", "eximec.signed.example"}) {
    SCOPED_TRACE(name);
    const auto verdict =
        network().s_client().DaneVerdict(network().TargetOf(name), network().host(name).tlsa);
    ASSERT_TRUE(verdict.ok()) << verdict.status();
    const Row row = OnlyRow(network().scan().endpoints, "host", name);
    EXPECT_EQ(Text(row, "dane_status"), *verdict) << Text(row, "dane_detail");
    if (*verdict == "match") {
      ++matches;
      EXPECT_THAT(network().host(name).tlsa, testing::Contains(Text(row, "dane_matched_record")));
    } else {
      ++mismatches;
      EXPECT_EQ(Text(row, "dane_matched_record"), "null");
    }
  }
  EXPECT_EQ(matches, 3);
  EXPECT_EQ(mismatches, 3);
}

TEST_F(EndpointsTest, TellEveryOtherDaneStatusApart) {
  for (const auto& [host, dane_status] : std::initializer_list<std::pair<const char*, const char*>>{
           {"alias.signed.example", "match"},  // the base domain is the expanded name
           {"selfsigned.signed.example", "none"},
           {"cleartext.signed.example", "none"},
           {"promised.signed.example", "no_starttls"},
           {"unusable.signed.example", "unusable"},
           {"mx.half.example", "lookup_error"},
           {"mx.plain.example", "insecure"},
           {"outside-alias.signed.example", "none"},
           {"signed-alias.signed.example", "match"}}) {
    const Row row = OnlyRow(network().scan().endpoints, "host", host);
    EXPECT_EQ(Text(row, "dane_status"), dane_status) << host << ": " << Text(row, "dane_detail");
  }
}

}  // namespace
}  // namespace mxsweep::interop
