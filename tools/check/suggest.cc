#include "tools/check/suggest.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "scanner/base/text.h"
#include "tools/check/paragraph.h"

namespace mxsweep::tools {
namespace {

using scanner::CheckReport;
using scanner::CheckWorld;
using scanner::DomainReport;
using scanner::EndpointReport;
using scanner::HostReport;
using scanner::ScanRows;

// A day while it is tried out; RFC 8461 §3.2 wants weeks once it is enforced.
constexpr uint32_t kTestingMaxAgeSeconds = 86'400;
constexpr size_t kCommentColumns = 78;

bool Is(const std::optional<std::string>& value, std::string_view word) { return value == word; }

void AppendComment(std::string_view text, std::string* out) {
  for (const std::string& line : WrapText(Printable(text), kCommentColumns)) {
    AppendText(out, "; ", line, "\n");
  }
}

// SHA-256 of the public keys that a host showed, as far as it was met, in a fixed order.
struct KeysSeen {
  std::set<std::string> keys;
  bool all_asked = true;  // every address was met
};

KeysSeen KeysOf(const HostReport& host, const ScanRows& rows) {
  KeysSeen seen;
  const auto add = [&seen](const output::CertificateRow* leaf) {
    if (leaf != nullptr && leaf->spki_sha256) seen.keys.insert(*leaf->spki_sha256);
  };
  for (const EndpointReport& endpoint : host.endpoints) {
    add(endpoint.leaf);
    if (endpoint.leaf == nullptr) seen.all_asked = false;
    if (!endpoint.row->shown_certificates) continue;
    for (const output::ShownCertificate& shown : *endpoint.row->shown_certificates) {
      add(scanner::FindCertificate(rows, shown.leaf_sha256));
    }
  }
  if (host.row == nullptr || host.row->unasked_address_count.value_or(0) > 0) {
    seen.all_asked = false;
  }
  return seen;
}

// A record with SHA-512, beside which none with SHA-256 counts (RFC 7671 §9).
bool OutdoesSha256(const HostReport& host) {
  return host.row != nullptr && host.row->tlsa &&
         std::ranges::any_of(*host.row->tlsa, [](const output::TlsaEntry& record) {
           return record.usable && record.usage == 3 && record.selector == 1 &&
                  record.matching_type == 2;
         });
}

// Published already: as 3 1 1 where that counts, or some record matches what the server shows.
std::set<std::string> KeysPublished(const HostReport& host) {
  std::set<std::string> keys;
  if (host.row == nullptr || !host.row->tlsa || host.row->tlsa->empty()) return keys;
  for (const EndpointReport& endpoint : host.endpoints) {
    if (endpoint.leaf != nullptr && endpoint.leaf->spki_sha256 &&
        Is(endpoint.row->dane_status, "match")) {
      keys.insert(*endpoint.leaf->spki_sha256);
    }
  }
  if (OutdoesSha256(host)) return keys;
  for (const output::TlsaEntry& record : *host.row->tlsa) {
    if (record.usage == 3 && record.selector == 1 && record.matching_type == 1) {
      keys.insert(record.data);
    }
  }
  return keys;
}

// Why no TLSA record is suggested for the host; empty: there may be one.
std::string WhyNoTlsa(const HostReport& host, const CheckWorld& world) {
  if (!world.resolver_denies) {
    return "our resolver cannot tell what does not exist (--resolver unbound can)";
  }
  if (!world.resolver_validates) {
    return "whether its zone is signed is not known, since our resolver does not validate DNSSEC "
           "(--resolver unbound does)";
  }
  if (host.row == nullptr || !host.row->address_dnssec) return "it was not looked up";
  if (Is(host.row->tlsa_status, "lookup_error") || Is(host.row->tlsa_status, "bogus")) {
    return "whether it has records is not known: their look-up fails";
  }
  if (Is(host.row->address_dnssec, "insecure")) {
    return "its zone is not signed (DNSSEC), which DANE needs first";
  }
  if (!Is(host.row->address_dnssec, "secure")) return "whether its zone is signed is not known";
  return "";
}

void AppendTlsa(const HostReport& host, const ScanRows& rows, const CheckWorld& world,
                std::string* out) {
  AppendText(out, ";\n");
  if (const std::string why = WhyNoTlsa(host, world); !why.empty()) {
    return AppendComment(JoinText("no TLSA record of ", host.name, ": ", why, "."), out);
  }
  const KeysSeen seen = KeysOf(host, rows);
  const std::set<std::string> published = KeysPublished(host);
  std::vector<std::string> missing;
  std::ranges::set_difference(seen.keys, published, std::back_inserter(missing));
  if (seen.keys.empty()) {
    AppendComment(JoinText("no TLSA record of ", host.name, ": it showed no certificate."), out);
  } else if (missing.empty()) {
    AppendComment(JoinText(host.name, " has a TLSA record for every key that it showed."), out);
  } else {
    AppendComment(
        JoinText("TLSA of ", host.name,
                 ", for the zone that it lies in: a record for each key that "
                 "it showed, if those are the keys that it is meant to have. Publish a new one "
                 "before a key is changed, and wait for the TTL."),
        out);
  }
  const std::string base = host.row->tlsa_base_domain.value_or(host.name);
  if (!missing.empty() && OutdoesSha256(host)) {
    AppendComment(
        "Take its records 3 1 2 away with it: beside them no 3 1 1 counts (RFC 7671, section 9).",
        out);
  }
  for (const std::string& key : missing) {
    AppendText(out, "_", world.port, "._tcp.", base, ". IN TLSA 3 1 1 ", key, "\n");
  }
  if (!seen.keys.empty() && !seen.all_asked) {
    AppendComment("Not every address of it showed a certificate: there may be other keys.", out);
  }
  if (!seen.keys.empty()) {
    AppendComment(
        "A server with an RSA and an ECDSA certificate needs a record for each key; "
        "--probe certs looks for both.",
        out);
  }
}

void AppendMtaSts(const DomainReport& domain, absl::Time now, std::string* out) {
  AppendText(out, ";\n");
  std::string why;
  if (SuggestPolicy(domain, &why).empty()) return AppendComment(JoinText("MTA-STS: ", why), out);
  const std::string& name = domain.row->domain;
  AppendComment(JoinText("MTA-STS: publish the policy first, which mxsweep check ", name,
                         " --suggest policy prints, at https://mta-sts.", name,
                         "/.well-known/mta-sts.txt, then this; a new id for every change of it."),
                out);
  AppendText(out, "_mta-sts.", name,
             ". IN TXT \"v=STSv1; id=", absl::FormatTime("%Y%m%d%H%M%S", now, absl::UTCTimeZone()),
             "\"\n");
}

void AppendReporting(const DomainReport& domain, std::string* out) {
  AppendText(out, ";\n");
  const std::optional<std::string>& status = domain.row->tlsrpt_status;
  if (Is(status, "valid")) return AppendComment("TLS reporting is there.", out);
  if (!status || Is(status, "lookup_error") || Is(status, "local_error")) {
    return AppendComment("TLS reporting: not known.", out);
  }
  AppendComment(Is(status, "none")
                    ? "TLS reporting, to a mailbox that you read (or a program of yours):"
                    : "TLS reporting: in place of the record that is there and not valid:",
                out);
  AppendText(out, "_smtp._tls.", domain.row->domain,
             ". IN TXT \"v=TLSRPTv1; rua=mailto:tls-reports@", domain.row->domain, "\"\n");
}

void AppendDomain(const DomainReport& domain, const ScanRows& rows, const CheckWorld& world,
                  std::string* out) {
  AppendComment(JoinText(domain.row->domain, ": what is missing, as seen on ",
                         absl::FormatTime("%Y-%m-%d", world.now, absl::UTCTimeZone()), "."),
                out);
  if (domain.hosts.empty()) {
    return AppendComment("It has no MX hosts that could be looked at: nothing is suggested.", out);
  }
  for (const HostReport& host : domain.hosts) AppendTlsa(host, rows, world, out);
  if (world.resolver_validates && !Is(domain.row->mx_dnssec, "secure")) {
    AppendComment(JoinText("The MX records of ", domain.row->domain,
                           " are not signed: senders hardly use TLSA records before they are."),
                  out);
  }
  AppendMtaSts(domain, world.now, out);
  AppendReporting(domain, out);
}

std::string PolicyText(std::string_view mode, const std::vector<std::string>& patterns,
                       uint32_t max_age_seconds) {
  std::string text = JoinText("version: STSv1\r\nmode: ", mode, "\r\n");
  for (const std::string& pattern : patterns) AppendText(&text, "mx: ", pattern, "\r\n");
  AppendText(&text, "max_age: ", max_age_seconds, "\r\n");
  return text;
}

// Whether senders can have the policy, or not. Some failures are ours.
bool IsPolicyKnown(const output::DomainRow& row) {
  if (!row.mta_sts_policy_status) return false;
  for (const std::string_view ours :
       {"blocked", "not_asked_crowded", "local_error", "cancelled", "webpki_not_known"}) {
    if (*row.mta_sts_policy_status == ours) return false;
  }
  return true;
}

// An MX host to which a policy in mode enforce would stop mail; empty: none was seen.
std::string HostThatWouldFail(const DomainReport& domain) {
  for (const HostReport& host : domain.hosts) {
    for (const EndpointReport& endpoint : host.endpoints) {
      const bool good = endpoint.row->outcome == "tls_ok" &&
                        Is(endpoint.row->pkix_status, "valid") &&
                        Is(endpoint.row->name_match, "san");
      if (!good) return host.name;
    }
  }
  return "";
}

}  // namespace

std::string SuggestZone(const CheckReport& report, const ScanRows& rows, const CheckWorld& world) {
  std::string out;
  for (const DomainReport& domain : report.domains) {
    if (!out.empty()) AppendText(&out, "\n");
    AppendDomain(domain, rows, world, &out);
  }
  return out;
}

std::string SuggestPolicy(const DomainReport& domain, std::string* why) {
  const output::DomainRow& row = *domain.row;
  if (domain.hosts.empty()) {
    *why = "it has no MX hosts that a policy could name.";
    return "";
  }
  const std::optional<std::string>& record = row.mta_sts_status;
  if (!record || Is(record, "lookup_error") || Is(record, "local_error")) {
    *why = "whether there is a record is not known.";
    return "";
  }
  if (Is(record, "valid") && !IsPolicyKnown(row)) {
    *why = "there is a record; the policy was not fetched, or could not be.";
    return "";
  }
  std::vector<std::string> patterns;
  if (Is(record, "valid") && Is(row.mta_sts_policy_status, "valid")) {
    const std::vector<std::string> unmatched = row.mta_sts_unmatched_mx.value_or(patterns);
    if (unmatched.empty()) {
      *why = "the policy is there, and names every MX host.";
      return "";
    }
    patterns = row.mta_sts_mx.value_or(patterns);
    patterns.insert(patterns.end(), unmatched.begin(), unmatched.end());
    return PolicyText(row.mta_sts_mode.value_or("testing"), patterns,
                      row.mta_sts_max_age.value_or(kTestingMaxAgeSeconds));
  }
  for (const HostReport& host : domain.hosts) patterns.push_back(host.name);
  if (const std::string host = HostThatWouldFail(domain); !host.empty()) {
    *why = JoinText(host,
                    " was not seen with a valid certificate in its name: mail to it would "
                    "stop in mode enforce. Stay in mode testing until it has one.");
  }
  return PolicyText("testing", patterns, kTestingMaxAgeSeconds);
}

}  // namespace mxsweep::tools
