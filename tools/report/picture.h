// What a report shows of a scan, as numbers: `mxsweep report` without its page.
#ifndef MXSWEEP_TOOLS_REPORT_PICTURE_H_
#define MXSWEEP_TOOLS_REPORT_PICTURE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "output/scan_directory.h"
#include "tools/page/page_builder.h"
#include "tools/policy/simulation.h"
#include "tools/survey/postures.h"

namespace mxsweep::tools {

struct Slice {
  std::string label;  // may be a stranger's text, as it stands in the row
  uint64_t count = 0;
  Tone tone = Tone::kNeutral;
};

// How a whole falls into parts.
struct Breakdown {
  std::string id;     // "server_tls_version": name of its CSV, anchor of its chart
  std::string title;  // "TLS version"
  std::string of;     // what is counted: "servers that completed a handshake"
  std::string note;   // what to know; may be empty
  uint64_t whole = 0;
  // The slices' sum is the whole; otherwise one thing may be in several.
  bool is_partition = true;
  // By count, unless their labels have an order of their own; what is not known comes last.
  std::vector<Slice> slices;
};

// Durations of which it is known how long they took.
struct Timing {
  std::string id;  // the column
  std::string title;
  uint64_t known = 0;
  uint64_t whole = 0;
  // Microseconds: the least value that so many hundredths do not exceed.
  uint32_t p50_us = 0, p90_us = 0, p99_us = 0;
};

enum class GroupBy : uint8_t { kProvider, kTld };

// Domains of one provider (of their most preferred MX host), or of one top-level domain. Those that
// take no mail are left out.
struct Group {
  std::string name;  // empty: not known
  uint64_t domains = 0;
  // What becomes of mail, by MailFate: of a sender that demands TLS, and of one that demands a
  // verified certificate.
  uint64_t tls[scanner::kMailFates] = {};
  uint64_t verified[scanner::kMailFates] = {};
  uint64_t dane_full = 0;
  uint64_t mta_sts_enforced = 0;
};

// An MX host for which domains are lost to senders that demand TLS.
struct Offender {
  std::string host;
  std::string reason;
  uint64_t domains = 0;
};

struct PictureOptions {
  GroupBy by = GroupBy::kProvider;
  size_t top = 20;  // of long lists
};

struct Picture {
  std::vector<Breakdown> domains, servers, certificates;
  std::vector<Timing> timings;
  std::vector<Group> groups;  // the largest `top`
  uint64_t group_count = 0;
  std::vector<Offender> offenders;  // the worst `top`
  uint64_t offender_count = 0;
  std::unique_ptr<Simulation> simulation;
  uint64_t domain_count = 0, host_count = 0, server_count = 0, certificate_count = 0;
  uint64_t inferred_servers = 0;  // told from what others met at their address
  uint64_t unasked_servers = 0;   // blocked, not asked, or our own trouble
  uint64_t silent_servers = 0;    // time-outs
  bool dnssec_known = false;
};

// Reads the tables of the scan, each once but for endpoints and mx_hosts (twice). Memory: that of
// ScanPostures, 16 bytes a server, and what differs among labels. `postures` must outlive the
// picture.
absl::StatusOr<Picture> TakePicture(const output::ScanDirectory& scan, const ScanPostures& postures,
                                    const PictureOptions& options);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_REPORT_PICTURE_H_
