#include "scanner/base/text.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "tools/check/paragraph.h"
#include "tools/explain/findings.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kIndent = 3;
constexpr size_t kLabelColumns = 13;
constexpr size_t kNameColumns = 24;
// A log that begins so much earlier shows that the trouble was not there before.
constexpr int64_t kEarlierSeconds = 3600;

std::string TimeText(int64_t time_s) {
  return absl::FormatTime("%a %Y-%m-%d %H:%M", absl::FromUnixSeconds(time_s), absl::UTCTimeZone());
}

std::string Grouped(uint64_t number) {
  std::string text = std::to_string(number);
  for (size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string Many(uint64_t number, std::string_view one) {
  return JoinText(Grouped(number), " ", one, number == 1 ? "" : "s");
}

std::string_view SideLabel(Owner owner) {
  static constexpr std::array<std::string_view, 4> kLabels = {"our side", "their side", "receiver",
                                                              "sender"};
  return kLabels[static_cast<size_t>(owner)];
}

std::string_view OwnerText(Owner owner) {
  static constexpr std::array<std::string_view, 4> kTexts = {
      "a key or setting of ours", "a key or setting of theirs",
      "a key or setting of the receiving server",
      "a key or setting of the sending server or client"};
  return kTexts[static_cast<size_t>(owner)];
}

std::string OwnersText(const Cause& cause) {
  std::string text;
  for (const Owner owner : cause.owners) {
    AppendText(&text, text.empty() ? "" : "; then ", OwnerText(owner));
  }
  return text.empty() ? "not told by this" : text;
}

std::string NotText(const Cause& cause) {
  std::string text = cause.not_this;
  if (cause.kind != TroubleKind::kNotTls && text.find("DKIM") == std::string::npos) {
    AppendText(&text, text.empty() ? "" : " ", "Nor DKIM, SPF, DMARC or spam filtering.");
  }
  return text;
}

std::string_view HeadingOf(TroubleKind kind) {
  switch (kind) {
    case TroubleKind::kRefused:
      return "Refused";
    case TroubleKind::kClear:
      return "Sent in clear";
    case TroubleKind::kNote:
      return "Notes: nothing was refused";
    case TroubleKind::kNotTls:
      return "Not TLS, though often taken for it";
  }
  return "";
}

class Writer {
 public:
  Writer(size_t columns, size_t shown) : columns_(columns), shown_(shown) {}

  void Head(const Findings& findings);
  void Group(const CauseGroup& group, size_t number, const Span& whole);
  void Heading(std::string_view text) { AppendText(&out_, "\n", text, "\n"); }
  void Checked(const std::vector<CheckedPlace>& checked);
  void Gap() { out_ += "\n"; }
  std::string Take() { return std::move(out_); }

 private:
  void Paragraph(std::string lead, std::string_view text);
  void Labelled(std::string_view label, std::string_view text);
  void Places(const CauseGroup& group);
  std::string When(const Span& span, const Span& whole) const;

  size_t columns_;
  size_t shown_;
  std::string out_;
};

void Writer::Paragraph(std::string lead, std::string_view text) {
  const size_t lead_columns = lead.size();
  const std::vector<std::string> lines =
      WrapText(Printable(text), columns_ > lead_columns + 20 ? columns_ - lead_columns : 20);
  for (const std::string& line : lines) {
    AppendText(&out_, lead, line, "\n");
    lead.assign(lead_columns, ' ');
  }
}

void Writer::Labelled(std::string_view label, std::string_view text) {
  if (text.empty()) return;
  Paragraph(std::string(kIndent, ' ') + PadTo(label, kLabelColumns), text);
}

std::string Writer::When(const Span& span, const Span& whole) const {
  if (!span.first_s.has_value()) return {};
  std::string text = JoinText("since ", TimeText(*span.first_s));
  if (*span.last_s != *span.first_s) AppendText(&text, ", last ", TimeText(*span.last_s));
  if (whole.first_s.has_value() && *whole.first_s + kEarlierSeconds < *span.first_s) {
    AppendText(&text, " (not before, in a log from ", TimeText(*whole.first_s), " on)");
  }
  return text;
}

void Writer::Head(const Findings& findings) {
  std::string text = JoinText(Many(findings.lines, "line"), " of ", Many(findings.inputs, "input"));
  if (findings.span.first_s.has_value()) {
    AppendText(&text, ", ", TimeText(*findings.span.first_s), " to ",
               TimeText(*findings.span.last_s));
  }
  Paragraph("", text);
  if (findings.reports.reports > 0) {
    const ReportTotals& reports = findings.reports;
    Paragraph("", JoinText(Many(reports.reports, "TLS report"), ": of ",
                           Grouped(reports.successful_sessions + reports.failed_sessions),
                           " sessions ", Grouped(reports.failed_sessions), " failed"));
  }
  for (const std::string& remark : RemarksOf(findings.reports)) Paragraph("", remark);
  std::string counts;
  for (const TroubleKind kind : {TroubleKind::kRefused, TroubleKind::kClear, TroubleKind::kNote}) {
    uint64_t count = 0;
    for (const CauseGroup* group : findings.groups) {
      if (group->cause.kind == kind) count += group->count;
    }
    if (count == 0) continue;
    AppendText(&counts, counts.empty() ? "" : ", ", Grouped(count),
               kind == TroubleKind::kRefused ? " refused"
               : kind == TroubleKind::kClear ? " sent in clear"
                                             : " with a note only");
  }
  Paragraph("", counts.empty() ? "No trouble with TLS."
                               : JoinText("Trouble with TLS, in sessions or deliveries: ", counts));
}

void Writer::Places(const CauseGroup& group) {
  size_t shown = 0;
  for (const Place& place : group.places) {
    if (shown == shown_) break;
    if (place.name.empty() && group.places.size() == 1) break;
    std::string text =
        JoinText(PadTo(place.name.empty() ? "(not told)" : Printable(place.name), kNameColumns),
                 Grouped(place.count));
    std::string more;
    for (const std::string& host : place.hosts) AppendText(&more, more.empty() ? "" : ", ", host);
    if (place.span.first_s.has_value() && group.places.size() > 1) {
      AppendText(&more, more.empty() ? "" : "; ", "since ", TimeText(*place.span.first_s));
    }
    const std::string lead =
        std::string(kIndent, ' ') + PadTo(shown == 0 ? "with" : "", kLabelColumns) + text;
    if (more.empty()) {
      AppendText(&out_, lead, "\n");
    } else if (lead.size() + 2 + ColumnsOf(more) <= columns_) {
      AppendText(&out_, lead, "  ", Printable(more), "\n");
    } else {
      AppendText(&out_, lead, "\n");
      Paragraph(std::string(kIndent + kLabelColumns + 2, ' '), more);
    }
    ++shown;
  }
  uint64_t rest = group.left_out;
  for (size_t i = shown; i < group.places.size() && shown > 0; ++i) rest += group.places[i].count;
  if (rest > 0) {
    Labelled("", JoinText("and ", Grouped(rest), " with ",
                          group.left_out > 0 ? std::string("others")
                                             : Many(group.places.size() - shown, "other")));
  }
}

void Writer::Group(const CauseGroup& group, size_t number, const Span& whole) {
  const Cause& cause = group.cause;
  const std::string lead = JoinText(number, ". ");
  Paragraph(lead, cause.title);
  const std::string when = When(group.span, whole);
  Paragraph(std::string(kIndent, ' '),
            JoinText(Grouped(group.count), group.count == 1 ? " time" : " times",
                     when.empty() ? "" : ", ", when));
  if (cause.kind != TroubleKind::kNotTls) {
    Labelled("refused by", SideText(cause.side));
    Labelled("it is about", OwnersText(cause));
  }
  Labelled("what it is", cause.means);
  const bool alone = cause.side == Side::kReceivingServer;
  const bool receiver =
      alone || std::ranges::find(cause.owners, Owner::kReceivers) != cause.owners.end();
  const std::string_view one = SideLabel(alone ? Owner::kSenders : Owner::kOurs);
  const std::string_view other = SideLabel(receiver ? Owner::kReceivers : Owner::kTheirs);
  const bool ours_first = !cause.owners.empty() && (cause.owners.front() == Owner::kOurs ||
                                                    cause.owners.front() == Owner::kSenders);
  if (!ours_first) Labelled(other, cause.theirs);
  Labelled(one, cause.ours);
  if (ours_first) Labelled(other, cause.theirs);
  Labelled("it is not", NotText(cause));
  Places(group);
  if (!group.places.empty() && !group.places.front().line.empty()) {
    const Place& place = group.places.front();
    Labelled(place.line_number > 0 ? "line " + std::to_string(place.line_number) : "example",
             place.line);
  }
}

void Writer::Checked(const std::vector<CheckedPlace>& checked) {
  if (checked.empty()) return;
  Heading("Checked now");
  std::string_view last;
  for (const CheckedPlace& place : checked) {
    if (place.domain != last) Paragraph("", place.domain);
    last = place.domain;
    const std::string_view state = place.still == StillThere::kYes        ? "STILL THERE"
                                   : place.still == StillThere::kNo       ? "not seen now"
                                   : place.still == StillThere::kNotKnown ? "not known"
                                                                          : "not judged";
    Labelled(state, JoinText(place.group->cause.title, ". Now: ", place.now));
  }
}

// "7 TLS reports were", "1 TLS report was".
std::string Reports(uint64_t number, std::string_view one, std::string_view many) {
  return JoinText(Many(number, "TLS report"), " ", number == 1 ? one : many);
}

}  // namespace

std::vector<std::string> RemarksOf(const ReportTotals& reports) {
  std::vector<std::string> remarks;
  if (reports.given_again > 0) {
    remarks.push_back(JoinText(Reports(reports.given_again, "was", "were"),
                               " given before: left out, so that each counts once."));
  }
  if (reports.other_contents > 0) {
    remarks.push_back(JoinText(
        Reports(reports.other_contents, "has", "have"),
        " the id, reporter, days and domains of an earlier one, but other contents: counted, too. "
        "Perhaps they correct it."));
  }
  if (reports.unidentified > 0) {
    remarks.push_back(JoinText(Reports(reports.unidentified, "has", "have"),
                               " no id, no reporter or no days: given twice, such a report counts "
                               "twice."));
  }
  if (reports.not_kept > 0) {
    remarks.push_back(JoinText(Reports(reports.not_kept, "was", "were"), " beyond the first ",
                               Grouped(KnownReports::kMostKept),
                               ": given twice, such a report counts twice."));
  }
  if (reports.sessions_told_twice > 0) {
    remarks.push_back(JoinText(Many(reports.sessions_told_twice, "session"),
                               reports.sessions_told_twice == 1 ? " is" : " are",
                               " told of under DANE and under MTA-STS: counted once."));
  }
  if (reports.perhaps_told_twice > 0) {
    remarks.push_back(JoinText(
        Reports(reports.perhaps_told_twice, "has", "have"),
        " other numbers of sessions under DANE than under MTA-STS of the same domain: those to "
        "which both were applied count twice."));
  }
  if (reports.not_read > 0) {
    remarks.push_back(JoinText(
        Many(reports.not_read, "attachment"),
        reports.not_read == 1 ? " of mail is said to be a TLS report, and is"
                              : " of mail are said to be TLS reports, and are",
        " none that can be read (JSON, plain or packed with gzip; RFC 8460): not counted."));
  }
  return remarks;
}

std::string RenderFindings(const Findings& findings, size_t columns, size_t shown) {
  Writer writer(columns, shown);
  writer.Head(findings);
  const CauseGroup* last = nullptr;
  size_t number = 0;
  for (const CauseGroup* group : findings.groups) {
    if (last == nullptr || last->cause.kind != group->cause.kind) {
      writer.Heading(HeadingOf(group->cause.kind));
    } else {
      writer.Gap();
    }
    writer.Group(*group, ++number, findings.span);
    last = group;
  }
  writer.Checked(findings.checked);
  return writer.Take();
}

}  // namespace mxsweep::tools
