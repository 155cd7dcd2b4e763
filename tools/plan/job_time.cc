#include "tools/plan/job_time.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mxsweep::plan {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Of a network's limit, while others wait for the rate: see TimeOfProbe.
constexpr double kOfNetworkLimit = 0.6;

// A crowd while the list is read.
struct Flow {
  const Crowd* crowd = nullptr;
  double per_s = 0;   // served
  double done_s = 0;  // when it would be done like this
};

// A worker's work: what has no limit, and the crowds by done_s, ascending.
struct Flows {
  double free = 0;
  double per_s = 0;
  std::vector<Flow> crowds;
};

Flows FlowsOf(const ProbeWork& work, const Pace& pace, double workers) {
  Flows flows{.free = work.free, .per_s = pace.per_s / workers, .crowds = {}};
  for (const Crowd& crowd : work.crowds) {
    if (crowd.least_s <= 0) flows.free += crowd.connections;
  }
  const double queue_s = std::min(pace.queue / workers, flows.free) / flows.per_s;
  for (const Crowd& crowd : work.crowds) {
    if (crowd.least_s <= 0) continue;
    double per_s = crowd.connections / crowd.least_s;
    if (queue_s > 0 && crowd.of_network) {
      per_s = std::min(kOfNetworkLimit * per_s, crowd.addresses / (pace.apart_s + 2 * queue_s));
    } else if (queue_s > 0) {
      per_s = std::min(per_s, crowd.addresses / (pace.apart_s + queue_s));
    }
    flows.crowds.push_back({&crowd, per_s, crowd.connections / per_s});
  }
  std::ranges::sort(flows.crowds, {}, &Flow::done_s);
  // However much of it dead addresses take, something is left.
  flows.per_s = std::max(flows.per_s - work.revisits_per_s, flows.per_s / 1'000);
  return flows;
}

// The list's time: see TimeOfProbe.
double ListTime(const Flows& flows) {
  double done = flows.free;  // and all crowds that end before the list does
  double flowing_per_s = 0;
  for (const Flow& flow : flows.crowds) flowing_per_s += flow.per_s;
  for (const Flow& flow : flows.crowds) {
    // T if this crowd and those after it queue up until the list's end.
    const double left_per_s = flows.per_s - flowing_per_s;
    if (left_per_s > 0 && done / left_per_s <= flow.done_s) return done / left_per_s;
    done += flow.crowd->connections;
    flowing_per_s -= flow.per_s;
  }
  return done / flows.per_s;
}

// What a worker's crowds take from the list's end on.
void GoOnWithCrowds(const Flows& flows, const Pace& pace, JobTime* time) {
  double left = 0, limits_per_s = 0;
  for (const Flow& flow : flows.crowds) {
    if (flow.done_s <= time->list_s) continue;
    left += flow.crowd->connections - flow.per_s * time->list_s;
    limits_per_s += flow.crowd->connections / flow.crowd->least_s;
  }
  // Where the rate does not bear them all at their limits, each has its part.
  const double part = std::min(1.0, flows.per_s / limits_per_s);
  const double all_s = left / flows.per_s;
  for (const Flow& flow : flows.crowds) {
    const double before = std::min(flow.crowd->connections, flow.per_s * time->list_s);
    const double rest = flow.crowd->connections - before;
    const double limit_per_s = flow.crowd->connections / flow.crowd->least_s;
    const double served = std::min(rest, limit_per_s * part * pace.patience_s);
    time->connections += before + served;
    time->left += rest - served;
    if (rest <= 0) continue;
    const double alone_s = rest / limit_per_s;
    const double end_s = time->list_s + std::min(std::max(alone_s, all_s), pace.patience_s);
    if (end_s <= time->end_s) continue;
    time->end_s = end_s;
    time->bound = all_s > alone_s          ? pace.bound
                  : flow.crowd->of_network ? Bound::kNetwork
                                           : Bound::kAddress;
  }
}

}  // namespace

