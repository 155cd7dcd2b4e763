// Issuers whose keys BoringSSL cannot use and OpenSSL can: what their chains are worth is not
// known, and never their fault. The openssl program makes them, and is the witness that they are
// valid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/tls/pki/openssl_ca.h"
#include "tls/dane/verdict.h"
#include "tls/pki/pem_chain.h"
#include "tls/pki/pkix.h"

namespace mxsweep::tls {
namespace {

using ::testing::HasSubstr;
using testing::OpensslCa;
using testing::WallNow;

// A shell script: $K makes a key, as options of `openssl genpkey`.
constexpr char kMakeChain[] = R"(
set -e
exec 2>make.log
P256="-algorithm EC -pkeyopt ec_paramgen_curve:P-256 -pkeyopt ec_param_enc:named_curve"
openssl genpkey $P256 -out root.key
openssl genpkey $ISSUER -out ca.key
openssl genpkey ${LEAF:-$P256} -out leaf.key
printf '[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign\n' >ca.cnf
printf '[leaf]\nsubjectAltName=DNS:mx.example.org\nextendedKeyUsage=serverAuth\n' >leaf.cnf
openssl req -new -x509 -key root.key -subj '/CN=Root' -days 90 -out root.pem
openssl req -new -key ca.key -subj '/CN=CA' -out ca.csr
openssl x509 -req -in ca.csr -CA root.pem -CAkey root.key -set_serial 2 -days 60 \
  -extfile ca.cnf -extensions ca -out ca.pem
openssl req -new -key leaf.key -subj '/CN=mx' -out leaf.csr
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -set_serial 3 -days 30 \
  -extfile leaf.cnf -extensions leaf -out leaf.pem
test -n "$REFUSED" || openssl verify -purpose sslserver -CAfile root.pem -untrusted ca.pem leaf.pem
)";

class ForeignKeys : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(OpensslCa::Available()) << "no openssl program to make the certificates";
    std::string name = (std::filesystem::temp_directory_path() / "mxsweep_keys_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string Read(const char* file) const {
    std::ifstream in(folder_ / file);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  // Makes a chain that openssl finds valid, unless it is to be `refused`.
  void Make(const std::string& issuer, const std::string& leaf = "", bool refused = false) {
    std::ofstream(folder_ / "make.sh") << kMakeChain;
    const std::string command = "cd '" + folder_.string() + "' && ISSUER='" + issuer + "' LEAF='" +
                                leaf + "' REFUSED=" + (refused ? "1" : "") +
                                " sh make.sh >/dev/null";
    ASSERT_EQ(std::system(command.c_str()), 0) << Read("make.log");
    chain_ = ReadPemChain(Read("leaf.pem") + Read("ca.pem")).value();
  }

  PkixVerdict Pkix() const {
    PkixVerifier verifier(TrustStore::FromPem(Read("root.pem")).value());
    return verifier.Judge(chain_, WallNow());
  }

  DaneVerdict Dane(uint8_t usage, const DerHandle& of, const std::string& name) const {
    const Sha256 digest = HashSha256(of.der());
    const dns::TlsaRecord record = {usage, 0, 1, {digest.begin(), digest.end()}};
    return JudgeDane(std::vector{record}, chain_, {.tlsa_base_domain = name}, WallNow());
  }

  std::filesystem::path folder_;
  std::vector<DerHandle> chain_;
};

TEST_F(ForeignKeys, OfAnIssuerLeaveItOpenWhetherTheChainIsTrusted) {
  for (const char* issuer :
       {"-algorithm ED448", "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP256r1",
        "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1"}) {
    SCOPED_TRACE(issuer);
    ASSERT_NO_FATAL_FAILURE(Make(issuer));
    const PkixVerdict pkix = Pkix();
    EXPECT_EQ(pkix.status, PkixStatus::kNotKnown) << pkix.error;
    EXPECT_EQ(PkixStatusName(pkix.status), "");
    EXPECT_THAT(pkix.error, HasSubstr("of a kind that cannot be checked here"));
    const DaneVerdict anchor = Dane(2, chain_[1], "mx.example.org");
    EXPECT_EQ(anchor.status, DaneStatus::kNotKnown) << anchor.detail;
    EXPECT_THAT(anchor.detail, HasSubstr("not known: "));
    EXPECT_EQ(Dane(3, chain_[0], "mx.example.org").status, DaneStatus::kMatch);
    EXPECT_EQ(Dane(3, chain_[1], "mx.example.org").status, DaneStatus::kMismatch);
  }
}

TEST_F(ForeignKeys, OfALeafAreNeverCalledValid) {
  for (const char* leaf : {"-algorithm ED448", "-algorithm EC -pkeyopt ec_paramgen_curve:secp256k1",
                           "-algorithm EC -pkeyopt ec_paramgen_curve:brainpoolP384r1"}) {
    SCOPED_TRACE(leaf);
    ASSERT_NO_FATAL_FAILURE(Make("-algorithm EC -pkeyopt ec_paramgen_curve:P-256", leaf));
    const PkixVerdict pkix = Pkix();
    EXPECT_EQ(pkix.status, PkixStatus::kNotKnown) << pkix.error;
    EXPECT_THAT(pkix.error, HasSubstr("leaf: its key is of a kind"));
  }
}

// OpenSSL knows the key, and refuses it (X509_V_ERR_EC_KEY_EXPLICIT_PARAMS).
TEST_F(ForeignKeys, WithExplicitParametersAreRefusedAsOpenSslDoes) {
  ASSERT_NO_FATAL_FAILURE(
      Make("-algorithm EC -pkeyopt ec_paramgen_curve:P-384 -pkeyopt ec_param_enc:explicit", "",
           /*refused=*/true));
  const std::string verify = "cd '" + folder_.string() +
                             "' && openssl verify -CAfile root.pem -untrusted ca.pem leaf.pem 2>&1 "
                             "| grep -q 'explicit ECC parameters'";
  EXPECT_EQ(std::system(verify.c_str()), 0);
  const PkixVerdict pkix = Pkix();
  EXPECT_EQ(pkix.status, PkixStatus::kConstraint) << pkix.error;
  EXPECT_THAT(pkix.error, HasSubstr("explicit curve parameters"));
  EXPECT_EQ(Dane(2, chain_[1], "mx.example.org").status, DaneStatus::kMismatch);
}

// What is wrong whatever the key is told.
TEST_F(ForeignKeys, DoNotHideWhatIsWrongAnyway) {
  ASSERT_NO_FATAL_FAILURE(Make("-algorithm ED448"));
  PkixVerifier verifier(TrustStore::FromPem(Read("root.pem")).value());
  EXPECT_EQ(verifier.Judge(chain_, WallNow() + 40 * 86400).status, PkixStatus::kExpired);
}

}  // namespace
}  // namespace mxsweep::tls
