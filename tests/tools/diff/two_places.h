// A world that is seen from two places: each operator with its servers, as the one place meets them
// and as the other does. So it is known what differs by place, and why.
#ifndef MXSWEEP_TESTS_TOOLS_DIFF_TWO_PLACES_H_
#define MXSWEEP_TESTS_TOOLS_DIFF_TWO_PLACES_H_

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/tools/survey/made_up_scan.h"

namespace mxsweep::tools::testing {

using Change = std::function<void(output::EndpointRow&)>;

inline void AsItIs(output::EndpointRow&) {}

// The dialogue ends otherwise; what it did not come to is not known.
inline Change Ends(const std::string& outcome, const std::string& stage) {
  return [=](output::EndpointRow& row) {
    output::EndpointRow other;
    other.host = row.host;
    other.address = row.address;
    other.port = row.port;
    other.started_at = row.started_at;
    other.outcome = outcome;
    other.stage = stage;
    if (stage == "ehlo" || stage == "starttls" || stage == "handshake") {
      other.greeting = row.greeting;
    }
    row = other;
  };
}

class TwoPlaces {
 public:
  TwoPlaces(const std::string& path_a, const std::string& path_b) : a(path_a), b(path_b) {
    a.scan()["options"] = {{"vantage", "frankfurt"}};
    b.scan()["options"] = {{"vantage", "tokyo"}};
    a.scan()["started_at"] = "2026-11-01T00:00:00Z";
    b.scan()["started_at"] = "2026-11-01T00:00:00Z";
  }

  // The domain PROVIDER with the MX host mx.PROVIDER at these addresses.
  static MadeUpDomain Made(const std::string& provider, const std::vector<std::string>& addresses,
                           const Change& change) {
    MadeUpDomain domain(provider);
    domain.domain().dane_status = "none";
    domain.domain().mta_sts_status = "none";
    domain.AddHost(10, "mx." + provider).provider = provider;
    bool has_ipv6 = false, has_ipv4 = false;
    for (const std::string& address : addresses) {
      output::EndpointRow& row = domain.AddGoodServer();
      row.address = domain.rows().hosts[0].addresses->back() = address;
      row.greeting = "220 mx." + provider + " ESMTP";
      row.ehlo_keywords = {"PIPELINING", "STARTTLS"};
      row.chain_sha256 = {"leaf of " + provider};
      change(row);
      (address.find(':') == address.npos ? has_ipv4 : has_ipv6) = true;
    }
    domain.rows().hosts[0].ipv4_status = has_ipv4 ? "ok" : "nodata";
    domain.rows().hosts[0].ipv6_status = has_ipv6 ? "ok" : "nodata";
    return domain;
  }

  // The same addresses for both; from_a: what becomes of the first place's rows.
  void Add(const std::string& provider, const std::vector<std::string>& addresses,
           const Change& from_a, const Change& from_b = AsItIs) {
    a.Add(Made(provider, addresses, from_a));
    b.Add(Made(provider, addresses, from_b));
  }

  // Operators with a network and a server each: PREFIX1.example at 198.51.1.1 …
  void AddSeveral(const std::string& prefix, int count, const Change& from_a,
                  const Change& from_b = AsItIs) {
    for (int i = 1; i <= count; ++i) {
      Add(prefix + std::to_string(i) + ".example", {"198.51." + std::to_string(++networks_) + ".1"},
          from_a, from_b);
    }
  }

  void Finish() {
    a.Finish();
    b.Finish();
  }

  MadeUpScan a, b;

 private:
  int networks_ = 0;
};

}  // namespace mxsweep::tools::testing

#endif  // MXSWEEP_TESTS_TOOLS_DIFF_TWO_PLACES_H_
