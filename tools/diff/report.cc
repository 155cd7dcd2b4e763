#include "tools/diff/report.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "scanner/base/text.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

void SortByCount(std::vector<CauseCount>* causes) {
  std::ranges::stable_sort(
      *causes, [](const CauseCount& a, const CauseCount& b) { return a.second > b.second; });
}

}  // namespace

Doubt DoubtOf(const DiffReport& report, Unit unit, Measure measure, Direction direction, Why why) {
  const std::optional<MeasureChange>& change = report.comparison->Of(unit, measure);
  if (!change || direction == Direction::kNeither) return Doubt::kNone;
  const uint64_t lost = change->lost[static_cast<size_t>(why)];
  const uint64_t gained = change->gained[static_cast<size_t>(why)];
  const uint64_t count = direction == Direction::kLost ? lost : gained;
  const uint64_t whole = change->Paired().whole();
  if (report.noise->is_known()) {
    return report.noise->Explains(unit, measure, why, count, whole) ? Doubt::kWithinNoise
                                                                    : Doubt::kNone;
  }
  return IsBothWays(count, lost + gained - count, whole) ? Doubt::kBothWays : Doubt::kNone;
}

Doubt DoubtOf(const DiffReport& report, const MainCause& cause) {
  if (cause.fate != Fate::kMeasure) return Doubt::kNone;
  return DoubtOf(report, Unit::kDomains, cause.measure, cause.direction, cause.why);
}

std::string_view DoubtWord(Doubt doubt) {
  switch (doubt) {
    case Doubt::kNone:
      return "";
    case Doubt::kWithinNoise:
      return "within_noise";
    case Doubt::kBothWays:
      return "both_ways";
  }
  return "";
}

std::string_view GroupTitle(Fate fate) {
  switch (fate) {
    case Fate::kListChanged:
      return "in one list only";
    case Fate::kNotKnownNow:
      return "not known now, and known then";
    case Fate::kNotKnownThen:
      return "not known then, and known now";
    case Fate::kNotKnown:
      return "not known in either";
    case Fate::kUnchanged:
      return "unchanged";
    default:
      return "changed";
  }
}

std::string EffectText(const MainCause& cause) {
  if (cause.fate == Fate::kMoved) return "no share touched";
  if (cause.fate == Fate::kOtherwise) {
    return JoinText("no ", WordsOf(cause.measure).name, " as before");
  }
  if (cause.fate != Fate::kMeasure) return "";
  return JoinText(WordsOf(cause.measure).name,
                  cause.direction == Direction::kLost ? " lost" : " gained");
}

std::vector<CauseCount> CausesWith(const Comparison& comparison, bool (*wanted)(Fate)) {
  std::vector<CauseCount> causes;
  for (const auto& [cause, count] : comparison.causes) {
    if (wanted(cause.fate)) causes.emplace_back(cause, count);
  }
  SortByCount(&causes);
  return causes;
}

std::vector<CauseCount> CausesOfProvider(const Comparison& comparison, size_t place) {
  const uint32_t number = static_cast<uint32_t>(place);
  std::vector<CauseCount> causes;
  for (auto at = comparison.provider_causes.lower_bound({number, {.fate = Fate::kListChanged}});
       at != comparison.provider_causes.end() && at->first.first == number; ++at) {
    causes.emplace_back(at->first.second, at->second);
  }
  SortByCount(&causes);
  return causes;
}

void AppendItem(std::string_view sentence, std::string* out) {
  constexpr size_t kColumns = 80;
  constexpr std::string_view kFirst = "  - ", kNext = "    ";
  std::string line(kFirst);
  for (size_t begin = 0; begin < sentence.size();) {
    const size_t end = std::min(sentence.find(' ', begin), sentence.size());
    const std::string_view word = sentence.substr(begin, end - begin);
    const bool is_first = line == kFirst || line == kNext;
    if (!is_first && line.size() + 1 + word.size() > kColumns) {
      AppendText(out, line, "\n");
      line = kNext;
    }
    AppendText(&line, line == kFirst || line == kNext ? "" : " ", word);
    begin = end + 1;
  }
  AppendText(out, line, "\n");
}

std::string PointsText(double points) {
  std::string text = absl::StrFormat("%+.2f", points);
  if (text != "+0.00" && text != "-0.00") return text;
  if (points == 0) return "0.00";
  return points > 0 ? "+<0.01" : "-<0.01";
}

std::string_view VerdictText(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUp:
      return "up";
    case Verdict::kDown:
      return "down";
    case Verdict::kNotTold:
      return "no trend";
  }
  return "";
}

std::string SplitShareText(const Split& split) { return ShareText(split.yes, split.whole()); }

}  // namespace mxsweep::tools