std::string_view BoundText(Bound bound) {
  switch (bound) {
    case Bound::kNothing:
      return "nothing";
    case Bound::kRate:
      return "the rate";
    case Bound::kCpu:
      return "the cores";
    case Bound::kOpen:
      return "what may be open at once";
    case Bound::kAddress:
      return "the names of one address";
    case Bound::kNetwork:
      return "the limit of a /24";
    case Bound::kPatience:
      return "patience";
  }
  return "";
}

double ProbeWork::Connections() const {
  double sum = free;
  for (const Crowd& crowd : crowds) sum += crowd.connections;
  return sum;
}

JobTime TimeOfProbe(std::span<const ProbeWork> workers, const Pace& pace) {
  JobTime time;
  std::vector<Flows> flows;
  double wanted = 0, revisits_per_s = 0;
  for (const ProbeWork& work : workers) {
    flows.push_back(FlowsOf(work, pace, static_cast<double>(workers.size())));
    time.list_s = std::max(time.list_s, ListTime(flows.back()));
    wanted += work.Connections();
    revisits_per_s += work.revisits_per_s;
  }
  if (wanted <= 0) return time;
  time.end_s = time.list_s + pace.time_out_s;
  time.bound = pace.bound;
  time.connections = revisits_per_s * time.list_s;
  for (const Flows& one : flows) {
    time.connections += one.free;
    GoOnWithCrowds(one, pace, &time);
  }
  if (time.left > 0 && time.end_s >= time.list_s + pace.patience_s) time.bound = Bound::kPatience;
  return time;
}

double DwellS(const Inputs& inputs) {
  return (1 - inputs.dead_share) * inputs.session_s + inputs.dead_share * inputs.connect_timeout_s;
}

double AddressCap(const Inputs& inputs) {
  const double apart_s = std::max(inputs.address_interval_s, inputs.session_s);
  return apart_s > 0 ? 1 / apart_s : kInfinity;
}

double NetworkCap(const Inputs& inputs, double addresses, double dwell_s) {
  double cap = addresses * AddressCap(inputs);
  if (inputs.prefix_rate > 0) cap = std::min(cap, inputs.prefix_rate);
  if (inputs.prefix_concurrency > 0 && dwell_s > 0) {
    cap = std::min(cap, inputs.prefix_concurrency / dwell_s);
  }
  return cap;
}

Pace PaceOfProbe(const Inputs& inputs) {
  Pace pace{.per_s = RateOfJob(inputs),
            .patience_s = inputs.patience_s,
            .time_out_s =
                inputs.dead_share > 0 ? 2 * inputs.connect_timeout_s + inputs.retry_delay_s : 0};
  const auto limit = [&pace](double per_s, Bound bound) {
    if (per_s >= pace.per_s) return;
    pace.per_s = per_s;
    pace.bound = bound;
  };
  limit(inputs.cores / std::floor(inputs.probe_jobs_of_node) * 1e3 / inputs.session_cpu_ms,
        Bound::kCpu);
  limit(inputs.concurrency / DwellS(inputs), Bound::kOpen);
  pace.queue = inputs.concurrency - pace.per_s * DwellS(inputs);
  pace.apart_s = std::max(inputs.address_interval_s, inputs.session_s);
  return pace;
}

JobTime TimeOfResolve(const Inputs& inputs, double names) {
  JobTime time;
  if (names <= 0) return time;
  double names_per_s = DnsRateOfJob(inputs) / inputs.questions;
  time.bound = Bound::kRate;
  const auto limit = [&](double per_s, Bound bound) {
    if (per_s >= names_per_s) return;
    names_per_s = per_s;
    time.bound = bound;
  };
  const double open_s =
      inputs.questions * inputs.answer_s + inputs.lame_share * inputs.dns_timeout_s;
  limit(inputs.dns_concurrency / open_s, Bound::kOpen);
  limit(inputs.cores * 1e3 / inputs.name_cpu_ms, Bound::kCpu);
  // It reads the whole list, whosever the names are, while it asks.
  const double reading_s = inputs.domains * inputs.line_ns / 1e9;
  if (reading_s > names / names_per_s) time.bound = Bound::kCpu;
  time.list_s = std::max(names / names_per_s, reading_s);
  time.end_s = time.list_s + (inputs.lame_share > 0 ? inputs.dns_timeout_s : 0);
  return time;
}

}  // namespace mxsweep::plan
