// What `mxsweep check` has to say of a domain, as plain data: facts, findings with advice, what
// senders would do, and a verdict. Made from the rows of a scan by a pure function;
// tools/check/text and tools/check/json show it. docs/check.md is the contract: the words and the
// exit code.
#ifndef MXSWEEP_SCANNER_POSTURE_REPORT_H_
#define MXSWEEP_SCANNER_POSTURE_REPORT_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "scanner/posture/domain_rows.h"
#include "scanner/posture/sender_policy.h"

namespace mxsweep::scanner {

enum class Severity : uint8_t { kGood, kNote, kWarning, kUnknown, kBad };
// "good", "note", "warning", "unknown", "bad".
std::string_view SeverityWord(Severity severity);

// What a finding is about: a domain (both empty), an MX host, or one address of it.
struct Place {
  std::string host;
  std::string address;

  friend bool operator==(const Place&, const Place&) = default;
};

// Something to know or to repair.
struct Finding {
  Severity severity = Severity::kNote;
  std::string id;      // a word that stays: "certificate_expired"
  std::string title;   // a phrase: "the certificate has expired"
  std::string why;     // sentences: what is so, and what it does
  std::string fix;     // a phrase that says what to do: "renew the certificate"; empty: nothing
  std::string advice;  // sentences: how
  std::vector<std::string> records;  // zone-file lines to publish
  std::string not_this;  // sentences: what the trouble is not, where people mix things up
  std::vector<Place> places;
};

// A line about a server or a domain: what was seen ("TLSv1.3, X25519"), or a verdict.
struct Fact {
  Severity severity = Severity::kGood;
  std::string id;  // "session", "certificate", "trust", "name", "dane", "mta_sts", "strength" …
  std::string label;  // the same for people
  std::string text;
  bool is_verdict = false;  // `severity` says something
};

struct EndpointReport {
  const output::EndpointRow* row = nullptr;      // borrowed
  const output::CertificateRow* leaf = nullptr;  // borrowed; null: none was shown
  std::vector<Fact> facts;
};

struct HostReport {
  uint16_t preference = 0;
  std::string name;
  const output::MxHostRow* row = nullptr;  // borrowed; null: it was not looked at
  std::vector<Fact> facts;
  std::vector<EndpointReport> endpoints;
};

struct SenderReport {
  const Sender* sender = nullptr;
  SenderDecision decision;
  Severity severity = Severity::kGood;
  std::string label;   // "opportunistic TLS"
  std::string action;  // "deliver encrypted"
  std::string text;    // why
};

// The one word on a domain. From the best to the worst, then what says nothing of its quality.
enum class Verdict : uint8_t {
  kSafe,         // encrypted for every kind of sender, and DANE or an enforced MTA-STS policy holds
  kUnprotected,  // the same, but nothing makes senders insist on it
  kUnverified,   // encrypted, but a sender that demands a valid certificate refuses
  kExposed,      // some senders deliver in clear
  kRefused,      // senders that use DANE or MTA-STS refuse or cannot deliver
  kUndeliverable,  // nobody can deliver
  kUnknown,
  kNoMail,  // the domain says that it takes none
};
// "safe", "unprotected", "unverified", "exposed", "refused", "undeliverable", "unknown", "no_mail".
std::string_view VerdictWord(Verdict verdict);

struct DomainReport {
  const output::DomainRow* row = nullptr;  // borrowed
  std::string asked_as;                    // what the user gave, where it differs
  Verdict verdict = Verdict::kUnknown;
  Severity severity = Severity::kUnknown;
  std::string headline;  // a phrase: what happens to mail
  std::string why;       // a phrase: the most important finding; may be empty
  std::string todo;      // a phrase; "nothing" where there is nothing to do
  bool passed = false;   // counts for the exit code
  std::vector<Fact> facts;
  std::vector<HostReport> hosts;
  std::vector<SenderReport> senders;
  std::vector<Finding> findings;  // worst first
};

struct CheckReport {
  absl::Time checked_at;
  std::string resolver;  // a sentence
  bool resolver_validates = false;
  std::vector<DomainReport> domains;
  // Names of which the scan gave no row: nothing is known of them, and so they did not pass.
  std::vector<std::string> without_row;

  // 0: every domain passed, 1: one did not, or could not be reported.
  int exit_code() const;
};

// What is known beside the rows.
struct CheckWorld {
  absl::Time now;
  std::string resolver;
  bool resolver_validates = false;
  bool resolver_denies = true;  // false: it cannot tell what does not exist, and counts as blind
  uint16_t port = 25;           // of the servers, and so of the TLSA records
};

// A domain to report: its name as it is looked up, and as the user gave it.
struct CheckedDomain {
  std::string name;
  std::string asked_as;
};

// Reports `domains` in their order; one without a row is left out (the scan was interrupted). The
// report borrows `rows`.
CheckReport BuildCheckReport(const std::vector<CheckedDomain>& domains, const ScanRows& rows,
                             const CheckWorld& world);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_REPORT_H_
