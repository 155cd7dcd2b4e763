#ifndef MXSWEEP_TOOLS_DANE_REPORT_H_
#define MXSWEEP_TOOLS_DANE_REPORT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "dns/facts.h"
#include "nlohmann/json.hpp"
#include "tls/dane/verdict.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::tools {

// A question to the offline judge, and his answer.
struct DaneCase {
  std::vector<dns::TlsaRecord> records;
  std::vector<tls::DerHandle> chain;  // leaf first
  tls::DaneReference reference;
  int64_t time_s = 0;
  tls::DaneVerdict verdict;
};

// The answer for people, several lines, safe for a terminal whatever the certificates say.
std::string RenderDane(const DaneCase& dane);
// The same for machines.
nlohmann::ordered_json DescribeDane(const DaneCase& dane);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DANE_REPORT_H_
