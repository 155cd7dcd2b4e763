#include "tools/policy/render.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;
using scanner::MailFate;
using scanner::Requirement;
using scanner::SenderReason;

constexpr MailFate kFates[] = {MailFate::kLost, MailFate::kUnknown, MailFate::kFine,
                               MailFate::kLostAnyway, MailFate::kNotAsked};
constexpr size_t kShownReasons = 4;
constexpr size_t kMaxNameBytes = 200;

using Number = uint64_t MailCount::*;

uint64_t AskedOf(const RequirementCounts& counts, const MailCount& all, Number number) {
  return all.*number - counts.Of(MailFate::kNotAsked).*number;
}

std::string Cell(uint64_t part, uint64_t whole) {
  return absl::StrFormat("%12s%10s", Grouped(part), ShareText(part, whole));
}

void AppendTable(const PolicyReport& report, Number number, std::string_view what,
                 std::string* out) {
  const Simulation& simulation = *report.simulation;
  AppendText(out,
             absl::StrFormat("\n%-22s%22s%22s%14s\n", ToAbsl(what), "lost", "unknown", "fine"));
  for (size_t i = 0; i < simulation.requirements().size(); ++i) {
    const RequirementCounts& counts = simulation.counts()[i];
    const uint64_t asked = AskedOf(counts, simulation.all(), number);
    const std::string word = JoinText("  ", simulation.requirements()[i].word);
    // A word that is too long has a line of its own.
    if (word.size() >= 22) AppendText(out, word, "\n");
    AppendText(out, absl::StrFormat("%-22s", word.size() >= 22 ? "" : word),
               Cell(counts.Of(MailFate::kLost).*number, asked),
               Cell(counts.Of(MailFate::kUnknown).*number, asked),
               absl::StrFormat("%14s\n", Grouped(counts.Of(MailFate::kFine).*number)));
  }
}

// The most frequent reasons first.
std::vector<std::pair<SenderReason, MailCount>> ReasonsOf(const RequirementCounts& counts,
                                                          MailFate fate) {
  std::vector<std::pair<SenderReason, MailCount>> reasons;
  const auto& of_fate = counts.reasons[static_cast<size_t>(fate)];
  for (size_t i = 0; i < of_fate.size(); ++i) {
    if (of_fate[i].domains > 0) reasons.emplace_back(static_cast<SenderReason>(i), of_fate[i]);
  }
  std::ranges::stable_sort(
      reasons, [](const auto& a, const auto& b) { return a.second.domains > b.second.domains; });
  return reasons;
}

void AppendReasons(const PolicyReport& report, std::string* out) {
  AppendText(out, "\nWhy (domains)\n");
  for (size_t i = 0; i < report.simulation->requirements().size(); ++i) {
    const RequirementCounts& counts = report.simulation->counts()[i];
    AppendText(out, "  ", report.simulation->requirements()[i].word, "\n");
    for (const MailFate fate : {MailFate::kLost, MailFate::kUnknown}) {
      const auto reasons = ReasonsOf(counts, fate);
      uint64_t rest = 0;
      for (size_t r = 0; r < reasons.size(); ++r) {
        if (r >= kShownReasons) {
          rest += reasons[r].second.domains;
          continue;
        }
        AppendText(out,
                   absl::StrFormat("    %-10s%-30s%12s\n", r == 0 ? ToAbsl(MailFateWord(fate)) : "",
                                   ToAbsl(SenderReasonWord(reasons[r].first)),
                                   Grouped(reasons[r].second.domains)));
      }
      if (rest > 0) {
        AppendText(out, absl::StrFormat("    %-10s%-30s%12s\n", "", "other", Grouped(rest)));
      }
    }
  }
}

std::string ScanState(const output::ScanDirectory& scan) {
  const auto state = scan.scan().find("state");
  return state != scan.scan().end() && state->is_string() ? state->get<std::string>() : "";
}

// What the table does not say, and without which it would be misread.
void AppendRemarks(const PolicyReport& report, std::string* out) {
  const std::string state = ScanState(*report.scan);
  if (state != "complete") {
    AppendText(out, "\nThe scan is not complete (", SanitizeText(state, kMaxNameBytes),
               "): this is what it has committed.\n");
  }
  const bool asks_dane =
      std::ranges::any_of(report.simulation->requirements(),
                          [](const Requirement& r) { return r.sender.dane.value == true; });
  if (asks_dane && !report.dnssec_known) {
    AppendText(out,
               "\nThe scan's resolver did not validate DNSSEC: of DANE nothing is known.\n"
               "Scan with --resolver unbound.\n");
  }
  if (report.weights != nullptr && report.weights->unmet_domains() > 0) {
    AppendText(out, "\n", Grouped(report.weights->unmet_domains()),
               " domains of the file of messages are not in the scan, with ",
               Grouped(report.weights->unmet_messages()), " messages.\n");
  }
}

