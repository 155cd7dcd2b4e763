// Scan directories of made-up domains of which each is of a kind, so that what is to be counted, or
// what changed from one to the next, is known from how they were made.
#ifndef MXSWEEP_TESTS_TOOLS_SURVEY_MADE_UP_SCAN_H_
#define MXSWEEP_TESTS_TOOLS_SURVEY_MADE_UP_SCAN_H_

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

using scanner::testing::MadeUpDomain;

// What is done to the rows of a domain.
using Make = std::function<void(MadeUpDomain&)>;

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
  void Add(const std::string& name, int count, const Make& make, bool shared_host = false) {
    for (int i = 1; i <= count; ++i) {
      MadeUpDomain domain = Made(name, i, make);
      if (shared_host && i > 1) {
        domain.rows().hosts.clear();
        domain.rows().endpoints.clear();
        domain.rows().certificates.clear();
      } else if (!shared_host) {
        Rename(domain.rows(), "d" + std::to_string(++domains_) + ".");
      }
      Add(std::move(domain));
    }
  }

  // Likewise, and the hosts' names are those that `make` gives them: the same in every scan.
  void AddNamed(const std::string& name, int count, const Make& make) {
    for (int i = 1; i <= count; ++i) Add(Made(name, i, make));
  }

  // Both families of a host's addresses were asked for, unless it says otherwise.
  void Add(MadeUpDomain&& domain) {
    scanner::ScanRows rows = std::move(domain.rows());
    for (output::MxHostRow& row : rows.hosts) {
      if (!row.ipv4_status) row.ipv4_status = row.address_status;
      if (!row.ipv6_status) row.ipv6_status = "nodata";
    }
    Write(rows.endpoints);
    Write(rows.hosts);
    Write(rows.certificates);
    Write(rows.domains);
  }

  std::string Finish(output::ScanState state = output::ScanState::kComplete) {
    EXPECT_TRUE(writer_->Finish(state, scan_).ok());
    return path_;
  }

  output::ScanWriter& writer() { return *writer_; }

 private:
  static MadeUpDomain Made(const std::string& name, int number, const Make& make) {
    MadeUpDomain domain(name + "-" + std::to_string(number) + ".example");
    make(domain);
    return domain;
  }

  static void Rename(scanner::ScanRows& rows, const std::string& prefix) {
    for (auto& row : rows.hosts) row.host.insert(0, prefix);
    for (auto& row : rows.endpoints) row.host.insert(0, prefix);
    for (auto& row : rows.domains) {
      if (!row.mx) continue;
      for (output::MxEntry& entry : *row.mx) entry.host.insert(0, prefix);
    }
  }

  template <typename Row>
  void Write(std::vector<Row>& rows) {
    for (Row& row : rows) EXPECT_TRUE(writer_->Add(std::move(row)).ok());
  }

  std::string path_;
  nlohmann::json scan_;
  std::unique_ptr<output::ScanWriter> writer_;
  int domains_ = 0;
};

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

#endif  // MXSWEEP_TESTS_TOOLS_SURVEY_MADE_UP_SCAN_H_
