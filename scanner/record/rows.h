#ifndef MXSWEEP_SCANNER_RECORD_ROWS_H_
#define MXSWEEP_SCANNER_RECORD_ROWS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "dns/facts.h"
#include "output/tables/tables.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/targets/target_reader.h"
#include "scanner/verdict/mta_sts.h"
#include "scanner/verdict/packed_findings.h"
#include "scanner/verdict/probes.h"
#include "scanner/verdict/revocation.h"
#include "scanner/verdict/summary.h"
#include "scanner/verdict/verdicts.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_table.h"

namespace mxsweep::scanner {

// Facts into rows: the only place where a column gets its value. Pure functions.

// `unasked_hosts`: MX hosts beyond the budget.
output::DomainRow MakeDomainRow(const Target& target, const dns::MxAnswer& mx,
                                const Summary& summary, const DomainPolicies& policies,
                                absl::Time started_at, int64_t elapsed_ns,
                                uint32_t unasked_hosts = 0);

// What of a domain's row rests on its hosts, filled anew: of one that was made before anybody had
// asked them. The rest stays.
void FillDomainVerdicts(const dns::MxAnswer& mx, const Summary& summary,
                        const DomainPolicies& policies, uint32_t unasked_hosts,
                        output::DomainRow* row);

// The row of an input line that names no domain.
output::DomainRow MakeInvalidRow(const Target& target, absl::Time now);

// `unasked_addresses`: those beyond the budget. REQUIRES: host.answer.
// `findings`: what the host came to, where that is to be known again; else null.
output::MxHostRow MakeMxHostRow(const HostContext& host, absl::Time started_at, int64_t elapsed_ns,
                                uint32_t unasked_addresses = 0,
                                const PackedFindings* findings = nullptr);

// `probes`: what those came to that were made; null: none was.
output::EndpointRow MakeEndpointRow(const HostContext& host, const dns::IpAddress& address,
                                    uint16_t port, const EndpointFacts& facts,
                                    const EndpointVerdicts& verdicts, uint32_t attempts,
                                    const tls::CertificateTable& certificates,
                                    const ProbeVerdicts* probes = nullptr);

// `chain`: the certificates of its flight; `connection`: what became of the probe's connection.
output::ProbeRow MakeProbeRow(const HostContext& host, const dns::IpAddress& address, uint16_t port,
                              const tls::ProbeResult& result,
                              std::span<const tls::CertificateRef> chain,
                              const EndpointFacts& connection);

// `revocation`: what its list says of it, where that was asked.
output::CertificateRow MakeCertificateRow(const tls::CertificateFacts& facts,
                                          std::span<const uint8_t> der, absl::Time first_seen,
                                          const CertificateRevocation& revocation = {});

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_RECORD_ROWS_H_
