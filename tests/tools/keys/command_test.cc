// `mxsweep keys`, as a user runs it: what it finds in scans and files, what it writes, what it
// refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "output/parquet/reader.h"
#include "output/scan_directory.h"
#include "tests/interop/child_process.h"
#include "tests/tls/keys/weak_numbers.h"
#include "tests/tls/pki/certificate_factory.h"
#include "tls/pki/certificate.h"
#include "tools/keys/progress.h"

namespace mxsweep::tools {
namespace {

using interop::Arguments;
using interop::CommandResult;
using nlohmann::json;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::UnorderedElementsAre;
using tls::Integer;
using tls::testing::CaSpec;
using tls::testing::KeyKind;
using tls::testing::MakeSigned;
using tls::testing::OpensslPrimes;
using tls::testing::Product;
using tls::testing::TestCertificate;
using tls::testing::TestKey;

bssl::UniquePtr<BIGNUM> BignumOf(const Integer& integer) {
  const std::vector<uint8_t> bytes = integer.ToBytes();
  return bssl::UniquePtr<BIGNUM>(BN_bin2bn(bytes.data(), bytes.size(), nullptr));
}

// A public key of any numbers.
bssl::UniquePtr<EVP_PKEY> RsaKey(const Integer& modulus, unsigned long exponent = 65537) {
  bssl::UniquePtr<RSA> rsa(RSA_new());
  EXPECT_EQ(RSA_set0_key(rsa.get(), BignumOf(modulus).release(),
                         BignumOf(Integer(exponent)).release(), nullptr),
            1);
  bssl::UniquePtr<EVP_PKEY> key(EVP_PKEY_new());
  EXPECT_EQ(EVP_PKEY_set1_RSA(key.get(), rsa.get()), 1);
  return key;
}

std::string Text(std::span<const uint8_t> bytes) { return {bytes.begin(), bytes.end()}; }

std::string Sha256Hex(std::span<const uint8_t> bytes) {
  return tls::HexLower(tls::HashSha256(bytes));
}

std::string SpkiOf(const Integer& modulus, unsigned long exponent = 65537) {
  return Sha256Hex(tls::testing::RsaSpki(modulus, Integer(exponent)));
}

// One endpoint of a made-up scan.
struct Shown {
  std::string host;
  std::string provider;
  std::vector<std::vector<uint8_t>> chain;  // DER
  std::vector<std::string> domains;
  std::string dh_prime;                         // hex; "": was not probed
  std::vector<std::vector<uint8_t>> to_probes;  // leaves, DER
};

class KeysCommandTest : public ::testing::Test {
 protected:
  KeysCommandTest() {
    std::string pattern = ::testing::TempDir() + "mxsweep_keys_XXXXXX";
    folder_ = mkdtemp(pattern.data());
  }
  ~KeysCommandTest() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return folder_ + "/" + name; }
  std::string Write(const std::string& name, const std::string& content) {
    EXPECT_TRUE(interop::WriteFile(Path(name), content).ok());
    return Path(name);
  }

  std::vector<uint8_t> Certificate(EVP_PKEY* key, const std::string& name = "mx.example.org",
                                   const EVP_MD* digest = nullptr) {
    static int64_t serial = 1;
    return MakeSigned({.common_name = name,
                       .digest = digest,
                       .serial = ++serial,
                       .tweak = [key](X509* x509) { X509_set_pubkey(x509, key); }},
                      TestKey(KeyKind::kP256, 40), ca_)
        .der();
  }

