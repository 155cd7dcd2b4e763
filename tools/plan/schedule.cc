#include "tools/plan/schedule.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <queue>
#include <tuple>

#include "scanner/base/check.h"

namespace mxsweep::plan {
namespace {

class Simulation {
 public:
  Simulation(std::span<const std::vector<double>> work, const Cluster& cluster, double begin_s)
      : cluster_(cluster), nodes_(cluster.node_kind.size()), work_(work) {
    MXSWEEP_CHECK(!nodes_.empty() && !work.empty());
    left_.assign(work[0].size(), 1);
    schedule_.begin_s = schedule_.end_s = schedule_.first_idle_s = begin_s;
    schedule_.jobs.resize(left_.size());
    for (size_t job = 0; job < left_.size(); ++job) queue_.push_back(job);
    for (const Loss& loss : cluster.losses) {
      MXSWEEP_CHECK(loss.node < nodes_.size() && loss.back_s >= loss.at_s);
      // What was over before is nothing to us.
      if (loss.back_s <= begin_s) continue;
      Push(std::max(loss.at_s, begin_s), Kind::kDies, loss.node);
      Push(loss.back_s, Kind::kIsBack, loss.node);
    }
  }

  Schedule Run() {
    size_t open = left_.size();
    now_s_ = schedule_.begin_s;
    // Nodes that are dead from the beginning get nothing.
    while (!events_.empty() && events_.top().at_s <= now_s_) Handle(&open);
    GiveOut();
    while (open > 0) {
      MXSWEEP_CHECK(!events_.empty());
      now_s_ = events_.top().at_s;
      Handle(&open);
      GiveOut();
    }
    return std::move(schedule_);
  }

 private:
  enum class Kind : uint8_t { kDies, kIsBack, kEnds, kQueued };
  struct Event {
    double at_s;
    uint64_t number;  // events of one moment: in the order in which they were made
    Kind kind;
    size_t which;    // node, or with kQueued job
    uint64_t start;  // kEnds: of which start of a job

    bool operator>(const Event& other) const {
      return std::tie(at_s, number) > std::tie(other.at_s, other.number);
    }
  };
  static constexpr size_t kNoJob = static_cast<size_t>(-1);
  struct Node {
    size_t job = kNoJob;
    uint64_t start = 0;
    uint32_t dead = 0;  // losses that it is in
  };

  void Push(double at_s, Kind kind, size_t which, uint64_t start = 0) {
    events_.push({at_s, next_number_++, kind, which, start});
  }

  void Handle(size_t* open) {
    const Event event = events_.top();
    events_.pop();
    switch (event.kind) {
      case Kind::kDies:
        Die(event.which);
        break;
      case Kind::kIsBack:
        --nodes_[event.which].dead;
        break;
      case Kind::kQueued:
        queue_.push_front(event.which);
        break;
      case Kind::kEnds:
        if (nodes_[event.which].start != event.start) break;  // it died meanwhile
        End(event.which);
        --*open;
        break;
    }
  }

  void GiveOut() {
    for (size_t i = 0; i < nodes_.size() && !queue_.empty(); ++i) {
      Node& node = nodes_[i];
      if (node.job != kNoJob || node.dead > 0) continue;
      node.job = queue_.front();
      queue_.pop_front();
      node.start = ++starts_;
      JobRun& run = schedule_.jobs[node.job];
      if (run.starts++ == 0) run.first_start_s = now_s_;
      run.last_start_s = now_s_;
      run.node = i;
      schedule_.restarts += run.starts > 1;
      Push(now_s_ + cluster_.start_s + left_[node.job] * WorkS(node.job, i), Kind::kEnds, i,
           node.start);
    }
    if (queue_.empty() && !idle_seen_) {
      for (const Node& node : nodes_) idle_seen_ |= node.job == kNoJob && node.dead == 0;
      if (idle_seen_) schedule_.first_idle_s = now_s_;
    }
  }

  void End(size_t index) {
    Node& node = nodes_[index];
    JobRun& run = schedule_.jobs[node.job];
    run.end_s = now_s_;
    CountRun(&run);
    schedule_.end_s = now_s_;
    schedule_.last = node.job;
    node.job = kNoJob;
    node.start = 0;
  }

  void Die(size_t index) {
    Node& node = nodes_[index];
    ++node.dead;
    if (node.job == kNoJob) return;
    JobRun& run = schedule_.jobs[node.job];
    CountRun(&run);
    const double ran_s = now_s_ - run.last_start_s;
    const double worked_s = std::max(ran_s - cluster_.start_s, 0.0);
    const double kept_s = cluster_.epoch_s > 0
                              ? std::floor(worked_s / cluster_.epoch_s) * cluster_.epoch_s
                              : worked_s;
    run.lost_s += ran_s - kept_s;
    const double work_s = WorkS(node.job, index);
    if (work_s > 0) left_[node.job] = std::max(left_[node.job] - kept_s / work_s, 0.0);
    Push(now_s_ + cluster_.notice_s, Kind::kQueued, node.job);
    node.job = kNoJob;
    node.start = 0;
  }

  // All of a job, on that node.
  double WorkS(size_t job, size_t node) const { return work_[cluster_.node_kind[node]][job]; }

  void CountRun(JobRun* run) {
    run->ran_s += now_s_ - run->last_start_s;
    schedule_.busy_s += now_s_ - run->last_start_s;
  }

  const Cluster& cluster_;
  std::vector<Node> nodes_;
  const std::span<const std::vector<double>> work_;
  std::vector<double> left_;  // of each job, of 1
  std::deque<size_t> queue_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  uint64_t next_number_ = 0;
  uint64_t starts_ = 0;
  double now_s_ = 0;
  bool idle_seen_ = false;
  Schedule schedule_;
};

}  // namespace

Schedule RunJobs(std::span<const std::vector<double>> work, const Cluster& cluster,
                 double begin_s) {
  return Simulation(work, cluster, begin_s).Run();
}

}  // namespace mxsweep::plan
