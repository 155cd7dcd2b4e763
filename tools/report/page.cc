#include "tools/report/page.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/page/html.h"
#include "tools/page/page_builder.h"
#include "tools/survey/numbers.h"
#include "tools/survey/outages.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;
using scanner::MailFate;

constexpr size_t kMaxLabelBytes = 120;
constexpr MailFate kFates[] = {MailFate::kLost, MailFate::kUnknown, MailFate::kFine,
                               MailFate::kLostAnyway};

Tone ToneOfFate(MailFate fate) {
  switch (fate) {
    case MailFate::kFine:
      return Tone::kGood;
    case MailFate::kLost:
      return Tone::kBad;
    case MailFate::kUnknown:
      return Tone::kUnknown;
    default:
      return Tone::kNeutral;
  }
}

std::string_view FateText(MailFate fate) {
  switch (fate) {
    case MailFate::kFine:
      return "fine";
    case MailFate::kLost:
      return "lost";
    case MailFate::kUnknown:
      return "not known";
    case MailFate::kLostAnyway:
      return "lost anyway";
    case MailFate::kNotAsked:
      return "not asked";
  }
  return "";
}

// A member of an object, as text; empty where there is none.
std::string TextOf(const json& object, std::string_view key) {
  if (!object.is_object()) return "";
  const auto found = object.find(std::string(key));
  if (found == object.end() || found->is_null()) return "";
  return found->is_string() ? found->get<std::string>()
                            : found->dump(-1, ' ', false, json::error_handler_t::replace);
}

json MemberOf(const json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(std::string(key));
  return found == object.end() ? json(nullptr) : *found;
}

// "2026-11-28T19:31:06.191889Z", to the minute.
std::string Minute(std::string_view time) {
  constexpr size_t kMinuteBytes = 16;
  if (time.size() < kMinuteBytes || time[10] != 'T') return time.empty() ? "?" : std::string(time);
  return JoinText(time.substr(0, 10), " ", time.substr(11, 5));
}

std::string Milliseconds(uint32_t us) { return absl::StrFormat("%.1f ms", us / 1000.0); }

class Page {
 public:
  Page(const output::ScanDirectory& scan, const Picture& picture, const PictureOptions& options)
      : scan_(scan.scan()), directory_(scan.directory()), picture_(picture), options_(options) {}

  std::string Render() {
    AppendSummary();
    AppendRun();
    AppendSection("domains", "Domains", picture_.domains);
    AppendSection("servers", "Servers", picture_.servers);
    AppendTimings();
    AppendSection("certificates", "Certificates", picture_.certificates);
    AppendPolicy();
    AppendGroups();
    AppendOffenders();
    return page_.Finish(JoinText("TLS of mail servers: ", directory_), "TLS of mail servers",
                        RunLine());
  }

 private:
  std::string RunLine() const {
    return JoinText(Escaped(directory_), ", ", Escaped(Minute(TextOf(scan_, "started_at"))), " to ",
                    Escaped(Minute(TextOf(scan_, "finished_at"))), " UTC, mxsweep ",
                    Escaped(TextOf(scan_, "version")), ", ", Escaped(TextOf(scan_, "state")));
  }

  const Breakdown* Find(const std::vector<Breakdown>& breakdowns, std::string_view id) const {
    const auto found = std::ranges::find(breakdowns, id, &Breakdown::id);
    return found == breakdowns.end() ? nullptr : &*found;
  }

  // The share of the slices whose label begins so, with what is not known beside it.
  void AppendShare(const std::vector<Breakdown>& breakdowns, std::string_view id,
                   std::string_view label, std::string_view what) {
    const Breakdown* breakdown = Find(breakdowns, id);
    if (breakdown == nullptr) return;
    uint64_t count = 0, unknown = 0;
    for (const Slice& slice : breakdown->slices) {
      if (std::string_view(slice.label).starts_with(label)) count += slice.count;
      if (slice.tone == Tone::kUnknown) unknown += slice.count;
    }
    page_.AddFigure(what, ShareText(count, breakdown->whole),
                    JoinText(Grouped(count), " of ", Grouped(breakdown->whole), " ", breakdown->of,
                             "; not known of ", Grouped(unknown)));
  }

