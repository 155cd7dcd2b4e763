#include "scanner/posture/domain_rows.h"

#include <algorithm>

namespace mxsweep::scanner {
namespace {

HostRows GatherHost(const output::MxEntry& entry, const ScanRows& rows) {
  HostRows host{.preference = entry.preference, .name = entry.host};
  // A host that was asked again has a row for each time: the latest counts.
  for (const output::MxHostRow& row : rows.hosts) {
    if (row.host != entry.host) continue;
    if (host.row == nullptr || host.row->started_at <= row.started_at) host.row = &row;
  }
  for (const output::EndpointRow& endpoint : rows.endpoints) {
    if (endpoint.host != entry.host) continue;
    const auto earlier =
        std::ranges::find(host.endpoints, endpoint.address, &output::EndpointRow::address);
    if (earlier == host.endpoints.end()) {
      host.endpoints.push_back(&endpoint);
    } else if ((*earlier)->started_at <= endpoint.started_at) {
      *earlier = &endpoint;
    }
  }
  if (host.row == nullptr || !host.row->addresses) return host;
  const std::vector<std::string>& order = *host.row->addresses;
  std::ranges::stable_sort(host.endpoints, {}, [&order](const output::EndpointRow* endpoint) {
    return std::ranges::find(order, endpoint->address) - order.begin();
  });
  return host;
}

}  // namespace

DomainRows GatherDomain(const output::DomainRow& domain, const ScanRows& rows) {
  DomainRows gathered{.row = &domain};
  const bool takes_mail = domain.mx_status == "mx" || domain.mx_status == "implicit";
  if (!takes_mail || !domain.mx) return gathered;
  for (const output::MxEntry& entry : *domain.mx) gathered.hosts.push_back(GatherHost(entry, rows));
  std::ranges::stable_sort(gathered.hosts, {}, &HostRows::preference);
  return gathered;
}

const output::CertificateRow* FindCertificate(const ScanRows& rows, std::string_view sha256) {
  const auto row = std::ranges::find(rows.certificates, sha256, &output::CertificateRow::sha256);
  return row == rows.certificates.end() ? nullptr : &*row;
}

}  // namespace mxsweep::scanner
