#include "tools/check/text.h"

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "scanner/base/text.h"
#include "tools/check/paragraph.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMinColumns = 60;
constexpr size_t kTagColumns = 7;     // "  warn "
constexpr size_t kLabelColumns = 13;  // "certificate  "
constexpr size_t kSenderColumns = 19;
constexpr size_t kActionColumns = 20;

std::string_view VerdictLabel(scanner::Verdict verdict) {
  switch (verdict) {
    case scanner::Verdict::kSafe:
      return "SAFE";
    case scanner::Verdict::kUnprotected:
      return "OK";
    case scanner::Verdict::kUnverified:
      return "AT RISK";
    case scanner::Verdict::kExposed:
      return "NOT SAFE";
    case scanner::Verdict::kRefused:
      return "MAIL IS REFUSED";
    case scanner::Verdict::kUndeliverable:
      return "NO DELIVERY";
    case scanner::Verdict::kUnknown:
      return "NOT KNOWN";
    case scanner::Verdict::kNoMail:
      return "NO MAIL";
  }
  return "";
}

std::string_view Tag(scanner::Severity severity) {
  switch (severity) {
    case scanner::Severity::kGood:
      return "ok";
    case scanner::Severity::kNote:
      return "note";
    case scanner::Severity::kWarning:
      return "warn";
    case scanner::Severity::kUnknown:
      return "?";
    case scanner::Severity::kBad:
      return "BAD";
  }
  return "";
}

std::string_view ColourOf(scanner::Severity severity) {
  switch (severity) {
    case scanner::Severity::kGood:
      return "\033[32m";
    case scanner::Severity::kNote:
      return "\033[36m";
    case scanner::Severity::kWarning:
      return "\033[33m";
    case scanner::Severity::kUnknown:
      return "\033[35m";
    case scanner::Severity::kBad:
      return "\033[1;31m";
  }
  return "";
}

class TextWriter {
 public:
  explicit TextWriter(const CheckTextOptions& options)
      : colour_(options.colour), columns_(std::max(options.columns, kMinColumns)) {}

  void Domain(const scanner::DomainReport& domain);
  void Overview(const std::vector<scanner::DomainReport>& domains);
  void Rule() { out_ += "\n" + std::string(columns_, '=') + "\n\n"; }
  std::string Take() { return std::move(out_); }

 private:
  void Head(const scanner::DomainReport& domain);
  void Servers(const scanner::DomainReport& domain);
  void Senders(const scanner::DomainReport& domain);
  void Programs(const scanner::DomainReport& domain);
  void Findings(const scanner::DomainReport& domain);
  void OneFinding(const scanner::Finding& finding, size_t number);
  void Record(const std::string& record, size_t indent);
  void Facts(const std::vector<scanner::Fact>& facts);
  void Heading(std::string_view text);
  // `lead` in front of wrapped `text`, whose further lines are indented as far as the first.
  // `lead_columns`: how wide it looks, without colours.
  void Paragraph(const std::string& lead, size_t lead_columns, std::string_view text);
  void Labelled(std::string_view label, size_t columns, std::string_view text);

  std::string Paint(std::string_view colour, std::string_view text) const {
    return colour_ ? JoinText(colour, text, "\033[0m") : std::string(text);
  }
  std::string Bold(std::string_view text) const { return Paint("\033[1m", text); }
  // The tag of `severity`, `columns` wide, its text from the third on.
  std::string TagText(scanner::Severity severity, size_t columns) const {
    const std::string_view tag = Tag(severity);
    return JoinText("  ", Paint(ColourOf(severity), tag),
                    std::string(columns - 2 - tag.size(), ' '));
  }

  bool colour_;
  size_t columns_;
  std::string out_;
};

void TextWriter::Paragraph(const std::string& lead, size_t lead_columns, std::string_view text) {
  const std::vector<std::string> lines = WrapText(Printable(text), columns_ - lead_columns);
  out_ += lead;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) out_ += std::string(lead_columns, ' ');
    out_ += lines[i] + "\n";
  }
  if (lines.empty()) out_ += "\n";
}

