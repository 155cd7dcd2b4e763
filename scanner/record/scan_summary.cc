#include "scanner/record/scan_summary.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kMaxShownLineBytes = 60;
constexpr int kColumns = 80;
constexpr int kWordColumns = 40;
constexpr size_t kMaxRows = 10;

constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kReset = "\x1b[0m";

std::string Heading(std::string_view text, bool colour) {
  return colour ? JoinText(kBold, text, kReset) : std::string(text);
}

// Exactly `columns` wide; words are ASCII (docs/outcomes.md), what is not has been made so.
std::string Fit(std::string_view text, size_t columns) {
  std::string fitted;
  for (char c : text.substr(0, columns)) fitted += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > columns) fitted.replace(columns - 3, 3, "...");
  fitted.resize(columns, ' ');
  return fitted;
}

std::string Row(std::string_view word, uint64_t count, uint64_t total) {
  return absl::StrFormat("  %s %15s %6.2f %%\n", Fit(word, kWordColumns), FormatCount(count),
                         100.0 * static_cast<double>(count) / static_cast<double>(total));
}

void AppendGroup(std::string_view title, const ScanSummary::Counts& counts, bool colour,
                 std::string* out) {
  std::vector<std::pair<uint64_t, std::string_view>> rows;
  uint64_t total = 0;
  for (const auto& [word, count] : counts) {
    if (count == 0) continue;
    rows.emplace_back(count, word);
    total += count;
  }
  if (rows.empty()) return;
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  AppendText(out, "\n", Heading(title, colour), "\n");
  // The last row is given up for the sum of the others only where that sums up at least two.
  const size_t shown = rows.size() <= kMaxRows ? rows.size() : kMaxRows - 1;
  for (size_t i = 0; i < shown; ++i) AppendText(out, Row(rows[i].second, rows[i].first, total));
  if (shown == rows.size()) return;
  uint64_t others = 0;
  for (size_t i = shown; i < rows.size(); ++i) others += rows[i].first;
  AppendText(out, Row(JoinText("(", rows.size() - shown, " others)"), others, total));
}

std::string FormatBytes(uint64_t bytes) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  double value = static_cast<double>(bytes);
  size_t unit = 0;
  while (value >= 1024 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return unit == 0 ? absl::StrFormat("%d B", bytes)
                   : absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

void AppendTotal(std::string_view name, uint64_t count, std::string_view remark, std::string* out) {
  AppendText(out, absl::StrFormat("  %-14s %15s", name, FormatCount(count)));
  if (!remark.empty()) AppendText(out, "   ", remark);
  AppendText(out, "\n");
}

// `text` as lines that fit, broken at blanks.
void AppendWrapped(std::string_view text, std::string* out) {
  const size_t columns = kColumns - 2;
  while (!text.empty()) {
    size_t length = std::min(text.size(), columns);
    if (length < text.size()) {
      const size_t blank = text.rfind(' ', length);
      if (blank != std::string_view::npos && blank > 0) length = blank;
    }
    AppendText(out, "  ", text.substr(0, length), "\n");
    text.remove_prefix(length);
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  }
}

// Port 25 is blocked on the way out of most networks, and nothing tells whoever scans from one.
bool LooksLikeBlockedPort(const ScanSummary& summary) {
  if (summary.port != 25) return false;
  uint64_t timed_out = 0;
  for (const auto& [outcome, count] : summary.outcomes) {
    if (outcome == "connect_timeout") {
      timed_out += count;
    } else if (outcome != "connect_refused" && outcome != "unreachable" && outcome != "blocked" &&
               outcome != "local_no_route" && outcome != "not_asked_no_route" && count > 0) {
      return false;
    }
  }
  return timed_out > 0;
}

// Where half of the list or more is no target, it is of another form: one of its lines, and a
// command that turns it into what is read.
void AppendInvalid(const ScanSummary& summary, std::string* out) {
  if (summary.invalid == 0 || 2 * summary.invalid < summary.input_lines) return;
  const std::string_view line = summary.an_invalid;
  AppendWrapped(
      JoinText("Of ", FormatCount(summary.input_lines), " lines ", FormatCount(summary.invalid),
               " have no target, such as \"", SanitizeText(line, kMaxShownLineBytes), "\"."),
      out);
  if (line.find("://") != line.npos) {
    AppendText(out, "  Of URLs, give the names alone:\n    sed -E 's|.*://||; s|[:/,].*||' LIST\n");
  } else if (line.find('@') != line.npos) {
    AppendText(out,
               "  Of mail addresses, give the domains:\n    sed -E 's/.*@//; s/[>,].*//' LIST\n");
  } else if (line.find_first_of("\t;") != line.npos) {
    AppendText(out, "  Columns are divided by commas:\n    tr ';\\t' ',,' < LIST\n");
  }
}

void AppendTotals(const ScanSummary& summary, std::string* out) {
  const double seconds = std::max(summary.elapsed_s, 1e-3);
  const auto rate = [seconds](uint64_t count) {
    return absl::StrFormat("%.1f/s", static_cast<double>(count) / seconds);
  };
  if (summary.has_domains) {
    AppendTotal("lines", summary.input_lines,
                JoinText(FormatCount(summary.duplicates), " repeated, ",
                         FormatCount(summary.invalid), " invalid"),
                out);
    AppendTotal("domains", summary.domains, rate(summary.domains), out);
  }
  AppendTotal("MX hosts", summary.has_domains ? summary.hosts : summary.input_lines, "", out);
  if (!summary.has_endpoints) return;
  AppendTotal("endpoints", summary.endpoints, rate(summary.endpoints), out);
  if (summary.inferred > 0) {
    AppendTotal("  of those", summary.inferred, "inferred from what others met there", out);
  }
  if (summary.not_asked_crowded > 0) {
    AppendTotal("  of those", summary.not_asked_crowded, "not asked: too many waited (--patience)",
                out);
  }
  AppendTotal("certificates", summary.certificates, "", out);
  if (summary.probes > 0) AppendTotal("probes", summary.probes, "", out);
  AppendTotal(
      "connections", summary.connections,
      JoinText(FormatCount(summary.retries), " tried again, ", FormatBytes(summary.bytes_in),
               " in, ", FormatBytes(summary.bytes_out), " out"),
      out);
}

}  // namespace

