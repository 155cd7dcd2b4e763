// How two scans were run, and in what they differ that may look like a change of servers: what is
// to be read before any number.
#ifndef MXSWEEP_TOOLS_DIFF_CIRCUMSTANCES_H_
#define MXSWEEP_TOOLS_DIFF_CIRCUMSTANCES_H_

#include <array>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "tools/diff/measures.h"
#include "tools/diff/place.h"

namespace mxsweep::tools {

// Of scan.json, as it stands there: strangers may have written it.
struct ScanHead {
  std::string directory;
  std::string started_at, finished_at;  // "2026-11-28T19:31:06.191889Z"; empty where unknown
  std::string state;
  std::string version;
  std::string vantage;  // of --vantage; empty where it was not given
};

struct Circumstances {
  ScanHead old_scan, new_scan;
  // Sentences.
  std::vector<std::string> remarks;
  std::array<bool, kMeasures> incomparable{};
};

ScanHead HeadOf(const output::ScanDirectory& scan);
Circumstances CircumstancesOf(const output::ScanDirectory& old_scan,
                              const output::ScanDirectory& new_scan);

// Have both scans a vantage point, and not the same one?
bool AreOfTwoPlaces(const output::ScanDirectory& a, const output::ScanDirectory& b);
// What the two places are called: by their vantage points where there are two, made printable and
// short, else "place 1" and "place 2".
ByPlace<std::string> PlaceNamesOf(const output::ScanDirectory& a, const output::ScanDirectory& b);
// Of scans from two places, which are named so: nothing is told as if the one were later. Says what
// time lies between them.
Circumstances CircumstancesByPlace(const output::ScanDirectory& a, const output::ScanDirectory& b,
                                   const ByPlace<std::string>& names);

// "2026-11-28 19:31" of such a time; the text itself where it is none, "?" of nothing.
std::string MinuteText(std::string_view time);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_CIRCUMSTANCES_H_
