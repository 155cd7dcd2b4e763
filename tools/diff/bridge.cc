#include "tools/diff/bridge.h"

#include <functional>

#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

class Builder {
 public:
  explicit Builder(const MeasureChange& change) : change_(change), now_(change.old_scan) {}

  std::vector<Step> Build() {
    AddTotal(StepKind::kOld);
    ForEachWhy([this](size_t w) {
      const Split& left = change_.left[w];
      AddStep(StepKind::kLeft, w, left.whole(), {now_.yes - left.yes, now_.no - left.no});
    });
    AddTotal(StepKind::kComparedOld);
    ForEachWhy([this](size_t w) {
      const uint64_t lost = change_.lost[w];
      AddStep(StepKind::kLost, w, lost, {now_.yes - lost, now_.no + lost});
    });
    ForEachWhy([this](size_t w) {
      const uint64_t gained = change_.gained[w];
      AddStep(StepKind::kGained, w, gained, {now_.yes + gained, now_.no - gained});
    });
    AddTotal(StepKind::kComparedNew);
    ForEachWhy([this](size_t w) {
      const Split& came = change_.came[w];
      AddStep(StepKind::kCame, w, came.whole(), {now_.yes + came.yes, now_.no + came.no});
    });
    AddTotal(StepKind::kNew);
    return std::move(steps_);
  }

 private:
  static void ForEachWhy(const std::function<void(size_t)>& visit) {
    for (size_t w = 0; w < kWhys; ++w) visit(w);
  }

  void AddTotal(StepKind kind) {
    steps_.push_back({.kind = kind, .count = now_.whole(), .after = now_});
  }

  void AddStep(StepKind kind, size_t why, uint64_t count, const Split& after) {
    if (count == 0) return;
    steps_.push_back({.kind = kind,
                      .why = static_cast<Why>(why),
                      .count = count,
                      .after = after,
                      .points = ShareOf(after) - ShareOf(now_)});
    now_ = after;
  }

  const MeasureChange& change_;
  Split now_;
  std::vector<Step> steps_;
};

std::string ReasonTitle(Why why, Direction direction) {
  const std::string_view title = ChangeTitle(why, direction);
  if (!title.empty()) return std::string(title);
  // What is not known has no change of its own.
  return JoinText(WhyTitle(why), direction == Direction::kLost ? ", now" : ", then");
}

}  // namespace

std::vector<Step> BridgeOf(const MeasureChange& change) { return Builder(change).Build(); }

std::string_view StepWord(StepKind kind) {
  switch (kind) {
    case StepKind::kOld:
      return "old";
    case StepKind::kLeft:
      return "left";
    case StepKind::kComparedOld:
      return "compared_old";
    case StepKind::kLost:
      return "lost";
    case StepKind::kGained:
      return "gained";
    case StepKind::kComparedNew:
      return "compared_new";
    case StepKind::kCame:
      return "came";
    case StepKind::kNew:
      return "new";
  }
  return "";
}

bool IsTotal(StepKind kind) {
  return kind == StepKind::kOld || kind == StepKind::kComparedOld ||
         kind == StepKind::kComparedNew || kind == StepKind::kNew;
}

Direction DirectionOf(const Step& step) {
  if (step.kind == StepKind::kLost) return Direction::kLost;
  return step.kind == StepKind::kGained ? Direction::kGained : Direction::kNeither;
}

std::string_view StepReasonWord(const Step& step) {
  const Direction direction = DirectionOf(step);
  return direction == Direction::kNeither ? WhyWord(step.why) : ChangeWord(step.why, direction);
}

std::string StepTitle(const Step& step) {
  switch (step.kind) {
    case StepKind::kOld:
      return "the old scan";
    case StepKind::kLeft:
      return JoinText("without: ", ReasonTitle(step.why, Direction::kLost));
    case StepKind::kComparedOld:
      return "known in both scans, as it was";
    case StepKind::kLost:
      return ReasonTitle(step.why, Direction::kLost);
    case StepKind::kGained:
      return ReasonTitle(step.why, Direction::kGained);
    case StepKind::kComparedNew:
      return "known in both scans, as it is";
    case StepKind::kCame:
      return JoinText("with: ", ReasonTitle(step.why, Direction::kGained));
    case StepKind::kNew:
      return "the new scan";
  }
  return "";
}

double ShareOf(const Split& split) {
  return split.whole() == 0
             ? 0
             : 100 * static_cast<double>(split.yes) / static_cast<double>(split.whole());
}

double PointsOf(const MeasureChange& change) {
  const PairedCounts paired = change.Paired();
  return ShareOf({paired.yes_yes + paired.no_yes, paired.yes_no + paired.no_no}) -
         ShareOf({paired.yes_yes + paired.yes_no, paired.no_yes + paired.no_no});
}

Verdict VerdictOf(const MeasureChange& change) {
  const Interval interval = change.ChangeInterval();
  const PairedCounts paired = change.Paired();
  const double effect = change.cluster.Of(paired);
  const bool is_told =
      interval.excludes_zero() && SignTestTells(static_cast<double>(paired.yes_no) / effect,
                                                static_cast<double>(paired.no_yes) / effect);
  if (!is_told) return Verdict::kNotTold;
  return interval.low > 0 ? Verdict::kUp : Verdict::kDown;
}

std::string_view VerdictWord(Verdict verdict) {
  switch (verdict) {
    case Verdict::kUp:
      return "up";
    case Verdict::kDown:
      return "down";
    case Verdict::kNotTold:
      return "not_told";
  }
  return "";
}

}  // namespace mxsweep::tools
