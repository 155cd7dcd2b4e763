// Both halves of OpenSSL's security levels against the openssl program: `s_server` is what our
// handshake judges, and `s_client` at every level, with and without enforcing verification, either
// completes its own handshake with it or does not.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tests/tls/pki/openssl_ca.h"
#include "tests/tls/pki/pem_files.h"
#include "tests/tls/session/server_process.h"
#include "tls/pki/pkix.h"
#include "tls/session/handshake.h"
#include "tls/session/session_level.h"

namespace mxsweep::tls {
namespace {

using testing::CaSpec;
using testing::CertificateSpec;
using testing::KeyKind;
using testing::KeyPem;
using testing::kNow;
using testing::MakeSelfSigned;
using testing::MakeSigned;
using testing::OpensslCa;
using testing::TestCertificate;
using testing::TestKey;

std::string ReadAll(FILE* from) {
  std::string text;
  char buffer[4096];
  size_t got;
  while ((got = std::fread(buffer, 1, sizeof(buffer), from)) > 0) text.append(buffer, got);
  return text;
}

// What a server shows, and what it is to negotiate.
struct Case {
  std::string name;
  std::string server_options;  // of `openssl s_server`
  KeyKind leaf_key = KeyKind::kP521;
  KeyKind ca_key = KeyKind::kP521;
  KeyKind root_key = KeyKind::kP521;
  const EVP_MD* leaf_digest = nullptr;
  const EVP_MD* root_digest = nullptr;
  bool send_ca = true;
  bool self_signed = false;
  KeyKind extra_key = KeyKind::kP521;  // of a certificate that has nothing to do with the rest
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.server_options; }

// `openssl s_server` on a free port, for as long as this lives.
class Server {
 public:
  explicit Server(const Case& c) {
    WriteCertificates(c);
    process_.emplace("exec openssl s_server -accept 127.0.0.1:0 -serverpref -num_tickets 0 -cert " +
                         Path("leaf.pem") + " -key " + Path("leaf.key") + " -cert_chain " +
                         Path("chain.pem") + " " + c.server_options,
                     testing::kOpensslAnnouncement);
    EXPECT_NE(port(), 0) << process_->output();
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const { return process_->port(); }
  const std::string& roots() const { return roots_; }
  std::string Path(const char* file) const { return folder_.Path(file); }

 private:
  void WriteCertificates(const Case& c) {
    CertificateSpec root_spec = CaSpec("Levels Root");
    root_spec.digest = c.root_digest != nullptr ? c.root_digest : EVP_sha512();
    const TestCertificate root = MakeSelfSigned(root_spec, TestKey(c.root_key, 33));
    CertificateSpec ca_spec = CaSpec("Levels CA");
    ca_spec.digest = EVP_sha512();
    const TestCertificate ca = MakeSigned(ca_spec, TestKey(c.ca_key, 32), root);
    CertificateSpec leaf_spec;
    leaf_spec.digest = c.leaf_digest != nullptr ? c.leaf_digest : EVP_sha512();
    EVP_PKEY* const key = TestKey(c.leaf_key, 31);
    const TestCertificate leaf =
        c.self_signed ? MakeSelfSigned(leaf_spec, key) : MakeSigned(leaf_spec, key, ca);
    const TestCertificate extra = MakeSelfSigned(CaSpec("Extra"), TestKey(c.extra_key, 34));
    roots_ = root.pem();
    folder_.Write("root.pem", root.pem());
    folder_.Write("leaf.pem", leaf.pem());
    folder_.Write("leaf.key", KeyPem(key));
    folder_.Write("chain.pem", (c.send_ca ? ca.pem() : "") + extra.pem());
  }

  testing::TemporaryFolder folder_;
  std::string roots_;
  std::optional<testing::ServerProcess> process_;
};

void WriteAll(int fd, std::string* out) {
  EXPECT_EQ(write(fd, out->data(), out->size()), static_cast<ssize_t>(out->size()));
  out->clear();
}

// Our own handshake with it.
HandshakeFacts ShakeWith(const Server& server, ClientContext* context) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in to = testing::LoopbackAddress(server.port());
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof(to)), 0);
  Handshake tls(context);
  std::string out;
  EXPECT_TRUE(tls.Start("mx.example.org", kTls13, &out).ok());
  HandshakeOutcome outcome = HandshakeOutcome::kInProgress;
  while (outcome == HandshakeOutcome::kInProgress) {
    WriteAll(fd, &out);
    uint8_t buffer[16384];
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got <= 0) {
      tls.OnTransportClosed();
      break;
    }
    outcome = tls.Advance({buffer, static_cast<size_t>(got)}, &out);
  }
  WriteAll(fd, &out);
  close(fd);
  return tls.TakeFacts();
}