  std::string Scan(const std::string& name, const std::vector<Shown>& endpoints) {
    const std::string path = Path(name);
    auto writer = output::ScanWriter::Create(path, {}, {.scan_id = name});
    EXPECT_TRUE(writer.ok()) << writer.status();
    int number = 0;
    for (const Shown& shown : endpoints) {
      output::EndpointRow endpoint;
      endpoint.host = shown.host;
      endpoint.address = "192.0.2." + std::to_string(++number);
      endpoint.port = 25;
      endpoint.provider = shown.provider;
      endpoint.chain_sha256.emplace();
      std::vector<std::vector<uint8_t>> certificates = shown.chain;
      for (const std::vector<uint8_t>& der : shown.to_probes) {
        certificates.push_back(der);
        if (!endpoint.shown_certificates) endpoint.shown_certificates.emplace();
        endpoint.shown_certificates->push_back(
            {.probe = "certificate_rsa", .leaf_sha256 = Sha256Hex(der)});
      }
      for (const std::vector<uint8_t>& der : shown.chain) {
        endpoint.chain_sha256->push_back(Sha256Hex(der));
      }
      for (const std::vector<uint8_t>& der : certificates) {
        output::CertificateRow certificate;
        certificate.sha256 = Sha256Hex(der);
        certificate.der.bytes = Text(der);
        certificate.first_seen = absl::FromUnixSeconds(1'790'000'000 + number);
        EXPECT_TRUE((*writer)->Add(std::move(certificate)).ok());
      }
      EXPECT_TRUE((*writer)->Add(std::move(endpoint)).ok());
      if (!shown.dh_prime.empty()) {
        output::ProbeRow probe{.host = shown.host, .port = 25, .probe = "dhe"};
        probe.address = "192.0.2." + std::to_string(number);
        probe.dh_prime = shown.dh_prime;
        EXPECT_TRUE((*writer)->Add(std::move(probe)).ok());
      }
      for (const std::string& domain : shown.domains) {
        output::DomainRow row{.domain = domain};
        row.mx = std::vector<output::MxEntry>{{10, shown.host}};
        EXPECT_TRUE((*writer)->Add(std::move(row)).ok());
      }
    }
    EXPECT_TRUE((*writer)->Finish(output::ScanState::kComplete, {}).ok());
    return path;
  }

  // HOME is empty, so that no list of the machine's is found.
  CommandResult Keys(const Arguments& more, const Arguments& environment = {}) {
    Arguments arguments = {MXSWEEP_PROGRAM, "keys", "--scratch", folder_, "--quiet"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    interop::ProcessOptions options;
    options.environment = {"HOME=" + folder_, "XDG_CACHE_HOME=", "XDG_DATA_HOME="};
    options.environment.insert(options.environment.end(), environment.begin(), environment.end());
    return interop::RunCommand(arguments, options);
  }

  // Rows by spki_sha256.
  std::map<std::string, json> Rows(Arguments more) {
    more.push_back("--json");
    const CommandResult result = Keys(more);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    std::map<std::string, json> rows;
    std::istringstream lines(result.output);
    for (std::string line; std::getline(lines, line);) {
      json row = json::parse(line, nullptr, /*allow_exceptions=*/false);
      EXPECT_TRUE(row.is_object()) << line;
      if (row.is_object()) rows[row["spki_sha256"]] = row;
    }
    return rows;
  }

  const Integer& prime(size_t i) { return OpensslPrimes()[i]; }

  TestCertificate ca_ = tls::testing::MakeSelfSigned(CaSpec("CA"), TestKey(KeyKind::kP256, 41));
  std::string folder_;
};

TEST_F(KeysCommandTest, FindsEachWeaknessOfAScanAndWhomItConcerns) {
  const Integer shared_a = Product(prime(0), prime(1));
  const Integer shared_b = Product(prime(0), prime(2));
  Integer near;
  mpz_nextprime(near.get(), prime(3).get());
  const Integer fermat = Product(prime(3), near);
  const Integer sound = Product(prime(4), prime(5));
  const std::string scan =
      Scan("scan",
           {{"mx.a.example", "a.example", {Certificate(RsaKey(shared_a).get())}, {"one.example"}},
            {"mx.b.example",
             "b.example",
             {Certificate(RsaKey(shared_b).get())},
             {"two.example", "three.example"}},
            {"mx.c.example", "c.example", {Certificate(RsaKey(fermat).get())}, {}},
            {"mx.d.example", "d.example", {Certificate(RsaKey(sound).get())}, {"four.example"}},
            {"mx.e.example",
             "e.example",
             {Certificate(TestKey(KeyKind::kP256, 42), "mx", EVP_sha1())},
             {}}});
  const std::map<std::string, json> rows = Rows({scan});
  EXPECT_EQ(rows.size(), 4u);
  ASSERT_TRUE(rows.contains(SpkiOf(shared_a)));
  const json& a = rows.at(SpkiOf(shared_a));
  EXPECT_THAT(a["weaknesses"], ElementsAre("shared_prime"));
  EXPECT_EQ(a["private_key_follows"], true);
  EXPECT_EQ(a["shared_prime_count"], 1);
  EXPECT_THAT(a["shared_prime_spki_sha256"], ElementsAre(SpkiOf(shared_b)));
  EXPECT_EQ(a["modulus_sha256"], Sha256Hex(shared_a.ToBytes()));
  EXPECT_EQ(a["endpoint_count"], 1);
  EXPECT_EQ(a["endpoints"][0],
            json({{"host", "mx.a.example"}, {"address", "192.0.2.1"}, {"port", 25}}));
  EXPECT_THAT(a["domains"], ElementsAre("one.example"));
  EXPECT_THAT(a["sources"], ElementsAre(scan));
  EXPECT_EQ(a["first_seen"], "2026-09-21T14:13:21.000000Z");
  EXPECT_TRUE(a["known_private_key"].is_null());
  EXPECT_EQ(rows.at(SpkiOf(shared_b))["domain_count"], 2);
  EXPECT_THAT(rows.at(SpkiOf(fermat))["weaknesses"], ElementsAre("fermat"));
  EXPECT_FALSE(rows.contains(SpkiOf(sound)));

  const CommandResult table = Keys({scan});
  EXPECT_EQ(table.exit_code, 0);
  EXPECT_THAT(table.output, HasSubstr("5 certificates, 5 distinct keys, 4 moduli, from 1 input"));
  EXPECT_THAT(table.output, HasSubstr("ANYBODY CAN USE IT"));
  EXPECT_THAT(table.output, HasSubstr("mail of 2 domains: three.example, two.example"));
  // Its two keys concern three domains, of which one might be behind both.
  EXPECT_THAT(table.output, HasSubstr("counted once for each.\n"));
  EXPECT_THAT(table.output, HasSubstr("blocklist  none"));
  std::istringstream lines(table.output);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
}

TEST_F(KeysCommandTest, TellsTheSameKeyUnderOtherCertificatesHostsAndProviders) {
  const auto key = RsaKey(Product(prime(6), prime(7)));
  const auto renewed = RsaKey(Product(prime(8), prime(9)));
  const auto one_certificate = Certificate(TestKey(KeyKind::kP256, 43));
  const std::string scan = Scan(
      "scan",
      {{"mx1.a.example", "a.example", {Certificate(key.get(), "a")}, {"one.example"}},
       {"mx2.a.example", "a.example", {Certificate(key.get(), "a2")}, {}},
       {"mx.b.example", "b.example", {Certificate(key.get(), "b")}, {"one.example", "two.example"}},
       // One owner, two certificates.
       {"mx.c.example", "c.example", {Certificate(renewed.get(), "c")}, {}},
       {"mx3.c.example", "c.example", {Certificate(renewed.get(), "c")}, {}},
       // One certificate at two providers: names of one server, mostly.
       {"mx.d.example", "d.example", {one_certificate, ca_.der()}, {}},
       {"mx.e.example", "e.example", {one_certificate, ca_.der()}, {}}});
  const std::map<std::string, json> rows = Rows({scan});
  ASSERT_EQ(rows.size(), 1u);
  const json& row = rows.at(SpkiOf(Product(prime(6), prime(7))));
  EXPECT_THAT(row["weaknesses"], ElementsAre("shared_key"));
  EXPECT_EQ(row["private_key_follows"], false);
  EXPECT_EQ(row["certificate_count"], 3);
  EXPECT_EQ(row["endpoint_count"], 3);
  EXPECT_EQ(row["host_count"], 3);
  EXPECT_THAT(row["providers"], UnorderedElementsAre("a.example", "b.example"));
  EXPECT_EQ(row["domain_count"], 2);
}

TEST_F(KeysCommandTest, CountsWhatOnlyProbesWereShown) {
  const Integer square = Product(prime(0), prime(0));
  const auto weak = Certificate(RsaKey(square).get());
  const auto sound = Certificate(TestKey(KeyKind::kP256, 44));
  const std::string scan =
      Scan("scan", {{.host = "mx.a.example",
                     .provider = "a.example",
                     .chain = {sound},
                     .domains = {"one.example"},
                     .to_probes = {weak}},
                    {.host = "mx.b.example", .provider = "b.example", .to_probes = {weak, weak}}});
  const std::map<std::string, json> rows = Rows({scan});
  ASSERT_EQ(rows.size(), 1u);
  const json& row = rows.at(SpkiOf(square));
  EXPECT_EQ(row["endpoint_count"], 2);
  EXPECT_EQ(row["host_count"], 2);
  EXPECT_THAT(row["providers"], UnorderedElementsAre("a.example", "b.example"));
  EXPECT_THAT(row["domains"], ElementsAre("one.example"));
}

TEST_F(KeysCommandTest, CountsWhatSeveralScansHaveOnce) {
  const Integer modulus = Product(prime(0), prime(0));
  const std::vector<uint8_t> der = Certificate(RsaKey(modulus).get());
  const std::vector<Shown> endpoints = {{"mx.a.example", "a.example", {der}, {"one.example"}}};
  const std::string first = Scan("first", endpoints);
  const std::string second = Scan("second", endpoints);
  const json row = Rows({first, second}).at(SpkiOf(modulus));
  EXPECT_THAT(row["weaknesses"], ElementsAre("fermat"));
  EXPECT_EQ(row["certificate_count"], 1);
  EXPECT_EQ(row["endpoint_count"], 1);
  EXPECT_EQ(row["domain_count"], 1);
  EXPECT_THAT(row["sources"], ElementsAre(first, second));
}

// A prime of DHE that is none, and shares a factor with somebody's RSA key.
TEST_F(KeysCommandTest, TakesThePrimesOfDheAlong) {
  const Integer composite = Product(prime(15), prime(16));
  const Integer modulus = Product(prime(16), prime(17));
  const std::string short_prime = tls::HexLower(prime(18).ToBytes());
  const std::string hex = tls::HexLower(composite.ToBytes());
  const std::string scan = Scan(
      "scan",
      {{"mx.a.example", "a.example", {Certificate(RsaKey(modulus).get())}, {"one.example"}, hex},
       {"mx.b.example", "b.example", {}, {"two.example"}, hex},
       {"mx.c.example", "c.example", {}, {}, short_prime},
       {"mx.d.example", "d.example", {}, {}, "not hex"}});
  const std::map<std::string, json> rows = Rows({scan});
  ASSERT_EQ(rows.size(), 3u);
  const json& row = rows.at(Sha256Hex(composite.ToBytes()));
  EXPECT_EQ(row["key_type"], "dh_prime");
  EXPECT_EQ(row["key_bits"], 2048);
  EXPECT_THAT(row["weaknesses"], ElementsAre("dh_composite", "shared_prime"));
  EXPECT_THAT(row["shared_prime_spki_sha256"], ElementsAre(SpkiOf(modulus)));
  EXPECT_EQ(row["endpoint_count"], 2);
  EXPECT_THAT(row["providers"], UnorderedElementsAre("a.example", "b.example"));
  EXPECT_THAT(row["domains"], UnorderedElementsAre("one.example", "two.example"));
  EXPECT_EQ(row["certificate_count"], 0);
  EXPECT_THAT(rows.at(SpkiOf(modulus))["shared_prime_spki_sha256"],
              ElementsAre(Sha256Hex(composite.ToBytes())));
  const json& small = rows.at(Sha256Hex(prime(18).ToBytes()));
  EXPECT_THAT(small["weaknesses"], ElementsAre("dh_short", "dh_not_safe"));
  EXPECT_THAT(small["providers"], ElementsAre("c.example"));
}

std::string PemOf(EVP_PKEY* key) {
  const bssl::UniquePtr<BIO> memory(BIO_new(BIO_s_mem()));
  EXPECT_EQ(PEM_write_bio_PUBKEY(memory.get(), key), 1);
  const uint8_t* data = nullptr;
  size_t size = 0;
  EXPECT_EQ(BIO_mem_contents(memory.get(), &data, &size), 1);
  return Text({data, size});
}

TEST_F(KeysCommandTest, ReadsFilesOfEveryForm) {
  const Integer modulus = Product(prime(10), prime(10));
  const auto key = RsaKey(modulus);
  const std::string spki = Text(tls::testing::RsaSpki(modulus, Integer(65537)));
  const std::string pem = PemOf(key.get());
  const std::string pem_path = Write("key.pem", "a key\n" + pem + "its end\n");
  const std::string pkcs1_path = Path("pkcs1.pem");
  const CommandResult pkcs1 = interop::RunCommand(
      {"openssl", "rsa", "-pubin", "-in", pem_path, "-RSAPublicKey_out", "-out", pkcs1_path});
  ASSERT_EQ(pkcs1.exit_code, 0) << pkcs1.output;
  const std::string pkcs1_der = Path("pkcs1.der");
  ASSERT_EQ(interop::RunCommand({"openssl", "rsa", "-pubin", "-in", pem_path, "-RSAPublicKey_out",
                                 "-outform", "DER", "-out", pkcs1_der})
                .exit_code,
            0);
  const std::vector<uint8_t> certificate = Certificate(key.get());
  const std::string certificate_der = Write("certificate.der", Text(certificate));
  const std::string certificate_pem = Path("certificate.pem");
  ASSERT_EQ(interop::RunCommand({"openssl", "x509", "-inform", "DER", "-in", certificate_der,
                                 "-out", certificate_pem})
                .exit_code,
            0);
  // RHEL's trust stores have this form.
  const std::string trusted_pem = Path("trusted.pem");
  ASSERT_EQ(interop::RunCommand({"openssl", "x509", "-inform", "DER", "-in", certificate_der,
                                 "-trustout", "-addtrust", "serverAuth", "-out", trusted_pem})
                .exit_code,
            0);
  for (const std::string& path :
       {pem_path, pkcs1_path, pkcs1_der, certificate_der, certificate_pem, trusted_pem,
        Write("bom.pem", "\xEF\xBB\xBF" + pem), Write("key.der", spki)}) {
    const std::map<std::string, json> rows = Rows({path});
    ASSERT_EQ(rows.size(), 1u) << path;
    EXPECT_THAT(rows.at(SpkiOf(modulus))["weaknesses"], ElementsAre("fermat")) << path;
    EXPECT_TRUE(rows.at(SpkiOf(modulus))["first_seen"].is_null());
  }
  // All at once they are one key still.
  EXPECT_EQ(Rows({pem_path, pkcs1_path, pkcs1_der, certificate_der, certificate_pem}).size(), 1u);
}

TEST_F(KeysCommandTest, KeysThatDifferInTheExponentShareTheModulus) {
  const Integer modulus = Product(prime(11), prime(12));
  const std::string path =
      Write("keys.pem", PemOf(RsaKey(modulus).get()) + PemOf(RsaKey(modulus, 65539).get()));
  const std::map<std::string, json> rows = Rows({path});
  ASSERT_EQ(rows.size(), 2u);
  for (const unsigned long exponent : {65537ul, 65539ul}) {
    const json& row = rows.at(SpkiOf(modulus, exponent));
    EXPECT_THAT(row["weaknesses"], ElementsAre("shared_modulus"));
    EXPECT_EQ(row["shared_prime_count"], 0);
  }
}

// This week's keys meet those of all weeks before.
TEST_F(KeysCommandTest, TheStoreRemembersEveryWeek) {
  const Integer week1_a = Product(prime(20), prime(21));
  const Integer week1_b = Product(prime(22), prime(23));
  const Integer week2_a = Product(prime(24), prime(20));  // shares with week 1
  const Integer week2_b = Product(prime(25), prime(26));
  const Integer week3 = Product(prime(26), prime(20));  // with both
  const auto file = [&](const std::string& name, const std::vector<Integer>& moduli) {
    std::string text;
    for (const Integer& modulus : moduli) text += PemOf(RsaKey(modulus).get());
    return Write(name, text);
  };
  const std::string store = Path("store");
  EXPECT_THAT(Rows({file("1", {week1_a, week1_b}), "--against", store}), IsEmpty());
  std::map<std::string, json> rows = Rows({file("2", {week2_a, week2_b}), "--against", store});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows.at(SpkiOf(week2_a))["weaknesses"], ElementsAre("shared_prime"));
  EXPECT_THAT(rows.at(SpkiOf(week2_a))["shared_prime_spki_sha256"], ElementsAre(SpkiOf(week1_a)));
  // A key of the first week that is met again is known to be weak by now.
  rows = Rows({file("1 again", {week1_a, week1_b}), "--against", store});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows.at(SpkiOf(week1_a))["shared_prime_spki_sha256"], ElementsAre(SpkiOf(week2_a)));
  rows = Rows({file("3", {week3}), "--against", store});
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_THAT(rows.at(SpkiOf(week3))["shared_prime_spki_sha256"],
              UnorderedElementsAre(SpkiOf(week1_a), SpkiOf(week2_a), SpkiOf(week2_b)));
  const CommandResult again =
      Keys({file("all", {week1_a, week1_b, week2_a, week2_b, week3}), "--against", store});
  EXPECT_THAT(again.output, HasSubstr("store      5 moduli before, 0 added"));
  // What was found piece by piece is what all of it at once gives.
  const auto partners = [](const std::map<std::string, json>& all) {
    std::map<std::string, std::vector<std::string>> sorted;
    for (const auto& [spki, row] : all) {
      sorted[spki] = row["shared_prime_spki_sha256"];
      std::ranges::sort(sorted[spki]);
    }
    return sorted;
  };
  EXPECT_EQ(partners(Rows({Path("all"), "--against", store})), partners(Rows({Path("all")})));
  EXPECT_EQ(partners(Rows({Path("all")})).size(), 4u);
}

// As on NFS without its lock daemon (ENOLCK): nobody else is at work.
TEST_F(KeysCommandTest, AFileSystemWithoutLocksIsNoOtherProcess) {
  // The library stands before the sanitizer's own, which will not have that.
  if (*MXSWEEP_SANITIZE != '\0') GTEST_SKIP() << "LD_PRELOAD does not go with a sanitizer";
  const std::string key = Write("key.pem", PemOf(TestKey(KeyKind::kRsa2048)));
  const std::string store = Path("store");
  const CommandResult result =
      interop::RunCommand({"env", std::string("LD_PRELOAD=") + FAILING_DISK_LIBRARY,
                           "MXSWEEP_DISK_FAILS=flock " + std::to_string(ENOLCK) + " 1 " + store,
                           MXSWEEP_PROGRAM, "keys", key, "--against", store});
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_THAT(result.output, HasSubstr("No locks available"));
  EXPECT_THAT(result.output, Not(HasSubstr("another mxsweep")));
}

TEST_F(KeysCommandTest, ADamagedOrForeignStoreIsRefused) {
  const std::string key = Write("key.pem", PemOf(RsaKey(Product(prime(0), prime(1))).get()));
  const std::string store = Path("store");
  ASSERT_EQ(Keys({key, "--against", store}).exit_code, 0);
  std::string index;
  {
    std::ifstream file(store + "/store.json");
    index.assign(std::istreambuf_iterator<char>(file), {});
  }
  std::string other = index;
  other.replace(other.find("\"version\": 1"), 12, "\"version\": 9");
  Write("store/store.json", other);
  const CommandResult version = Keys({key, "--against", store});
  EXPECT_EQ(version.exit_code, 1);
  EXPECT_THAT(version.output, HasSubstr("a store of version 9, this mxsweep reads and writes 1"));
  Write("store/store.json", index);
  std::filesystem::resize_file(store + "/run-000001.bin", 10);
  const CommandResult cut = Keys({key, "--against", store});
  EXPECT_EQ(cut.exit_code, 1);
  EXPECT_THAT(cut.output, HasSubstr("the store is damaged"));
  EXPECT_EQ(Keys({key, "--against", folder_}).exit_code, 2);
}

TEST_F(KeysCommandTest, FindsKnownPrivateKeysInTheBlocklist) {
  const Integer known = Product(prime(30), prime(31));
  const std::string key = Write(
      "key.pem", PemOf(RsaKey(known).get()) + PemOf(RsaKey(Product(prime(32), prime(33))).get()));
  std::filesystem::create_directories(Path(".cache/badkeys"));
  const tls::Sha256 hash = tls::HashSha256(known.ToBytes());
  Write(".cache/badkeys/blocklist.dat", Text(hash).substr(0, 15) + '\x01');
  Write(".cache/badkeys/badkeysdata.json",
        R"({"bkformat": 0, "blocklists": [{"id": 1, "name": "debianssl"}]})");
  const std::map<std::string, json> rows = Rows({key});
  ASSERT_EQ(rows.size(), 1u);
  const json& row = rows.at(SpkiOf(known));
  EXPECT_THAT(row["weaknesses"], ElementsAre("known_private_key"));
  EXPECT_EQ(row["known_private_key"], true);
  EXPECT_EQ(row["known_key_list"], "debianssl");
  EXPECT_EQ(row["private_key_follows"], true);
  EXPECT_THAT(Keys({key}).output, HasSubstr("its private key is published: debianssl"));
  // One that is not whole is never passed over in silence.
  Write(".cache/badkeys/blocklist.dat", "short");
  EXPECT_EQ(Keys({key}).exit_code, 1);
  EXPECT_THAT(Keys({key}).output, HasSubstr("it is cut"));
  EXPECT_EQ(Keys({key, "--blocklist", Path("missing")}).exit_code, 2);
}

TEST_F(KeysCommandTest, WritesTheTableThatItTells) {
  const Integer modulus = Product(prime(13), prime(13));
  const std::string scan = Scan(
      "scan", {{"mx.a.example", "a.example", {Certificate(RsaKey(modulus).get())}, {"b.example"}}});
  const std::string path = Path("weak.parquet");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Keys({scan, "--output", path}).exit_code, 0);
  auto file = output::PosixFileSystem()->Open(path);
  ASSERT_TRUE(file.ok());
  const auto reader = output::ParquetReader::Open(*std::move(file), output::TableId::kWeakKeys);
  ASSERT_TRUE(reader.ok()) << reader.status();
  std::vector<output::WeakKeyRow> rows;
  const absl::Status status = reader->ReadRowGroup(0, {}, [&](const output::WeakKeyRow& row) {
    rows.push_back(row);
    return true;
  });
  ASSERT_TRUE(status.ok()) << status;
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].spki_sha256, SpkiOf(modulus));
  EXPECT_THAT(rows[0].weaknesses, ElementsAre("fermat"));
  EXPECT_THAT(rows[0].domains, ElementsAre("b.example"));
  EXPECT_THAT(rows[0].endpoints,
              ElementsAre(output::WeakKeyEndpoint{"mx.a.example", "192.0.2.1", 25}));
  EXPECT_EQ(Keys({scan, "--output", Path("nowhere/weak.parquet")}).exit_code, 1);
}

