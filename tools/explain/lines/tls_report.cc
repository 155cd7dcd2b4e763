#include "tools/explain/lines/tls_report.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "dns/name.h"
#include "nlohmann/json.hpp"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

using nlohmann::json;

constexpr size_t kMaxPolicies = 10'000;
constexpr size_t kMaxDetails = 100'000;
constexpr size_t kMaxTextBytes = 300;
constexpr size_t kMaxNesting = 32;

// The member `name` of an object, or null.
const json& Member(const json& value, const char* name) {
  static const json kNull;
  if (!value.is_object()) return kNull;
  const auto found = value.find(name);
  return found == value.end() ? kNull : *found;
}

// A text; of a list the first one (drafts and errata differ).
std::string TextOf(const json& value) {
  if (value.is_string()) return SanitizeText(value.get_ref<const std::string&>(), kMaxTextBytes);
  if (value.is_array() && !value.empty()) return TextOf(value.front());
  return {};
}

// A number, or one in quotation marks; 0 for anything else. JSON does not tell "3" from "3.0"
// (RFC 8259 §6), and what is beyond kMostCounted is no number of I-JSON (RFC 7493 §2.2).
uint64_t CountOf(const json& value) {
  constexpr uint64_t kMostCounted = (uint64_t{1} << 53) - 1;
  uint64_t count = 0;
  if (value.is_number_unsigned()) {
    count = value.get<uint64_t>();
  } else if (value.is_number_float()) {
    const double number = value.get<double>();
    if (number > 0 && number <= static_cast<double>(kMostCounted) && number == std::floor(number)) {
      count = static_cast<uint64_t>(number);
    }
  } else if (value.is_string() && !ParseDigits(value.get_ref<const std::string&>(), &count)) {
    return 0;
  }
  return count <= kMostCounted ? count : 0;
}

// Names in one spelling: capital letters, a dot at the end and umlauts make no other domain. What
// is no name stays as it is.
std::string DomainOf(const json& value) {
  std::string text = TextOf(value);
  absl::StatusOr<std::string> name = dns::NormalizeDomain(text);
  return name.ok() ? *std::move(name) : std::move(text);
}

std::vector<const json*> ListOf(const json& value, size_t most) {
  std::vector<const json*> list;
  if (value.is_object()) list.push_back(&value);
  if (!value.is_array()) return list;
  for (const json& element : value) {
    if (list.size() == most) break;
    list.push_back(&element);
  }
  return list;
}

// Whoever reads the report is the receiver: the server that the form calls the receiver's is ours.
Cause CauseOfType(const std::string& type) {
  std::optional<Cause> known;
  if (!type.empty()) known = Classify(type, "");
  Cause cause;
  if (known.has_value() && known->known) {
    cause = *std::move(known);
    cause.ours = std::move(cause.theirs);
  } else if (type.empty()) {
    cause.id = "report_without_type";
    cause.title = "a reporter counts failures and does not say of what kind";
    cause.means = "The report has a number of failed sessions without a result-type.";
  } else {
    cause.id = "report_unknown_type";
    cause.known = false;
    cause.title = JoinText("not known: result-type \"", type, "\"");
    cause.means = "The sender's check failed; this type is not known here.";
  }
  cause.kind = TroubleKind::kRefused;
  cause.theirs.clear();
  cause.side = Side::kSender;
  cause.role = TlsRole::kServer;
  cause.owners.clear();
  if (!cause.ours.empty()) cause.owners.push_back(Owner::kOurs);
  if (cause.not_this.empty()) cause.not_this = "Not a weak key: reports carry no key size.";
  return cause;
}

struct Source {
  std::string organization;
  std::optional<int64_t> time_s;
};

struct Sessions {
  uint64_t successful = 0;
  uint64_t failed = 0;
  uint64_t whole() const { return successful + failed; }
};

// What a report counts, by domain and type of policy.
using SessionsByPolicy = std::map<std::pair<std::string, std::string>, Sessions>;

