#include "tests/interop/references.h"

#include <iterator>
#include <regex>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "tests/interop/mail_servers.h"

namespace mxsweep::interop {
namespace {

// A text that a reference prints, and the word for it.
struct Phrase {
  const char* text;
  const char* word;
};

// The word of the first phrase that `text` contains; "" if none is.
template <size_t N>
std::string FirstOf(const std::string& text, const Phrase (&phrases)[N]) {
  for (const Phrase& phrase : phrases) {
    if (absl::StrContains(text, phrase.text)) return phrase.word;
  }
  return "";
}

std::string Find(const std::string& text, const char* pattern) {
  std::smatch match;
  return std::regex_search(text, match, std::regex(pattern)) ? match[1].str() : "";
}

std::string Digits(const std::string& fingerprint) {
  return absl::AsciiStrToLower(absl::StrReplaceAll(fingerprint, {{":", ""}}))
      .substr(0, kFingerprintDigits);
}

std::string WithName(const std::string& chain, bool name_fits) {
  if (name_fits) return chain;
  return chain == "valid" ? "name" : chain + "+name";
}

// What became of a session without TLS.
constexpr Phrase kPosttlsEnds[] = {
    {"(nullMX)", "null_mx"},
    {"try again", "dns_error"},
    {"Host not found", "nxdomain"},
    {"SSL_connect error", "failed"},
    {"< 454", "starttls_refused"},
    {"< 550", "greeting_5xx"},
    {"refused to talk", "greeting_5xx"},
};

std::string PosttlsTls(const std::string& text) {
  const std::string version = Find(text, "TLS connection established to .*: (TLSv[0-9.]+) with");
  if (!version.empty()) {
    return absl::StrCat(version, " ", Digits(Find(text, " fingerprint=([0-9A-F:]+)")));
  }
  const std::string end = FirstOf(text, kPosttlsEnds);
  if (!end.empty()) return end;
  const bool was_answered = absl::StrContains(text, "< 250 ");
  return was_answered && !absl::StrContains(text, "STARTTLS") ? "no_starttls" : "failed";
}

constexpr Phrase kPosttlsTroubles[] = {
    {"hostname mismatch", "name"},
    {"certificate has expired", "expired"},
    {"certificate not yet valid", "not_yet_valid"},
    {"certificate is not yet valid", "not_yet_valid"},
    {"untrusted issuer", "untrusted"},
    {"self-signed certificate", "untrusted"},
    {"unable to get", "untrusted"},
    {"invalid CA certificate", "constraint"},
    {"not designated for use as a server certificate", "constraint"},
    {"subtree violation", "constraint"},
    {"signature digest algorithm too weak", "weak_signature"},
};

// At level secure.
std::string PosttlsPkix(const std::string& text) {
  if (!absl::StrContains(text, "TLS connection established")) return "";
  if (absl::StrContains(text, "Verified TLS connection")) return "valid";
  const std::string trouble = FirstOf(text, kPosttlsTroubles);
  return trouble.empty() ? "unclear" : trouble;
}

// At level dane-only or dane.
std::string PosttlsDane(const std::string& text) {
  if (absl::StrContains(text, "TLSA lookup error")) return "lookup_error";
  if (absl::StrContains(text, "no TLSA records found")) return "none";
  if (absl::StrContains(text, "lookup failed")) return "";
  if (!absl::StrContains(text, "TLS connection established")) {
    return absl::StrContains(text, "SSL_connect error") ? "tls_failed" : "no_starttls";
  }
  if (absl::StrContains(text, "no usable TLSA") ||
      absl::StrContains(text, "all TLSA records unusable")) {
    return "unusable";
  }
  // With an insecure MX record it says no more than "Trusted".
  return std::regex_search(text, std::regex("(Verified|Trusted) TLS connection")) ? "match"
                                                                                  : "mismatch";
}

std::string PosttlsDomain(const std::string& dane, const std::string& text) {
  if (absl::StrContains(text, "try again") && !absl::StrContains(text, "TLSA")) return "unknown";
  if (absl::StrContains(text, "lookup failed")) return "";
  if (dane == "none" || dane.empty()) return "none";
  if (dane == "unusable") {
    // It is content with any TLS.
    return absl::StrContains(text, "TLS connection established") ? "partial" : "broken";
  }
  if (dane != "match") return "broken";
  return absl::StrContains(text, "MX RRset insecure") ? "optional" : "full";
}

constexpr Phrase kGnutlsTroubles[] = {
    {"uses expired certificate", "expired"},
    {"uses not yet valid certificate", "not_yet_valid"},
    {"uses a not yet valid certificate", "not_yet_valid"},
    {"not yet activated", "not_yet_valid"},
    {"issuer is not a CA", "constraint"},
    {"purpose", "constraint"},
    {"violates the signer's constraints", "constraint"},
    {"insecure algorithm", "weak_signature"},
    {"issuer is unknown", "untrusted"},
};

std::string GnutlsPkix(const std::string& text) {
  const std::string status = Find(text, "- Status: (.*)");
  if (status.empty()) return "";
  if (absl::StrContains(status, "certificate is trusted")) return "valid";
  const std::string trouble = FirstOf(status, kGnutlsTroubles);
  const bool name_fits = !absl::StrContains(status, "does not match the expected");
  if (trouble.empty() && name_fits) return status;
  return WithName(trouble.empty() ? "valid" : trouble, name_fits);
}

constexpr Phrase kGnutlsDane[] = {
    {"DANE: Certificate matches", "match"},
    {"DANE: Verification failed", "mismatch"},
    {"No DANE data were found", "none"},
    {"DNSSEC signature is invalid", "lookup_error"},
    {"No DNSSEC signature was found", "none"},  // insecure
    {"requested data are not available", "unusable"},
};

std::string OpensslDane(const std::string& text) {
  if (absl::StrContains(text, "Failed to import any TLSA records")) return "unusable";
  if (!SClient::Finished(text)) return "";
  return std::regex_search(text, std::regex("DANE TLSA .* (matched|signed)")) &&
                 absl::StrContains(text, "Verify return code: 0 ")
             ? "match"
             : "mismatch";
}

// All that X509_verify_cert complained of, as docs/outcomes.md has it.
std::string OpensslPkix(const std::string& text) {
  static constexpr Phrase kErrors[] = {
      {"verify error:num=18:", "self_signed"}, {"verify error:num=21:", "incomplete"},
      {"verify error:num=20:", "untrusted"},   {"verify error:num=19:", "untrusted"},
      {"verify error:num=24:", "constraint"},  {"verify error:num=79:", "constraint"},
      {"verify error:num=26:", "constraint"},  {"verify error:num=47:", "constraint"},
      {"verify error:num=32:", "constraint"},  {"verify error:num=68:", "weak_signature"},
      {"verify error:num=10:", "expired"},     {"verify error:num=9:", "not_yet_valid"},
  };
  std::string chain = FirstOf(text, kErrors);
  const std::string code = Find(text, "Verify return code: ([0-9]+)");
  const bool name_fits = !absl::StrContains(text, "verify error:num=62:");
  if (chain.empty()) chain = code == "0" || !name_fits ? "valid" : "verify code " + code;
  return WithName(chain, name_fits);
}

}  // namespace

const std::string& Answers::of(Aspect aspect) const {
  switch (aspect) {
    case Aspect::kTls:
      return tls;
    case Aspect::kPkix:
      return pkix;
    case Aspect::kDane:
      return dane;
    case Aspect::kDomain:
      break;
  }
  return domain;
}

Command AskPosttlsFinger(const std::string& servers, const std::string& postfix,
                         const std::string& trust_store, const ReferenceTarget& target,
                         const std::string& level) {
  Command command;
  command.arguments = {servers + "/root/usr/sbin/posttls-finger",
                       "-l",
                       level,
                       "-F",
                       trust_store,
                       "-o",
                       "tls_medium_cipherlist=ALL:!aNULL:@SECLEVEL=0",
                       "-o",
                       "smtp_tls_mandatory_protocols=>=TLSv1",
                       target.names.domain};
  // Of its own accord it sends no server name without DANE.
  const bool needs_server_name = level == "secure" || level == "encrypt";
  if (needs_server_name && !target.names.mx_host.empty()) {
    command.arguments.insert(command.arguments.end() - 1, {"-s", target.names.mx_host});
  }
  if (level == "secure") command.arguments.push_back(target.names.mx_host);
  command.options.environment = {LibraryEnvironment(servers), "MAIL_CONFIG=" + postfix,
                                 absl::StrCat("OPENSSL_CONF=", postfix, "/openssl.cnf")};
  return command;
}

Answers ReadPosttlsFinger(const std::vector<std::string>& outputs) {
  const std::string &encrypt = outputs[0], &secure = outputs[1], &dane_only = outputs[2],
                    &dane = outputs[3];
  Answers answers;
  answers.tls = PosttlsTls(encrypt);
  answers.pkix = PosttlsPkix(secure);
  answers.dane = PosttlsDane(dane_only);
  answers.domain = PosttlsDomain(answers.dane, dane);
  for (size_t i = 0; i < outputs.size(); ++i) {
    absl::StrAppend(&answers.transcript, "--- ", kPosttlsLevels[i], "\n", outputs[i]);
  }
  return answers;
}

Command AskGnutls(const std::string& trust_store, const ReferenceTarget& target) {
  // It looks up addresses and TLSA records (with --dane) by itself, and goes on without trust.
  return {{"gnutls-cli", "--starttls-proto=smtp", "--port=25", "--insecure", "--dane",
           "--local-dns", "--x509cafile=" + trust_store,
           "--priority=NORMAL:+VERS-TLS1.1:+VERS-TLS1.0:%PROFILE_LOW", target.names.mx_host},
          {}};
}

Answers ReadGnutls(const std::string& output) {
  Answers answers;
  answers.transcript = output;
  const std::string version = Find(output, "- Description: \\((TLS[0-9.]+)");
  if (!version.empty() && absl::StrContains(output, "Handshake was completed")) {
    answers.tls = absl::StrCat(version == "TLS1.0" ? "TLSv1" : "TLSv" + version.substr(3), " ",
                               Digits(Find(output, "sha256:([0-9a-f]+)")));
    answers.pkix = GnutlsPkix(output);
    answers.dane = FirstOf(output, kGnutlsDane);
    if (answers.dane.empty()) answers.dane = "unclear";
  } else {
    answers.tls = absl::StrContains(output, "Cannot resolve") ? "dns_error" : "failed";
  }
  return answers;
}

std::vector<std::string> OpensslIdentifiers(const ReferenceTarget& target) {
  std::vector<std::string> identifiers = {target.names.base};
  // RFC 7672 §3.2.2: the next-hop domain, if its MX records are secure.
  if (target.test_case->placement != Placement::kUnsignedDomain) {
    identifiers.push_back(target.names.domain);
  }
  return identifiers;
}

Command AskOpenssl(const std::string& trust_store, const ReferenceTarget& target) {
  Command command = {
      SClient::ConnectCommand(
          {.address = target.address, .host = target.names.mx_host, .trust_store = trust_store}),
      {}};
  command.arguments.insert(command.arguments.end(), {"-verify_hostname", target.names.mx_host});
  return command;
}

Command AskOpensslDane(const std::string& trust_store, const ReferenceTarget& target,
                       const std::string& identifier) {
  Command command = {
      SClient::ConnectCommand(
          {.address = target.address, .host = target.names.base, .trust_store = trust_store}),
      {}};
  // RFC 7672 §3.1.1: names do not matter to usage 3.
  command.arguments.insert(command.arguments.end(),
                           {"-dane_tlsa_domain", identifier, "-dane_ee_no_namechecks"});
  for (const std::string& record : target.tlsa) {
    command.arguments.insert(command.arguments.end(), {"-dane_tlsa_rrdata", record});
  }
  return command;
}

absl::StatusOr<Answers> ReadOpenssl(const SClient& s_client, const ReferenceTarget& target,
                                    const CommandResult& plain,
                                    const std::vector<std::string>& dane) {
  Answers answers;
  answers.transcript = plain.output;
  const auto result = s_client.Read(target.names.mx_host, plain);
  if (!result.ok()) return result.status();
  if (result->finished) {
    answers.tls = absl::StrCat(result->version, " ", result->cipher, " ",
                               result->group.empty() ? "" : result->group + " ",
                               Digits(result->chain.front().sha256));
    answers.pkix = OpensslPkix(plain.output);
  } else {
    answers.tls = result->starttls_offered ? "failed" : "no_starttls";
  }
  for (const std::string& output : dane) {
    const std::string word = OpensslDane(output);
    if (answers.dane.empty() || word == "match") answers.dane = word;
    absl::StrAppend(&answers.transcript, "--- DANE\n", output);
  }
  return answers;
}

}  // namespace mxsweep::interop
