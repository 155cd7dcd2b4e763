// What tls/probe finds of a server is what sslscan and testssl.sh find of it, with a tenth of their
// connections.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "tests/interop/child_process.h"
#include "tests/tls/probe/real_server.h"
#include "tls/probe/probe_findings.h"

namespace mxsweep::tls {
namespace {

using testing::RealServer;

const std::string kRoot = std::string(MXSWEEP_INTEROP_SERVERS) + "/root";

struct Case {
  const char* name;
  RealServer::Program program;
  const char* options;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

constexpr RealServer::Program kOpenssl = RealServer::Program::kOpenssl;
constexpr RealServer::Program kGnutls = RealServer::Program::kGnutls;

const Case kCases[] = {
    {"defaults", kOpenssl, "-www -cert CERT -key KEY -dhparam DH_FILE"},
    {"everything", kOpenssl,
     "-www -cert CERT -key KEY -cipher ALL:COMPLEMENTOFALL:@SECLEVEL=0 -dhparam DH_FILE"},
    {"tls12_dhe", kOpenssl, "-www -cert CERT -key KEY -tls1_2 -cipher DHE+AES -dhparam DH_FILE"},
    {"tls12_static_rsa", kOpenssl, "-www -cert CERT -key KEY -tls1_2 -cipher kRSA+AES"},
    {"tls13", kOpenssl, "-www -cert CERT -key KEY -tls1_3"},
    {"tls10", kOpenssl, "-www -cert CERT -key KEY -tls1 -cipher AES128-SHA:@SECLEVEL=0"},
    {"no_tls13", kOpenssl, "-www -cert CERT -key KEY -no_tls1_3 -cipher ECDHE:@SECLEVEL=0"},
    {"null", kOpenssl, "-www -cert CERT -key KEY -tls1_2 -cipher NULL:@SECLEVEL=0"},
    {"gnutls", kGnutls, "--x509certfile CERT --x509keyfile KEY --dhparams DH_FILE"},
    {"gnutls_old", kGnutls,
     "--x509certfile CERT --x509keyfile KEY --dhparams DH_FILE --priority "
     "NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:+ARCFOUR-128:+3DES-CBC:+DHE-RSA:+ANON-ECDH:+ANON-DH:+MD5"},
    {"gnutls_tls10", kGnutls,
     "--x509certfile CERT --x509keyfile KEY --priority "
     "NONE:+VERS-TLS1.0:+RSA:+ARCFOUR-128:+3DES-CBC:+SHA1:+MD5:+COMP-NULL:+SIGN-ALL"},
};

// The DH parameters that stand for DH_FILE in the options.
const std::string& DhParams() {
  static const auto* const folder = new testing::TemporaryFolder();
  static const std::string path = [] {
    const std::string file = folder->Path("dh.pem");
    if (std::system(
            ("openssl genpkey -genparam -algorithm DH -pkeyopt group:modp_2048 -out " + file)
                .c_str()) != 0) {
      std::abort();
    }
    return file;
  }();
  return path;
}

class OtherScanners : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!RealServer::Available(GetParam().program)) GTEST_SKIP() << "no such server program";
    if (!std::filesystem::exists(kRoot + "/usr/bin/sslscan")) {
      GTEST_SKIP() << "no sslscan (see fetch_servers)";
    }
    const std::string options =
        std::regex_replace(GetParam().options, std::regex("DH_FILE"), DhParams());
    server_ = std::make_unique<RealServer>(GetParam().program, options);
    // Nothing is known before.
    SurveySet surveys;
    for (const Survey survey : {Survey::kLegacy, Survey::kExport, Survey::kDhe}) {
      surveys.Add(survey);
    }
    const OrdinaryHandshake ordinary = {.reached_tls = true, .had_server_name = true};
    const std::vector<ProbeResult> done = server_->Run(surveys, ordinary);
    for (const ProbeResult& result : done) {
      words_ += ProbeWord(result.probe) + ":" + std::string(FlightWord(result.flight)) + " ";
    }
    found_ = Conclude(ordinary, done);
  }

  std::string Address() const { return "127.0.0.1:" + std::to_string(server_->port()); }

  std::unique_ptr<RealServer> server_;
  ProbeFindings found_;
  std::string words_;
};

class Sslscan : public OtherScanners {};
class Testssl : public OtherScanners {};

std::string NameOf(const ::testing::TestParamInfo<Case>& server) { return server.param.name; }

INSTANTIATE_TEST_SUITE_P(Servers, Sslscan, ::testing::ValuesIn(kCases), NameOf);
// It takes twenty seconds for each.
INSTANTIATE_TEST_SUITE_P(Servers, Testssl, ::testing::Values(kCases[1], kCases[9]), NameOf);

