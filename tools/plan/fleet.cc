#include "tools/plan/fleet.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_format.h"
#include "scanner/base/text.h"
#include "tools/plan/random.h"

namespace mxsweep::plan {
namespace {

constexpr double kDayS = 86'400;
constexpr double kDays = 400;  // of deaths that are drawn: longer than any run that is of use

// Name servers of a shard's domains may be slower than those of another's.
double Spread(const Inputs& inputs, size_t shard) {
  Random random(static_cast<uint64_t>(inputs.seed) + 1'000'003 + 7 * shard);
  return std::exp(inputs.spread * random.Normal());
}

// `plain` and `slow`: each job on such a node.
Half RunHalf(std::vector<JobTime> plain, const std::vector<JobTime>& slow, const Cluster& cluster,
             double begin_s) {
  Half half;
  std::vector<std::vector<double>> work(2);
  double sum = 0, longest = 0;
  for (const JobTime& time : plain) {
    work[0].push_back(time.end_s);
    sum += time.end_s + cluster.start_s;
    longest = std::max(longest, time.end_s + cluster.start_s);
  }
  for (const JobTime& time : slow) work[1].push_back(time.end_s);
  half.bound_s = std::max(sum / static_cast<double>(cluster.node_kind.size()), longest);
  half.slow_nodes = static_cast<size_t>(std::ranges::count(cluster.node_kind, 1u));
  half.alone = std::move(plain);
  half.schedule = RunJobs(work, cluster, begin_s);
  return half;
}

// Connections begun in a second, when so many of the jobs run as can.
double MostPerS(const Inputs& inputs, const std::vector<JobTime>& times) {
  std::vector<double> rates;
  for (const JobTime& time : times) {
    rates.push_back(
        time.list_s > 0 ? std::min(PaceOfProbe(inputs).per_s, time.connections / time.list_s) : 0);
  }
  std::ranges::sort(rates, std::greater<>());
  const auto jobs = static_cast<size_t>(inputs.nodes * inputs.probe_jobs_of_node);
  double sum = 0;
  for (size_t i = 0; i < std::min(rates.size(), jobs); ++i) sum += rates[i];
  return sum;
}

}  // namespace

double Half::Longest() const {
  double longest = 0;
  for (const JobTime& time : alone) longest = std::max(longest, time.end_s);
  return longest;
}

double Half::Sum() const {
  double sum = 0;
  for (const JobTime& time : alone) sum += time.end_s;
  return sum;
}

Cluster MakeCluster(const Inputs& inputs, double jobs_of_node, double days) {
  Cluster cluster;
  cluster.start_s = inputs.start_s;
  cluster.epoch_s = inputs.epoch_s;
  cluster.notice_s = inputs.notice_s;
  const auto nodes = static_cast<size_t>(inputs.nodes);
  const auto each = static_cast<size_t>(jobs_of_node);
  // So many nodes are slow, whichever: the first ones.
  const auto slow = static_cast<size_t>(std::round(inputs.slow_nodes * inputs.nodes));
  for (size_t i = 0; i < nodes * each; ++i) {
    cluster.node_kind.push_back(i < slow * each ? 1 : 0);
  }
  if (inputs.nodes_lost_a_day <= 0) return cluster;
  Random random(static_cast<uint64_t>(inputs.seed) + 2);
  for (double at_s = 0;;) {
    at_s += random.Exponential(kDayS / inputs.nodes_lost_a_day);
    if (at_s > days * kDayS) return cluster;
    const size_t node = random.Below(nodes);
    for (size_t i = 0; i < each; ++i) {
      cluster.losses.push_back({node * each + i, at_s, at_s + inputs.replaced_s});
    }
  }
}

FleetRun RunFleet(const Inputs& inputs, const Internet& internet) {
  FleetRun run;
  std::vector<JobTime> resolve, slow_resolve;
  for (size_t i = 0; i < static_cast<size_t>(inputs.resolve_shards); ++i) {
    JobTime time = TimeOfResolve(inputs, inputs.domains / inputs.resolve_shards);
    time.end_s *= Spread(inputs, i);
    resolve.push_back(time);
    time.end_s *= inputs.slow_factor;
    slow_resolve.push_back(time);
  }
  run.resolve = RunHalf(std::move(resolve), slow_resolve, MakeCluster(inputs, 1, kDays), 0);

  const auto shards = static_cast<size_t>(inputs.probe_shards);
  const std::vector<std::vector<ProbeWork>> works = ShareOut(internet, inputs, shards);
  const Pace pace = PaceOfProbe(inputs);
  Pace slow_pace = pace;
  slow_pace.per_s /= inputs.slow_factor;
  std::vector<JobTime> probe, slow_probe;
  for (const std::vector<ProbeWork>& work : works) {
    probe.push_back(TimeOfProbe(work, pace));
    slow_probe.push_back(TimeOfProbe(work, slow_pace));
    run.connections += probe.back().connections;
    run.left += probe.back().left;
  }
  run.most_per_s = MostPerS(inputs, probe);
  run.probe =
      RunHalf(std::move(probe), slow_probe, MakeCluster(inputs, inputs.probe_jobs_of_node, kDays),
              run.resolve.schedule.end_s);
  return run;
}

std::string LastShardText(const Half& half) {
  const Schedule& schedule = half.schedule;
  if (schedule.jobs.empty()) return "nothing";
  const JobRun& run = schedule.jobs[schedule.last];
  const JobTime& time = half.alone[schedule.last];
  std::string text = absl::StrFormat(
      "shard %d of %d: %.1f h in the queue, %.1f h of work; its end waits for %s", schedule.last,
      schedule.jobs.size(), (run.first_start_s - schedule.begin_s) / 3600, time.end_s / 3600,
      std::string(BoundText(time.bound)));
  if (run.starts > 1)
    absl::StrAppendFormat(&text, "; begun %d times, since nodes died", run.starts);
  if (half.node_is_slow(run.node)) text += "; on a slow node";
  return text;
}

}  // namespace mxsweep::plan