  void AppendSummary() {
    page_.OpenSection("summary", "Summary");
    page_.OpenFigures();
    page_.AddFigure("Domains", Grouped(picture_.domain_count), "of the list");
    page_.AddFigure("MX hosts", Grouped(picture_.host_count), "");
    page_.AddFigure("Servers", Grouped(picture_.server_count), "MX hosts at their addresses");
    page_.AddFigure("Certificates", Grouped(picture_.certificate_count), "distinct");
    AppendShare(picture_.servers, "server_starttls", "offered", "STARTTLS offered");
    AppendShare(picture_.servers, "server_tls", "encrypts", "TLS");
    AppendShare(picture_.servers, "server_tls_version", "TLSv1.3", "TLS 1.3");
    AppendShare(picture_.servers, "server_trust", "trusted for this name", "Trusted certificates");
    AppendShare(picture_.servers, "server_post_quantum", "negotiated", "Post-quantum");
    AppendShare(picture_.domains, "domain_dane_status", "full", "DANE, complete");
    page_.CloseFigures();
    page_.CloseSection();
  }

  std::vector<std::string> BlindSpots() const {
    std::vector<std::string> spots;
    const std::string state = TextOf(scan_, "state");
    if (state != "complete") {
      spots.push_back(
          JoinText("The scan is not complete (", state, "): this is what it has committed."));
    }
    if (!picture_.dnssec_known) {
      spots.push_back(
          "The resolver did not validate DNSSEC: nothing is known of DANE, and what "
          "stands here of it is what an unsigned answer would show.");
    }
    const auto servers = [&](uint64_t count, std::string_view what) {
      if (count == 0) return;
      spots.push_back(JoinText(Grouped(count), " of ", Grouped(picture_.server_count), " servers (",
                               ShareText(count, picture_.server_count), ") ", what));
    };
    servers(picture_.silent_servers, "did not answer in time: what TLS they have is not known.");
    servers(picture_.unasked_servers,
            "were not asked, or the trouble was ours: blocklist, no route, crowded, local errors.");
    servers(picture_.inferred_servers,
            "were not asked under their own name: they are told from what others met at the same "
            "address.");
    if (const std::string outages = TellOutages(scan_); !outages.empty()) {
      spots.push_back(JoinText("The scan noticed ", outages, "."));
    }
    const json options = MemberOf(scan_, "options");
    if (TextOf(options, "mta_sts") == "record") {
      spots.push_back("MTA-STS policies were not fetched (--mta-sts full does).");
    } else if (TextOf(options, "mta_sts") == "off") {
      spots.push_back("MTA-STS was not looked up (--mta-sts).");
    }
    if (MemberOf(options, "ipv6") == json(false)) spots.push_back("IPv6 was left out.");
    if (MemberOf(options, "ipv4") == json(false)) spots.push_back("IPv4 was left out.");
    return spots;
  }

