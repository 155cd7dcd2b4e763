// Result types of TLS reports (RFC 8460 §4.3): the sending client refused, the reader is the
// receiver.
#include "tools/explain/forms/rows.h"

namespace mxsweep::tools {
namespace {

constexpr Form kForms[] = {
    {"certificate-not-trusted", "report_certificate_not_trusted", kRefused, kCause, kSender, kAny,
     kAny, kReceiver, "senders do not trust the certificate's issuer",
     "The chain that the server sends does not lead to a public authority.", "",
     "Send the intermediate certificates along.", "Not a weak key: reports carry no key size."},
    {"dane-required", "report_dane_required", kRefused, kCause, kSender, kAny, kAny, kReceiver,
     "a sender insists on DANE and the domain has none",
     "The sender is set to demand DANE of this domain.", "",
     "Publish TLSA records in a signed zone.", "Not a broken DANE."},
    {"sts-policy-fetch-error", "report_sts_fetch", kRefused, kCause, kSender, kAny, kAny, kReceiver,
     "senders cannot fetch the MTA-STS policy",
     "The web host mta-sts.DOMAIN does not answer with the policy file.", "",
     "Make https://mta-sts.DOMAIN/.well-known/mta-sts.txt answer with 200 and text/plain.",
     "Not a fault of the MX."},
    {"sts-policy-invalid", "report_sts_invalid", kRefused, kCause, kSender, kAny, kAny, kReceiver,
     "the MTA-STS policy file is not valid",
     "Its syntax, or its mx lines, are wrong (RFC 8461 "
     "section 3.2).",
     "", "Correct the policy file; list every MX host.", "Not the MX's certificate."},
    {"sts-webpki-invalid", "report_sts_webpki", kRefused, kCause, kSender, kAny, kAny, kReceiver,
     "the certificate of the policy's web host is not valid",
     "It is of mta-sts.DOMAIN, not of a mail server.", "",
     "A valid certificate for mta-sts.DOMAIN.", "Not the MX's certificate."},
    {"validation-failure", "report_validation_failure", kRefused, kHint, kSender, kAny, kAny,
     kReceiver, "the sender's check failed for a reason without a word of its own",
     "failure-reason-code in the report may say more.", "",
     "Check certificate, chain, TLSA records.", "Not a weak key: reports carry no key size."},
};

}  // namespace

std::span<const Form> ReportForms() { return kForms; }

}  // namespace mxsweep::tools
