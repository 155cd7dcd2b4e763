#include "tests/interop/network.h"

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tests/interop/mail_servers.h"
#include "tests/interop/matrix_names.h"

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

// All that is scanned. Names relative to signed.example; "host" is the host of that name.
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
outside-alias CNAME mx.plain.example.
outside-dane MX 10 signed-alias
signed-alias CNAME mx.plain.example.
tampered-tlsa MX 10 mx.half.example.
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
    const std::string domain = name + ".signed.example";
    if (domains.empty() || domains.back() != domain) domains.push_back(domain);
  }
  for (const char* name :
       {"implicit.signed.example", "missing.signed.example", "plain.example",
        "optional.plain.example", "missing.plain.example", "bogus.example", "fine.bogus.example"}) {
    domains.push_back(name);
  }
  for (const MatrixCase& test_case : MatrixCases()) domains.push_back(NamesOf(test_case).domain);
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

// The prime of 1024 bits of RFC 2409 §6.2, as PEM.
constexpr char kOakleyGroup2[] =
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404"
    "DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7"
    "ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF";

absl::Status MakeDh1024(const std::string& file) {
  auto status = WriteFile(file + ".cnf", absl::StrCat("asn1 = SEQUENCE:dh\n[dh]\np = INTEGER:0x",
                                                      kOakleyGroup2, "\ng = INTEGER:2\n"));
  if (!status.ok()) return status;
  const std::string der = file + ".der";
  status =
      RunSuccessfully({"openssl", "asn1parse", "-genconf", file + ".cnf", "-noout", "-out", der})
          .status();
  if (!status.ok()) return status;
  return RunSuccessfully({"openssl", "dhparam", "-inform", "DER", "-in", der, "-out", file})
      .status();
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
      {.name = "ecdsa", .hosts = {"ecdsa.signed.example", "agile-mx.signed.example"}},
      {.name = "rsa", .key = "RSA-2048", .hosts = {"rsa12.signed.example", "*.signed.example"}},
      {.name = "expired-rsa",
       .key = "RSA-2048",
       .hosts = {"expired.signed.example"},
       .validity = Validity::kPast},
      {.name = "selfsigned-p384",
       .key = "P-384",
       .hosts = {"selfsigned.signed.example"},
       .issuer = kItself},
      {.name = "old", .key = "RSA-1024", .hosts = {"old.signed.example"}},
      {.name = "of-stranger", .hosts = {"retry.signed.example"}, .issuer = kUntrustedRoot},
      {.name = "incomplete",
       .hosts = {"incomplete.signed.example"},
       .sent_with = std::vector<std::string>{}},
      {.name = "exim", .key = "RSA-2048", .hosts = {"exim.signed.example", "mx.plain.example"}},
      {.name = "exim12", .key = "RSA-3072", .hosts = {"exim12.signed.example"}},
      {.name = "eximec", .key = "P-384", .hosts = {"eximec.signed.example"}},
  };
  for (const std::vector<LeafRequest>& leaves : {requests, MatrixLeaves()}) {
    for (const LeafRequest& request : leaves) {
      if (auto status = certificates_->MakeLeaf(request); !status.ok()) return status;
    }
  }
  return absl::OkStatus();
}

