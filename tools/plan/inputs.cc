#include "tools/plan/inputs.h"

#include <cmath>
#include <limits>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "scanner/base/text.h"

namespace mxsweep::plan {
namespace {

constexpr char kMix[] = "[the mix internet](performance.md#the-mix-internet)";
constexpr char kReach[] = "[performance](performance.md#what-is-to-be-reached)";
constexpr char kFleetLab[] = "lab's fleet, below";
constexpr char kAssumed[] = "assumed";
constexpr char kDefault[] = "the default";

constexpr Input kInputs[] = {
    {"The list", "domains", &Inputs::domains, "names on the list", "issue; 390 million are known",
     1},
    {"", "provider_share", &Inputs::provider_share,
     "of the names: MX hosts of a provider, which many names share. Each is asked once", kMix, 0},
    {"", "provider_endpoints", &Inputs::provider_endpoints, "those hosts, at all their addresses",
     kAssumed, 0},
    {"", "pool_share", &Inputs::pool_share,
     "of the names: an MX host name for each domain, at a provider's pool of addresses", kMix, 0},
    {"", "endpoints_of_pool_name", &Inputs::endpoints_of_pool_name, "addresses of such a host",
     kMix, 0},
    {"", "pool_addresses", &Inputs::pool_addresses, "addresses of the pools", kAssumed, 1},
    {"", "pool_networks", &Inputs::pool_networks, "/24 networks that these are in", kAssumed, 1},
    {"", "own_share", &Inputs::own_share,
     "of the names: an MX host of their own, on a server of their own (8.5 %) or a shared one (5 "
     "%)",
     kMix, 0},
    {"", "endpoints_of_own_name", &Inputs::endpoints_of_own_name,
     "(host, address) of such a name: 32.5 million and the shared ones' 15, of 40.5 million",
     kReach, 0},
    {"", "parked_share", &Inputs::parked_share,
     "of the names: parked, at addresses that do not answer", kMix, 0},
    {"", "parked_addresses", &Inputs::parked_addresses, "addresses of parking services", kAssumed,
     0},
    {"", "hosts_of_name", &Inputs::hosts_of_name, "MX hosts for each name (134 of 300 million)",
     kReach, 0},
    {"", "addresses", &Inputs::addresses, "addresses of mail servers", "issue", 1},
    {"", "largest_crowd", &Inputs::largest_crowd,
     "host names at the fullest of the own and shared servers; the others follow a power law",
     kAssumed, 1},
    {"", "hosting_share", &Inputs::hosting_share, "of these servers: in a hoster's full /24",
     kAssumed, 0},
    {"", "hosting_addresses", &Inputs::hosting_addresses, "servers in such a /24",
     "[scanning](scanning.md#what-a-server-has-to-bear)", 1},
    {"", "other_addresses", &Inputs::other_addresses, "servers in another /24", kMix, 1},
    {"", "dead_share", &Inputs::dead_share, "of these servers: do not answer", kAssumed, 0},
    {"", "tried_again", &Inputs::tried_again, "connections after a first one (2.18 to 87 million)",
     kReach, 0},

    {"Name servers", "questions", &Inputs::questions,
     "questions of mxsweep for each name, both halves", kFleetLab, 0.001},
    {"", "upwards", &Inputs::upwards,
     "of Unbound to domains' name servers, for each of these (5.10 for 5)",
     "[recursion](performance.md#recursion)", 0},
    {"", "questions_above", &Inputs::questions_above,
     "to top-level domains' servers, for each name", "[recursion](performance.md#recursion)", 0},
    {"", "question_bytes", &Inputs::question_bytes, "bytes of such a question, with IP and UDP",
     "recursion benchmark, below", 0},
    {"", "answer_bytes", &Inputs::answer_bytes, "bytes of the answer", "recursion benchmark, below",
     0},
    {"", "answer_s", &Inputs::answer_s, "seconds until a question is answered", kAssumed, 0},
    {"", "lame_share", &Inputs::lame_share, "of the names: name servers that never answer",
     kAssumed, 0},
    {"", "largest_dns_hoster", &Inputs::largest_dns_hoster, "of the names: at one DNS hoster",
     kAssumed, 0},
    {"", "largest_zone", &Inputs::largest_zone, "of the names: in one top-level domain", kAssumed,
     0},

    {"What it costs", "name_cpu_ms", &Inputs::name_cpu_ms, "CPU ms of a name, scanner and Unbound",
     "[recursion](performance.md#recursion)", 0.0001},
    {"", "session_cpu_ms", &Inputs::session_cpu_ms, "CPU ms of an endpoint with a leaf of its own",
     kReach, 0.0001},
    {"", "line_ns", &Inputs::line_ns,
     "CPU ns of a line of the list, which every resolve job reads whole",
     "[`ReadTargets`](performance.md#last-figures-of-parts-and-scans)", 0},
    {"", "merge_us", &Inputs::merge_us, "CPU µs of a row that `merge` reads and writes", kFleetLab,
     0},
    {"", "start_s", &Inputs::start_s, "seconds until a job of a shard does its work", kAssumed, 0},
    {"", "session_s", &Inputs::session_s, "seconds of a session with a live server", kAssumed,
     0.001},
    {"", "session_bytes", &Inputs::session_bytes,
     "bytes of a session on the wire (368 GB for 87 million)", kReach, 0},
    {"", "longer_chain_bytes", &Inputs::longer_chain_bytes,
     "by which an RSA chain is longer than the benchmark's of ECDSA", kAssumed, 0},
    {"", "name_memory_bytes", &Inputs::name_memory_bytes, "memory of a name",
     "[memory](performance.md#memory-of-a-long-list)", 0},
    {"", "host_memory_bytes", &Inputs::host_memory_bytes, "of a finished host", kReach, 0},
    {"", "certificate_memory_bytes", &Inputs::certificate_memory_bytes, "of a certificate", kReach,
     0},
    {"", "session_memory_kib", &Inputs::session_memory_kib, "KiB of an open session", kReach, 0},
    {"", "waiting_bytes", &Inputs::waiting_bytes, "of an endpoint that waits in a crowd", kReach,
     0},
    {"", "unbound_mib", &Inputs::unbound_mib, "MiB of Unbound's caches, at the most",
     "[Kubernetes](#kubernetes)", 0},
    {"", "domain_row_bytes", &Inputs::domain_row_bytes, "bytes of a row of `domains`", kFleetLab,
     0},
    {"", "host_row_bytes", &Inputs::host_row_bytes, "of `mx_hosts`, with its copy by address",
     kFleetLab, 0},
    {"", "endpoint_row_bytes", &Inputs::endpoint_row_bytes, "of `endpoints`", kReach, 0},
    {"", "certificate_row_bytes", &Inputs::certificate_row_bytes,
     "of `certificates` (229 in the lab, whose certificates are small and alike)", kAssumed, 0},

    {"Politeness", "rate", &Inputs::rate,
     "`--rate`: connections a second, all jobs together; 0: no limit", "chosen; the default is 500",
     0},
    {"", "dns_rate", &Inputs::dns_rate,
     "`--dns-rate`: questions a second, all jobs together; 0: no limit", "chosen", 0},
    {"", "dns_concurrency", &Inputs::dns_concurrency, "`--dns-concurrency`, of each job", kDefault,
     1},
    {"", "concurrency", &Inputs::concurrency, "`--concurrency`, of each job",
     "chosen; the default is 10,000", 1},
    {"", "address_interval_s", &Inputs::address_interval_s, "`--per-address-interval`, seconds",
     kDefault, 0},
    {"", "prefix_rate", &Inputs::prefix_rate, "`--per-prefix-rate`; 0: no limit", kDefault, 0},
    {"", "prefix_concurrency", &Inputs::prefix_concurrency,
     "`--per-prefix-concurrency`; 0: no limit", kDefault, 0},
    {"", "patience_s", &Inputs::patience_s, "`--patience`, seconds",
     "chosen; the default is an hour", 0},
    {"", "connect_timeout_s", &Inputs::connect_timeout_s, "`--connect-timeout`, seconds", kDefault,
     0},
    {"", "retry_delay_s", &Inputs::retry_delay_s, "`--retry-delay`, seconds", kDefault, 0},
    {"", "dns_timeout_s", &Inputs::dns_timeout_s, "`--dns-timeout`, seconds", kDefault, 0},

    {"The fleet", "nodes", &Inputs::nodes, "nodes, with one resolve job each at a time (`--jobs`)",
     "chosen", 1},
    {"", "probe_jobs_of_node", &Inputs::probe_jobs_of_node, "probe jobs of a node at a time",
     "chosen", 1},
    {"", "cores", &Inputs::cores, "cores of a node", "chosen", 0.01},
    {"", "workers", &Inputs::workers,
     "workers of a probe job, each with its part of the networks and of the rate",
     "the default: one for each core", 1},
    {"", "resolve_shards", &Inputs::resolve_shards, "shards of resolve", "chosen", 1},
    {"", "probe_shards", &Inputs::probe_shards, "shards of probe", "chosen", 1},
    {"", "slow_nodes", &Inputs::slow_nodes, "of the nodes: take longer for everything", kAssumed,
     0},
    {"", "slow_factor", &Inputs::slow_factor, "by this factor", kAssumed, 1},
    {"", "spread", &Inputs::spread,
     "by which resolve shards' times differ (deviation of their logarithm)", kAssumed, 0},
    {"", "nodes_lost_a_day", &Inputs::nodes_lost_a_day, "nodes that die in a day", kAssumed, 0},
    {"", "notice_s", &Inputs::notice_s, "seconds until the job of a dead node is queued again",
     "Slurm's default of `SlurmdTimeout`", 0},
    {"", "replaced_s", &Inputs::replaced_s, "seconds until the node is there again", kAssumed, 0},
    {"", "epoch_s", &Inputs::epoch_s, "`--epoch`, seconds: what a death costs at the most",
     kDefault, 0},
    {"", "node_hour_price", &Inputs::node_hour_price, "price of a node for an hour",
     "put yours here", 0},
    {"", "gb_price", &Inputs::gb_price, "price of a GB that is sent", "put yours here", 0},
    {"", "seed", &Inputs::seed, "of all that is drawn", "", 0},
};

double Share(double whole, double jobs) {
  return whole > 0 ? whole / jobs : std::numeric_limits<double>::infinity();
}

bool IsShare(const Input& input) {
  const std::string_view name = input.name;
  return name.ends_with("_share") || name == "slow_nodes" || name.starts_with("largest_dns") ||
         name == "largest_zone";
}

}  // namespace

std::span<const Input> AllInputs() { return kInputs; }

absl::Status SetInput(std::string_view text, Inputs* inputs) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  for (const Input& input : kInputs) {
    if (name != input.name) continue;
    double value = 0;
    if (equals == text.npos || !absl::SimpleAtod(ToAbsl(text.substr(equals + 1)), &value) ||
        !std::isfinite(value) || value < input.least) {
      return InvalidArgument(absl::StrFormat("%s wants a number of %g or more: %s=1e6", input.name,
                                             input.least, input.name));
    }
    if (IsShare(input) && value > 1) {
      return InvalidArgument(JoinText(input.name, " is a share: 1 at the most"));
    }
    inputs->*input.value = value;
    return absl::OkStatus();
  }
  return InvalidArgument(JoinText("no input is called \"", name, "\""));
}

