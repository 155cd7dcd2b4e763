#ifndef MXSWEEP_TESTS_SCANNER_POSTURE_REPORTED_H_
#define MXSWEEP_TESTS_SCANNER_POSTURE_REPORTED_H_

#include <algorithm>
#include <string>
#include <utility>

#include "scanner/posture/report.h"
#include "tests/scanner/posture/made_up_checks.h"

namespace mxsweep::scanner::testing {

// A report and the rows that it borrows.
class Reported {
 public:
  explicit Reported(MadeUpDomain domain, const CheckWorld& world = World())
      : domain_(std::move(domain)),
        report_(BuildCheckReport({{domain_.domain().domain, domain_.domain().domain}},
                                 domain_.rows(), world)) {}
  Reported(const Reported&) = delete;
  Reported& operator=(const Reported&) = delete;

  const DomainReport& operator*() const { return report_.domains.front(); }
  const DomainReport* operator->() const { return &report_.domains.front(); }
  const CheckReport& whole() const { return report_; }
  const Finding* Find(const std::string& id) const {
    const auto& findings = report_.domains.front().findings;
    const auto found = std::ranges::find(findings, id, &Finding::id);
    return found == findings.end() ? nullptr : &*found;
  }

 private:
  MadeUpDomain domain_;
  CheckReport report_;
};

}  // namespace mxsweep::scanner::testing

#endif  // MXSWEEP_TESTS_SCANNER_POSTURE_REPORTED_H_