absl::Status Network::MakeHosts() {
  const auto ecdsa_key = TlsaData(certificates_->LeafFile("ecdsa"), 1, 1);
  const auto expired_key = TlsaData(certificates_->LeafFile("expired-rsa"), 1, 1);
  const auto exim_key = TlsaData(certificates_->LeafFile("exim"), 1, 1);
  const auto anchor = TlsaData(certificates_->IntermediateFile(), 0, 1);
  for (const auto* digest : {&ecdsa_key, &expired_key, &exim_key, &anchor}) {
    if (!digest->ok()) return digest->status();
  }
  alias_tlsa_ = "3 1 1 " + *exim_key;
  hosts_ = {
      {"ecdsa.signed.example", kEcdsa, {"3 1 1 " + *ecdsa_key}},
      // A stronger digest that does not match rules out a weaker one that does (RFC 7671 §9).
      {"agile-mx.signed.example",
       kEcdsa,
       {"3 1 1 " + *ecdsa_key, "3 1 2 " + std::string(128, 'a')}},
      {"othername.signed.example", kEcdsa, {}},
      {"implicit.signed.example", kEcdsa, {}},
      {"mx.half.example", kEcdsa, {"3 1 1 " + *ecdsa_key}},
      {"rsa12.signed.example", kRsaTls12, {"3 1 1 " + *ecdsa_key}},
      {"unusable.signed.example", kRsaTls12, {"1 1 1 " + *ecdsa_key}},
      {"expired.signed.example", kExpired, {"3 1 1 " + *expired_key}},
      {"selfsigned.signed.example", kSelfSigned, {}},
      {"cleartext.signed.example", kCleartext, {}},
      {"promised.signed.example", kCleartext, {"3 1 1 " + *ecdsa_key}},
      {"static.signed.example", kStaticRsa, {}},
      {"old.signed.example", kTls10, {}},
      {"retry.signed.example", kP384Group, {}},
      {"incomplete.signed.example", kIncomplete, {}},
      {"exim.signed.example", kEximRsa, {"2 0 1 " + *anchor}},
      {"mx.plain.example", kEximRsa, {}},
      {"exim12.signed.example", kEximTls12, {}},
      {"eximec.signed.example", kEximEcdsa, {"2 0 1 " + *ecdsa_key}},
      {"mx.bogus.example", kEcdsa, {}},
  };
  matrix_addresses_ = MatrixAddresses();
  for (const MatrixCase& test_case : MatrixCases()) {
    auto records = TlsaOf(test_case, *certificates_);
    if (!records.ok()) return records.status();
    matrix_tlsa_[test_case.name] = *std::move(records);
  }
  std::sort(hosts_.begin(), hosts_.end(),
            [](const MailHost& a, const MailHost& b) { return a.name < b.name; });
  return absl::OkStatus();
}

