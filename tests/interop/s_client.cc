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
  std::string min_version = "TLSv1";
  std::string max_version = "TLSv1.3";
  int security_level = 0;
};

Arguments SClientCommand(const SClientTarget& target, const Offer& offer) {
  return {"openssl",       "s_client",
          "-connect",      target.address + ":25",
          "-starttls",     "smtp",
          "-name",         "witness.example",
          "-servername",   target.host,
          "-CAfile",       target.trust_store,
          "-cipher",       absl::StrCat(offer.ciphers, ":@SECLEVEL=", offer.security_level),
          "-ciphersuites", offer.ciphersuites,
          "-groups",       offer.groups,
          "-min_protocol", offer.min_version,
          "-max_protocol", offer.max_version,
          "-sigalgs",      kSignatureAlgorithms,
          "-status",       "-showcerts"};
}

// The first group of `pattern`'s first match, "" without one.
std::string Find(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

// Not "New, TLSv1.3": what is known once both Finished messages were well.
bool HandshakeFinished(const CommandResult& result) {
  return result.exit_code == 0 && absl::StrContains(result.output, "SSL handshake has read") &&
         !Find(result.output, "Cipher is ([A-Z0-9_-]+)").empty() &&
         absl::StrContains(result.output, "Verify return code:");
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
    case 10:
      return "expired";
    case 18:
      return "self_signed";
    case 19:  // a self-signed certificate ends the chain
    case 20:  // the issuer of a certificate above the leaf is missing
      return "untrusted";
    case 21:  // the leaf's issuer is missing
      return "incomplete";
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
    certificate.key_bits = 256;  // it has one size, which is not told
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

Arguments SClient::ConnectCommand(const SClientTarget& target) {
  return SClientCommand(target, Offer());
}

absl::StatusOr<SClientResult> SClient::Read(const std::string& host,
                                            const CommandResult& run) const {
  SClientResult result;
  result.text = run.output;
  result.starttls_offered = !absl::StrContains(run.output, "Didn't find STARTTLS");
  result.finished = result.starttls_offered && HandshakeFinished(run);
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
  Arguments arguments = SClientCommand(target, Offer());
  // RFC 7672 §3.1.1: names do not matter to usage 3.
  arguments.insert(arguments.end(), {"-dane_tlsa_domain", target.host, "-dane_ee_no_namechecks"});
  for (const std::string& record : tlsa) {
    arguments.insert(arguments.end(), {"-dane_tlsa_rrdata", record});
  }
  const CommandResult run = RunCommand(arguments, {}, kTimeToConnect);
  const std::string code = Find(run.output, "Verify return code: ([0-9]+)");
  if (!HandshakeFinished(run) || code.empty()) {
    return absl::InternalError("handshake not finished:\n" + run.output);
  }
  const bool matched = std::regex_search(run.output, std::regex("DANE TLSA .* matched"));
  if (matched != (code == "0")) return absl::InternalError("of two minds:\n" + run.output);
  return matched ? "match" : "mismatch";
}

absl::StatusOr<int> SClient::SecurityLevel(const SClientTarget& target,
                                           const SClientResult& negotiated) const {
  const bool is_tls13 = negotiated.version == "TLSv1.3";
  Offer offer;
  offer.min_version = offer.max_version = negotiated.version;
  (is_tls13 ? offer.ciphersuites : offer.ciphers) = negotiated.openssl_cipher;
  if (!negotiated.group.empty()) offer.groups = negotiated.group;
  // X509_V_ERR_EE_KEY_TOO_SMALL, _CA_KEY_TOO_SMALL, _CA_MD_TOO_WEAK.
  const std::regex too_weak("verify error:num=(66|67|68):");
  for (int level = 0; level <= 5; ++level) {
    offer.security_level = level;
    const CommandResult run = RunCommand(SClientCommand(target, offer), {}, kTimeToConnect);
    if (!HandshakeFinished(run) || std::regex_search(run.output, too_weak)) {
      if (level == 0) return absl::InternalError("fails even at level 0:\n" + run.output);
      return level - 1;
    }
  }
  return 5;
}

}  // namespace mxsweep::interop
