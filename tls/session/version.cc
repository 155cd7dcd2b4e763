#include "tls/session/version.h"

#include <algorithm>
#include <iterator>
#include <string_view>

#include "absl/strings/str_format.h"

namespace mxsweep::tls {
namespace {

struct Version {
  uint16_t wire;
  std::string_view name;
};

constexpr Version kVersions[] = {{kSsl3, "SSLv3"},
                                 {kTls10, "TLSv1"},
                                 {kTls11, "TLSv1.1"},
                                 {kTls12, "TLSv1.2"},
                                 {kTls13, "TLSv1.3"}};

}  // namespace

std::string VersionName(uint16_t version) {
  const Version* known = std::ranges::find(kVersions, version, &Version::wire);
  return known != std::end(kVersions) ? std::string(known->name)
                                      : absl::StrFormat("0x%04x", version);
}

}  // namespace mxsweep::tls
