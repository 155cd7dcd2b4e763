#include "tests/interop/network.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/interop/mail_servers.h"

namespace mxsweep::interop {
namespace {

// Postfix.
constexpr char kEcdsa[] = "127.25.0.1";
constexpr char kRsaTls12[] = "127.25.0.2";
constexpr char kExpired[] = "127.25.0.3";
constexpr char kSelfSigned[] = "127.25.0.4";
constexpr char kCleartext[] = "127.25.0.5";
constexpr char kStaticRsa[] = "127.25.0.6";
constexpr char kTls10[] = "127.25.0.7";
constexpr char kP384Group[] = "127.25.0.8";
constexpr char kIncomplete[] = "127.25.0.9";
// Exim.
constexpr char kEximRsa[] = "127.25.1.1";
constexpr char kEximTls12[] = "127.25.1.2";
constexpr char kEximEcdsa[] = "127.25.1.3";

// All that is scanned. Names relative to signed.test; "host" is the host of that name.
constexpr char kDomainsOfSignedZone[] = R"(
match       MX 10 ecdsa
mismatch    MX 10 rsa12
expired-dane MX 10 expired
anchor      MX 10 exim
agile       MX 10 agile-mx
selfsigned-mx MX 10 selfsigned
cleartext-mx MX 10 cleartext
promised-mx MX 10 promised
static-mx   MX 10 static
old-mx      MX 10 old
retry-mx    MX 10 retry
incomplete-mx MX 10 incomplete
othername-mx MX 10 othername
unusable-mx MX 10 unusable
exim12-mx   MX 10 exim12
eximec-mx   MX 10 eximec
partial     MX 10 ecdsa
partial     MX 20 selfsigned
aliased     MX 10 alias
alias       CNAME ecdsa
outside     MX 10 outside-alias
outside-alias CNAME mx.plain.test.
outside-dane MX 10 signed-alias
signed-alias CNAME mx.plain.test.
tampered-tlsa MX 10 mx.half.test.
nullmx      MX 0 .
nomail      TXT "no mail here"
)";

std::vector<std::string> AllDomains() {
  std::vector<std::string> domains;
  std::istringstream lines(kDomainsOfSignedZone);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string name, type;
    words >> name >> type;
    if (name.empty() || type == "CNAME") continue;
    const std::string domain = name + ".signed.test";
    if (domains.empty() || domains.back() != domain) domains.push_back(domain);
  }
  for (const char* name :
       {"implicit.signed.test", "missing.signed.test", "plain.test", "optional.plain.test",
        "missing.plain.test", "bogus.test", "fine.bogus.test"}) {
    domains.push_back(name);
  }
  return domains;
}

bool IsIn(const std::string& name, const std::string& zone) {
  return absl::EndsWith(name, "." + zone);
}

// Address and TLSA records of those of `hosts` that are in the zone.
std::string HostRecords(const std::vector<MailHost>& hosts, const std::string& zone) {
  std::string records;
  for (const MailHost& host : hosts) {
    if (!IsIn(host.name, zone)) continue;
    absl::StrAppend(&records, host.name, ". A ", host.address, "\n");
    for (const std::string& tlsa : host.tlsa) {
      absl::StrAppend(&records, "_25._tcp.", host.name, ". TLSA ", tlsa, "\n");
    }
  }
  return records;
}

