// What `mxsweep keys` must find in a scan without --probe: which keys are weak, and whom that
// concerns. From how the keys were made and where they are shown, never by looking at them.
#ifndef MXSWEEP_TOOLS_LAB_WEAK_KEY_TRUTH_H_
#define MXSWEEP_TOOLS_LAB_WEAK_KEY_TRUTH_H_

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "nlohmann/json.hpp"
#include "tools/lab/certificates.h"
#include "tools/lab/old_tls.h"

namespace mxsweep::lab {

struct ShownAt {
  std::string host;
  std::string address;
  uint16_t port = 0;
  std::string provider;

  auto operator<=>(const ShownAt&) const = default;
};

class WeakKeyTruth {
 public:
  // A certificate that is in the table.
  void Add(const Certificate& certificate);
  // An endpoint that shows it, as its own or as an issuer's.
  void AddShown(const Certificate& certificate, const ShownAt& endpoint);
  // A prime that an endpoint uses. Borrowed.
  void AddPrime(const OldPrime& prime, const ShownAt& endpoint);
  void AddDomain(const std::string& domain, const std::string& mx_host);

  // Rows of the table `weak_keys`. Lists are there where they are whole, and sorted.
  std::vector<nlohmann::ordered_json> Rows() const;

 private:
  struct Use {
    const Key* key = nullptr;  // or a prime
    const OldPrime* prime = nullptr;
    bool is_ca = false;
    bool sha1_signature = false;
    std::set<std::string> certificates;
    std::set<ShownAt> endpoints;
  };
  // Other keys with a prime in common, or with the modulus.
  std::vector<std::string> PartnersOf(const Use& use) const;
  bool HasSharedModulus(const Use& use) const;
  std::vector<std::string_view> WeaknessesOf(const Use& use) const;
  nlohmann::ordered_json RowOf(const std::string& sha256, const Use& use) const;

  std::map<std::string, Use> uses_;  // by the hash of the public key, or of the prime
  std::map<std::string, std::set<std::string>> domains_;  // by MX host
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_WEAK_KEY_TRUTH_H_