struct Witness {
  bool completed = false;
  bool too_weak = false;  // X509_V_ERR_EE_KEY_TOO_SMALL, _CA_KEY_TOO_SMALL or _CA_MD_TOO_WEAK
  std::string text;
};

Witness AskOpenssl(const Server& server, int level, bool enforce) {
  const std::string command =
      "echo | timeout 20 openssl s_client -connect 127.0.0.1:" + std::to_string(server.port()) +
      " -CAfile " + server.Path("root.pem") + " -attime " + std::to_string(kNow) +
      " -min_protocol TLSv1 -groups X25519:P-256:P-384:P-521 -cipher ALL:@SECLEVEL=" +
      std::to_string(level) + (enforce ? " -verify_return_error" : "") + " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  Witness witness;
  witness.text = ReadAll(pipe);
  witness.completed = pclose(pipe) == 0 &&
                      std::regex_search(witness.text, std::regex("Cipher is [A-Z0-9_-]+\n")) &&
                      witness.text.find("Verify return code:") != std::string::npos;
  witness.too_weak = std::regex_search(witness.text, std::regex("verify error:num=(66|67|68):"));
  return witness;
}

class OpensslLevels : public ::testing::TestWithParam<Case> {};

TEST_P(OpensslLevels, EndTheHandshakesThatTheTwoHalvesSay) {
  ASSERT_TRUE(OpensslCa::Available()) << "no openssl program to ask";
  const Server server(GetParam());
  ASSERT_NE(server.port(), 0);
  const auto context = ClientContext::Create();
  ASSERT_TRUE(context.ok());
  const HandshakeFacts facts = ShakeWith(server, context->get());
  ASSERT_EQ(facts.outcome, HandshakeOutcome::kOk) << facts.error_detail;
  CertificateTable table;
  const CertificateRef leaf = table.Intern(facts.chain.front().der()).certificate;
  // Debian 12 has OpenSSL 3.0; where the machine's is newer, its rules are.
  const bool is_3_0 = std::system("openssl version | grep -q 'OpenSSL 3\\.0'") == 0;
  const SecurityLevel session =
      JudgeSessionLevel(facts, leaf.get(), is_3_0 ? OpenSslRules::k3_0 : OpenSslRules::k3_1);
  PkixVerifier verifier(TrustStore::FromPem(server.roots()).value());
  const PkixVerdict verdict = verifier.Judge(facts.chain, kNow);
  ASSERT_TRUE(verdict.certificate_level.has_value());
  const SecurityLevel& certificates = *verdict.certificate_level;
  const bool trusted = verdict.path.size() > 1 && !GetParam().self_signed && GetParam().send_ca;
  for (int level = 0; level <= kMaxSecurityLevel; ++level) {
    const Witness lax = AskOpenssl(server, level, /*enforce=*/false);
    EXPECT_EQ(lax.completed, level <= session.level)
        << "level " << level << ", ours " << session.level << ": " << session.limited << "\n"
        << lax.text;
    if (!lax.completed) continue;
    EXPECT_EQ(lax.too_weak, level > certificates.level)
        << "level " << level << ", ours " << certificates.level << ": " << certificates.limited
        << "\n"
        << lax.text;
    if (!trusted) continue;
    const Witness strict = AskOpenssl(server, level, /*enforce=*/true);
    EXPECT_EQ(strict.completed, level <= certificates.level) << "level " << level << "\n"
                                                             << strict.text;
  }
}

