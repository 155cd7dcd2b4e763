// Names, zones and records of the matrix: where a case's placement puts them.
#ifndef MXSWEEP_TESTS_INTEROP_MATRIX_NAMES_H_
#define MXSWEEP_TESTS_INTEROP_MATRIX_NAMES_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tests/interop/certificates.h"
#include "tests/interop/matrix_cases.h"
#include "tests/interop/name_servers.h"

namespace mxsweep::interop {

struct CaseNames {
  std::string domain;   // that mail is for; empty where it has no MX host
  std::string mx_host;  // as the MX record has it
  std::string end;      // the owner of the address, other than mx_host if that is an alias
  std::string base;     // TLSA base domain
};
CaseNames NamesOf(const MatrixCase& test_case);

// "*.mx.example" and so on: what a certificate must name to fit the MX host of any case.
std::vector<std::string> WildcardsOfHosts();

// Whether look-ups lead as far as the host's address.
bool HostIsFound(const MatrixCase& test_case);

// Whether a sender can know the case's TLSA records: they exist, and are signed well.
bool RecordsAreSecure(const MatrixCase& test_case);

// The case's TLSA records as a zone file has them, "3 1 1 hex".
absl::StatusOr<std::vector<std::string>> TlsaOf(const MatrixCase& test_case,
                                                const CertificateMaker& certificates);

// The zones of all cases. `addresses` of servers are by name, `tlsa` of cases likewise.
std::vector<Zone> MatrixZones(const std::map<std::string, std::string>& addresses,
                              const std::map<std::string, std::vector<std::string>>& tlsa);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MATRIX_NAMES_H_
