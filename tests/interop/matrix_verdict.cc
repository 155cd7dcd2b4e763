#include "tests/interop/matrix_verdict.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace mxsweep::interop {
namespace {

// A column's value as text: "null", "true", or the string itself.
std::string Text(const Row& row, const char* column) {
  const auto value = row.find(column);
  if (value == row.end()) return absl::StrCat("no column ", column);
  return value->is_string() ? value->get<std::string>() : value->dump();
}

std::string OrDash(const std::string& text) { return text == "null" ? "-" : text; }

std::vector<const Row*> RowsWhere(const std::vector<Row>& rows, const char* column,
                                  const std::string& value) {
  std::vector<const Row*> found;
  for (const Row& row : rows) {
    if (Text(row, column) == value) found.push_back(&row);
  }
  return found;
}

// posttls-finger and gnutls-cli do not tell these from chains without trust.
std::string Coarse(std::string pkix) {
  for (const char* kind : {"self_signed", "incomplete"}) {
    if (absl::StartsWith(pkix, kind)) pkix.replace(0, std::string(kind).size(), "untrusted");
  }
  return pkix;
}

std::string TlsOfHandshake(const Verdict& verdict, Reference reference) {
  const std::string leaf = verdict.leaf_sha256.substr(0, kFingerprintDigits);
  switch (reference) {
    case Reference::kPosttlsFinger:
      return absl::StrCat(verdict.tls, " ", leaf);
    case Reference::kGnutls:
      return absl::StrCat(verdict.tls, " ", verdict.key_sha256.substr(0, kFingerprintDigits));
    case Reference::kOpenssl:
      break;
  }
  const std::string group = Text(verdict.endpoint, "group");
  return absl::StrCat(verdict.tls, " ", Text(verdict.endpoint, "cipher"), " ",
                      group == "null" ? "" : group + " ", leaf);
}

std::string TlsOf(const Verdict& verdict, Reference reference) {
  if (!verdict.leaf_sha256.empty()) return TlsOfHandshake(verdict, reference);
  if (verdict.tls == "no_address" || verdict.tls == "bogus") return "dns_error";
  if (reference == Reference::kGnutls || verdict.tls == "tls_alert") return "failed";
  if (reference == Reference::kPosttlsFinger) return verdict.tls;
  // openssl looks for STARTTLS alone, whatever the replies are.
  return verdict.tls == "starttls_refused" ? "failed" : "no_starttls";
}

std::string PkixOf(const Verdict& verdict, Reference reference) {
  if (verdict.pkix == "-") return "";
  if (reference == Reference::kOpenssl) return verdict.pkix;
  if (reference == Reference::kGnutls) return Coarse(verdict.pkix);
  return Coarse(verdict.pkix.substr(0, verdict.pkix.find('+')));  // it stops at the chain
}

std::string DaneOf(const Verdict& verdict, Reference reference) {
  if (verdict.dane == "-") return "";
  // Only posttls-finger is a sender, who has an opinion before there is a certificate.
  if (reference != Reference::kPosttlsFinger && verdict.leaf_sha256.empty()) return "";
  return verdict.dane == "insecure" ? "none" : verdict.dane;
}

}  // namespace

absl::StatusOr<Verdict> VerdictOn(const ScanResult& scan, const ReferenceTarget& target) {
  const auto domains = RowsWhere(scan.domains, "domain", target.names.domain);
  if (domains.size() != 1) return absl::InternalError("not one row for " + target.names.domain);
  Verdict verdict = {.tls = Text(*domains.front(), "mx_status"),
                     .pkix = "-",
                     .dane = "-",
                     .domain_dane = OrDash(Text(*domains.front(), "dane_status"))};
  if (verdict.tls != "mx") return verdict;
  const auto endpoints = RowsWhere(scan.endpoints, "host", target.names.mx_host);
  if (endpoints.size() > 1) return absl::InternalError("rows for " + target.names.mx_host);
  if (endpoints.empty()) {
    verdict.tls = "no_address";
    return verdict;
  }
  const Row& row = verdict.endpoint = *endpoints.front();
  const bool finished = Text(row, "outcome") == "tls_ok";
  verdict.tls = Text(row, finished ? "tls_version" : "outcome");
  verdict.dane = OrDash(Text(row, "dane_status"));
  if (!finished) return verdict;
  verdict.pkix = Text(row, "pkix_status");
  if (Text(row, "name_match") == "none") {
    verdict.pkix = verdict.pkix == "valid" ? "name" : verdict.pkix + "+name";
  }
  verdict.leaf_sha256 = row["chain_sha256"].front().get<std::string>();
  const auto leaves = RowsWhere(scan.certificates, "sha256", verdict.leaf_sha256);
  if (leaves.size() != 1) return absl::InternalError("not one row for " + verdict.leaf_sha256);
  verdict.key_sha256 = Text(*leaves.front(), "spki_sha256");
  return verdict;
}

Answers Expected(const Verdict& verdict, Reference reference) {
  return {.tls = TlsOf(verdict, reference),
          .pkix = PkixOf(verdict, reference),
          .dane = DaneOf(verdict, reference),
          .domain = verdict.domain_dane == "-" ? "" : verdict.domain_dane};
}

}  // namespace mxsweep::interop