void TextWriter::Labelled(std::string_view label, size_t columns, std::string_view text) {
  Paragraph(PadTo(JoinText("  ", label), columns), columns, text);
}

void TextWriter::Heading(std::string_view text) { out_ += "\n" + Bold(text) + "\n"; }

void TextWriter::Head(const scanner::DomainReport& domain) {
  const std::string name = domain.row->domain;
  const std::string_view label = VerdictLabel(domain.verdict);
  Paragraph(JoinText(Bold(name), ": ", Paint(ColourOf(domain.severity), label), " - "),
            name.size() + label.size() + 5, domain.headline);
  Labelled("to do", 9, domain.todo);
  if (!domain.why.empty()) Labelled("why", 9, domain.why);
  if (!domain.asked_as.empty()) Labelled("asked", 9, domain.asked_as);
}

void TextWriter::Facts(const std::vector<scanner::Fact>& facts) {
  for (const scanner::Fact& fact : facts) {
    const std::string tag =
        fact.is_verdict ? TagText(fact.severity, kTagColumns) : std::string(kTagColumns, ' ');
    Paragraph(tag + PadTo(fact.label, kLabelColumns), kTagColumns + kLabelColumns, fact.text);
  }
}

void TextWriter::Servers(const scanner::DomainReport& domain) {
  if (domain.hosts.empty()) return;
  Heading("Servers, in the order in which senders try them");
  Facts(domain.facts);
  for (const scanner::HostReport& host : domain.hosts) {
    out_ += JoinText("\n  ", PadTo(std::to_string(host.preference), 5), Bold(Printable(host.name)),
                     "\n");
    Facts(host.facts);
    for (const scanner::EndpointReport& endpoint : host.endpoints) {
      out_ +=
          JoinText("       ", Bold(endpoint.row->address),
                   endpoint.row->port == 25 ? "" : JoinText(" port ", endpoint.row->port), "\n");
      Facts(endpoint.facts);
    }
  }
}

// Does it do what the sender does of which it is a variant?
bool IsLikeItsModel(const scanner::DomainReport& domain, const scanner::SenderReport& variant) {
  return std::ranges::any_of(domain.senders, [&variant](const scanner::SenderReport& each) {
    return each.sender->word == variant.sender->variant_of && each.action == variant.action &&
           each.text == variant.text;
  });
}

// Programs of which the same is to be said, in one line: their names stand in the text.
void TextWriter::Programs(const scanner::DomainReport& domain) {
  std::vector<const scanner::SenderReport*> left;
  for (const scanner::SenderReport& sender : domain.senders) {
    if (!sender.sender->is_kind && !IsLikeItsModel(domain, sender)) left.push_back(&sender);
  }
  while (!left.empty()) {
    const scanner::SenderReport& first = *left.front();
    // Why a program delivers encrypted is of little interest, unless it takes a second attempt.
    const auto is_fine = [](const scanner::SenderReport& sender) {
      return sender.severity == scanner::Severity::kGood &&
             sender.decision.reason != scanner::SenderReason::kTlsOnRetry;
    };
    const bool fine = is_fine(first);
    const auto is_same = [&first, fine, is_fine](const scanner::SenderReport* each) {
      return is_fine(*each) == fine && each->severity == first.severity &&
             each->action == first.action && (fine || each->text == first.text);
    };
    std::string names;
    for (const scanner::SenderReport* each : left) {
      if (is_same(each)) AppendText(&names, names.empty() ? "" : ", ", each->label);
    }
    if (!fine) AppendText(&names, ": ", first.text);
    Paragraph(JoinText(TagText(first.severity, kTagColumns), PadTo("programs", kSenderColumns),
                       PadTo(first.action, kActionColumns)),
              kTagColumns + kSenderColumns + kActionColumns, names);
    std::erase_if(left, is_same);
  }
}