// Of a session to which DANE and MTA-STS of a domain were applied a reporter may tell under each
// (RFC 8460 §4.1). Where both have as many sessions, they are taken for the same ones: they count
// once, under the policy by which more failed. Where they have not, nothing tells how many are.
void CountOnce(SessionsByPolicy* sessions, ReportTotals* totals) {
  bool perhaps_twice = false;
  for (auto& [key, dane] : *sessions) {
    if (key.second != "tlsa" || key.first.empty()) continue;
    const auto sts = sessions->find({key.first, "sts"});
    if (sts == sessions->end() || dane.whole() == 0 || sts->second.whole() == 0) continue;
    if (dane.whole() != sts->second.whole()) {
      perhaps_twice = true;
      continue;
    }
    totals->sessions_told_twice += dane.whole();
    (dane.failed >= sts->second.failed ? sts->second : dane) = {};
  }
  if (perhaps_twice) ++totals->perhaps_told_twice;
}

void GiveSessions(const SessionsByPolicy& sessions, const Source& source,
                  absl::FunctionRef<void(Delivery)> take, ReportTotals* totals) {
  for (const auto& [key, count] : sessions) {
    totals->successful_sessions += count.successful;
    totals->failed_sessions += count.failed;
    for (const bool is_success : {true, false}) {
      const uint64_t number = is_success ? count.successful : count.failed;
      if (number == 0) continue;
      take({.flow = Flow::kReported,
            .encryption = is_success ? Encryption::kEncrypted : Encryption::kClear,
            .writer = LogWriter::kTlsReport,
            .remote = {.domain = key.first, .host = source.organization},
            .time_s = source.time_s,
            .count = number});
    }
  }
}

// One policy's part of a report (RFC 8460 §4.4).
void ReadPolicy(const json& entry, const Source& source, absl::FunctionRef<void(Trouble)> take,
                SessionsByPolicy* sessions) {
  const json& policy = Member(entry, "policy");
  const json& summary = Member(entry, "summary");
  const std::string type = TextOf(Member(policy, "policy-type"));
  const std::string domain = DomainOf(Member(policy, "policy-domain"));
  const uint64_t failed = CountOf(Member(summary, "total-failure-session-count"));
  uint64_t told = 0;
  const auto give = [&](const json& detail, uint64_t count) {
    const std::string result = TextOf(Member(detail, "result-type"));
    Trouble trouble;
    trouble.cause = CauseOfType(result);
    if (!type.empty()) AppendText(&trouble.cause.title, " (policy: ", type, ")");
    trouble.remote.domain = domain;
    trouble.remote.host = TextOf(Member(detail, "receiving-mx-hostname"));
    trouble.remote.address = TextOf(Member(detail, "receiving-ip"));
    trouble.time_s = source.time_s;
    trouble.count = count;
    trouble.reporter = source.organization;
    trouble.line =
        JoinText("reported by ", source.organization.empty() ? "?" : source.organization);
    const std::string sender = TextOf(Member(detail, "sending-mta-ip"));
    if (!sender.empty()) AppendText(&trouble.line, ", sent from ", sender);
    for (const char* key : {"failure-reason-code", "additional-information"}) {
      const std::string more = TextOf(Member(detail, key));
      if (!more.empty()) AppendText(&trouble.line, ": ", more);
    }
    take(std::move(trouble));
  };
  for (const json* detail : ListOf(Member(entry, "failure-details"), kMaxDetails)) {
    // A detail without a number is one session at least.
    const uint64_t count = std::max<uint64_t>(1, CountOf(Member(*detail, "failed-session-count")));
    told += count;
    give(*detail, count);
  }
  if (told < failed) give(json(), failed - told);
  Sessions& counted = (*sessions)[{domain, type}];
  counted.successful += CountOf(Member(summary, "total-successful-session-count"));
  // A session that failed in two ways stands in two details (RFC 8460 §4.1), and once in the total.
  counted.failed += failed > 0 ? failed : told;
}

