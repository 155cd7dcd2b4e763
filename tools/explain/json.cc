#include "nlohmann/json.hpp"

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tools/explain/findings.h"

namespace mxsweep::tools {
namespace {

using nlohmann::ordered_json;

ordered_json TimeOf(const std::optional<int64_t>& time_s) {
  if (!time_s.has_value()) return nullptr;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(*time_s),
                          absl::UTCTimeZone());
}

ordered_json PlaceOf(const Place& place) {
  ordered_json json;
  json["name"] = place.name.empty() ? ordered_json(nullptr) : ordered_json(place.name);
  json["is_domain"] = place.is_domain;
  json["count"] = place.count;
  json["first"] = TimeOf(place.span.first_s);
  json["last"] = TimeOf(place.span.last_s);
  json["hosts"] = place.hosts;
  json["example_line"] = place.line_number;
  json["example"] = place.line;
  return json;
}

ordered_json GroupOf(const CauseGroup& group) {
  const Cause& cause = group.cause;
  ordered_json json;
  json["cause"] = cause.id;
  json["known"] = cause.known;
  json["kind"] = KindWord(cause.kind);
  json["refused_by"] = SideWord(cause.side);
  json["our_role"] = cause.role == TlsRole::kClient   ? ordered_json("client")
                     : cause.role == TlsRole::kServer ? ordered_json("server")
                                                      : ordered_json(nullptr);
  json["owners"] = ordered_json::array();
  for (const Owner owner : cause.owners) json["owners"].push_back(OwnerWord(owner));
  json["title"] = cause.title;
  json["meaning"] = cause.means;
  json["change_ours"] = cause.ours;
  json["change_theirs"] = cause.theirs;
  json["not"] = cause.not_this;
  json["count"] = group.count;
  json["first"] = TimeOf(group.span.first_s);
  json["last"] = TimeOf(group.span.last_s);
  json["with"] = ordered_json::array();
  for (const Place& place : group.places) json["with"].push_back(PlaceOf(place));
  json["count_without_name"] = group.left_out;
  json["timeline"] = ordered_json::array();
  for (const auto& [begin, count] : group.timeline.bins()) {
    json["timeline"].push_back(
        {{"from", TimeOf(begin)}, {"seconds", group.timeline.bin_seconds()}, {"count", count}});
  }
  return json;
}

}  // namespace

std::string RenderFindingsJson(const Findings& findings) {
  ordered_json json;
  json["inputs"] = findings.inputs;
  json["lines"] = findings.lines;
  json["first"] = TimeOf(findings.span.first_s);
  json["last"] = TimeOf(findings.span.last_s);
  json["tls_reports"] = {{"reports", findings.reports.reports},
                         {"successful_sessions", findings.reports.successful_sessions},
                         {"failed_sessions", findings.reports.failed_sessions},
                         {"given_again", findings.reports.given_again},
                         {"other_contents", findings.reports.other_contents},
                         {"unidentified", findings.reports.unidentified},
                         {"not_kept", findings.reports.not_kept},
                         {"sessions_told_twice", findings.reports.sessions_told_twice},
                         {"perhaps_told_twice", findings.reports.perhaps_told_twice},
                         {"not_read", findings.reports.not_read}};
  json["causes"] = ordered_json::array();
  for (const CauseGroup* group : findings.groups) json["causes"].push_back(GroupOf(*group));
  json["checked"] = ordered_json::array();
  for (const CheckedPlace& place : findings.checked) {
    json["checked"].push_back({{"domain", place.domain},
                               {"cause", place.group->cause.id},
                               {"state", StillThereWord(place.still)},
                               {"now", place.now}});
  }
  return json.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace mxsweep::tools
