// A scan in figures, and the table of them at its end. Pure text.
#ifndef MXSWEEP_SCANNER_RECORD_SCAN_SUMMARY_H_
#define MXSWEEP_SCANNER_RECORD_SCAN_SUMMARY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace mxsweep::scanner {

// "1h02m", "3m20s", "12s".
std::string FormatDuration(double seconds);
// "1,234,567".
std::string FormatCount(uint64_t count);

// A finished (or stopped) scan in figures. Words are those of docs/outcomes.md.
struct ScanSummary {
  using Counts = std::map<std::string, uint64_t, std::less<>>;

  double elapsed_s = 0;
  bool complete = true;  // false: stopped early
  std::string failure;   // why, where writing failed: a sentence; what was committed is whole
  std::string output;    // where the tables are
  std::string
      note;  // something that the reader must know ("resolver does not validate …"); may be empty
  uint16_t port = 0;  // that was connected to
  // Of one half of a scan (mxsweep resolve, mxsweep probe), false: the other half's is not shown.
  bool has_domains = true;  // false: input_lines are of MX hosts
  bool has_endpoints = true;
  uint64_t input_lines = 0;
  uint64_t duplicates = 0;
  uint64_t invalid = 0;
  std::string an_invalid;  // a line that is no target, as it stands in the list
  uint64_t domains = 0;
  uint64_t hosts = 0;
  uint64_t endpoints = 0;
  uint64_t certificates = 0;
  uint64_t connections = 0;  // probes' among them
  uint64_t probes = 0;
  uint64_t retries = 0;
  uint64_t inferred = 0;           // endpoints told from what others met at their address
  uint64_t not_asked_crowded = 0;  // endpoints
  uint64_t outages = 0;            // of our own network
  uint64_t bytes_in = 0;
  uint64_t bytes_out = 0;
  Counts diagnoses;     // domains.diagnosis
  Counts mx_statuses;   // domains.mx_status
  Counts outcomes;      // endpoints.outcome
  Counts rpt_results;   // endpoints.rpt_result: the words of RFC 8460 §4.3, and our own
  Counts tls_versions;  // endpoints.tls_version, tls_ok only, as are the rest
  Counts ciphers;
  Counts groups;
  Counts leaf_keys;         // "rsa 2048", "ecdsa P-256"
  Counts pkix_statuses;     // endpoints.pkix_status
  Counts dane_statuses;     // domains.dane_status
  Counts mta_sts_statuses;  // domains.mta_sts_status, and so on
  Counts mta_sts_policy_statuses;
  Counts mta_sts_rpt_results;
  Counts mta_sts_senders;
  Counts tlsrpt_statuses;
};

// A table of at most 80 columns, ending in a line end: each group's counts and shares, largest
// first, small ones summed up.
std::string RenderSummary(const ScanSummary& summary, bool colour = false);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_SCAN_SUMMARY_H_
