#include "tools/cli/metrics.h"

#include <prometheus/exposer.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include <exception>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/progress.h"

namespace mxsweep::tools {
namespace {

constexpr Metric kMetrics[] = {
    {"mxsweep_elapsed_seconds", "elapsed_s", "Since the start of this run"},
    {"mxsweep_targets_done", "targets_done", "Targets with their rows"},
    {"mxsweep_targets_started", "targets_started", "Targets done or under way"},
    {"mxsweep_targets_total", "targets_total", "Targets of the list; NaN: not known"},
    {"mxsweep_hosts_done", "hosts_done", "MX hosts"},
    {"mxsweep_endpoints_done", "endpoints_done", "Endpoints"},
    {"mxsweep_endpoints_tls", "tls_ok", "Endpoints with a TLS session"},
    {"mxsweep_connections_open", "in_flight", "Connections open or being opened"},
    {"mxsweep_connections_queued", "queued", "Connections that wait for their turn"},
    {"mxsweep_crowd_waiting", "waiting", "Connections that wait for something that is busy"},
    {"mxsweep_crowd_addresses", "waiting_addresses", "Addresses that they wait for"},
    {"mxsweep_crowd_largest", "largest_crowd", "The most that wait for one address"},
    {"mxsweep_targets_per_second", "targets_per_s", "Over the last seconds"},
    {"mxsweep_connections_per_second", "connections_per_s", "Over the last seconds"},
    {"mxsweep_loop_lag_milliseconds", "lag_ms", "How late the slowest worker is"},
    {"mxsweep_retries", "retries", "Further attempts"},
    {"mxsweep_throttled", "throttled", "Answers with 421"},
    {"mxsweep_rows_committed", "rows_committed", "Rows on the disk"},
    {"mxsweep_eta_at_least_seconds", "eta_at_least_s",
     "Lower end of the time left; NaN: not known"},
    {"mxsweep_eta_at_most_seconds", "eta_at_most_s", "Upper end of the time left; NaN: not known"},
};

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

constexpr scanner::ProgressState kStates[] = {
    scanner::ProgressState::kRunning, scanner::ProgressState::kStopping,
    scanner::ProgressState::kComplete, scanner::ProgressState::kStopped,
    scanner::ProgressState::kFailed};

// The gauges, and who answers for them.
class Exposition {
 public:
  Exposition() : registry_(std::make_shared<prometheus::Registry>()) {
    for (const Metric& metric : kMetrics) {
      auto& family = prometheus::BuildGauge()
                         .Name(std::string(metric.name))
                         .Help(std::string(metric.help))
                         .Register(*registry_);
      gauges_[metric.key] = &family.Add({}, kUnknown);
    }
    auto& states = prometheus::BuildGauge()
                       .Name(std::string(kStateMetric))
                       .Help("1: the scan is in this state")
                       .Register(*registry_);
    for (const scanner::ProgressState state : kStates) {
      const std::string_view word = scanner::ProgressStateWord(state);
      states_[word] = &states.Add({{"state", std::string(word)}}, 0);
    }
  }

  absl::Status Listen(const std::string& address) {
    try {
      // prometheus-cpp speaks by exceptions.
      exposer_ = std::make_unique<prometheus::Exposer>(address, /*num_threads=*/1);
    } catch (const std::exception&) {
      return InvalidArgument(JoinText("--metrics ", address, ": nobody can listen there"));
    }
    exposer_->RegisterCollectable(registry_);
    return absl::OkStatus();
  }

  void Set(std::string_view line) {
    const auto object = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!object.is_object()) return;
    for (const auto& [key, gauge] : gauges_) {
      const auto value = object.find(key);
      gauge->Set(value != object.end() && value->is_number() ? value->get<double>() : kUnknown);
    }
    const std::string state = object.value("state", "");
    for (const auto& [word, gauge] : states_) gauge->Set(word == state ? 1 : 0);
  }

 private:
  std::shared_ptr<prometheus::Registry> registry_;
  std::map<std::string_view, prometheus::Gauge*> gauges_;
  std::map<std::string_view, prometheus::Gauge*> states_;
  std::unique_ptr<prometheus::Exposer> exposer_;
};

}  // namespace

std::vector<Metric> Metrics() { return {std::begin(kMetrics), std::end(kMetrics)}; }

absl::StatusOr<std::unique_ptr<SideProcess>> StartMetrics(const dns::ServerAddress& address) {
  const std::string text = address.ToString();
  auto exposition = std::make_shared<std::unique_ptr<Exposition>>();
  return SideProcess::Start(
      "mxsweep-metrics",
      [exposition, text] {
        *exposition = std::make_unique<Exposition>();
        return (*exposition)->Listen(text);
      },
      [exposition](std::string_view line) { (*exposition)->Set(line); });
}

}  // namespace mxsweep::tools
