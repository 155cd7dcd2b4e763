// What a scan's servers come to for senders, in little memory: of a million servers there are some
// thousands of kinds, and of a million domains not many more.
//
// A *posture* is a row of `endpoints` or `mx_hosts` without what no sender's decision depends on
// (names, addresses, times, wording). Rows that are then equal are kept once. Memory: some hundred
// bytes a host and 32 an endpoint, and a few kilobytes a posture.
#ifndef MXSWEEP_TOOLS_SURVEY_POSTURES_H_
#define MXSWEEP_TOOLS_SURVEY_POSTURES_H_

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "output/scan_directory.h"
#include "output/tables/tables.h"
#include "scanner/posture/domain_rows.h"

namespace mxsweep::tools {

// The columns of `domains` that Gather and KeyOf look at.
const std::vector<std::string>& PostureColumns();

class ScanPostures {
 public:
  // Reads the mx_hosts and endpoints of a scan.
  static absl::StatusOr<ScanPostures> Read(const output::ScanDirectory& scan);

  // The domain's MX hosts as scanner::GatherDomain has them of all rows, in the same order, but
  // with postures for rows: every sender does the same with both. Borrows `row` and this.
  scanner::DomainRows Gather(const output::DomainRow& row) const;

  // Domains with equal keys have the same decisions of every sender, by hosts of the same number in
  // Gather(row).hosts. `gathered`: of this row.
  std::string KeyOf(const scanner::DomainRows& gathered) const;

  // Of an endpoint that was asked again there are several rows: is it the latest? `row`: its place
  // among the scan's rows of endpoints, from 0.
  bool IsLatestEndpoint(size_t row) const { return latest_endpoints_[row]; }

  // mx_hosts.provider of a host; empty where it is not known.
  std::string_view ProviderOf(std::string_view host) const;

  size_t hosts() const { return hosts_.size(); }
  size_t endpoints() const { return endpoints_.size(); }
  size_t postures() const { return endpoint_rows_.size() + host_rows_.size(); }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;

  struct Host {
    uint32_t posture = kNone;  // in host_rows_; none: the host has no row
    uint32_t first_endpoint = 0;
    uint32_t endpoint_count = 0;
    uint32_t kind = 0;  // hosts of one kind have the same postures
    uint32_t provider = 0;
  };
  // One row of `endpoints`. Of several of one address, the latest counts.
  struct Endpoint {
    uint32_t host = 0;
    uint32_t posture = 0;
    uint64_t address = 0;  // its hash
    int64_t started_us = 0;
    uint32_t row = 0;
  };
  // One row of `mx_hosts`, while they are read.
  struct HostSighting {
    uint32_t posture = kNone;
    int64_t started_us = INT64_MIN;
    std::vector<uint64_t> addresses;
  };
  template <typename Row>
  struct Kinds {
    absl::flat_hash_map<std::string, uint32_t> numbers;
    std::deque<Row>* rows;
  };

  ScanPostures() = default;
  uint32_t HostNumber(std::string_view name);
  absl::Status ReadHosts(const output::ScanDirectory& scan);
  absl::Status ReadEndpoints(const output::ScanDirectory& scan);
  void Settle();
  template <typename Row>
  static uint32_t NumberOf(const Row& row, Kinds<Row>* kinds);

  absl::flat_hash_map<std::string, uint32_t> numbers_;
  std::vector<Host> hosts_;
  std::vector<Endpoint> endpoints_;  // by host and address
  std::deque<output::MxHostRow> host_rows_;
  std::deque<output::EndpointRow> endpoint_rows_;
  std::vector<std::string> providers_ = {""};
  std::vector<bool> latest_endpoints_;
  std::vector<HostSighting> sightings_;  // until Settle
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_SURVEY_POSTURES_H_
