// rooms: holds the includes of all sources against the table of rooms in docs/architecture.md.
//   rooms --check   says what is wrong, and whether the picture of the floors is the table's
//   rooms --write   the same, and draws the picture anew
// Run it in the project's root.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "tools/rooms/rooms.h"

namespace {

constexpr char kPage[] = "docs/architecture.md";

std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<mxsweep::rooms::SourceFile> ReadSources() {
  std::vector<mxsweep::rooms::SourceFile> files;
  for (const char* top : {"scanner", "dns", "tls", "output", "tools"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(top)) {
      const std::filesystem::path& path = entry.path();
      std::string_view name = path.native();
      if (name.ends_with(".in")) name.remove_suffix(3);
      if (!name.ends_with(".cc") && !name.ends_with(".h")) continue;
      files.push_back({path.string(), ReadFile(path)});
    }
  }
  return files;
}

int Fail(std::string_view why) {
  std::fprintf(stderr, "rooms: %.*s\n", static_cast<int>(why.size()), why.data());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc == 2 ? argv[1] : "";
  if (what != "--check" && what != "--write") {
    std::fputs("usage: rooms --check | --write, in the project's root\n", stderr);
    return 2;
  }
  const std::string page = ReadFile(kPage);
  const auto rooms = mxsweep::rooms::ReadRooms(page);
  if (!rooms.ok()) return Fail(std::string(rooms.status().message()));
  const std::vector<std::string> complaints = mxsweep::rooms::Complaints(*rooms, ReadSources());
  for (const std::string& complaint : complaints) Fail(complaint);
  if (!complaints.empty()) return Fail("the table is in docs/architecture.md");
  const auto drawn = mxsweep::rooms::WithFloors(page, *rooms);
  if (!drawn.ok()) return Fail(std::string(drawn.status().message()));
  if (*drawn == page) return 0;
  if (what == "--check") {
    return Fail("the picture of the floors in docs/architecture.md is old: run rooms --write");
  }
  std::ofstream out(kPage, std::ios::binary | std::ios::trunc);
  out << *drawn;
  out.close();
  return out ? 0 : Fail("docs/architecture.md cannot be written");
}