constexpr char kStrong[] =
    "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -groups P-521 -cipher ALL:@SECLEVEL=0";
const std::string kAny = "@SECLEVEL=0 ";

std::vector<Case> Cases() {
  std::vector<Case> cases = {
      {"Tls13Strong", kStrong},
      {"Tls13Aes128", "-tls1_3 -ciphersuites TLS_AES_128_GCM_SHA256 -groups P-521"},
      {"Tls13X25519", "-tls1_3 -ciphersuites TLS_AES_256_GCM_SHA384 -groups X25519"},
      {"Tls12EcdheRsa",
       "-tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256:" + kAny + "-groups P-256 -sigalgs RSA+SHA256",
       KeyKind::kRsa2048},
      {"Tls12StaticRsa", "-tls1_2 -cipher AES256-GCM-SHA384:" + kAny, KeyKind::kRsa2048},
      {"Tls12Sha1Signature",
       "-tls1_2 -cipher ECDHE-RSA-AES256-GCM-SHA384:" + kAny + "-sigalgs RSA+SHA1",
       KeyKind::kRsa2048},
      {"Tls12Sha1Mac",
       "-tls1_2 -cipher ECDHE-RSA-AES256-SHA:" + kAny + "-groups P-521 -sigalgs RSA+SHA512",
       KeyKind::kRsa2048},
      {"Tls12CurveOfTheKey",
       "-tls1_2 -cipher ECDHE-ECDSA-AES256-GCM-SHA384:" + kAny +
           "-groups P-521:P-256 -sigalgs ECDSA+SHA512",
       KeyKind::kP256},
      {"Tls10Ecdhe", "-tls1 -cipher ECDHE-RSA-AES256-SHA:" + kAny, KeyKind::kRsa2048},
      {"Tls10StaticRsa", "-tls1 -cipher AES256-SHA:" + kAny, KeyKind::kRsa2048},
      {"Tls11StaticRsa", "-tls1_1 -cipher AES256-SHA:" + kAny, KeyKind::kRsa2048},
  };
  // Servers choose among what the client's level leaves them: pinned, so that it is one handshake.
  const std::string pinned = std::string(kStrong) + " -sigalgs rsa_pss_rsae_sha";
  cases.push_back({"LeafRsa1024", pinned + "384", KeyKind::kRsa1024});
  cases.push_back({"LeafRsa2048", pinned + "512", KeyKind::kRsa2048});
  cases.push_back({"CaRsa1024", kStrong, KeyKind::kP521, KeyKind::kRsa1024});
  cases.push_back({"AnchorRsa1024", kStrong, KeyKind::kP521, KeyKind::kP521, KeyKind::kRsa1024});
  Case sha1 = {"LeafSignedOverSha1", kStrong};
  sha1.leaf_digest = EVP_sha1();
  cases.push_back(sha1);
  sha1.name = "LeafSignedOverSha1WithoutItsIssuer";
  sha1.send_ca = false;
  cases.push_back(sha1);
  Case root = {"AnchorSignedOverSha1", kStrong};
  root.root_digest = EVP_sha1();
  cases.push_back(root);
  Case own = {"SelfSignedOverSha1", kStrong};
  own.self_signed = true;
  own.leaf_digest = EVP_sha1();
  cases.push_back(own);
  Case extra = {"WeakExtraCertificate", kStrong};
  extra.extra_key = KeyKind::kRsa1024;
  cases.push_back(extra);
  return cases;
}

std::string CaseName(const ::testing::TestParamInfo<Case>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(Servers, OpensslLevels, ::testing::ValuesIn(Cases()), CaseName);

}  // namespace
}  // namespace mxsweep::tls
