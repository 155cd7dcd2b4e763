#include "tools/plan/page.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "scanner/base/text.h"
#include "tools/plan/fleet.h"
#include "tools/plan/internet.h"
#include "tools/plan/table_text.h"

namespace mxsweep::plan {
namespace {

constexpr double kHourS = 3'600;
constexpr double kMillion = 1e6;
constexpr int kDraws = 5;  // runs that a figure of a table is the mean of

// Means over kDraws runs, whose deaths and shares are drawn anew.
struct Figures {
  double resolve_s = 0;
  double probe_s = 0;
  double probe_bound_s = 0;
  double longest_s = 0;
  double node_s = 0;
  double left = 0;
  double connections = 0;
  double restarts = 0;
  double lost_s = 0;
  // From when a first node had nothing left to begin until the end.
  double resolve_idle_s = 0;
  double probe_idle_s = 0;
  double resolve_bound_s = 0;
  double resolve_longest_s = 0;
};

double LostS(const Half& half) {
  double sum = 0;
  for (const JobRun& run : half.schedule.jobs) sum += run.lost_s;
  return sum;
}

Figures MeanOf(Inputs inputs, const Internet& internet) {
  Figures figures;
  for (int i = 0; i < kDraws; ++i, inputs.seed += 10) {
    const FleetRun run = RunFleet(inputs, internet);
    for (const Half* half : {&run.resolve, &run.probe}) {
      figures.restarts += half->schedule.restarts;
      figures.lost_s += LostS(*half);
    }
    figures.resolve_s += run.resolve.seconds();
    figures.probe_s += run.probe.seconds();
    figures.probe_bound_s += run.probe.bound_s;
    figures.longest_s += run.probe.Longest();
    figures.node_s += run.seconds() * inputs.nodes;
    figures.resolve_bound_s += run.resolve.bound_s;
    figures.resolve_longest_s += run.resolve.Longest();
    figures.resolve_idle_s += run.resolve.schedule.end_s - run.resolve.schedule.first_idle_s;
    figures.probe_idle_s += run.probe.schedule.end_s - run.probe.schedule.first_idle_s;
    figures.left += run.left;
    figures.connections += run.connections;
  }
  for (double* sum :
       {&figures.resolve_s, &figures.probe_s, &figures.probe_bound_s, &figures.longest_s,
        &figures.node_s, &figures.left, &figures.connections, &figures.restarts, &figures.lost_s,
        &figures.resolve_idle_s, &figures.probe_idle_s, &figures.resolve_bound_s,
        &figures.resolve_longest_s}) {
    *sum /= kDraws;
  }
  return figures;
}

using Change = std::pair<std::string, std::vector<std::pair<double Inputs::*, double>>>;

Inputs With(Inputs inputs, const Change& change) {
  for (const auto& [input, value] : change.second) inputs.*input = value;
  return inputs;
}

// As many may be open for each connection a second of a job as are planned.
void ScaleConcurrency(const Inputs& inputs, Inputs* changed) {
  changed->concurrency = inputs.concurrency * RateOfJob(*changed) / RateOfJob(inputs);
}

std::string ResolveShardsTable(const Inputs& inputs, const Internet& internet) {
  Table table({"resolve shards", "for each node", "hours", "least possible", "longest shard",
               "a node idle before the end, h", "CPU h to read the list"});
  for (const int ratio : {1, 2, 4, 8, 16}) {
    Inputs changed = inputs;
    changed.resolve_shards = ratio * inputs.nodes;
    const Figures figures = MeanOf(changed, internet);
    table.Row({NumberText(changed.resolve_shards), NumberText(ratio), Hours(figures.resolve_s),
               Hours(figures.resolve_bound_s), Hours(figures.resolve_longest_s),
               Hours(figures.resolve_idle_s),
               Hours(changed.resolve_shards * inputs.domains * inputs.line_ns / 1e9)});
  }
  return table.text();
}

std::string ProbeShardsTable(const Inputs& inputs, const Internet& internet) {
  Table table({"probe shards", "jobs at once", "shards for each", "hours", "least possible",
               "longest shard", "a place idle before the end, h", "inferred, millions"});
  for (const double jobs_of_node : {1.0, 4.0}) {
    for (const int ratio : {1, 2, 4, 8}) {
      Inputs changed = inputs;
      changed.probe_jobs_of_node = jobs_of_node;
      changed.probe_shards = ratio * jobs_of_node * inputs.nodes;
      ScaleConcurrency(inputs, &changed);
      const Figures figures = MeanOf(changed, internet);
      table.Row({NumberText(changed.probe_shards), NumberText(jobs_of_node * inputs.nodes),
                 NumberText(ratio), Hours(figures.probe_s), Hours(figures.probe_bound_s),
                 Hours(figures.longest_s), Hours(figures.probe_idle_s),
                 absl::StrFormat("%.1f", figures.left / kMillion)});
    }
  }
  return table.text();
}

// Servers are the same, with the same limits: rates and patience are a job's.
bool LeavesInternet(const Change& change) {
  for (const auto& [input, value] : change.second) {
    if (input != &Inputs::rate && input != &Inputs::patience_s && input != &Inputs::concurrency) {
      return false;
    }
  }
  return true;
}

// `internet`: drawn from `inputs`.
std::string ChangesTable(const Inputs& inputs, const Internet& internet, std::string_view head,
                         const std::vector<Change>& changes) {
  Table table(
      {head, "probe, h", "longest shard, h", "connections, millions", "inferred, millions"});
  for (const Change& change : changes) {
    const Inputs changed = With(inputs, change);
    const Figures figures =
        MeanOf(changed, LeavesInternet(change) ? internet : DrawInternet(changed));
    table.Row({change.first, Hours(figures.probe_s), Hours(figures.longest_s),
               absl::StrFormat("%.1f", figures.connections / kMillion),
               absl::StrFormat("%.1f", figures.left / kMillion)});
  }
  return table.text();
}

std::string LimitsTable(const Inputs& inputs, const Internet& internet) {
  constexpr double kForever = 1e9;
  constexpr double kFast = 10'000;
  using One = std::pair<double Inputs::*, double>;
  const One no_address = {&Inputs::address_interval_s, 0}, at_once = {&Inputs::session_s, 0.001};
  const One no_prefix = {&Inputs::prefix_rate, 0}, no_open = {&Inputs::prefix_concurrency, 0};
  const One fast = {&Inputs::rate, kFast}, open = {&Inputs::concurrency, kFast},
            any = {&Inputs::rate, 0};
  const One patient = {&Inputs::patience_s, kForever};
  return ChangesTable(
      inputs, internet, "limits",
      {{"as planned", {}},
       {"as planned, but none of an address or a /24", {no_address, at_once, no_prefix, no_open}},
       {"as planned, `--patience 0`", {{&Inputs::patience_s, 0}}},
       {"as planned, `--patience 1h`", {{&Inputs::patience_s, kHourS}}},
       {"as planned, `--concurrency 10000`", {{&Inputs::concurrency, 10'000}}},
       {"the same and `--patience 1h`: the defaults",
        {{&Inputs::concurrency, 10'000}, {&Inputs::patience_s, kHourS}}},
       {"`--rate 10000 --concurrency 10000`", {fast, open}},
       {"the same, none of an address or a /24",
        {fast, open, no_address, at_once, no_prefix, no_open}},
       {"the same, `--patience 8h`", {fast, open, {&Inputs::patience_s, 8 * kHourS}}},
       {"the same, patience without end", {fast, open, patient}},
       {"no rate, patience without end: the limits alone", {any, patient}},
       {"the limit of an address alone", {any, patient, no_prefix, no_open}}});
}

// As many probe shards as jobs at once, and resolve shards for each node as planned.
std::string NodesTable(const Inputs& inputs, const Internet& internet) {
  Table table({"nodes", "connections a second of a node", "resolve, h", "probe, h", "node hours",
               "inferred, millions"});
  for (const double nodes : {2.0, 4.0, 8.0, 16.0, 32.0, 64.0}) {
    Inputs changed = inputs;
    changed.nodes = nodes;
    changed.resolve_shards = std::round(inputs.resolve_shards / inputs.nodes * nodes);
    changed.probe_shards = nodes * inputs.probe_jobs_of_node;
    ScaleConcurrency(inputs, &changed);
    const Figures figures = MeanOf(changed, internet);
    table.Row({NumberText(nodes), NumberText(inputs.rate / nodes), Hours(figures.resolve_s),
               Hours(figures.probe_s), absl::StrFormat("%.0f", figures.node_s / kHourS),
               absl::StrFormat("%.1f", figures.left / kMillion)});
  }
  return table.text();
}

std::string LossesTable(const Inputs& inputs, const Internet& internet) {
  Table table({"nodes lost in a day", "resolve, h", "probe, h", "jobs begun again",
               "hours of work lost, all nodes", "node hours"});
  for (const double lost : {0.0, 1.0, 4.0, 16.0, 64.0}) {
    Inputs changed = inputs;
    changed.nodes_lost_a_day = lost;
    const Figures figures = MeanOf(changed, internet);
    table.Row({NumberText(lost), Hours(figures.resolve_s), Hours(figures.probe_s),
               absl::StrFormat("%.1f", figures.restarts),
               absl::StrFormat("%.2f", figures.lost_s / kHourS),
               absl::StrFormat("%.0f", figures.node_s / kHourS)});
  }
  return table.text();
}

std::string RunTable(const Inputs& inputs, const FleetRun& run) {
  Table table({"", "resolve", "probe"});
  const auto both = [&](const char* what, auto text) {
    table.Row({what, text(run.resolve), text(run.probe)});
  };
  both("hours", [](const Half& half) { return Hours(half.seconds()); });
  both("least possible, undisturbed", [](const Half& half) { return Hours(half.bound_s); });
  both("longest shard", [](const Half& half) { return Hours(half.Longest()); });
  both("a first node is idle after",
       [](const Half& half) { return Hours(half.schedule.first_idle_s - half.schedule.begin_s); });
  both("jobs begun again, since nodes died",
       [](const Half& half) { return NumberText(half.schedule.restarts); });
  both("the last shard", LastShardText);
  table.Row({"connections a second: mean; at the most", "",
             absl::StrFormat("%.0f; %.0f", run.connections / run.probe.seconds(), run.most_per_s)});
  table.Row({"inferred from others of a crowd, when patience ended", "", Millions(run.left)});
  return table.text() +
         absl::StrFormat(
             "\nBoth halves: %s hours, %.0f node hours. Critical path: resolve's last shard, "
             "then probe's.\n",
             Hours(run.seconds()), run.seconds() * inputs.nodes / kHourS);
}

std::string Head(const char* text) { return absl::StrFormat("\n**%s**\n\n", text); }

}  // namespace

std::string InputsTable(const Inputs& inputs) {
  Table table({"input", "value", "what it is", "from"});
  for (const Input& input : AllInputs()) {
    if (*input.group != '\0') table.Row({absl::StrFormat("**%s**", input.group), "", "", ""});
    table.Row({absl::StrFormat("`%s`", input.name), NumberText(inputs.*input.value), input.what,
               input.source});
  }
  return table.text();
}

std::string ScheduleTables(const Inputs& inputs) {
  const Internet internet = DrawInternet(inputs);
  std::string text = Head("The run") + RunTable(inputs, RunFleet(inputs, internet));
  text += Head("Resolve: more shards than nodes") + ResolveShardsTable(inputs, internet);
  text += Head("Probe: more shards than jobs at once") + ProbeShardsTable(inputs, internet);
  text += Head("Nodes, for one rate") + NodesTable(inputs, internet);
  text += Head("What the limits of addresses and networks cost") + LimitsTable(inputs, internet);
  std::vector<Change> rates, dead;
  for (const double rate : {500.0, 1'000.0, 2'000.0, 4'000.0, 10'000.0}) {
    Inputs changed = inputs;
    changed.rate = rate;
    ScaleConcurrency(inputs, &changed);
    rates.push_back(
        {NumberText(rate), {{&Inputs::rate, rate}, {&Inputs::concurrency, changed.concurrency}}});
  }
  for (const double share : {0.0, 0.1, 0.2, 0.4}) {
    dead.push_back({NumberText(100 * share) + " %", {{&Inputs::dead_share, share}}});
  }
  text += Head("Connections a second, all jobs together") +
          ChangesTable(inputs, internet, "`--rate`", rates);
  text += Head("Dead servers") + ChangesTable(inputs, internet, "of the servers", dead);
  text += Head("Nodes that die") + LossesTable(inputs, internet);
  return text.substr(1);
}

std::string BearTable(const Inputs& inputs) {
  const Internet internet = DrawInternet(inputs);
  double all = 0, sum = 0;
  for (const double count : internet.bear) all += count;
  Table table({"connections in the whole run, at the most", "addresses", "of all, up to here"});
  for (size_t i = 0; i < internet.bear.size(); ++i) {
    sum += internet.bear[i];
    table.Row({i < kBearLimits.size() ? NumberText(kBearLimits[i])
                                      : NumberText(std::round(internet.most)),
               NumberText(internet.bear[i]), absl::StrFormat("%.2f %%", 100 * sum / all)});
  }
  return table.text();
}

std::string WholePlan(const Inputs& inputs) {
  return JoinText("## Inputs\n", InputsTable(inputs), "\n## Arithmetic\n", ArithmeticTable(inputs),
                  "\n## Schedule\n", ScheduleTables(inputs), "\n## What an address sees\n",
                  BearTable(inputs));
}

absl::StatusOr<std::string> WithTables(std::string_view page, const Inputs& inputs) {
  constexpr std::string_view kBegin = "<!-- plan: ", kNameEnd = " -->\n", kEnd = "<!-- /plan -->";
  std::string text;
  size_t places = 0;
  for (;; ++places) {
    const size_t begin = page.find(kBegin);
    if (begin == page.npos) break;
    const size_t name_end = page.find(kNameEnd, begin);
    const size_t end = page.find(kEnd, begin);
    if (name_end == page.npos || end == page.npos || name_end > end) {
      return InvalidArgument("a place for a table of the plan has no end");
    }
    const std::string_view name =
        page.substr(begin + kBegin.size(), name_end - begin - kBegin.size());
    AppendText(&text, page.substr(0, name_end + kNameEnd.size()));
    if (name == "inputs") {
      text += InputsTable(inputs);
    } else if (name == "arithmetic") {
      text += ArithmeticTable(inputs);
    } else if (name == "schedule") {
      text += ScheduleTables(inputs);
    } else if (name == "bear") {
      text += BearTable(inputs);
    } else {
      return InvalidArgument(JoinText("the plan has no table \"", name, "\""));
    }
    page = page.substr(end);
  }
  if (places == 0) return absl::NotFoundError("the page has no place for tables of the plan");
  AppendText(&text, page);
  return text;
}

}  // namespace mxsweep::plan