// Text that nests deeper is no report, and would cost stack.
bool NestsTooDeep(std::string_view text) {
  size_t depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (quoted) {
      if (text[i] == '\\') {
        ++i;
      } else if (text[i] == '"') {
        quoted = false;
      }
    } else if (text[i] == '"') {
      quoted = true;
    } else if (text[i] == '{' || text[i] == '[') {
      if (++depth > kMaxNesting) return true;
    } else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

// What a report is known by, empty where it lacks any of it: such reports are never taken for one.
std::string IdentityOf(const json& report) {
  const json& id = Member(report, "report-id");
  const json& organization = Member(report, "organization-name");
  const json& days = Member(report, "date-range");
  for (const json* part : {&id, &organization, &Member(days, "start-datetime")}) {
    if (part->is_null() || *part == "") return {};
  }
  std::set<std::string> domains;
  for (const json* entry : ListOf(Member(report, "policies"), kMaxPolicies)) {
    domains.insert(Member(Member(*entry, "policy"), "policy-domain").dump());
  }
  return json::array({id, organization, days, domains}).dump();
}

// Counts the report in `totals`, unless it was given before.
bool IsGivenAgain(const json& report, KnownReports* known, ReportTotals* totals) {
  const std::string identity = IdentityOf(report);
  if (identity.empty()) {
    ++totals->unidentified;
    return false;
  }
  switch (known->Add(identity, Member(report, "policies").dump())) {
    case KnownReports::Met::kAgain:
      ++totals->given_again;
      return true;
    case KnownReports::Met::kOtherContents:
      ++totals->other_contents;
      break;
    case KnownReports::Met::kNotKept:
      ++totals->not_kept;
      break;
    case KnownReports::Met::kFirst:
      break;
  }
  return false;
}

}  // namespace

bool LooksLikeTlsReport(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const size_t begin = text.find_first_not_of("[ \t\r\n");
  if (begin == std::string_view::npos || text[begin] != '{') return false;
  return text.find("\"policies\"") != std::string_view::npos ||
         (text.find("\"organization-name\"") != std::string_view::npos &&
          text.find("\"date-range\"") != std::string_view::npos);
}

std::vector<std::string_view> SplitReports(std::string_view text) {
  std::vector<std::string_view> reports;
  size_t begin = 0, depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      if (depth++ == 0) begin = i;
    } else if (c == '}' && depth > 0 && --depth == 0) {
      reports.push_back(text.substr(begin, i + 1 - begin));
    }
  }
  if (depth > 0 || reports.empty()) reports.push_back(text.substr(reports.empty() ? 0 : begin));
  return reports;
}

absl::Status ReadTlsReport(std::string_view text, absl::FunctionRef<void(Trouble)> take,
                           absl::FunctionRef<void(Delivery)> take_sessions, KnownReports* known,
                           ReportTotals* totals) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (NestsTooDeep(text)) return InvalidArgument("this is no TLS report: it nests too deep");
  const json report = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!report.is_object() || !report.contains("policies")) {
    return InvalidArgument("this is no TLS report (RFC 8460)");
  }
  if (IsGivenAgain(report, known, totals)) return absl::OkStatus();
  ++totals->reports;
  Source source;
  source.organization = TextOf(Member(report, "organization-name"));
  source.time_s =
      ParseEnvelope(TextOf(Member(Member(report, "date-range"), "start-datetime")), 0).time_s;
  SessionsByPolicy sessions;
  for (const json* entry : ListOf(Member(report, "policies"), kMaxPolicies)) {
    ReadPolicy(*entry, source, take, &sessions);
  }
  CountOnce(&sessions, totals);
  GiveSessions(sessions, source, take_sessions, totals);
  return absl::OkStatus();
}

}  // namespace mxsweep::tools
