#include "tools/dashboard/silence.h"

#include <algorithm>
#include <utility>

namespace mxsweep::tools {
bool SilenceJudge::Run::is_long() const {
  return span.first_s && *span.last_s - *span.first_s >= kSecondsOfDark;
}

bool SilenceJudge::MayBeDark(const Log& log, const Run& run) {
  if (log.encrypted.empty() || run.is_long()) return true;
  std::set<uint32_t> providers;
  for (const auto& [place, delivery] : run.deliveries) {
    providers.insert(delivery.provider);
    if (providers.size() >= kProvidersOfDark) return true;
  }
  return false;
}

bool SilenceJudge::IsDark(const Log& log, const Run& run) {
  if (log.encrypted.empty()) return true;
  std::set<uint32_t> silent;
  for (const auto& [place, delivery] : run.deliveries) {
    if (log.encrypted.contains(delivery.provider)) silent.insert(delivery.provider);
  }
  return silent.size() >= kProvidersOfDark ||
         (silent.size() == log.encrypted.size() && run.is_long());
}

void SilenceJudge::EndRun(const LogKey& key, Log* log) {
  Run run = std::exchange(log->run, {});
  if (run.deliveries.empty()) return;
  if (MayBeDark(*log, run)) {
    log->held.push_back(std::move(run));
    return;
  }
  for (const auto& [place, delivery] : run.deliveries) settle_(key, delivery, /*is_clear=*/true);
}

void SilenceJudge::AddEncrypted(const LogKey& log, uint32_t provider) {
  Log& known = logs_[log];
  known.encrypted.insert(provider);
  EndRun(log, &known);
}

void SilenceJudge::AddSilent(const LogKey& log, const SilentDelivery& delivery) {
  Run& run = logs_[log].run;
  if (delivery.time_s) run.span.Include(*delivery.time_s);
  const int64_t hour = BinOf(delivery.time_s.value_or(0), 3600);
  const auto [known, is_new] = run.deliveries.try_emplace({delivery.place, hour}, delivery);
  if (is_new) return;
  known->second.count += delivery.count;
  known->second.time_s = std::min(known->second.time_s, delivery.time_s);
}

void SilenceJudge::EndInput() {
  for (auto& [key, log] : logs_) EndRun(key, &log);
}

std::vector<DarkStretch> SilenceJudge::Finish() {
  EndInput();
  std::vector<DarkStretch> stretches;
  for (auto& [key, log] : logs_) {
    DarkStretch always{.log = key, .always = true};
    for (const Run& run : log.held) {
      const bool dark = IsDark(log, run);
      DarkStretch stretch{.log = key, .span = run.span};
      for (const auto& [place, delivery] : run.deliveries) {
        settle_(key, delivery, !dark);
        stretch.count += delivery.count;
      }
      if (!dark) continue;
      if (!log.encrypted.empty()) {
        stretches.push_back(std::move(stretch));
        continue;
      }
      always.count += stretch.count;
      if (stretch.span.first_s) {
        always.span.Include(*stretch.span.first_s);
        always.span.Include(*stretch.span.last_s);
      }
    }
    if (always.count > 0) stretches.push_back(std::move(always));
  }
  logs_.clear();
  return stretches;
}

}  // namespace mxsweep::tools