void TextWriter::Senders(const scanner::DomainReport& domain) {
  Heading(JoinText("What a sender does with mail for ", domain.row->domain));
  const bool all_alike =
      std::ranges::all_of(domain.senders, [&domain](const scanner::SenderReport& each) {
        return each.action == domain.senders.front().action &&
               each.text == domain.senders.front().text;
      });
  for (const scanner::SenderReport& sender : domain.senders) {
    if (all_alike && &sender != &domain.senders.front()) break;
    if (!all_alike && !sender.sender->is_kind) continue;
    const std::string_view label = all_alike ? std::string_view("every sender") : sender.label;
    Paragraph(JoinText(TagText(sender.severity, kTagColumns), PadTo(label, kSenderColumns),
                       PadTo(sender.action, kActionColumns)),
              kTagColumns + kSenderColumns + kActionColumns, sender.text);
  }
  if (!all_alike) Programs(domain);
}

void TextWriter::Record(const std::string& record, size_t indent) {
  const std::string text = Printable(record);
  // The data is the last field, or all that is quoted.
  const size_t data = text.rfind(' ', text.find('"'));
  out_ += std::string(indent, ' ');
  if (indent + text.size() <= columns_ || data == std::string::npos) {
    out_ += text + "\n";
    return;
  }
  // Parentheses let a record go on in the next line (RFC 1035 §5.1).
  out_ += JoinText(text.substr(0, data), " (\n", std::string(indent + 2, ' '),
                   text.substr(data + 1), " )\n");
}

void TextWriter::OneFinding(const scanner::Finding& finding, size_t number) {
  constexpr size_t kIndent = 12;
  const std::string lead = PadTo(JoinText("  ", number, "."), 5);
  Paragraph(lead + TagText(finding.severity, kIndent - lead.size()), kIndent, finding.title);
  std::string places;
  for (const scanner::Place& place : finding.places) {
    if (place.host.empty()) continue;
    AppendText(&places, places.empty() ? "at " : ", ", place.host,
               place.address.empty() ? "" : JoinText(" ", place.address));
  }
  const std::string margin(kIndent, ' ');
  if (!places.empty()) Paragraph(margin, kIndent, places);
  if (!finding.why.empty()) Paragraph(margin, kIndent, finding.why);
  const std::string todo = JoinText(finding.fix, finding.fix.empty() ? "" : ". ", finding.advice);
  if (!todo.empty()) Labelled("   to do:", kIndent, TrimText(todo));
  for (const std::string& record : finding.records) Record(record, kIndent);
  if (!finding.not_this.empty()) Labelled("   not:", kIndent, finding.not_this);
}

void TextWriter::Findings(const scanner::DomainReport& domain) {
  if (domain.findings.empty()) return;
  Heading("What to know");
  for (size_t i = 0; i < domain.findings.size(); ++i) {
    if (i > 0) out_ += "\n";
    OneFinding(domain.findings[i], i + 1);
  }
}

void TextWriter::Domain(const scanner::DomainReport& domain) {
  Head(domain);
  Servers(domain);
  Senders(domain);
  Findings(domain);
}

void TextWriter::Overview(const std::vector<scanner::DomainReport>& domains) {
  size_t widest = 0;
  for (const scanner::DomainReport& domain : domains)
    widest = std::max(widest, domain.row->domain.size());
  for (const scanner::DomainReport& domain : domains) {
    const std::string_view label = VerdictLabel(domain.verdict);
    const size_t columns = widest + 2 + 17;
    Paragraph(
        JoinText(PadTo(domain.row->domain, widest + 2), Paint(ColourOf(domain.severity), label),
                 std::string(17 - label.size(), ' ')),
        columns, domain.headline);
  }
}

}  // namespace

std::string RenderCheckText(const scanner::CheckReport& report, const CheckTextOptions& options) {
  TextWriter writer(options);
  for (size_t i = 0; i < report.domains.size(); ++i) {
    if (i > 0) writer.Rule();
    writer.Domain(report.domains[i]);
  }
  if (report.domains.size() > 1) {
    writer.Rule();
    writer.Overview(report.domains);
  }
  return writer.Take();
}

}  // namespace mxsweep::tools