TEST_F(KeysCommandTest, ListsAreCappedAndCountsAreNot) {
  const Integer modulus = Product(prime(14), prime(14));
  const std::vector<uint8_t> der = Certificate(RsaKey(modulus).get());
  std::vector<Shown> endpoints;
  for (int i = 0; i < 150; ++i) {
    const std::string name = "mx" + std::to_string(i) + ".example";
    endpoints.push_back({name, name, {der}, {"d" + std::to_string(i) + ".example"}});
  }
  const json row = Rows({Scan("scan", endpoints)}).at(SpkiOf(modulus));
  for (const char* list : {"endpoints", "providers", "domains"}) EXPECT_EQ(row[list].size(), 100u);
  for (const char* count : {"endpoint_count", "host_count", "provider_count", "domain_count"}) {
    EXPECT_EQ(row[count], 150) << count;
  }
  // The first by name, whatever came first.
  std::vector<std::string> names;
  for (const Shown& shown : endpoints) names.push_back(shown.domains[0]);
  std::ranges::sort(names);
  names.resize(100);
  EXPECT_EQ(row["domains"], json(names));
  std::ranges::reverse(endpoints);
  const json again = Rows({Scan("again", endpoints)}).at(SpkiOf(modulus));
  for (const char* list : {"providers", "domains"}) EXPECT_EQ(again[list], row[list]) << list;
  EXPECT_EQ(again["endpoints"][0]["host"], "mx0.example");
}

