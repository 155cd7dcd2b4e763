#include "tools/rooms/rooms.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "scanner/base/text.h"

namespace mxsweep::rooms {
namespace {

constexpr std::string_view kNothing = "nothing";
constexpr std::string_view kGround = "nothing; all may include it";
constexpr size_t kMaxLineBytes = 96;

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == text.npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// What is between the comments "<!-- NAME -->" and "<!-- /NAME -->"; its place in `page`.
absl::StatusOr<std::pair<size_t, size_t>> PlaceOf(std::string_view page, std::string_view name) {
  const std::string open = JoinText("<!-- ", name, " -->\n");
  const std::string close = JoinText("<!-- /", name, " -->");
  const size_t begin = page.find(open);
  const size_t end = begin == page.npos ? page.npos : page.find(close, begin);
  if (end == page.npos) {
    return InvalidArgument(
        JoinText("the page has no part between ", open.substr(0, open.size() - 1), " and ", close));
  }
  return std::pair(begin + open.size(), end);
}

// "`scanner/pace`" → "scanner/pace".
std::optional<std::string> NameOf(std::string_view cell) {
  cell = TrimText(cell);
  if (cell.size() < 3 || cell.front() != '`' || cell.back() != '`') return std::nullopt;
  cell = cell.substr(1, cell.size() - 2);
  if (cell.find('`') != cell.npos || cell.back() == '/') return std::nullopt;
  return std::string(cell);
}

absl::Status ReadRow(std::string_view line, Rooms* rooms) {
  const auto wrong = [&](std::string_view why) {
    return InvalidArgument(JoinText(why, " in the row: ", line));
  };
  const std::vector<std::string_view> cells = Split(line, '|');
  if (cells.size() != 5) return wrong("not three cells");
  const std::optional<std::string> room = NameOf(cells[1]);
  if (!room) return wrong("no room's name between backticks");
  const auto [row, is_new] = rooms->may_include.try_emplace(*room);
  if (!is_new) return wrong("a room named before");
  const std::string_view others = TrimText(cells[3]);
  if (others == kGround) rooms->ground.insert(*room);
  if (others == kNothing || others == kGround) return absl::OkStatus();
  for (const std::string_view cell : Split(others, ',')) {
    const std::optional<std::string> other = NameOf(cell);
    if (!other) return wrong("no rooms' names between backticks");
    if (*other == *room) return wrong("the room itself");
    if (!row->second.insert(*other).second) return wrong("a room twice");
  }
  return absl::OkStatus();
}

std::string FolderOf(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == path.npos ? "" : std::string(path.substr(0, slash));
}

// Top folders whose files a source can include; all else is a library's.
bool IsOurs(std::string_view path) {
  for (const std::string_view top :
       {"scanner/", "dns/", "tls/", "output/", "tools/", "tests/", "bench/"}) {
    if (path.starts_with(top)) return true;
  }
  return false;
}

struct Include {
  size_t line;  // from 1
  std::string path;
  bool quoted;
};

std::vector<Include> IncludesOf(std::string_view text) {
  std::vector<Include> includes;
  size_t number = 0;
  for (std::string_view line : Split(text, '\n')) {
    ++number;
    line = TrimText(line);
    if (!line.starts_with('#')) continue;
    line = TrimText(line.substr(1));
    if (!line.starts_with("include")) continue;
    line = TrimText(line.substr(7));
    if (line.empty() || (line.front() != '"' && line.front() != '<')) continue;
    const bool quoted = line.front() == '"';
    const size_t end = line.find(quoted ? '"' : '>', 1);
    if (end == line.npos) continue;
    includes.push_back({number, std::string(line.substr(1, end - 1)), quoted});
  }
  return includes;
}

// A circle of arrows that can be reached from `room`, as the rooms on the way; empty: none.
std::vector<std::string> CircleFrom(const Rooms& rooms, const std::string& room,
                                    std::vector<std::string>& way, std::set<std::string>& done) {
  if (const auto met = std::find(way.begin(), way.end(), room); met != way.end()) {
    std::vector<std::string> circle(met, way.end());
    circle.push_back(room);
    return circle;
  }
  if (done.contains(room)) return {};
  way.push_back(room);
  for (const std::string& next : rooms.may_include.at(room)) {
    std::vector<std::string> circle = CircleFrom(rooms, next, way, done);
    if (!circle.empty()) return circle;
  }
  way.pop_back();
  done.insert(room);
  return {};
}

std::string Joined(const std::vector<std::string>& parts, std::string_view separator) {
  std::string text;
  for (const std::string& part : parts) AppendText(&text, text.empty() ? "" : separator, part);
  return text;
}

void ComplainOfCircles(const Rooms& rooms, std::vector<std::string>* complaints) {
  std::set<std::string> done;
  for (const auto& [room, others] : rooms.may_include) {
    std::vector<std::string> way;
    const std::vector<std::string> circle = CircleFrom(rooms, room, way, done);
    if (circle.empty()) continue;
    complaints->push_back(JoinText("the table has a circle: ", Joined(circle, " → ")));
    return;  // the others are most likely the same one
  }
}

size_t FloorOf(const Rooms& rooms, const std::string& room, std::map<std::string, size_t>& floors) {
  if (const auto known = floors.find(room); known != floors.end()) return known->second;
  size_t floor = rooms.ground.contains(room) ? 0 : 1;
  for (const std::string& below : rooms.may_include.at(room)) {
    floor = std::max(floor, FloorOf(rooms, below, floors) + 1);
  }
  return floors[room] = floor;
}

}  // namespace

absl::StatusOr<Rooms> ReadRooms(std::string_view page) {
  const auto place = PlaceOf(page, "rooms");
  if (!place.ok()) return place.status();
  Rooms rooms;
  for (const std::string_view line :
       Split(page.substr(place->first, place->second - place->first), '\n')) {
    if (TrimText(line).empty() || line.starts_with("| room |") || line.starts_with("| --- |")) {
      continue;
    }
    if (absl::Status status = ReadRow(line, &rooms); !status.ok()) return status;
  }
  for (const auto& [room, others] : rooms.may_include) {
    for (const std::string& other : others) {
      if (!rooms.may_include.contains(other)) {
        return InvalidArgument(
            JoinText("`", room, "` may include `", other, "`, which has no row"));
      }
    }
  }
  return rooms;
}

std::vector<std::string> Complaints(const Rooms& rooms, const std::vector<SourceFile>& files) {
  std::vector<std::string> complaints;
  std::set<std::string> furnished;
  std::set<std::pair<std::string, std::string>> used;
  for (const SourceFile& file : files) {
    const std::string room = FolderOf(file.path);
    const auto row = rooms.may_include.find(room);
    if (row == rooms.may_include.end()) {
      complaints.push_back(JoinText(file.path, ": ", room, " is no room of the table"));
      continue;
    }
    furnished.insert(room);
    for (const Include& include : IncludesOf(file.text)) {
      const std::string where = JoinText(file.path, ":", include.line, ": ");
      if (include.quoted &&
          (include.path.find('/') == include.path.npos || include.path.starts_with('.'))) {
        complaints.push_back(
            JoinText(where, "\"", include.path, "\" does not say its folder from the root"));
        continue;
      }
      if (!IsOurs(include.path)) continue;
      const std::string other = FolderOf(include.path);
      used.emplace(room, other);
      if (other == room || rooms.ground.contains(other) || row->second.contains(other)) continue;
      complaints.push_back(
          JoinText(where, room, " may not include ", other, " (", include.path, ")"));
    }
  }
  for (const auto& [room, others] : rooms.may_include) {
    if (!furnished.contains(room)) {
      complaints.push_back(JoinText(room, " is in the table and has no sources"));
      continue;
    }
    for (const std::string& other : others) {
      if (used.contains({room, other})) continue;
      complaints.push_back(
          JoinText("the table lets ", room, " include ", other, ", which nothing needs any more"));
    }
  }
  ComplainOfCircles(rooms, &complaints);
  return complaints;
}

std::string DrawFloors(const Rooms& rooms) {
  std::map<std::string, size_t> floors;
  std::map<size_t, std::vector<std::string>, std::greater<>> by_floor;
  for (const auto& [room, others] : rooms.may_include) {
    by_floor[FloorOf(rooms, room, floors)].push_back(room);
  }
  std::string text;
  for (const auto& [floor, names] : by_floor) {
    std::string line = JoinText(floor < 10 ? " " : "", floor, " ");
    for (const std::string& name : names) {
      if (line.size() + 2 + name.size() > kMaxLineBytes) {
        AppendText(&text, line, "\n");
        line = "   ";
      }
      AppendText(&line, "  ", name);
    }
    AppendText(&text, line, "\n");
  }
  return text;
}

absl::StatusOr<std::string> WithFloors(std::string_view page, const Rooms& rooms) {
  const auto place = PlaceOf(page, "floors");
  if (!place.ok()) return place.status();
  return JoinText(page.substr(0, place->first), "```\n", DrawFloors(rooms), "```\n",
                  page.substr(place->second));
}

}  // namespace mxsweep::rooms
