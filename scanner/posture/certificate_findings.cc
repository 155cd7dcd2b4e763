// Findings on the certificate that a server showed: its chain, its name, its dates.
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using output::CertificateRow;
using output::EndpointRow;

constexpr absl::Duration kSoon = absl::Hours(24 * 21);
constexpr absl::Duration kVerySoon = absl::Hours(24 * 7);

constexpr char kWhoCares[] =
    "Senders that insist on a valid certificate refuse; opportunistic ones don't look at it and "
    "deliver encrypted.";

// What a matching TLSA record makes of trouble with the certificate (RFC 7672 §3.1.1).
std::string NotDane(const EndpointRow& row) {
  if (row.dane_status != "match" || !row.dane_matched_record) return "";
  if (!row.dane_matched_record->starts_with("3 ")) return "";
  return "It does not hurt DANE: a TLSA record of usage 3 matches, and then date, name and issuer "
         "do not count.";
}

std::string IssuerText(const CertificateRow* leaf) {
  return leaf != nullptr && leaf->issuer && !leaf->issuer->empty() ? *leaf->issuer
                                                                   : std::string("its issuer");
}

Finding Expired(const EndpointRow& row) {
  const bool leaf_expired = row.not_after && *row.not_after < row.started_at;
  return {.id = "certificate_expired",
          .title = leaf_expired ? JoinText("the certificate expired on ", DateText(*row.not_after))
                                : std::string("a certificate of the chain has expired"),
          .why = JoinText(leaf_expired ? "" : row.pkix_error.value_or(""),
                          leaf_expired || !row.pkix_error ? "" : ". ", kWhoCares),
          .fix = leaf_expired ? "renew the certificate, and reload the mail server"
                              : "install the renewed intermediate certificate",
          .advice = leaf_expired
                        ? "If it has been renewed already, the server still holds the old one: "
                          "reload it, and let the renewal do so from now on."
                        : "The leaf itself is within its dates: renewing it alone changes nothing.",
          .not_this = "Neither the key nor DNS is at fault."};
}

Finding NotYetValid(const CertificateRow* leaf) {
  return {
      .id = "certificate_not_yet_valid",
      .title = leaf != nullptr && leaf->not_before
                   ? JoinText("the certificate is valid only from ", DateText(*leaf->not_before))
                   : std::string("the certificate is not valid yet"),
      .why = kWhoCares,
      .fix = "use the previous certificate until then",
      .advice = "Check the clock of this machine too: it is what the date was held against."};
}

Finding SelfSigned() {
  return {.id = "certificate_self_signed",
          .title = "the certificate is self-signed",
          .why = kWhoCares,
          .fix = "get a certificate from a public authority",
          .advice =
              "Let's Encrypt and others give them for nothing. With DNSSEC, a TLSA record of "
              "usage 3 is as good for DANE senders; others still refuse."};
}

Finding Incomplete(const CertificateRow* leaf) {
  const std::string issuer = IssuerText(leaf);
  return {.id = "chain_incomplete",
          .title = "the intermediate certificate is missing",
          .why = JoinText("The server sends its own certificate and not that of ", issuer,
                          ", which signed it. ", kWhoCares),
          .fix = JoinText("add the missing intermediate: ", issuer),
          .advice =
              "Configure the file that holds the whole chain (often fullchain.pem), leaf "
              "first.",
          .not_this =
              "The certificate itself is not at fault: browsers that find the intermediate "
              "by themselves hide this mistake."};
}

Finding Untrusted(const EndpointRow& row, const CertificateRow* leaf) {
  return {.id = "certificate_untrusted",
          .title = "no known authority vouches for the certificate",
          .why = JoinText(row.pkix_error ? JoinText(*row.pkix_error, ". ") : std::string(),
                          "Issuer: ", IssuerText(leaf), ". ", kWhoCares),
          .fix = "get a certificate from a public authority",
          .advice =
              "A private authority is known within the house only. If it is a public one, "
              "see whether the trust store of this machine is up to date (--trust-store)."};
}

// Not the DER of which certificates are made: a padded serial number, text that is no UTF-8 …
Finding Unparsable(const EndpointRow& row) {
  return {
      .id = "certificate_not_parsed",
      .title = "a certificate of the chain cannot be parsed",
      .why = JoinText(*row.pkix_error,
                      ". OpenSSL ends the handshake over it, whether or not the sender verifies "
                      "certificates. Mail then, unless another server takes it: ",
                      WhoDoesWhat(&Sender::handshake_fails)),
      .fix = row.pkix_error->starts_with("leaf") ? "get a new certificate, from an authority "
                                                   "or a program that makes proper ones"
                                                 : "take it out of the chain, or put the right "
                                                   "one in its place",
      .advice = "Try \"openssl x509 -noout -text\": it says what it stumbles over."};
}

