#include "tests/interop/s_client.h"

#include <regex>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"

namespace mxsweep::interop {
namespace {

constexpr absl::Duration kTimeToConnect = absl::Seconds(20);

// What BoringSSL offers on a processor with AES instructions, in its order. Servers that follow the
// client's order then choose alike.
constexpr char kCiphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA:"
    "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA:ECDHE-RSA-AES128-SHA256";
constexpr char kCiphersuites[] =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr char kGroups[] = "X25519:P-256:P-384:P-521";
constexpr char kSignatureAlgorithms[] =
    "ecdsa_secp256r1_sha256:rsa_pss_rsae_sha256:rsa_pkcs1_sha256:ecdsa_secp384r1_sha384:"
    "rsa_pss_rsae_sha384:rsa_pkcs1_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha512:ed25519:"
    "ecdsa_secp521r1_sha512:ECDSA+SHA1:RSA+SHA1";

struct Offer {
  std::string ciphers = kCiphers;
  std::string ciphersuites = kCiphersuites;
  std::string groups = kGroups;
  std::string signature_algorithms = kSignatureAlgorithms;
  std::string min_version = "TLSv1";
  std::string max_version = "TLSv1.3";
  int security_level = 0;
};

// What follows the name of the program.
Arguments Options(const SClientTarget& target, const Offer& offer) {
  return {"s_client",
          "-connect",
          absl::StrCat(target.address, ":25"),
          "-starttls",
          "smtp",
          "-name",
          "witness.example",
          "-servername",
          target.host,
          "-CAfile",
          target.trust_store,
          "-cipher",
          absl::StrCat(offer.ciphers, ":@SECLEVEL=", offer.security_level),
          "-ciphersuites",
          offer.ciphersuites,
          "-groups",
          offer.groups,
          "-min_protocol",
          offer.min_version,
          "-max_protocol",
          offer.max_version,
          "-sigalgs",
          offer.signature_algorithms};
}

// Tells what it sees.
Arguments SClientCommand(const SClientTarget& target) {
  Arguments command = Options(target, Offer());
  command.insert(command.begin(), "openssl");
  command.insert(command.end(), {"-status", "-showcerts", "-state"});
  return command;
}

// The first group of `pattern`'s first match, "" without one.
std::string Find(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

std::string GroupInOurWords(const std::string& text) {
  const std::string key = Find(text, "(?:Server|Peer) Temp Key: (.*), [0-9]+ bits");
  if (key == "ECDH, prime256v1") return "P-256";
  if (key == "ECDH, secp384r1") return "P-384";
  if (key == "ECDH, secp521r1") return "P-521";
  return key;  // "X25519", or something that the comparison will show
}

std::string SignatureInOurWords(const std::string& text) {
  const std::string type = Find(text, "Peer signature type: (.*)");
  if (absl::StrContains(type, "_")) return type;  // newer versions print the scheme's name
  const std::string digest = absl::AsciiStrToLower(
      absl::StrReplaceAll(Find(text, "Peer signing digest: (.*)"), {{"-", "_"}}));
  if (type == "RSA-PSS") return "rsa_pss_rsae_" + digest;
  if (type == "RSA") return "rsa_pkcs1_" + digest;
  if (type == "ECDSA" && digest == "sha256") return "ecdsa_secp256r1_sha256";
  if (type == "ECDSA" && digest == "sha384") return "ecdsa_secp384r1_sha384";
  return absl::StrCat(type, digest);
}

// X509_V_ERR_… (x509_vfy.h) as in docs/outcomes.md.
std::string VerdictInOurWords(int verify_code) {
  switch (verify_code) {
    case 0:
      return "valid";
    case 9:
      return "not_yet_valid";
    case 10:
      return "expired";
    case 18:
      return "self_signed";
    case 19:  // a self-signed certificate ends the chain
    case 20:  // the issuer of a certificate above the leaf is missing
      return "untrusted";
    case 21:  // the leaf's issuer is missing
      return "incomplete";
    case 26:  // the certificate is not for servers
      return "constraint";
    default:
      return absl::StrCat("verify code ", verify_code);
  }
}

// "Jan 27 12:00:00 2026 GMT" as mxsweep writes a time.
std::string IsoTime(const std::string& openssl_time) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime("%b %d %H:%M:%S %Y GMT", openssl_time, &time, &error)) return error;
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", time, absl::UTCTimeZone());
}

absl::StatusOr<SClientCertificate> ReadCertificate(const std::string& file) {
  const auto text = RunSuccessfully(
      {"openssl", "x509", "-in", file, "-noout", "-text", "-fingerprint", "-sha256"});
  if (!text.ok()) return text.status();
  SClientCertificate certificate;
  certificate.sha256 = absl::AsciiStrToLower(
      absl::StrReplaceAll(Find(*text, "Fingerprint=([0-9A-F:]+)"), {{":", ""}}));
  const std::string algorithm = Find(*text, "Public Key Algorithm: (.*)");
  certificate.key_type = algorithm == "rsaEncryption"    ? "rsa"
                         : algorithm == "id-ecPublicKey" ? "ec"
                                                         : absl::AsciiStrToLower(algorithm);
  if (algorithm == "ED25519") {
    certificate.key_bits = 255;  // RFC 8032 §5.1; openssl tells no size
  } else if (!absl::SimpleAtoi(Find(*text, "Public-Key: \\(([0-9]+) bit"), &certificate.key_bits)) {
    return absl::InternalError("no key size in\n" + *text);
  }
  certificate.signature_algorithm = Find(*text, "Signature Algorithm: (.*)");
  certificate.not_after = IsoTime(Find(*text, "Not After : (.*)"));
  return certificate;
}

}  // namespace

