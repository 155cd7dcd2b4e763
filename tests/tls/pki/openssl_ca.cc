#include "tests/tls/pki/openssl_ca.h"

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>

#include "tests/tls/pki/pem_files.h"

namespace mxsweep::tls::testing {
namespace {

void Check(bool condition, const std::string& what) {
  if (condition) return;
  std::fprintf(stderr, "openssl CA: %s\n", what.c_str());
  std::abort();
}

CertificateSpec LeafSpec(int64_t serial) {
  CertificateSpec spec;
  spec.serial = serial;
  spec.not_before = WallNow() - 300 * kDay;
  spec.not_after = WallNow() + 300 * kDay;
  return spec;
}

CertificateSpec DelegateSpec() {
  CertificateSpec spec = LeafSpec(99);
  spec.common_name = "Delegated Responder";
  spec.subject_alt_names = "";
  spec.extended_key_usage = "OCSPSigning";
  return spec;
}

std::filesystem::path MakeFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "mxsweep_ca_XXXXXX").string();
  Check(mkdtemp(name.data()) != nullptr, "temporary folder");
  return name;
}

}  // namespace

int64_t WallNow() { return std::time(nullptr); }

bool OpensslCa::Available() { return std::system("openssl version >/dev/null 2>&1") == 0; }

OpensslCa::OpensslCa()
    : folder_(MakeFolder()),
      issuer_(MakeSelfSigned(CaSpec("Witnessed CA"), TestKey(KeyKind::kP256, 20))),
      good_(MakeSigned(LeafSpec(0x1001), TestKey(KeyKind::kP256, 21), issuer_)),
      revoked_(MakeSigned(LeafSpec(0x1002), TestKey(KeyKind::kP256, 21), issuer_)),
      unlisted_(MakeSigned(LeafSpec(0x1003), TestKey(KeyKind::kP256, 21), issuer_)),
      delegate_(MakeSigned(DelegateSpec(), TestKey(KeyKind::kRsa2048, 22), issuer_)) {
  Write("ca.pem", issuer_.pem());
  Write("ca.key", KeyPem(issuer_.key()));
  Write("delegate.pem", delegate_.pem());
  Write("delegate.key", KeyPem(delegate_.key()));
  Write("index.txt",
        "V\t300101000000Z\t\t1001\tunknown\t/CN=mx.example.org\n"
        "R\t300101000000Z\t260101080000Z,keyCompromise\t1002\tunknown\t/CN=mx.example.org\n");
  Write("index.txt.attr", "unique_subject = no\n");
  Write("crlnumber", "01\n");
  Write("ca.cnf", "[ca]\ndefault_ca = witnessed\n[witnessed]\ndatabase = " + Path("index.txt") +
                      "\ndefault_md = sha256\ncrlnumber = " + Path("crlnumber") +
                      "\n[shard]\nissuingDistributionPoint = critical, @point\n[point]\n"
                      "fullname = URI:http://crl.example/shard-1.crl\nonlyuser = TRUE\n"
                      "[delta]\n2.5.29.27 = critical,DER:02:01:01\n");
}

OpensslCa::~OpensslCa() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string OpensslCa::DelegateOptions() const {
  return "-rsigner " + Path("delegate.pem") + " -rkey " + Path("delegate.key");
}

std::vector<uint8_t> OpensslCa::OcspResponse(const TestCertificate& leaf,
                                             const std::string& options) const {
  Write("leaf.pem", leaf.pem());
  Run("openssl ocsp -sha256 -no_nonce -issuer " + Path("ca.pem") + " -cert " + Path("leaf.pem") +
      " -reqout " + Path("request.der"));
  const bool delegated = options.find("-rsigner") != std::string::npos;
  const std::string signer =
      delegated ? "" : " -rsigner " + Path("ca.pem") + " -rkey " + Path("ca.key");
  Run("openssl ocsp -index " + Path("index.txt") + " -CA " + Path("ca.pem") + signer + " " +
      options + " -reqin " + Path("request.der") + " -respout " + Path("response.der"));
  return Read("response.der");
}

std::vector<uint8_t> OpensslCa::Crl(const std::string& options) const {
  Run("openssl ca -gencrl -config " + Path("ca.cnf") + " -cert " + Path("ca.pem") + " -keyfile " +
      Path("ca.key") + " " + options + " -out " + Path("list.pem"));
  Run("openssl crl -in " + Path("list.pem") + " -outform DER -out " + Path("list.der"));
  return Read("list.der");
}

void OpensslCa::Write(const std::string& name, const std::string& text) const {
  std::ofstream file(Path(name), std::ios::binary | std::ios::trunc);
  file << text;
  Check(file.good(), name);
}

std::vector<uint8_t> OpensslCa::Read(const std::string& name) const {
  std::ifstream file(Path(name), std::ios::binary);
  Check(file.is_open(), name);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void OpensslCa::Run(const std::string& command) const {
  const std::string log = Path("log");
  if (std::system((command + " >" + log + " 2>&1").c_str()) == 0) return;
  const std::vector<uint8_t> said = Read("log");
  Check(false, command + "\n" + std::string(said.begin(), said.end()));
}

}  // namespace mxsweep::tls::testing
