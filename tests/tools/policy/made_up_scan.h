// A scan directory of made-up domains of which each is of a kind, so that what is to be counted is
// known from how many of each there are.
#ifndef MXSWEEP_TESTS_TOOLS_POLICY_MADE_UP_SCAN_H_
#define MXSWEEP_TESTS_TOOLS_POLICY_MADE_UP_SCAN_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "nlohmann/json.hpp"
#include "output/scan_directory.h"
#include "tests/scanner/posture/made_up_domain.h"

namespace mxsweep::tools::testing {

// Makes the directory; Finish commits.
class MadeUpScan {
 public:
  explicit MadeUpScan(std::string path, bool validates = true) : path_(std::move(path)) {
    std::filesystem::remove_all(path_);
    scan_ = {{"resolver", {{"validates", validates}}}};
    auto writer = output::ScanWriter::Create(path_, scan_, {.scan_id = "0123456789abcdef"});
    EXPECT_TRUE(writer.ok()) << writer.status();
    writer_ = *std::move(writer);
  }

  // What scan.json is to say beside that.
  nlohmann::json& scan() { return scan_; }

  // `count` domains "NAME-1.example" …, each as `make` makes it, with hosts of its own unless
  // `shared_host`: then of the first one alone.
  void Add(const std::string& name, int count,
           const std::function<void(scanner::testing::MadeUpDomain&)>& make,
           bool shared_host = false) {
    for (int i = 1; i <= count; ++i) {
      scanner::testing::MadeUpDomain domain(name + "-" + std::to_string(i) + ".example");
      make(domain);
      scanner::ScanRows rows = std::move(domain.rows());
      if (!shared_host) {
        const std::string prefix = "d" + std::to_string(++domains_) + ".";
        for (auto& row : rows.hosts) row.host.insert(0, prefix);
        for (auto& row : rows.endpoints) row.host.insert(0, prefix);
        for (auto& row : rows.domains) {
          if (row.mx) {
            for (output::MxEntry& entry : *row.mx) entry.host.insert(0, prefix);
          }
        }
      }
      if (!shared_host || i == 1) {
        for (auto& row : rows.endpoints) EXPECT_TRUE(writer_->Add(std::move(row)).ok());
        for (auto& row : rows.hosts) EXPECT_TRUE(writer_->Add(std::move(row)).ok());
        for (auto& row : rows.certificates) EXPECT_TRUE(writer_->Add(std::move(row)).ok());
      }
      for (auto& row : rows.domains) EXPECT_TRUE(writer_->Add(std::move(row)).ok());
    }
  }

  std::string Finish(output::ScanState state = output::ScanState::kComplete) {
    EXPECT_TRUE(writer_->Finish(state, scan_).ok());
    return path_;
  }

  output::ScanWriter& writer() { return *writer_; }

 private:
  std::string path_;
  nlohmann::json scan_;
  std::unique_ptr<output::ScanWriter> writer_;
  int domains_ = 0;
};

}  // namespace mxsweep::tools::testing

#endif  // MXSWEEP_TESTS_TOOLS_POLICY_MADE_UP_SCAN_H_
