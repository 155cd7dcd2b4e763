// The rooms of the tree: docs/architecture.md has a table of them that says which room may include
// files of which others. Here it is read, held against the includes of all sources, and drawn. Pure
// functions of text; main.cc reads the files.
//
// A room is a folder, without what is in the folders within it. The table's rows are
//   | `scanner/pace` | what it holds | `dns` |
// with "nothing" in place of the last cell of a room that includes no other, and "nothing; all may
// include it" for the ground on which every room stands.
#ifndef MXSWEEP_TOOLS_ROOMS_ROOMS_H_
#define MXSWEEP_TOOLS_ROOMS_ROOMS_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace mxsweep::rooms {

struct Rooms {
  // Room → the rooms that it may include, the ground aside.
  std::map<std::string, std::set<std::string>> may_include;
  std::set<std::string> ground;
};

struct SourceFile {
  std::string path;  // from the project's root
  std::string text;
};

// The table of a page: the lines between "<!-- rooms -->" and "<!-- /rooms -->".
// kInvalidArgument for a line that is not of the form above, a room named twice, or one that a row
// names and that has no row.
absl::StatusOr<Rooms> ReadRooms(std::string_view page);

// What is wrong, a sentence each; empty: nothing. An arrow that the table does not allow, one that
// it allows and that nothing needs, a circle of the table's arrows, a folder with sources that is
// no room of the table, a room without sources, an include that does not say its folder from the
// root.
std::vector<std::string> Complaints(const Rooms& rooms, const std::vector<SourceFile>& files);

// The rooms floor by floor, the highest first: a room stands one floor above the highest room that
// it may include. Requires that there is no circle.
std::string DrawFloors(const Rooms& rooms);

// The page with what is between "<!-- floors -->" and "<!-- /floors -->" drawn anew.
absl::StatusOr<std::string> WithFloors(std::string_view page, const Rooms& rooms);

}  // namespace mxsweep::rooms

#endif  // MXSWEEP_TOOLS_ROOMS_ROOMS_H_
