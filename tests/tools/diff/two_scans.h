// Two scans of made-up domains, of which it is known what was done to each between them.
#ifndef MXSWEEP_TESTS_TOOLS_DIFF_TWO_SCANS_H_
#define MXSWEEP_TESTS_TOOLS_DIFF_TWO_SCANS_H_

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "output/scan_directory.h"
#include "tests/scanner/posture/made_up_domain.h"
#include "tests/tools/policy/made_up_scan.h"

namespace mxsweep::tools::testing {

using scanner::testing::MadeUpDomain;

// A folder that goes away with the test.
class Folder {
 public:
  Folder() {
    std::string pattern = ::testing::TempDir() + "mxsweep_diff_XXXXXX";
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string Path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Adds the domain's rows to a scan.
inline void Add(MadeUpScan& scan, MadeUpDomain&& domain) {
  scanner::ScanRows rows = std::move(domain.rows());
  for (auto& row : rows.endpoints) EXPECT_TRUE(scan.writer().Add(std::move(row)).ok());
  for (auto& row : rows.hosts) {
    row.ipv4_status = row.address_status;
    if (!row.ipv6_status) row.ipv6_status = "nodata";
    EXPECT_TRUE(scan.writer().Add(std::move(row)).ok());
  }
  for (auto& row : rows.certificates) EXPECT_TRUE(scan.writer().Add(std::move(row)).ok());
  for (auto& row : rows.domains) EXPECT_TRUE(scan.writer().Add(std::move(row)).ok());
}

// What is done to the rows of a domain; not set: the scan does not have it.
using Make = std::function<void(MadeUpDomain&)>;

// A domain with one host at a provider, and one good server.
inline output::EndpointRow& AddGood(MadeUpDomain& domain,
                                    const std::string& provider = "provider.example",
                                    const std::string& host = "mx") {
  domain.domain().dane_status = "none";
  domain.domain().mta_sts_status = "none";
  domain.AddHost(10, host + "." + domain.domain().domain).provider = provider;
  return domain.AddGoodServer();
}

}  // namespace mxsweep::tools::testing

#endif  // MXSWEEP_TESTS_TOOLS_DIFF_TWO_SCANS_H_