json CountJson(const MailCount& count, bool weighted) {
  json object = {{"domains", count.domains}};
  if (weighted) object["messages"] = count.messages;
  return object;
}

json FatesJson(const RequirementCounts& counts, bool weighted) {
  json object = json::object();
  for (const MailFate fate : kFates) {
    object[std::string(MailFateWord(fate))] = CountJson(counts.Of(fate), weighted);
  }
  return object;
}

json ReasonsJson(const RequirementCounts& counts, MailFate fate, bool weighted) {
  json object = json::object();
  for (const auto& [reason, count] : ReasonsOf(counts, fate)) {
    object[std::string(SenderReasonWord(reason))] = CountJson(count, weighted);
  }
  return object;
}

}  // namespace

std::string RenderPolicy(const PolicyReport& report) {
  const Simulation& simulation = *report.simulation;
  const MailCount& all = simulation.all();
  const RequirementCounts& nothing = simulation.baseline();
  std::string out = JoinText("If a sender required this, whose mail would not arrive?\n  ",
                             SanitizeText(report.scan->directory(), kMaxNameBytes), "\n\n");
  const uint64_t not_asked = nothing.Of(MailFate::kNotAsked).domains;
  const uint64_t anyway = nothing.Of(MailFate::kLostAnyway).domains;
  AppendText(
      &out, absl::StrFormat("  %-22s%12s\n", "domains", Grouped(all.domains)),
      absl::StrFormat("  %-22s%12s%10s  %s\n", "take no mail", Grouped(not_asked),
                      ShareText(not_asked, all.domains), "null MX, no such domain"),
      absl::StrFormat("  %-22s%12s%10s  %s\n", "counted", Grouped(all.domains - not_asked),
                      ShareText(all.domains - not_asked, all.domains),
                      "the shares below are of these"),
      absl::StrFormat("  %-22s%12s%10s  %s\n", "no mail as it is", Grouped(anyway),
                      ShareText(anyway, all.domains - not_asked), "no server listens, no address"));
  if (report.weights != nullptr) {
    const uint64_t lost_to_none = nothing.Of(MailFate::kNotAsked).messages;
    AppendText(&out, absl::StrFormat("  %-22s%12s\n", "messages counted",
                                     Grouped(all.messages - lost_to_none)));
  }
  AppendTable(report, &MailCount::domains, "Domains", &out);
  if (report.weights != nullptr) AppendTable(report, &MailCount::messages, "Messages", &out);
  if (report.with_reasons) AppendReasons(report, &out);
  AppendRemarks(report, &out);
  return out;
}

std::string RenderPolicyJson(const PolicyReport& report) {
  const Simulation& simulation = *report.simulation;
  const bool weighted = report.weights != nullptr;
  json requirements = json::array();
  for (size_t i = 0; i < simulation.requirements().size(); ++i) {
    const Requirement& requirement = simulation.requirements()[i];
    const RequirementCounts& counts = simulation.counts()[i];
    json object = FatesJson(counts, weighted);
    object["requirement"] = requirement.word;
    object["label"] = requirement.label;
    object["lost_reasons"] = ReasonsJson(counts, MailFate::kLost, weighted);
    object["unknown_reasons"] = ReasonsJson(counts, MailFate::kUnknown, weighted);
    requirements.push_back(std::move(object));
  }
  json text = {{"schema", 1},
               {"scan", SanitizeText(report.scan->directory(), kMaxNameBytes)},
               {"scan_state", SanitizeText(ScanState(*report.scan), kMaxNameBytes)},
               {"dnssec_known", report.dnssec_known},
               {"all", CountJson(simulation.all(), weighted)},
               {"nothing_required", FatesJson(simulation.baseline(), weighted)},
               {"requirements", std::move(requirements)}};
  if (weighted) {
    text["not_in_scan"] = {{"domains", report.weights->unmet_domains()},
                           {"messages", report.weights->unmet_messages()}};
  }
  return text.dump(2) + "\n";
}

std::string_view PolicyCsvHeader() { return "requirement,fate,reason,host,domain,messages\n"; }

std::string PolicyCsvLine(const JudgedMail& judged) {
  if (judged.fate != MailFate::kLost && judged.fate != MailFate::kUnknown) return "";
  return JoinText(CsvCell(judged.requirement->word), ",", MailFateWord(judged.fate), ",",
                  SenderReasonWord(judged.reason), ",", CsvCell(judged.host), ",",
                  CsvCell(judged.domain->domain), ",", judged.messages, "\n");
}

}  // namespace mxsweep::tools