  void AppendRun() {
    page_.OpenSection("run", "How the scan was run, and what it could not see");
    const std::vector<std::string> spots = BlindSpots();
    AppendText(&page_.main(), "<div class=\"blind\">\n<h3>What it could not see</h3>\n<ul>\n");
    if (spots.empty()) AppendText(&page_.main(), "<li>Nothing of this was found.</li>\n");
    for (const std::string& spot : spots)
      AppendText(&page_.main(), "<li>", Escaped(spot), "</li>\n");
    AppendText(&page_.main(), "</ul>\n</div>\n<p>Resolver: ",
               Escaped(TextOf(MemberOf(scan_, "resolver"), "detail")), "</p>\n");
    const json options = MemberOf(scan_, "options");
    if (options.is_object() && !options.empty()) {
      AppendText(&page_.main(),
                 "<details>\n<summary>All options</summary>\n<div class=\"scroll\"><table>\n",
                 "<caption>Options of the last run</caption>\n<thead><tr><th scope=\"col\">option",
                 "</th><th scope=\"col\" class=\"text\">value</th></tr></thead>\n<tbody>\n");
      for (const auto& [key, value] : options.items()) {
        AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(key),
                   "</th><td class=\"text\">", Escaped(TextOf(options, key)), "</td></tr>\n");
      }
      AppendText(&page_.main(), "</tbody></table></div>\n</details>\n");
    }
    page_.CloseSection();
  }

  void AppendSection(std::string_view id, std::string_view title,
                     const std::vector<Breakdown>& breakdowns) {
    page_.OpenSection(id, title);
    for (const Breakdown& breakdown : breakdowns) AppendBreakdown(breakdown);
    page_.CloseSection();
  }

  void AppendBreakdown(const Breakdown& breakdown) {
    AppendText(&page_.main(), "<div class=\"breakdown\" id=\"", breakdown.id, "\">\n<h3>",
               Escaped(breakdown.title), "</h3>\n");
    if (!breakdown.note.empty()) {
      AppendText(&page_.main(), "<p class=\"note\">", Escaped(breakdown.note), "</p>\n");
    }
    AppendText(&page_.main(), "<div class=\"scroll\"><table>\n<caption>", Grouped(breakdown.whole),
               " ", Escaped(breakdown.of), "</caption>\n<thead><tr><th scope=\"col\"></th>",
               "<th scope=\"col\">count</th><th scope=\"col\">share</th></tr></thead>\n<tbody>\n");
    json labels = json::array(), values = json::array(), tones = json::array(),
         wholes = json::array();
    std::string spoken = JoinText("Bar chart: ", breakdown.title, ".");
    uint64_t rest = 0, rest_labels = 0;
    for (size_t i = 0; i < breakdown.slices.size(); ++i) {
      const Slice& slice = breakdown.slices[i];
      // What is not known is shown however long the list is.
      if (i >= options_.top && slice.tone != Tone::kUnknown) {
        rest += slice.count;
        ++rest_labels;
        continue;
      }
      AppendRow(slice.label, slice.tone, slice.count, breakdown.whole);
      labels.push_back(SanitizeText(slice.label, kMaxLabelBytes));
      values.push_back(slice.count);
      tones.push_back(ToneWord(slice.tone));
      wholes.push_back(breakdown.whole);
      if (i < 3) {
        AppendText(&spoken, " ", SanitizeText(slice.label, kMaxLabelBytes), ": ",
                   ShareText(slice.count, breakdown.whole), ".");
      }
    }
    if (rest_labels > 0) {
      AppendRow(JoinText("(", Grouped(rest_labels), " others)"), Tone::kNeutral, rest,
                breakdown.whole);
    }
    AppendText(&page_.main(), "</tbody></table></div>\n");
    page_.AddChart(
        breakdown.id, JoinText(spoken, " The table has every number."),
        {{"labels", std::move(labels)},
         {"wholes", std::move(wholes)},
         {"series", json::array({{{"name", "count"}, {"values", values}, {"tones", tones}}})}});
    AppendText(&page_.main(), "</div>\n");
  }

  void AppendRow(std::string_view label, Tone tone, uint64_t count, uint64_t whole) {
    AppendText(&page_.main(), "<tr class=\"", ToneWord(tone), "\"><th scope=\"row\">",
               Escaped(label), "</th><td>", Grouped(count), "</td><td>",
               Escaped(ShareText(count, whole)), "</td></tr>\n");
  }

  void AppendTimings() {
    page_.OpenSection("timings", "Timings");
    AppendText(&page_.main(),
               "<div class=\"wide scroll\"><table>\n<caption>How long servers took, of their "
               "last attempt</caption>\n<thead><tr><th scope=\"col\"></th><th scope=\"col\">"
               "known</th><th scope=\"col\">half of them</th><th scope=\"col\">90 of 100</th>"
               "<th scope=\"col\">99 of 100</th></tr></thead>\n<tbody>\n");
    for (const Timing& timing : picture_.timings) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(timing.title), "</th><td>",
                 Grouped(timing.known), " of ", Grouped(timing.whole), "</td>");
      for (const uint32_t us : {timing.p50_us, timing.p90_us, timing.p99_us}) {
        AppendText(&page_.main(), "<td>", timing.known == 0 ? "-" : Milliseconds(us), "</td>");
      }
      AppendText(&page_.main(), "</tr>\n");
    }
    AppendText(&page_.main(), "</tbody></table></div>\n");
    page_.CloseSection();
  }

  void OpenFateTable(std::string_view caption, std::string_view first, std::string_view behind) {
    AppendText(&page_.main(), "<div class=\"wide scroll\"><table>\n<caption>", Escaped(caption),
               "</caption>\n<thead><tr><th scope=\"col\">", first, "</th>", behind,
               "</tr></thead>\n<tbody>\n");
  }

  void AppendPolicy() {
    page_.OpenSection("policy", "If a sender demanded more");
    const Simulation& simulation = *picture_.simulation;
    AppendText(&page_.main(),
               "<p>Whose mail would certainly not arrive, and of whom that is not known. "
               "docs/policy.md has the rule; <code>mxsweep policy --csv</code> lists the "
               "domains.</p>\n");
    json labels = json::array(), wholes = json::array();
    std::string header;
    for (const MailFate fate : kFates) {
      AppendText(&header, "<th scope=\"col\">", FateText(fate), "</th>");
      if (fate != MailFate::kLostAnyway) AppendText(&header, "<th scope=\"col\">share</th>");
    }
    const uint64_t not_asked = simulation.baseline().Of(MailFate::kNotAsked).domains;
    const uint64_t asked = simulation.all().domains - not_asked;
    OpenFateTable(JoinText(Grouped(asked), " domains that may take mail; ", Grouped(not_asked),
                           " others take none or are none"),
                  "required", header);
    json by_fate[std::size(kFates)];
    for (size_t i = 0; i < simulation.requirements().size(); ++i) {
      const scanner::Requirement& requirement = simulation.requirements()[i];
      const RequirementCounts& counts = simulation.counts()[i];
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(requirement.label),
                 " <span class=\"faint\">", Escaped(requirement.word), "</span></th>");
      for (size_t f = 0; f < std::size(kFates); ++f) {
        const uint64_t count = counts.Of(kFates[f]).domains;
        AppendText(&page_.main(), "<td>", Grouped(count), "</td>");
        if (kFates[f] != MailFate::kLostAnyway) {
          AppendText(&page_.main(), "<td>", Escaped(ShareText(count, asked)), "</td>");
        }
        by_fate[f].push_back(count);
      }
      AppendText(&page_.main(), "</tr>\n");
      labels.push_back(requirement.word);
      wholes.push_back(asked);
    }
    AppendText(&page_.main(), "</tbody></table></div>\n");
    AppendFateChart("policy", "Stacked bar chart: what becomes of mail, by requirement.",
                    std::move(labels), std::move(wholes), by_fate);
    page_.CloseSection();
  }

  void AppendFateChart(std::string_view id, std::string_view spoken, json labels, json wholes,
                       json (&by_fate)[std::size(kFates)]) {
    if (labels.empty()) return;
    json series = json::array();
    for (size_t f = 0; f < std::size(kFates); ++f) {
      series.push_back({{"name", FateText(kFates[f])},
                        {"values", by_fate[f]},
                        {"tones", json(by_fate[f].size(), ToneWord(ToneOfFate(kFates[f])))}});
    }
    page_.AddChart(id, JoinText(spoken, " The table has every number."),
                   {{"labels", std::move(labels)},
                    {"wholes", std::move(wholes)},
                    {"series", std::move(series)}});
  }

  void AppendGroups() {
    const bool by_tld = options_.by == GroupBy::kTld;
    page_.OpenSection("groups", by_tld ? "Top-level domains" : "Providers");
    AppendText(&page_.main(), "<p>",
               by_tld ? "Of a domain's name."
                      : "The registrable domain of a domain's most preferred MX host.",
               " The largest ", Grouped(picture_.groups.size()), " of ",
               Grouped(picture_.group_count), ".</p>\n");
    std::string header = "<th scope=\"col\">domains</th>";
    for (const char* demand : {"TLS", "verified"}) {
      for (const MailFate fate : kFates) {
        if (fate == MailFate::kLostAnyway) continue;
        AppendText(&header, "<th scope=\"col\">", demand, ": ", FateText(fate), "</th>");
      }
    }
    AppendText(&header, "<th scope=\"col\">DANE</th><th scope=\"col\">MTA-STS</th>");
    OpenFateTable(
        "Domains that take mail, and what becomes of it if a sender demands TLS, or a "
        "verified certificate; complete DANE; MTA-STS enforced",
        by_tld ? "TLD" : "provider", header);
    json labels = json::array(), wholes = json::array();
    json by_fate[std::size(kFates)];
    for (const Group& group : picture_.groups) {
      const std::string name = group.name.empty() ? "(not known)" : group.name;
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(name), "</th><td>",
                 Grouped(group.domains), "</td>");
      for (const uint64_t* counts : {group.tls, group.verified}) {
        for (const MailFate fate : kFates) {
          if (fate == MailFate::kLostAnyway) continue;
          AppendText(&page_.main(), "<td>", Grouped(counts[static_cast<size_t>(fate)]), "</td>");
        }
      }
      AppendText(&page_.main(), "<td>", Grouped(group.dane_full), "</td><td>",
                 Grouped(group.mta_sts_enforced), "</td></tr>\n");
      labels.push_back(SanitizeText(name, kMaxLabelBytes));
      wholes.push_back(group.domains);
      for (size_t f = 0; f < std::size(kFates); ++f) {
        by_fate[f].push_back(group.tls[static_cast<size_t>(kFates[f])]);
      }
    }
    AppendText(&page_.main(), "</tbody></table></div>\n");
    AppendFateChart("groups", "Stacked bar chart: what becomes of mail if a sender demands TLS.",
                    std::move(labels), std::move(wholes), by_fate);
    page_.CloseSection();
  }

  void AppendOffenders() {
    page_.OpenSection("offenders", "Worst offenders");
    AppendText(&page_.main(),
               "<p>MX hosts without usable TLS, by the domains whose mail they keep from "
               "senders that demand it. ",
               Grouped(picture_.offenders.size()), " of ", Grouped(picture_.offender_count),
               ".</p>\n<div class=\"wide scroll\"><table>\n<caption>Certain, not known left out"
               "</caption>\n<thead><tr><th scope=\"col\">MX host</th><th scope=\"col\" "
               "class=\"text\">why</th>"
               "<th scope=\"col\">domains</th></tr></thead>\n<tbody>\n");
    for (const Offender& offender : picture_.offenders) {
      AppendText(&page_.main(), "<tr><th scope=\"row\">", Escaped(offender.host),
                 "</th><td class=\"text\">", Escaped(offender.reason), "</td><td>",
                 Grouped(offender.domains), "</td></tr>\n");
    }
    AppendText(&page_.main(), "</tbody></table></div>\n");
    page_.CloseSection();
  }

  const json& scan_;
  const std::string& directory_;
  const Picture& picture_;
  const PictureOptions& options_;
  PageBuilder page_;
};

}  // namespace

std::string RenderPage(const output::ScanDirectory& scan, const Picture& picture,
                       const PictureOptions& options) {
  return Page(scan, picture, options).Render();
}

}  // namespace mxsweep::tools