absl::Status Network::StartNameServers() {
  auto folder = MakeFolder("names");
  if (!folder.ok()) return folder.status();
  const std::string& tlsa_of_half = host("mx.half.example").tlsa.front();
  std::vector<Zone> wanted = {
      {.name = "signed.example",
       .records = absl::StrCat(kDomainsOfSignedZone, HostRecords(hosts_, "signed.example"),
                               "_25._tcp.signed-alias TLSA ", alias_tlsa_, "\n")},
      {.name = "plain.example",
       .records = absl::StrCat("@ MX 10 mx\noptional MX 10 ecdsa.signed.example.\n",
                               HostRecords(hosts_, "plain.example")),
       .is_signed = false},
      // The MX record was changed after it was signed; the rest of the zone is in order.
      {.name = "bogus.example",
       .records = absl::StrCat("@ MX 77 mx\nfine MX 10 mx\n", HostRecords(hosts_, "bogus.example")),
       .tamper_from = "MX\t77 ",
       .tamper_to = "MX\t78 "},
      {.name = "half.example",
       .records = HostRecords(hosts_, "half.example"),
       .tamper_from = tlsa_of_half.substr(6),
       .tamper_to = std::string(64, '0')}};
  for (Zone& zone : MatrixZones(matrix_addresses_, matrix_tlsa_)) wanted.push_back(std::move(zone));
  auto zones = SignedZones::Create(*folder, wanted);
  if (!zones.ok()) return zones.status();
  const auto anchor = ReadFile(zones->TrustAnchor());
  if (!anchor.ok()) return anchor.status();
  if (auto status = WriteFile(kTrustAnchorFile, *anchor); !status.ok()) return status;
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
  std::vector<PostfixListener> postfix_listeners = {
      {kEcdsa, chain("ecdsa"), {}},
      {kRsaTls12, chain("rsa"), {{"smtpd_tls_protocols", "TLSv1.2"}}},
      {kExpired, chain("expired-rsa"), {}},
      {kSelfSigned, chain("selfsigned-p384"), {}},
      {kCleartext, "", {}},
      {kStaticRsa,
       chain("rsa"),
       {{"smtpd_tls_protocols", "TLSv1.2"}, {"tls_medium_cipherlist", "AES256-GCM-SHA384"}}},
      {kTls10,
       chain("old"),
       {{"smtpd_tls_protocols", "TLSv1"}, {"tls_medium_cipherlist", "ALL:@SECLEVEL=0"}}},
      {kP384Group, chain("of-stranger"), {{"tls_eecdh_auto_curves", "secp384r1"}}},
      {kIncomplete, chain("incomplete"), {}}};
  std::vector<EximListener> exim_listeners = {{kEximRsa, chain("exim"), "NORMAL"},
                                              {kEximTls12, chain("exim12"), "NORMAL:-VERS-TLS1.3"},
                                              {kEximEcdsa, chain("eximec"), "NORMAL"}};
  const MatrixFiles files = {.sni_map = *folder + "/sni", .dh1024 = *folder + "/dh1024.pem"};
  auto status = WriteFile(files.sni_map, MatrixSniMap(*certificates_));
  if (!status.ok()) return status;
  status = MakeDh1024(files.dh1024);
  if (!status.ok()) return status;
  const MatrixListeners matrix = ListenersOfMatrix(*certificates_, files);
  postfix_listeners.insert(postfix_listeners.end(), matrix.postfix.begin(), matrix.postfix.end());
  exim_listeners.insert(exim_listeners.end(), matrix.exim.begin(), matrix.exim.end());

  auto postfix = StartPostfix(MXSWEEP_INTEROP_SERVERS, *folder, postfix_listeners);
  if (!postfix.ok()) return postfix.status();
  servers_.push_back(*std::move(postfix));
  folder = MakeFolder("exim");
  if (!folder.ok()) return folder.status();
  auto exim = StartExim(MXSWEEP_INTEROP_SERVERS, *folder, exim_listeners);
  if (!exim.ok()) return exim.status();
  servers_.push_back(*std::move(exim));
  return StartOpenSmtpds(matrix);
}

absl::Status Network::StartOpenSmtpds(const MatrixListeners& listeners) {
  struct Daemon {
    Software software;
    const char* root;  // in fetch_servers' folder
    const std::vector<OpenSmtpdListener>* listeners;
  };
  for (const Daemon& daemon : {Daemon{Software::kOldOpenSmtpd, "root", &listeners.old_opensmtpd},
                               Daemon{Software::kOpenSmtpd, "backports", &listeners.opensmtpd}}) {
    if (!HasServer(daemon.software)) continue;
    auto folder = MakeFolder(absl::StrCat("opensmtpd-", daemon.root));
    if (!folder.ok()) return folder.status();
    auto started = StartOpenSmtpd(MXSWEEP_INTEROP_SERVERS, daemon.root, *folder, *daemon.listeners);
    if (!started.ok()) return started.status();
    servers_.push_back(*std::move(started));
  }
  return absl::OkStatus();
}

bool Network::HasServer(Software software) const {
  return software != Software::kOpenSmtpd ||
         std::filesystem::exists(MXSWEEP_INTEROP_SERVERS "/backports/usr/sbin/smtpd");
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
  status =
      RunSuccessfully({MXSWEEP_PROGRAM, "scan", base + ".txt", "-o", base, "--resolver", resolver,
                       "--trust-store", certificates_->TrustStore(), "--allow-special",
                       "--ehlo-name", "scanner.example", "--per-address-interval", "0ms",
                       "--per-prefix-rate", "0", "--retries", "0"},
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