absl::StatusOr<SClient> SClient::Create(std::string folder) {
  SClient client(std::move(folder));
  const auto list =
      RunSuccessfully({"openssl", "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"});
  if (!list.ok()) return list.status();
  const std::regex line_pattern("^(\\S+) +- (\\S+) .* Enc=[^ (]+\\(([0-9]+)\\)");
  std::istringstream lines(*list);
  std::smatch match;
  for (std::string line; std::getline(lines, line);) {
    if (!std::regex_search(line, match, line_pattern)) continue;  // no encryption
    Suite suite = {.iana_name = match[1]};
    if (!absl::SimpleAtoi(match[3].str(), &suite.bits)) return absl::InternalError(line);
    client.suites_[match[2]] = suite;
  }
  return client;
}

absl::StatusOr<std::vector<SClientCertificate>> SClient::ReadChain(const std::string& text) const {
  static constexpr char kBegin[] = "-----BEGIN CERTIFICATE-----";
  static constexpr char kEnd[] = "-----END CERTIFICATE-----\n";
  std::vector<SClientCertificate> chain;
  for (size_t begin = text.find(kBegin); begin != std::string::npos;
       begin = text.find(kBegin, begin + 1)) {
    const size_t end = text.find(kEnd, begin);
    if (end == std::string::npos) return absl::InternalError("PEM without an end");
    const std::string file = absl::StrCat(folder_, "/shown-", chain.size(), ".pem");
    auto status = WriteFile(file, text.substr(begin, end + sizeof(kEnd) - 1 - begin));
    if (!status.ok()) return status;
    auto certificate = ReadCertificate(file);
    if (!certificate.ok()) return certificate.status();
    chain.push_back(*std::move(certificate));
  }
  return chain;
}

absl::StatusOr<bool> SClient::LeafNames(const std::string& host) const {
  const auto check = RunSuccessfully(
      {"openssl", "x509", "-in", folder_ + "/shown-0.pem", "-noout", "-checkhost", host});
  if (!check.ok()) return check.status();
  return absl::StrContains(*check, "does match certificate");
}

absl::StatusOr<SClientResult> SClient::Connect(const SClientTarget& target) const {
  return Read(target.host, RunCommand(ConnectCommand(target), {}, kTimeToConnect));
}

Arguments SClient::ConnectCommand(const SClientTarget& target) { return SClientCommand(target); }