TEST_F(KeysCommandTest, ExitsWithTwoOnWrongUsage) {
  const std::string key = Write("key.pem", PemOf(TestKey(KeyKind::kRsa2048)));
  const Arguments cases[] = {{},
                             {Path("missing")},
                             {folder_},
                             {Write("junk", "no key")},
                             {Write("private.pem",
                                    "-----BEGIN PRIVATE KEY-----\nAAAA\n"
                                    "-----END PRIVATE KEY-----\n")},
                             {Write("damaged.pem", "-----BEGIN PUBLIC KEY-----\n!!!\n")},
                             {key, "--threads", "0"},
                             {key, "--no-such-flag"}};
  for (const Arguments& arguments : cases) {
    EXPECT_EQ(Keys(arguments).exit_code, 2) << testing::PrintToString(arguments);
  }
  EXPECT_EQ(Keys({key}).exit_code, 0);
  EXPECT_THAT(Keys({key}).output, HasSubstr("Nothing was found."));
}

// What it says has to work: of each form of OpenSSL's and OpenSSH's, by their own programs.
TEST_F(KeysCommandTest, SaysHowToReadWhatItDoesNot) {
  const std::string key = Path("any.key");
  ASSERT_EQ(interop::RunCommand({"openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt",
                                 "rsa_keygen_bits:1024", "-out", key})
                .exit_code,
            0);
  const std::string request = Path("any.csr");
  ASSERT_EQ(interop::RunCommand(
                {"openssl", "req", "-new", "-key", key, "-subj", "/CN=x", "-out", request})
                .exit_code,
            0);
  EXPECT_THAT(Keys({key}).output, HasSubstr("but PRIVATE KEY: openssl pkey -in FILE -pubout"));
  const CommandResult of_key = interop::RunCommand({"openssl", "pkey", "-in", key, "-pubout"});
  const CommandResult of_request =
      interop::RunCommand({"openssl", "req", "-in", request, "-noout", "-pubkey"});
  EXPECT_THAT(Keys({request}).output,
              HasSubstr("but CERTIFICATE REQUEST: openssl req -in FILE -noout -pubkey"));
  for (const std::string& text : {of_key.output, of_request.output}) {
    EXPECT_THAT(Keys({Write("public.pem", text)}).output, HasSubstr("rsa_short"));
  }
  EXPECT_THAT(Keys({Write("id_rsa.pub", "ssh-rsa AAAA x@y\n")}).output, HasSubstr("a key of SSH"));
}