absl::StatusOr<std::vector<Row>> Rows(const std::string& directory, const std::string& table) {
  const auto text = RunSuccessfully({MXSWEEP_PROGRAM, "cat", directory, "--table", table});
  if (!text.ok()) return text.status();
  std::vector<Row> rows;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    Row row = Row::parse(line, nullptr, /*allow_exceptions=*/false);
    if (row.is_discarded()) return absl::InternalError("not JSON: " + line);
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace

absl::StatusOr<std::string> Network::MakeFolder(const std::string& name) const {
  const std::string path = absl::StrCat(folder_, "/", name);
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return absl::InternalError(absl::StrCat(path, ": ", error.message()));
  return path;
}

absl::Status Network::MakeCertificates() {
  auto folder = MakeFolder("certificates");
  if (!folder.ok()) return folder.status();
  auto maker = CertificateMaker::Create(*folder);
  if (!maker.ok()) return maker.status();
  certificates_ = *std::move(maker);
  const std::vector<LeafRequest> requests = {
      {.name = "ecdsa", .hosts = {"ecdsa.signed.test", "agile-mx.signed.test"}},
      {.name = "rsa", .key = "RSA-2048", .hosts = {"rsa12.signed.test", "*.signed.test"}},
      {.name = "expired", .key = "RSA-2048", .hosts = {"expired.signed.test"}, .is_expired = true},
      {.name = "selfsigned",
       .key = "P-384",
       .hosts = {"selfsigned.signed.test"},
       .issuer = Issuer::kItself},
      {.name = "old", .key = "RSA-1024", .hosts = {"old.signed.test"}},
      {.name = "untrusted", .hosts = {"retry.signed.test"}, .issuer = Issuer::kUntrustedRoot},
      {.name = "incomplete", .hosts = {"incomplete.signed.test"}, .send_issuer = false},
      {.name = "exim", .key = "RSA-2048", .hosts = {"exim.signed.test", "mx.plain.test"}},
      {.name = "exim12", .key = "RSA-3072", .hosts = {"exim12.signed.test"}},
      {.name = "eximec", .key = "P-384", .hosts = {"eximec.signed.test"}},
  };
  for (const LeafRequest& request : requests) {
    if (auto status = certificates_->MakeLeaf(request); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status Network::MakeHosts() {
  const auto ecdsa_key = TlsaSha256(certificates_->LeafFile("ecdsa"), 1);
  const auto expired_key = TlsaSha256(certificates_->LeafFile("expired"), 1);
  const auto exim_key = TlsaSha256(certificates_->LeafFile("exim"), 1);
  const auto anchor = TlsaSha256(certificates_->IntermediateFile(), 0);
  for (const auto* digest : {&ecdsa_key, &expired_key, &exim_key, &anchor}) {
    if (!digest->ok()) return digest->status();
  }
  alias_tlsa_ = "3 1 1 " + *exim_key;
  hosts_ = {
      {"ecdsa.signed.test", kEcdsa, {"3 1 1 " + *ecdsa_key}},
      // A stronger digest that does not match rules out a weaker one that does (RFC 7671 §9).
      {"agile-mx.signed.test", kEcdsa, {"3 1 1 " + *ecdsa_key, "3 1 2 " + std::string(128, 'a')}},
      {"othername.signed.test", kEcdsa, {}},
      {"implicit.signed.test", kEcdsa, {}},
      {"mx.half.test", kEcdsa, {"3 1 1 " + *ecdsa_key}},
      {"rsa12.signed.test", kRsaTls12, {"3 1 1 " + *ecdsa_key}},
      {"unusable.signed.test", kRsaTls12, {"1 1 1 " + *ecdsa_key}},
      {"expired.signed.test", kExpired, {"3 1 1 " + *expired_key}},
      {"selfsigned.signed.test", kSelfSigned, {}},
      {"cleartext.signed.test", kCleartext, {}},
      {"promised.signed.test", kCleartext, {"3 1 1 " + *ecdsa_key}},
      {"static.signed.test", kStaticRsa, {}},
      {"old.signed.test", kTls10, {}},
      {"retry.signed.test", kP384Group, {}},
      {"incomplete.signed.test", kIncomplete, {}},
      {"exim.signed.test", kEximRsa, {"2 0 1 " + *anchor}},
      {"mx.plain.test", kEximRsa, {}},
      {"exim12.signed.test", kEximTls12, {}},
      {"eximec.signed.test", kEximEcdsa, {"2 0 1 " + *ecdsa_key}},
      {"mx.bogus.test", kEcdsa, {}},
  };
  std::sort(hosts_.begin(), hosts_.end(),
            [](const MailHost& a, const MailHost& b) { return a.name < b.name; });
  return absl::OkStatus();
}

absl::Status Network::StartNameServers() {
  auto folder = MakeFolder("names");
  if (!folder.ok()) return folder.status();
  const std::string& tlsa_of_half = host("mx.half.test").tlsa.front();
  auto zones = SignedZones::Create(
      *folder,
      {{.name = "signed.test",
        .records = absl::StrCat(kDomainsOfSignedZone, HostRecords(hosts_, "signed.test"),
                                "_25._tcp.signed-alias TLSA ", alias_tlsa_, "\n")},
       {.name = "plain.test",
        .records = absl::StrCat("@ MX 10 mx\noptional MX 10 ecdsa.signed.test.\n",
                                HostRecords(hosts_, "plain.test")),
        .is_signed = false},
       // The MX record was changed after it was signed; the rest of the zone is in order.
       {.name = "bogus.test",
        .records = absl::StrCat("@ MX 77 mx\nfine MX 10 mx\n", HostRecords(hosts_, "bogus.test")),
        .tamper_from = "MX\t77 ",
        .tamper_to = "MX\t78 "},
       {.name = "half.test",
        .records = HostRecords(hosts_, "half.test"),
        .tamper_from = tlsa_of_half.substr(6),
        .tamper_to = std::string(64, '0')}});
  if (!zones.ok()) return zones.status();
  auto nsd = StartNsd(*zones);
  if (!nsd.ok()) return nsd.status();
  servers_.push_back(*std::move(nsd));
  for (const char* address : {kUnboundAddress, kExplainingUnboundAddress}) {
    auto unbound = StartUnbound(*zones, address, address == kExplainingUnboundAddress);
    if (!unbound.ok()) return unbound.status();
    servers_.push_back(*std::move(unbound));
  }
  return absl::OkStatus();
}

absl::Status Network::StartMailServers() {
  const auto chain = [this](const char* name) { return certificates_->ChainFile(name); };
  auto folder = MakeFolder("postfix");
  if (!folder.ok()) return folder.status();
  auto postfix = StartPostfix(
      MXSWEEP_INTEROP_SERVERS, *folder,
      {{kEcdsa, chain("ecdsa"), {}},
       {kRsaTls12, chain("rsa"), {{"smtpd_tls_protocols", "TLSv1.2"}}},
       {kExpired, chain("expired"), {}},
       {kSelfSigned, chain("selfsigned"), {}},
       {kCleartext, "", {}},
       {kStaticRsa,
        chain("rsa"),
        {{"smtpd_tls_protocols", "TLSv1.2"}, {"tls_medium_cipherlist", "AES256-GCM-SHA384"}}},
       {kTls10,
        chain("old"),
        {{"smtpd_tls_protocols", "TLSv1"}, {"tls_medium_cipherlist", "ALL:@SECLEVEL=0"}}},
       {kP384Group, chain("untrusted"), {{"tls_eecdh_auto_curves", "secp384r1"}}},
       {kIncomplete, chain("incomplete"), {}}});
  if (!postfix.ok()) return postfix.status();
  servers_.push_back(*std::move(postfix));

  folder = MakeFolder("exim");
  if (!folder.ok()) return folder.status();
  auto exim = StartExim(MXSWEEP_INTEROP_SERVERS, *folder,
                        {{kEximRsa, chain("exim"), "NORMAL"},
                         {kEximTls12, chain("exim12"), "NORMAL:-VERS-TLS1.3"},
                         {kEximEcdsa, chain("eximec"), "NORMAL"}});
  if (!exim.ok()) return exim.status();
  servers_.push_back(*std::move(exim));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Network>> Network::Start(const std::string& folder) {
  std::unique_ptr<Network> network(new Network(folder));
  for (auto step : {&Network::MakeCertificates, &Network::MakeHosts, &Network::StartNameServers,
                    &Network::StartMailServers}) {
    if (auto status = (network.get()->*step)(); !status.ok()) return status;
  }
  auto witness_folder = network->MakeFolder("witness");
  if (!witness_folder.ok()) return witness_folder.status();
  auto s_client = SClient::Create(*witness_folder);
  if (!s_client.ok()) return s_client.status();
  network->s_client_ = *std::move(s_client);
  auto scan = network->Scan(AllDomains(), kUnboundAddress);
  if (!scan.ok()) return scan.status();
  network->scan_ = *std::move(scan);
  return network;
}

absl::StatusOr<ScanResult> Network::Scan(const std::vector<std::string>& domains,
                                         const std::string& resolver) const {
  const std::string base = absl::StrCat(folder_, "/scan-", resolver);
  auto status = WriteFile(base + ".txt", absl::StrJoin(domains, "\n") + "\n");
  if (!status.ok()) return status;
  status = RunSuccessfully(
               {MXSWEEP_PROGRAM, "scan", base + ".txt", "-o", base, "--resolver", resolver,
                "--trust-store", certificates_->TrustStore(), "--allow-special", "--ehlo-name",
                "scanner.test", "--per-address-interval", "0ms", "--retries", "0"},
               {}, absl::Seconds(60))
               .status();
  if (!status.ok()) return status;
  ScanResult result;
  for (auto [table, rows] : {std::pair{"domains", &result.domains},
                             {"mx_hosts", &result.hosts},
                             {"endpoints", &result.endpoints},
                             {"certificates", &result.certificates}}) {
    auto read = Rows(base, table);
    if (!read.ok()) return read.status();
    *rows = *std::move(read);
  }
  return result;
}

const MailHost& Network::host(const std::string& name) const {
  return *std::find_if(hosts_.begin(), hosts_.end(),
                       [&](const MailHost& host) { return host.name == name; });
}

SClientTarget Network::TargetOf(const std::string& host_name) const {
  return {.address = host(host_name).address,
          .host = host_name,
          .trust_store = certificates_->TrustStore()};
}

absl::StatusOr<const SClientResult*> Network::Witness(const std::string& host_name) {
  const auto known = witness_.find(host_name);
  if (known != witness_.end()) return &known->second;
  auto result = s_client_->Connect(TargetOf(host_name));
  if (!result.ok()) return result.status();
  return &witness_.emplace(host_name, *std::move(result)).first->second;
}

std::string Network::LogTails() const {
  std::string text;
  for (const ChildProcess& server : servers_) absl::StrAppend(&text, server.LogTail(), "\n");
  return text;
}

}  // namespace mxsweep::interop
