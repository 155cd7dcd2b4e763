// Two scans of (nearly) the same list from different places: what differs by place, and whose doing
// it is. Text, JSON, page and CSV tell the same.
#ifndef MXSWEEP_TOOLS_DIFF_PLACES_H_
#define MXSWEEP_TOOLS_DIFF_PLACES_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/diff/circumstances.h"
#include "tools/diff/comparison.h"
#include "tools/diff/facts.h"
#include "tools/diff/place.h"
#include "tools/diff/place_domains.h"
#include "tools/diff/place_names.h"
#include "tools/diff/place_reach.h"
#include "tools/diff/place_servers.h"

namespace mxsweep::tools {

struct PlacesReport {
  // Borrowed.
  const Circumstances* circumstances = nullptr;  // of CircumstancesByPlace
  ByPlace<std::string> names;                    // as of PlaceNamesOf
  ByPlace<bool> validates;
  size_t top = 20;  // of long lists

  Comparison shares;
  Reach reach;
  Names mx_hosts;
  SameServers servers;
  Domains domains;
  // Of hosts with other addresses the first `top` with IsGeoAnswer, by operator.
  struct Host {
    std::string host;
    NameAnswer answer = NameAnswer::kNotKnown;
    PlaceOfTwo alone = PlaceOfTwo::kA;
    SamePosture posture = SamePosture::kNotKnown;
    ByPlace<std::vector<std::string>> only;
  };
  std::vector<Host> geo_hosts;
  // Of servers without TLS from one place alone, the first `top`, by operator.
  struct Server {
    std::string host, address;
    PlaceOfTwo lacks = PlaceOfTwo::kA;
  };
  std::vector<Server> servers_without_tls;
};

// Who is told of each thing that differs, while it is found.
class PlacesSink {
 public:
  virtual ~PlacesSink() = default;
  virtual absl::Status TakeDomain(const DomainByPlace& domain) = 0;
  virtual absl::Status TakeAddress(const AddressByPlace& address) = 0;
  virtual absl::Status TakeHost(const HostByPlace& host) = 0;
  virtual absl::Status TakeServer(const ServerByPlace& server) = 0;
};

// Fills what of the report is not borrowed. REQUIRES: facts by place, which outlive the report.
absl::Status ComparePlaces(const ScanFacts& a, const ScanFacts& b, PlacesSink* sink,
                           PlacesReport* report);

// What it comes to, in sentences: only what the numbers bear.
std::vector<std::string> ConclusionsOf(const PlacesReport& report);

// As text for a terminal of 80 columns.
std::string RenderPlaces(const PlacesReport& report);
// One JSON object: docs/diff.md.
std::string RenderPlacesJson(const PlacesReport& report);
// As RenderDiffPage.
std::string RenderPlacesPage(const PlacesReport& report);

// The lines of the tables of --csv.
struct PlacesCsv {
  static std::string DomainHeader();
  static std::string Line(const DomainByPlace& domain);
  static std::string AddressHeader();
  static std::string Line(const AddressByPlace& address);
  static std::string HostHeader();
  static std::string Line(const HostByPlace& host);
  static std::string ServerHeader();
  static std::string Line(const ServerByPlace& server);
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACES_H_