// "Nothing was found" of a key that nobody looked at is no answer.
TEST_F(KeysCommandTest, SaysWhatItDoesNotCheck) {
  const std::string key = Path("ed448.key"), pem = Path("ed448.pem");
  ASSERT_EQ(
      interop::RunCommand({"openssl", "genpkey", "-algorithm", "ED448", "-out", key}).exit_code, 0);
  ASSERT_EQ(interop::RunCommand({"openssl", "pkey", "-in", key, "-pubout", "-out", pem}).exit_code,
            0);
  EXPECT_THAT(Keys({pem}).output, HasSubstr("unchecked  1 key of kinds without a check here: "));
  EXPECT_THAT(Keys({Write("key.pem", PemOf(TestKey(KeyKind::kRsa2048)))}).output,
              Not(HasSubstr("unchecked")));
}

TEST_F(KeysCommandTest, SurvivesKeysOfAnyForm) {
  // Numbers that cannot be compared, or are no moduli, and what is no key at all.
  Integer huge(1);
  mpz_mul_2exp(huge.get(), huge.get(), 20'000);
  std::string text;
  for (const Integer& modulus : {Integer(0), Integer(1), Integer(2), huge}) {
    text += Text(tls::testing::RsaSpki(modulus, Integer(65537)));
    const std::string path = Write("key.der", Text(tls::testing::RsaSpki(modulus, Integer(3))));
    EXPECT_EQ(Keys({path, "--against", Path("store")}).exit_code, 0);
  }
  const std::string scan = Scan("scan", {{"mx.example", "example", {{0x30, 0x00}, {}}, {}}});
  const CommandResult result = Keys({scan});
  EXPECT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("not read   2 keys"));
}

TEST(RenderStage, SaysHowLongItWillTake) {
  EXPECT_EQ(RenderStage("comparing moduli", 0, 3), "comparing moduli: 0 %, 3s");
  EXPECT_EQ(RenderStage("comparing moduli", 0.25, 60), "comparing moduli: 25 %, 1m, 3m to go");
  EXPECT_EQ(RenderStage("comparing moduli", 1.5, 60), "comparing moduli: 100 %, 1m");
}

}  // namespace
}  // namespace mxsweep::tools