TEST_P(Sslscan, SaysTheSame) {
  SCOPED_TRACE(words_);
  const interop::CommandResult sslscan = interop::RunCommand(
      {kRoot + "/usr/bin/sslscan", "--xml=-", "--no-colour", "--no-groups", "--no-heartbleed",
       "--no-check-certificate", "--no-renegotiation", Address()},
      {.environment = {"OPENSSL_CONF=/dev/null"}}, absl::Seconds(60));
  ASSERT_EQ(sslscan.exit_code, 0) << sslscan.output;
  const char* const versions[] = {R"(type="ssl" version="3")", R"(type="tls" version="1.0")",
                                  R"(type="tls" version="1.1")", R"(type="tls" version="1.2")",
                                  R"(type="tls" version="1.3")"};
  for (size_t part = 0; part < std::size(versions); ++part) {
    const std::string enabled = std::string(versions[part]) + R"( enabled="1")";
    EXPECT_EQ(found_.accepts_version[part], absl::StrContains(sslscan.output, enabled))
        << versions[part];
  }
  // Its names are OpenSSL's.
  bool rc4 = false, triple_des = false, null = false, anonymous = false, exported = false,
       static_rsa = false;
  std::set<uint32_t> dhe_bits;
  const std::regex cipher(
      "<cipher status=\"\\w+\" sslversion=\"([^\"]+)\".* cipher=\"([^\"]+)\"[^>]*>");
  for (auto it = std::sregex_iterator(sslscan.output.begin(), sslscan.output.end(), cipher);
       it != std::sregex_iterator(); ++it) {
    const std::string row = it->str(), name = (*it)[2];
    if (absl::StartsWith(name, "TLS_AES") || absl::StartsWith(name, "TLS_CHACHA")) continue;
    const bool is_export = absl::StartsWith(name, "EXP");
    const bool is_null = absl::StrContains(name, "NULL");
    exported |= is_export;
    rc4 |= absl::StrContains(name, "RC4") && !is_export;
    triple_des |= absl::StrContains(name, "DES-CBC3") || absl::StrContains(name, "3DES");
    null |= is_null;
    anonymous |= absl::StartsWith(name, "ADH") || absl::StartsWith(name, "AECDH") ||
                 absl::StrContains(name, "anon");
    const bool has_ephemeral = absl::StrContains(row, "curve=") ||
                               absl::StrContains(row, "dhebits=") ||
                               absl::StartsWith(name, "ECDHE") || absl::StartsWith(name, "DHE") ||
                               absl::StartsWith(name, "AECDH") || absl::StartsWith(name, "ADH");
    static_rsa |= !has_ephemeral && !is_null && !is_export;
    std::smatch bits;
    if (absl::StartsWith(name, "DHE") &&
        std::regex_search(row, bits, std::regex("dhebits=\"(\\d+)"))) {
      dhe_bits.insert(static_cast<uint32_t>(std::stoul(bits[1])));
    }
  }
  EXPECT_EQ(found_.accepts_rc4, rc4) << sslscan.output;
  EXPECT_EQ(found_.accepts_3des, triple_des) << sslscan.output;
  EXPECT_EQ(found_.accepts_null, null) << sslscan.output;
  EXPECT_EQ(found_.accepts_anonymous, anonymous) << sslscan.output;
  EXPECT_EQ(found_.accepts_export, exported) << sslscan.output;
  EXPECT_EQ(found_.accepts_static_rsa, static_rsa) << sslscan.output;
  EXPECT_EQ(found_.accepts_dhe, !dhe_bits.empty()) << sslscan.output;
  if (!dhe_bits.empty()) {
    EXPECT_THAT(dhe_bits, ::testing::Contains(*found_.dhe_bits));
  }
}

TEST_P(Testssl, SaysTheSame) {
  SCOPED_TRACE(words_);
  const testing::TemporaryFolder folder;
  const std::string json = folder.Path("findings.json");
  interop::RunCommand({kRoot + "/usr/bin/testssl", "--color", "0", "--warnings", "batch",
                       "--openssl", "/usr/bin/openssl", "-p", "-s", "-Z", "--quiet", "--ip", "one",
                       "--jsonfile", json, Address()},
                      {.environment = {"TESTSSL_INSTALL_DIR=" + kRoot + "/etc/testssl",
                                       "PATH=" + kRoot + "/usr/bin:" + std::getenv("PATH")}},
                      absl::Seconds(120));
  const auto text = interop::ReadFile(json);
  ASSERT_TRUE(text.ok()) << text.status();
  std::map<std::string, std::string> said;
  for (const auto& row : nlohmann::json::parse(*text)) {
    said[row["id"].get<std::string>()] = row["finding"].get<std::string>();
  }
  const auto offered = [&](const std::string& id) {
    EXPECT_TRUE(said.contains(id)) << id;
    return absl::StartsWith(said[id], "offered");
  };
  const char* const versions[] = {"SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3"};
  for (size_t part = 0; part < std::size(versions); ++part) {
    EXPECT_EQ(found_.accepts_version[part], offered(versions[part])) << versions[part];
  }
  EXPECT_EQ(found_.accepts_null, offered("cipherlist_NULL"));
  EXPECT_EQ(found_.accepts_anonymous, offered("cipherlist_aNULL"));
  EXPECT_EQ(found_.accepts_export, offered("cipherlist_EXPORT"));
  EXPECT_EQ(found_.accepts_3des, offered("cipherlist_3DES_IDEA"));
  EXPECT_EQ(found_.accepts_rc4, offered("cipherlist_LOW"));  // RC4 and DES
  // It tries nothing where there is no older version than TLS 1.2.
  const std::string& fallback = said["fallback_SCSV"];
  if (fallback == "supported" || absl::StartsWith(fallback, "NOT supported")) {
    EXPECT_EQ(found_.fallback_scsv, fallback == "supported");
  }
}

}  // namespace
}  // namespace mxsweep::tls
