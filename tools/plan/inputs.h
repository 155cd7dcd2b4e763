// What a plan for a fleet is made from: what the list is like, what a job costs, how polite it is,
// and what machines there are. Each figure has its source, so that the page can say it.
#ifndef MXSWEEP_TOOLS_PLAN_INPUTS_H_
#define MXSWEEP_TOOLS_PLAN_INPUTS_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "absl/status/status.h"

namespace mxsweep::plan {

// All of them are numbers that a reader may replace by his own ("rate=500"). Shares are of 1. The
// defaults are the plan of docs/fleet.md; AllInputs says of each what it is and where it is from.
struct Inputs {
  // The list.
  double domains = 300e6;
  double provider_share = 0.40;
  double pool_share = 0.06;
  double own_share = 0.135;
  double parked_share = 0.23;
  double provider_endpoints = 20e3;
  double endpoints_of_pool_name = 2;
  double endpoints_of_own_name = 1.17;
  double hosts_of_name = 0.447;
  // Where those are.
  double addresses = 5e6;
  double pool_networks = 64;
  double pool_addresses = 4'000;
  double parked_addresses = 500;
  double largest_crowd = 20e3;
  double hosting_share = 0.5;
  double hosting_addresses = 200;
  double other_addresses = 4;
  double dead_share = 0.10;
  double tried_again = 0.025;
  // Name servers.
  double questions = 4.33;
  double upwards = 1.02;
  double questions_above = 1.03;
  double lame_share = 0.05;
  double answer_s = 0.15;
  double largest_dns_hoster = 0.15;
  double largest_zone = 0.5;
  // What a job costs.
  double name_cpu_ms = 0.532;
  double session_cpu_ms = 0.343;
  double line_ns = 588;
  double start_s = 10;
  double session_s = 1.5;
  double session_bytes = 4'230;
  double longer_chain_bytes = 2'500;
  double question_bytes = 69;
  double answer_bytes = 212;
  double name_memory_bytes = 14;
  double host_memory_bytes = 43.1;
  double certificate_memory_bytes = 22;
  double session_memory_kib = 10.1;
  double waiting_bytes = 108;
  double unbound_mib = 1'843;
  double domain_row_bytes = 19;
  double host_row_bytes = 43;
  double endpoint_row_bytes = 41.7;
  double certificate_row_bytes = 1'100;
  double merge_us = 17;
  // Politeness.
  double rate = 2'000;
  double dns_rate = 20'000;
  double dns_concurrency = 2'000;
  double concurrency = 2'000;
  double address_interval_s = 1;
  double prefix_rate = 16;
  double prefix_concurrency = 32;
  double patience_s = 14'400;
  double connect_timeout_s = 10;
  double retry_delay_s = 30;
  double dns_timeout_s = 20;
  // The fleet.
  double nodes = 4;
  double probe_jobs_of_node = 1;
  double cores = 2;
  double workers = 2;
  double resolve_shards = 32;
  double probe_shards = 4;
  double slow_nodes = 0.25;
  double slow_factor = 1.5;
  double spread = 0.1;
  double nodes_lost_a_day = 1;
  double notice_s = 300;
  double replaced_s = 3'600;
  double epoch_s = 60;
  double node_hour_price = 0.10;
  double gb_price = 0.05;
  double seed = 1;
};

struct Input {
  const char* group;
  const char* name;
  double Inputs::*value;
  const char* what;
  const char* source;  // Markdown
  double least;        // that makes sense
};
// In the order of the page.
std::span<const Input> AllInputs();

// Takes "name=value" over. kInvalidArgument, with a sentence, for what is none of AllInputs or no
// number that makes sense.
absl::Status SetInput(std::string_view text, Inputs* inputs);

// What goes together, after all of them are set: shares that are more than the whole, and the like.
absl::Status Validate(const Inputs& inputs);

// A job's part of what --rate and --dns-rate say: an N-th, N being --jobs, whether or not so many
// are running (scanner/scan.cc). A node runs one resolve job at a time, and probe_jobs_of_node of
// probe. 0 is no limit: infinity.
double RateOfJob(const Inputs& inputs);
double DnsRateOfJob(const Inputs& inputs);

}  // namespace mxsweep::plan

#endif  // MXSWEEP_TOOLS_PLAN_INPUTS_H_
