// The table of rooms in docs/architecture.md is what the sources include, and its picture is drawn
// from it: `rooms --check` says so. What that finds is tried on made-up trees.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "scanner/base/text.h"
#include "tools/rooms/rooms.h"

namespace mxsweep::rooms {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Page(const std::string& rows) {
  return JoinText(
      "# A house\n<!-- rooms -->\n| room | holds | may include |\n| --- | --- | --- |\n", rows,
      "<!-- /rooms -->\n<!-- floors -->\n<!-- /floors -->\nThe end.\n");
}

// Three floors: the face stands on two rooms, one of which stands on the other.
const char kRows[] =
    "| `scanner` | the face | `scanner/work`, `dns` |\n"
    "| `scanner/work` | tasks | `dns` |\n"
    "| `dns` | names | nothing |\n"
    "| `scanner/base` | text | nothing; all may include it |\n";

std::vector<SourceFile> Sources() {
  return {{"scanner/scan.cc",
           "#include \"scanner/scan.h\"\n\n#include <vector>\n\n#include \"absl/time/clock.h\"\n"
           "#include \"dns/name.h\"\n#include \"scanner/work/worker.h\"\n"},
          {"scanner/scan.h", "#include \"scanner/base/text.h\"\n"},
          {"scanner/work/worker.h", "#include \"dns/name.h\"\n"},
          {"dns/name.h", "#include \"scanner/base/text.h\"\n"},
          {"scanner/base/text.h", "#include <string>\n"}};
}

std::vector<std::string> ComplaintsWith(SourceFile file, const std::string& rows = kRows) {
  const absl::StatusOr<Rooms> rooms = ReadRooms(Page(rows));
  if (!rooms.ok()) return {std::string(rooms.status().message())};
  std::vector<SourceFile> files = Sources();
  files.push_back(std::move(file));
  return Complaints(*rooms, files);
}

TEST(Rooms, ATreeThatIsAsTheTableSaysIsLeftAlone) {
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "#include \"dns/name.h\"\n"}), IsEmpty());
}

TEST(Rooms, AnArrowUpIsFoundWithItsLine) {
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "\n#include \"scanner/work/worker.h\"\n"}),
              ElementsAre("dns/name.cc:2: dns may not include scanner/work "
                          "(scanner/work/worker.h)"));
}

TEST(Rooms, AnArrowHoweverWrittenIsFound) {
  for (const char* line : {"#include \"scanner/scan.h\"", "#include <scanner/scan.h>",
                           "  #  include \"scanner/scan.h\"  // a little",
                           "#include\"scanner/scan.h\"", "#include \"scanner/scan.h\"\r"}) {
    EXPECT_THAT(ComplaintsWith({"scanner/work/task.cc", line}),
                ElementsAre(HasSubstr("scanner/work may not include scanner (")))
        << line;
  }
}

TEST(Rooms, ARoomWithinARoomIsARoomOfItsOwn) {
  EXPECT_THAT(ComplaintsWith({"scanner/base/check.h", "#include \"scanner/scan.h\"\n"}),
              ElementsAre(HasSubstr("scanner/base may not include scanner (")));
}

TEST(Rooms, NothingIncludesTestsOrBenchmarks) {
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "#include \"tests/dns/fake.h\"\n"}),
              ElementsAre(HasSubstr("dns may not include tests/dns")));
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "#include \"bench/load.h\"\n"}),
              ElementsAre(HasSubstr("dns may not include bench")));
}

TEST(Rooms, AnIncludeThatHidesItsFolderIsFound) {
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "#include \"name.h\"\n#include \"../tls/key.h\"\n"}),
              ElementsAre(HasSubstr("dns/name.cc:1: \"name.h\" does not say its folder"),
                          HasSubstr("dns/name.cc:2: \"../tls/key.h\" does not say its folder")));
}

TEST(Rooms, AFolderWithoutARowIsFound) {
  EXPECT_THAT(ComplaintsWith({"dns/cache/table.h", ""}),
              ElementsAre("dns/cache/table.h: dns/cache is no room of the table"));
}

TEST(Rooms, ARowWithoutAFolderAndAnArrowWithoutUseAreFound) {
  const std::string rows = JoinText(kRows, "| `tls` | keys | `dns` |\n");
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", ""}, rows),
              ElementsAre("tls is in the table and has no sources"));
  EXPECT_THAT(ComplaintsWith({"tls/key.h", ""}, rows),
              ElementsAre("the table lets tls include dns, which nothing needs any more"));
}

TEST(Rooms, ACircleIsFoundEvenWhereEveryArrowOfItIsAllowed) {
  const std::string rows =
      "| `scanner` | the face | `scanner/work`, `dns` |\n"
      "| `scanner/work` | tasks | `dns` |\n"
      "| `dns` | names | `scanner` |\n"
      "| `scanner/base` | text | nothing; all may include it |\n";
  EXPECT_THAT(ComplaintsWith({"dns/name.cc", "#include \"scanner/scan.h\"\n"}, rows),
              ElementsAre("the table has a circle: dns → scanner → dns"));
  const std::string ground =
      "| `scanner` | the face | `scanner/work`, `dns` |\n"
      "| `scanner/work` | tasks | `dns` |\n"
      "| `dns` | names | nothing; all may include it |\n"
      "| `scanner/base` | text | `dns` |\n";
  // The ground may stand on nothing that stands on it: dns includes scanner/base here.
  EXPECT_THAT(ComplaintsWith({"scanner/base/a.h", "#include \"dns/name.h\"\n"}, ground),
              ::testing::Contains(HasSubstr("dns may not include scanner/base")));
}

TEST(Rooms, ARowThatCannotBeReadIsSaid) {
  for (const char* row :
       {"| scanner | the face | nothing |\n", "| `scanner/` | the face | nothing |\n",
        "| `scanner` | the face |\n", "| `scanner` | the face | dns |\n",
        "| `scanner` | the face | `dns` |\n", "| `scanner` | the face | `scanner` |\n",
        "| `scanner` | the face |  |\n", "scanner: the face\n",
        "| `scanner` | the face | nothing |\n| `scanner` | again | nothing |\n"}) {
    EXPECT_FALSE(ReadRooms(Page(row)).ok()) << row;
  }
  EXPECT_FALSE(ReadRooms("# A page without a table\n").ok());
}

TEST(Rooms, TheFloorsAreDrawnFromTheTop) {
  const absl::StatusOr<Rooms> rooms = ReadRooms(Page(kRows));
  ASSERT_TRUE(rooms.ok());
  EXPECT_EQ(DrawFloors(*rooms),
            " 3   scanner\n"
            " 2   scanner/work\n"
            " 1   dns\n"
            " 0   scanner/base\n");
  const absl::StatusOr<std::string> page = WithFloors(Page(kRows), *rooms);
  ASSERT_TRUE(page.ok());
  EXPECT_THAT(*page, HasSubstr("<!-- floors -->\n```\n 3   scanner\n"));
  EXPECT_THAT(*page, HasSubstr("scanner/base\n```\n<!-- /floors -->\nThe end.\n"));
  EXPECT_EQ(*WithFloors(*page, *rooms), *page);
}

// Tests run in the project's root.
TEST(RoomsLint, TheSourcesAndThePageAreAsTheTableSays) {
  EXPECT_EQ(std::system(MXSWEEP_ROOMS " --check"), 0) << "docs/architecture.md, Rooms, says how";
}

}  // namespace
}  // namespace mxsweep::rooms