absl::Status Validate(const Inputs& inputs) {
  if (inputs.provider_share + inputs.pool_share + inputs.own_share + inputs.parked_share > 1) {
    return InvalidArgument("the shares of the names are more than the whole");
  }
  if (inputs.pool_addresses < inputs.pool_networks) {
    return InvalidArgument("pool_networks are more than pool_addresses");
  }
  const double own = inputs.addresses - inputs.pool_addresses - inputs.provider_endpoints -
                     inputs.parked_addresses;
  const double endpoints = inputs.domains * inputs.own_share * inputs.endpoints_of_own_name;
  if (endpoints > 0 && (own < 1 || endpoints < own || endpoints > own * inputs.largest_crowd)) {
    return InvalidArgument(absl::StrFormat(
        "%.0f endpoints do not go with %.0f addresses that have 1 to %.0f each: change addresses, "
        "own_share or largest_crowd",
        endpoints, own, inputs.largest_crowd));
  }
  if (inputs.resolve_shards > 100'000 || inputs.probe_shards > 100'000 || inputs.workers > 256 ||
      inputs.nodes > 100'000 || inputs.addresses > 1e9) {
    return InvalidArgument("at most 100,000 shards and nodes, and a thousand million addresses");
  }
  return absl::OkStatus();
}

double RateOfJob(const Inputs& inputs) {
  return Share(inputs.rate, std::floor(inputs.nodes) * std::floor(inputs.probe_jobs_of_node));
}
double DnsRateOfJob(const Inputs& inputs) {
  return Share(inputs.dns_rate, std::floor(inputs.nodes));
}

}  // namespace mxsweep::plan