absl::StatusOr<SClientResult> SClient::Read(const std::string& host,
                                            const CommandResult& run) const {
  SClientResult result;
  result.text = run.output;
  result.starttls_offered = !absl::StrContains(run.output, "Didn't find STARTTLS");
  result.finished = Finished(run.output);
  if (!result.finished) return result;

  const std::string& text = run.output;
  result.openssl_cipher = Find(text, "Cipher is ([A-Z0-9_-]+)");
  // For TLS 1.3 the session comes later, if at all, and its suites name the version well enough.
  result.version = Find(text, "Protocol *: (TLSv[0-9.]+)");
  if (result.version.empty()) result.version = Find(text, "New, (TLSv1\\.3), Cipher is");
  const auto suite = suites_.find(result.openssl_cipher);
  if (suite == suites_.end()) return absl::InternalError("unknown suite in\n" + text);
  result.cipher = suite->second.iana_name;
  result.cipher_bits = suite->second.bits;
  result.group = GroupInOurWords(text);
  result.signature_algorithm = SignatureInOurWords(text);
  result.extended_master_secret = absl::StrContains(text, "Extended master secret: yes");
  result.secure_renegotiation = absl::StrContains(text, "Secure Renegotiation IS supported");
  result.ocsp_stapled = !absl::StrContains(text, "OCSP response: no response sent");
  if (!absl::SimpleAtoi(Find(text, "Verify return code: ([0-9]+)"), &result.verify_code)) {
    return absl::InternalError("no verify return code in\n" + text);
  }
  result.chain_verdict = VerdictInOurWords(result.verify_code);
  auto chain = ReadChain(text);
  if (!chain.ok()) return chain.status();
  if (chain->empty()) return absl::InternalError("no certificate in\n" + text);
  result.chain = *std::move(chain);
  const auto names_host = LeafNames(host);
  if (!names_host.ok()) return names_host.status();
  result.leaf_names_host = *names_host;
  return result;
}

absl::StatusOr<std::string> SClient::DaneVerdict(const SClientTarget& target,
                                                 const std::vector<std::string>& tlsa) const {
  Arguments arguments = SClientCommand(target);
  // RFC 7672 §3.1.1: names do not matter to usage 3.
  arguments.insert(arguments.end(), {"-dane_tlsa_domain", target.host, "-dane_ee_no_namechecks"});
  for (const std::string& record : tlsa) {
    arguments.insert(arguments.end(), {"-dane_tlsa_rrdata", record});
  }
  const CommandResult run = RunCommand(arguments, {}, kTimeToConnect);
  if (absl::StrContains(run.output, "Failed to import any TLSA records")) return "unusable";
  const std::string code = Find(run.output, "Verify return code: ([0-9]+)");
  if (!Finished(run.output) || code.empty()) {
    return absl::InternalError("handshake not finished:\n" + run.output);
  }
  const bool matched = std::regex_search(run.output, std::regex("DANE TLSA .* (matched|signed)"));
  if (matched != (code == "0")) return absl::InternalError("of two minds:\n" + run.output);
  return matched ? "match" : "mismatch";
}

bool SClient::Finished(const std::string& output) {
  return absl::StrContains(output, "SSL_connect:SSLv3/TLS read finished");
}

std::string SClient::OpensslNameOf(const std::string& iana_name) const {
  for (const auto& [name, suite] : suites_) {
    if (suite.iana_name == iana_name) return name;
  }
  return "";
}

absl::StatusOr<Command> SClient::ConnectAtLevel(const SClientTarget& target, const Session& session,
                                                const LevelClient& client) const {
  const std::string cipher = OpensslNameOf(session.cipher);
  if (cipher.empty()) return absl::InternalError("unknown suite " + session.cipher);
  Offer offer;
  offer.min_version = offer.max_version = session.version;
  (session.version == "TLSv1.3" ? offer.ciphersuites : offer.ciphers) = cipher;
  if (!session.group.empty()) offer.groups = session.group;
  // Before TLS 1.3 the list is about the curves of keys, too (RFC 8422 §5.1).
  const bool key_counts = session.version != "TLSv1.3" && !session.key_curve.empty() &&
                          session.key_curve != session.group;
  if (key_counts) absl::StrAppend(&offer.groups, ":", session.key_curve);
  // It is part of the hello since TLS 1.2 (RFC 5246 §7.4.1.4.1).
  const bool is_negotiated = session.version == "TLSv1.2" || session.version == "TLSv1.3";
  if (is_negotiated && !session.signature_algorithm.empty()) {
    // 3.0 knows this one by another name.
    const bool is_ecdsa_sha1 = session.signature_algorithm == "ecdsa_sha1";
    offer.signature_algorithms = is_ecdsa_sha1 ? "ECDSA+SHA1" : session.signature_algorithm;
  }
  offer.security_level = client.level;
  Command command = {client.program.command, {}};
  command.options.environment = client.program.environment;
  for (std::string& option : Options(target, offer)) {
    command.arguments.push_back(std::move(option));
  }
  // What a server does not say of renegotiation (RFC 5746) is no matter of the level.
  command.arguments.insert(command.arguments.end(), {"-brief", "-legacy_server_connect"});
  if (client.verifies) command.arguments.push_back("-verify_return_error");
  return command;
}

bool SClient::Completed(const CommandResult& run) {
  return absl::StrContains(run.output, "CONNECTION ESTABLISHED");
}

}  // namespace mxsweep::interop
