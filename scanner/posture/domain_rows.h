// The rows of a small scan, put together again: a domain, its MX hosts in the order in which
// senders try them, and their endpoints.
#ifndef MXSWEEP_SCANNER_POSTURE_DOMAIN_ROWS_H_
#define MXSWEEP_SCANNER_POSTURE_DOMAIN_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "output/tables/tables.h"

namespace mxsweep::scanner {

// All rows of a scan, each table in any order.
struct ScanRows {
  std::vector<output::DomainRow> domains;
  std::vector<output::MxHostRow> hosts;
  std::vector<output::ProbeRow> probes;
  std::vector<output::EndpointRow> endpoints;
  std::vector<output::CertificateRow> certificates;
};

// One MX record and what was found behind it. Pointers are borrowed from the rows.
struct HostRows {
  uint16_t preference = 0;
  std::string name;
  const output::MxHostRow* row = nullptr;  // null: the host has no row
  // In the order of the host's addresses. An address of a family that was left out has none.
  std::vector<const output::EndpointRow*> endpoints;
};

struct DomainRows {
  const output::DomainRow* row = nullptr;
  std::vector<HostRows> hosts;  // by preference; none where the domain takes no mail
};

// What `rows` hold of `domain`, which is one of rows.domains. Both are borrowed by the result.
DomainRows GatherDomain(const output::DomainRow& domain, const ScanRows& rows);

// The certificate with this hash (lower-case hex); null if there is none.
const output::CertificateRow* FindCertificate(const ScanRows& rows, std::string_view sha256);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_DOMAIN_ROWS_H_
