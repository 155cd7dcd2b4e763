#include "tests/interop/matrix_names.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"

namespace mxsweep::interop {
namespace {

constexpr char kDomains[] = "to.example";
constexpr char kUnsignedDomains[] = "plain-to.example";
constexpr char kStaleDomains[] = "stale-to.example";
constexpr char kHosts[] = "mx.example";
constexpr char kHashedHosts[] = "hashed-mx.example";
constexpr char kUnsignedHosts[] = "plain-mx.example";
constexpr char kTamperedHosts[] = "tampered-mx.example";
constexpr char kStrippedHosts[] = "stripped-mx.example";
constexpr char kStaleHosts[] = "stale-mx.example";
constexpr char kSeveredHosts[] = "severed-mx.example";
constexpr char kAliases[] = "alias.example";
constexpr char kUnsignedAliases[] = "plain-alias.example";

// A name server that is none.
constexpr char kNobody[] = "ns.nobody.mx.example.";
constexpr char kNobodysAddress[] = "127.25.53.98";

std::string ZoneOfDomain(Placement placement) {
  switch (placement) {
    case Placement::kUnsignedDomain:
      return kUnsignedDomains;
    case Placement::kStaleDomain:
      return kStaleDomains;
    default:
      return kDomains;
  }
}

// Of the MX record's host.
std::string ZoneOfHost(Placement placement) {
  switch (placement) {
    case Placement::kHashed:
      return kHashedHosts;
    case Placement::kUnsignedHost:
      return kUnsignedHosts;
    case Placement::kTamperedTlsa:
      return kTamperedHosts;
    case Placement::kStrippedTlsa:
      return kStrippedHosts;
    case Placement::kStaleHost:
      return kStaleHosts;
    case Placement::kSeveredHost:
      return kSeveredHosts;
    case Placement::kAlias:
    case Placement::kAliasOwnRecords:
    case Placement::kAliasToUnsigned:
      return kAliases;
    case Placement::kUnsignedAlias:
      return kUnsignedAliases;
    default:
      return kHosts;
  }
}

// Of the address.
std::string ZoneOfEnd(Placement placement) {
  switch (placement) {
    case Placement::kAlias:
    case Placement::kAliasOwnRecords:
    case Placement::kUnsignedAlias:
      return kHosts;
    case Placement::kAliasToUnsigned:
      return kUnsignedHosts;
    default:
      return ZoneOfHost(placement);
  }
}

bool RecordsAreAtTheEnd(Placement placement) {
  return placement == Placement::kAlias || placement == Placement::kUnsignedAlias;
}

// Lines by the name of their zone.
using Lines = std::map<std::string, std::string>;

void AddTlsa(const std::string& owner, const std::vector<std::string>& tlsa, std::string* lines) {
  for (const std::string& record : tlsa) absl::StrAppend(lines, owner, " TLSA ", record, "\n");
}

// The TLSA records of a case, wherever they belong. Zones that hold nothing else go to `zones`.
void PlaceTlsa(const MatrixCase& test_case, const CaseNames& names,
               const std::vector<std::string>& tlsa, Lines& lines, std::vector<Zone>& zones) {
  const Placement placement = test_case.placement;
  const std::string zone =
      RecordsAreAtTheEnd(placement) ? ZoneOfEnd(placement) : ZoneOfHost(placement);
  const std::string host = RecordsAreAtTheEnd(placement) ? names.end : names.mx_host;
  const std::string tcp = "_tcp." + host;
  switch (placement) {
    case Placement::kTlsaAlias:
      absl::StrAppend(&lines[zone], "_25.", tcp, ". CNAME _dane.", host, ".\n");
      AddTlsa(absl::StrCat("_dane.", host, "."), tlsa, &lines[zone]);
      return;
    case Placement::kUnsignedTlsa: {
      Zone own = {.name = tcp, .is_signed = false, .is_below_example = false};
      AddTlsa("_25", tlsa, &own.records);
      zones.push_back(own);
      [[fallthrough]];
    }
    case Placement::kLameTlsa:
      absl::StrAppend(&lines[zone], tcp, ". NS ",
                      placement == Placement::kLameTlsa ? kNobody : "ns.nic.example.", "\n");
      if (placement == Placement::kLameTlsa) {
        absl::StrAppend(&lines[zone], kNobody, " A ", kNobodysAddress, "\n");
      }
      return;
    default:
      AddTlsa(absl::StrCat("_25.", tcp, "."), tlsa, &lines[zone]);
  }
}

}  // namespace

CaseNames NamesOf(const MatrixCase& test_case) {
  const Placement placement = test_case.placement;
  const std::string prefix = absl::StrCat(test_case.name, ".");
  CaseNames names;
  names.domain = prefix + ZoneOfDomain(placement);
  if (placement == Placement::kNullMx || placement == Placement::kMissingDomain) return names;
  names.mx_host = prefix + ZoneOfHost(placement);
  names.end = prefix + ZoneOfEnd(placement);
  names.base = placement == Placement::kAlias ? names.end : names.mx_host;
  return names;
}

std::vector<std::string> WildcardsOfHosts() {
  std::vector<std::string> names;
  for (const char* zone : {kHosts, kHashedHosts, kUnsignedHosts, kTamperedHosts, kStrippedHosts,
                           kAliases, kUnsignedAliases}) {
    names.push_back(absl::StrCat("*.", zone));
  }
  return names;
}

bool HostIsFound(const MatrixCase& test_case) {
  switch (test_case.placement) {
    case Placement::kStaleHost:
    case Placement::kSeveredHost:
    case Placement::kStaleDomain:
    case Placement::kNullMx:
    case Placement::kMissingDomain:
      return false;
    default:
      return true;
  }
}

bool RecordsAreSecure(const MatrixCase& test_case) {
  if (test_case.records[0] == '\0') return false;
  switch (test_case.placement) {
    case Placement::kSigned:
    case Placement::kHashed:
    case Placement::kUnsignedDomain:
    case Placement::kAlias:
    case Placement::kAliasOwnRecords:
    case Placement::kAliasToUnsigned:
    case Placement::kTlsaAlias:
      return true;
    default:
      return false;
  }
}

absl::StatusOr<std::vector<std::string>> TlsaOf(const MatrixCase& test_case,
                                                const CertificateMaker& certificates) {
  std::vector<std::string> records;
  for (absl::string_view record : absl::StrSplit(test_case.records, "; ", absl::SkipEmpty())) {
    const std::vector<std::string> fields = absl::StrSplit(record, ' ');
    int selector = 0, matching_type = 0;
    if (fields.size() != 4 || !absl::SimpleAtoi(fields[1], &selector) ||
        !absl::SimpleAtoi(fields[2], &matching_type)) {
      return absl::InvalidArgumentError(absl::StrCat(test_case.name, ": ", record));
    }
    std::string data = fields[3].substr(1);
    if (fields[3][0] != '#') {
      auto made = TlsaData(certificates.LeafFile(fields[3]), selector, matching_type);
      if (!made.ok()) return made.status();
      data = *std::move(made);
    }
    records.push_back(absl::StrCat(fields[0], " ", fields[1], " ", fields[2], " ", data));
  }
  return records;
}

std::vector<Zone> MatrixZones(const std::map<std::string, std::string>& addresses,
                              const std::map<std::string, std::vector<std::string>>& tlsa) {
  Lines lines;
  std::vector<Zone> zones;
  std::string tampered;
  for (const MatrixCase& test_case : MatrixCases()) {
    const Placement placement = test_case.placement;
    const CaseNames names = NamesOf(test_case);
    std::string& domain_lines = lines[ZoneOfDomain(placement)];
    if (placement == Placement::kMissingDomain) continue;
    if (placement == Placement::kNullMx) {
      absl::StrAppend(&domain_lines, names.domain, ". MX 0 .\n");
      continue;
    }
    absl::StrAppend(&domain_lines, names.domain, ". MX 10 ", names.mx_host, ".\n");
    if (names.mx_host != names.end) {
      absl::StrAppend(&lines[ZoneOfHost(placement)], names.mx_host, ". CNAME ", names.end, ".\n");
    }
    absl::StrAppend(&lines[ZoneOfEnd(placement)], names.end, ". A ", addresses.at(test_case.server),
                    "\n");
    const std::vector<std::string>& records = tlsa.at(test_case.name);
    PlaceTlsa(test_case, names, records, lines, zones);
    if (placement == Placement::kTamperedTlsa) tampered = records.front().substr(6);
  }
  for (const auto& [name, text] : lines) {
    Zone zone = {.name = name, .records = text};
    zone.is_signed = name.rfind("plain-", 0) != 0;
    zone.nsec3 = name == kHashedHosts;
    if (name == kStaleDomains || name == kStaleHosts) zone.fault = ZoneFault::kExpiredSignatures;
    if (name == kSeveredHosts) zone.fault = ZoneFault::kWrongDs;
    if (name == kStrippedHosts) zone.fault = ZoneFault::kNoTlsaSignatures;
    if (name == kTamperedHosts) {
      zone.tamper_from = tampered;
      zone.tamper_to = std::string(tampered.size(), '0');
    }
    zones.push_back(zone);
  }
  return zones;
}

}  // namespace mxsweep::interop