std::string FormatCount(uint64_t count) {
  std::string text = JoinText(count);
  for (size_t place = text.size(); place > 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0)) seconds = 0;
  const auto total = static_cast<uint64_t>(std::min(seconds, 1e12));
  const uint64_t days = total / 86400;
  const uint64_t hours = total / 3600 % 24;
  const uint64_t minutes = total / 60 % 60;
  if (days > 0) return absl::StrFormat("%dd%02dh", days, hours);
  if (hours > 0) return absl::StrFormat("%dh%02dm", hours, minutes);
  if (minutes > 0) return absl::StrFormat("%dm%02ds", minutes, total % 60);
  return absl::StrFormat("%ds", total);
}

std::string RenderSummary(const ScanSummary& summary, bool colour) {
  std::string out =
      JoinText(Heading(summary.complete ? "Scan complete" : "Scan stopped early", colour),
               " after ", FormatDuration(summary.elapsed_s), "\n");
  if (!summary.output.empty()) {
    AppendText(&out, "  results in ", SanitizeText(summary.output, 4096), "\n");
  }
  AppendWrapped(summary.note, &out);
  AppendInvalid(summary, &out);
  if (LooksLikeBlockedPort(summary)) {
    AppendWrapped(
        "No server was reached. Many networks (homes, offices, nearly every cloud) block outgoing "
        "connections to port 25: then every scan looks like this. Try from a machine that sends "
        "mail.",
        &out);
  }
  if (summary.outages > 0) {
    AppendWrapped(JoinText("Our own network was out ", FormatCount(summary.outages),
                           summary.outages == 1 ? " time" : " times",
                           ": what failed meanwhile was done again (see scan.json)."),
                  &out);
  }
  AppendText(&out, "\n");
  AppendTotals(summary, &out);
  if (summary.has_endpoints) AppendGroup("Domains: diagnosis", summary.diagnoses, colour, &out);
  AppendGroup("Domains: MX", summary.mx_statuses, colour, &out);
  AppendGroup("Domains: DANE", summary.dane_statuses, colour, &out);
  AppendGroup("Domains: MTA-STS", summary.mta_sts_statuses, colour, &out);
  AppendGroup("Domains: MTA-STS policy", summary.mta_sts_policy_statuses, colour, &out);
  AppendGroup("Domains: TLS-RPT", summary.tlsrpt_statuses, colour, &out);
  AppendGroup("Endpoints: outcome", summary.outcomes, colour, &out);
  AppendGroup("TLS version", summary.tls_versions, colour, &out);
  AppendGroup("Cipher", summary.ciphers, colour, &out);
  AppendGroup("Key exchange", summary.groups, colour, &out);
  AppendGroup("Certificate key", summary.leaf_keys, colour, &out);
  AppendGroup("Certificate chain (PKIX)", summary.pkix_statuses, colour, &out);
  return out;
}

}  // namespace mxsweep::scanner
