// Any bytes as a certificate: everything that reads one must survive, and agree on what is one.
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "tls/pki/certificate.h"
#include "tls/pki/certificate_table.h"
#include "tls/pki/name_match.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::tls;
  static CertificateTable* const table = new CertificateTable;
  static const std::vector<std::string> references = {"mx.example.org"};
  const std::span<const uint8_t> der(data, size);
  const CertificateFacts facts = ParseCertificateFacts(der);
  for (const std::string& name : facts.subject_alt_names) {
    if (name.find(':') == std::string::npos) std::abort();
  }
  const NameMatch match = MatchName(der, references);
  if (match != NameMatch::kNone && facts.subject_alt_names.empty() && !facts.subject) std::abort();
  const CertificateTable::Interned interned = table->Intern(der);
  if (interned.certificate->sha256 != facts.sha256 ||
      interned.certificate->malformed == facts.error.empty()) {
    std::abort();
  }
  return 0;
}
