#include "tools/diff/tables.h"

#include <string_view>

#include "scanner/base/text.h"
#include "tools/diff/bridge.h"
#include "tools/survey/new_file.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

// measure,direction: of those causes that have them.
std::string MeasureCells(const MainCause& cause) {
  const bool of_measure = cause.fate == Fate::kMeasure || cause.fate == Fate::kOtherwise;
  return JoinText(of_measure ? WordsOf(cause.measure).word : "", ",",
                  DirectionWord(cause.direction));
}

void AppendSteps(const DiffReport& report, Unit unit, std::string* out) {
  for (size_t m = 0; m < kMeasures; ++m) {
    const Measure measure = static_cast<Measure>(m);
    const std::optional<MeasureChange>& change = report.comparison->Of(unit, measure);
    if (!change) continue;
    for (const Step& step : BridgeOf(*change)) {
      AppendText(out, UnitWord(unit), ",", WordsOf(measure).word, ",", StepWord(step.kind), ",",
                 StepReasonWord(step), ",", step.count, ",", step.after.yes, ",", step.after.no,
                 "\n");
    }
  }
}

std::string StepsCsv(const DiffReport& report) {
  std::string text = "unit,measure,step,reason,count,yes_after,no_after\n";
  AppendSteps(report, Unit::kDomains, &text);
  AppendSteps(report, Unit::kServers, &text);
  return text;
}

std::string CausesCsv(const DiffReport& report) {
  std::string text = "cause,reason,measure,direction,doubt,domains\n";
  for (const auto& [cause, count] : CausesWith(*report.comparison, [](Fate) { return true; })) {
    AppendText(&text, CauseWord(cause), ",", WhyWord(cause.why), ",", MeasureCells(cause), ",",
               DoubtWord(DoubtOf(report, cause)), ",", count, "\n");
  }
  return text;
}

std::string ProvidersCsv(const Comparison& comparison) {
  std::string text = "provider,domains,changed,not_known,tls_lost,tls_gained\n";
  for (const ProviderChange& provider : comparison.providers) {
    AppendText(&text, CsvCell(provider.name), ",", provider.domains, ",", provider.changed, ",",
               provider.not_known, ",", provider.tls_lost, ",", provider.tls_gained, "\n");
  }
  return text;
}

// Empty where it is not counted.
std::string_view AnswerWord(const State& state) {
  switch (state.answer) {
    case Answer::kYes:
      return "yes";
    case Answer::kNo:
      return "no";
    case Answer::kNotCounted:
      break;
  }
  return "";
}

}  // namespace

std::string DomainCsvHeader() {
  return "domain,cause,reason,measure,direction,old_provider,new_provider\n";
}

std::string DomainCsvLine(const DomainChange& change) {
  return JoinText(CsvCell(change.domain), ",", CauseWord(change.cause), ",",
                  WhyWord(change.cause.why), ",", MeasureCells(change.cause), ",",
                  CsvCell(change.old_provider), ",", CsvCell(change.new_provider), "\n");
}

std::string ServerCsvHeader() { return "host,address,port,provider,measure,old,new,cause\n"; }

std::string ServerCsvLine(const ServerChange& change) {
  return JoinText(CsvCell(change.host), ",", CsvCell(change.address), ",", change.port, ",",
                  CsvCell(change.provider), ",", WordsOf(change.measure).word, ",",
                  AnswerWord(change.before), ",", AnswerWord(change.after), ",", CauseWord(change),
                  "\n");
}

absl::Status WriteDiffTables(const DiffReport& report, const std::string& folder) {
  absl::Status status = WriteWholeFile(folder + "/steps.csv", StepsCsv(report));
  if (status.ok()) status = WriteWholeFile(folder + "/causes.csv", CausesCsv(report));
  if (status.ok()) {
    status = WriteWholeFile(folder + "/providers.csv", ProvidersCsv(*report.comparison));
  }
  return status;
}

}  // namespace mxsweep::tools
