// `mxsweep dane` is given what the scan kept of each case, and must judge as the scan did.
#include "absl/strings/str_cat.h"
#include "tests/interop/interop_fixture.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/matrix_names.h"

namespace mxsweep::interop {
namespace {

constexpr size_t kBase64LineLength = 64;
constexpr int kLeastCases = 50;

class MatrixOfflineTest : public InteropTest {
 protected:
  // A PEM file with the chain of an endpoint, and text between the certificates.
  static std::string ChainOf(const Row& endpoint) {
    std::string pem;
    for (const Row& sha256 : endpoint["chain_sha256"]) {
      const Row kept = OnlyRow(network().scan().certificates, "sha256", sha256);
      const std::string der = Text(kept, "der");
      absl::StrAppend(&pem, Text(kept, "subject"), "\n-----BEGIN CERTIFICATE-----\n");
      for (size_t at = 0; at < der.size(); at += kBase64LineLength) {
        absl::StrAppend(&pem, der.substr(at, kBase64LineLength), "\n");
      }
      absl::StrAppend(&pem, "-----END CERTIFICATE-----\n");
    }
    return pem;
  }

  static Arguments CommandFor(const Row& endpoint, const Row& host, const std::string& chain) {
    Arguments command = {MXSWEEP_PROGRAM,
                         "dane",
                         "--json",
                         "--chain",
                         chain,
                         "--name",
                         Text(host, "tlsa_base_domain"),
                         "--at",
                         Text(endpoint, "started_at")};
    for (const Row& tlsa : host["tlsa"]) {
      command.insert(
          command.end(),
          {"--tlsa", absl::StrCat(Text(tlsa, "usage"), " ", Text(tlsa, "selector"), " ",
                                  Text(tlsa, "matching_type"), " ", Text(tlsa, "data"))});
    }
    return command;
  }

  static Row Run(const Arguments& command) {
    const CommandResult run = RunCommand(command);
    Row verdict = Row::parse(run.output, nullptr, /*allow_exceptions=*/false);
    EXPECT_TRUE(verdict.is_object()) << run.output;
    if (!verdict.is_object()) return Row::object();
    EXPECT_EQ(run.exit_code, verdict["verdict"] == "match" ? 0 : 1) << run.output;
    return verdict;
  }

  // The offline word for the domain, whose only endpoint it is.
  static std::string DomainWord(const std::string& verdict, bool mx_secure) {
    if (!mx_secure) return "optional";
    if (verdict == "match") return "full";
    return verdict == "unusable" ? "partial" : "broken";
  }

  static void Compare(const MatrixCase& test_case, const Row& endpoint) {
    const CaseNames names = NamesOf(test_case);
    const Row host = OnlyRow(network().scan().hosts, "host", names.mx_host);
    const Row domain = OnlyRow(network().scan().domains, "domain", names.domain);
    ASSERT_TRUE(host["tlsa"].is_array()) << host;
    const std::string chain = absl::StrCat("/run/", test_case.name, ".pem");
    ASSERT_TRUE(WriteFile(chain, ChainOf(endpoint)).ok());
    Arguments command = CommandFor(endpoint, host, chain);

    const Row of_host = Run(command);
    EXPECT_EQ(Text(of_host, "verdict"), Text(endpoint, "dane_status"));
    EXPECT_EQ(of_host["matched_depth"], endpoint["dane_matched_depth"]);
    EXPECT_EQ(Text(of_host, "detail"), Text(endpoint, "dane_detail"));

    const bool mx_secure = Text(domain, "mx_dnssec") == "secure";
    command.insert(command.end(), {"--next-hop", names.domain});
    if (!mx_secure) command.push_back("--mx-insecure");
    EXPECT_EQ(DomainWord(Text(Run(command), "verdict"), mx_secure), Text(domain, "dane_status"));
  }
};

TEST_F(MatrixOfflineTest, JudgesAsTheScanDidByWhatTheScanKept) {
  int compared = 0;
  for (const MatrixCase& test_case : MatrixCases()) {
    if (!RecordsAreSecure(test_case)) continue;
    const std::vector<Row> endpoints =
        RowsWhere(network().scan().endpoints, "host", NamesOf(test_case).mx_host);
    if (endpoints.size() != 1 || Text(endpoints.front(), "outcome") != "tls_ok") continue;
    SCOPED_TRACE(test_case.name);
    Compare(test_case, endpoints.front());
    ++compared;
  }
  EXPECT_GE(compared, kLeastCases);
}

}  // namespace
}  // namespace mxsweep::interop