Finding OtherChainTrouble(const EndpointRow& row) {
  const bool weak = row.pkix_status == "weak_signature";
  return {.id = weak ? "weak_signature" : "chain_invalid",
          .title = weak ? "the chain is signed too weakly" : "the chain breaks a rule of X.509",
          .why = JoinText(row.pkix_error.value_or(row.pkix_status.value_or("")), ". ", kWhoCares),
          .fix = weak ? "get a certificate signed over SHA-256" : "get a new certificate",
          .advice = ""};
}

void AddChainFinding(const EndpointRow& row, const CertificateRow* leaf,
                     std::vector<Finding>* findings) {
  if (!row.pkix_status || *row.pkix_status == "valid") return;
  Finding finding;
  if (row.pkix_status == "expired") {
    finding = Expired(row);
  } else if (row.pkix_status == "not_yet_valid") {
    finding = NotYetValid(leaf);
  } else if (row.pkix_status == "self_signed") {
    finding = SelfSigned();
  } else if (row.pkix_status == "incomplete") {
    finding = Incomplete(leaf);
  } else if (row.pkix_status == "untrusted") {
    finding = Untrusted(row, leaf);
  } else if (row.pkix_status == "malformed" && row.pkix_error &&
             row.pkix_error->find("cannot be parsed") != std::string::npos) {
    finding = Unparsable(row);
  } else {
    finding = OtherChainTrouble(row);
  }
  // What ends handshakes hurts DANE, too.
  const std::string not_dane = finding.id == "certificate_not_parsed" ? "" : NotDane(row);
  finding.severity = not_dane.empty() ? Severity::kBad : Severity::kWarning;
  if (!not_dane.empty()) finding.not_this = not_dane;
  AddFinding(std::move(finding), {row.host, row.address}, findings);
}

void AddNameFinding(const EndpointRow& row, const CertificateRow* leaf,
                    std::vector<Finding>* findings) {
  if (row.name_match == "cn") {
    AddFinding({.severity = Severity::kWarning,
                .id = "name_in_common_name_only",
                .title = "the name stands in the common name only",
                .why = "The certificate has no DNS names (subjectAltName). MTA-STS senders and "
                       "newer libraries do not look at the common name.",
                .fix = JoinText("get a certificate with ", row.host, " among its DNS names")},
               {row.host, row.address}, findings);
  }
  if (row.name_match != "none") return;
  const std::string not_dane = NotDane(row);
  AddFinding(
      {.severity = not_dane.empty() ? Severity::kBad : Severity::kWarning,
       .id = "name_mismatch",
       .title = JoinText("the certificate is not for ", row.host),
       .why = JoinText(leaf != nullptr ? JoinText("It is for ", NamesText(*leaf), ". ") : "",
                       kWhoCares),
       .fix = JoinText("get a certificate that names ", row.host),
       .advice = "Or let the MX record point to a name that the certificate has.",
       .not_this = not_dane.empty()
                       ? "The domain of the addresses need not be in the certificate: senders "
                         "compare the name of the MX host."
                       : not_dane},
      {row.host, row.address}, findings);
}

void AddRevocation(const EndpointRow& row, std::vector<Finding>* findings) {
  if (row.revocation_status != "revoked") return;
  const std::string not_dane = NotDane(row);
  AddFinding({.severity = not_dane.empty() ? Severity::kBad : Severity::kWarning,
              .id = "certificate_revoked",
              .title = "the certificate has been revoked",
              .why = JoinText(row.revocation_detail ? JoinText(*row.revocation_detail, ". ") : "",
                              "Few senders ask; those that insist on a valid certificate and do, "
                              "refuse."),
              .fix = "get a new certificate, for a new key",
              .advice = "If the key was stolen, everything it protected is open.",
              .not_this = not_dane},
             {row.host, row.address}, findings);
}

void AddExpirySoon(const CheckView& view, const EndpointRow& row, std::vector<Finding>* findings) {
  if (!row.not_after || *row.not_after < row.started_at) return;
  const absl::Duration left = *row.not_after - view.world->now;
  if (left > kSoon) return;
  const int64_t days = left / absl::Hours(24);
  AddFinding({.severity = Severity::kWarning,
              .id = "certificate_expires_soon",
              .title = JoinText("the certificate expires on ", DateText(*row.not_after), ", in ",
                                days, days == 1 ? " day" : " days"),
              .why = left < kVerySoon
                         ? "Authorities' automatic clients renew it weeks before: something has "
                           "stopped doing so."
                         : "Automatic renewal should have done its work by now.",
              .fix = JoinText("renew before ", DateText(*row.not_after)),
              .advice = "And let the mail server reload it."},
             {row.host, row.address}, findings);
}

}  // namespace

void AddCertificateFindings(const CheckView& view, const HostRows&, const EndpointRow& row,
                            std::vector<Finding>* findings) {
  if (row.outcome != "tls_ok") return;
  const CertificateRow* leaf = LeafOf(view, row);
  AddChainFinding(row, leaf, findings);
  AddNameFinding(row, leaf, findings);
  AddRevocation(row, findings);
  AddExpirySoon(view, row, findings);
}

}  // namespace mxsweep::scanner
