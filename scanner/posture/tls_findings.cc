// Facts about a server, and findings on the TLS that came about.
#include <optional>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"
#include "scanner/posture/strength.h"

namespace mxsweep::scanner {
namespace {

using output::EndpointRow;

void AddAfterTlsFinding(const EndpointRow& row, std::vector<Finding>* findings);

std::string SessionText(const EndpointRow& row) {
  std::string text = row.tls_version.value_or("TLS");
  if (row.cipher) AppendText(&text, ", ", *row.cipher);
  AppendText(&text, ", ", row.group.value_or("static RSA"));
  return text;
}

// The outcome of a server without TLS, in a phrase.
Fact DialogueFact(const EndpointRow& row) {
  std::vector<Finding> findings;
  AddDialogueFindings({}, {}, row, &findings);
  const Finding& finding = findings.front();
  return {finding.severity, "session", "session", finding.title, true};
}

Fact TrustFact(const EndpointRow& row) {
  if (row.pkix_status == "valid") {
    return {Severity::kGood, "trust", "trust", "the chain leads to a known authority", true};
  }
  const std::string status = row.pkix_status.value_or("not known");
  return {row.pkix_status ? Severity::kBad : Severity::kUnknown, "trust", "trust",
          row.pkix_error ? JoinText(status, ": ", *row.pkix_error) : status, true};
}

Fact NameFact(const EndpointRow& row) {
  if (row.name_match == "san") {
    return {Severity::kGood, "name", "name", JoinText("the certificate names ", row.host), true};
  }
  if (row.name_match == "cn") {
    return {Severity::kWarning, "name", "name",
            JoinText(row.host, " is the common name only, not among the DNS names"), true};
  }
  return {Severity::kBad, "name", "name", JoinText("the certificate is not for ", row.host), true};
}

// A TLSA record whose data is long, cut.
std::string Abridged(const std::string& record) {
  constexpr size_t kShown = 30;
  return record.size() <= kShown ? record : record.substr(0, kShown) + "...";
}

// What the words of endpoints.dane_status mean.
Fact DaneFact(const CheckView& view, const EndpointRow& row) {
  const auto fact = [](Severity severity, std::string text, bool is_verdict = true) {
    return Fact{severity, "dane", "DANE", std::move(text), is_verdict};
  };
  const std::string_view status = DaneStatusFor(*view.domain->row, row);
  if (status == "match" && row.dane_status == "mismatch") {
    return fact(Severity::kGood,
                JoinText("match: the certificate names ", view.domain->row->domain));
  }
  if (status == "match") {
    return fact(Severity::kGood,
                JoinText("match: ", Abridged(row.dane_matched_record.value_or(""))));
  }
  if (status == "none") return fact(Severity::kNote, "no TLSA record", false);
  if (status == "insecure") {
    return fact(Severity::kNote, "not possible: the host's zone is not signed", false);
  }
  if (status == "mismatch") {
    return fact(Severity::kBad, "no TLSA record matches what the server shows");
  }
  if (status == "unusable") return fact(Severity::kWarning, "no TLSA record can be used");
  if (status == "no_starttls") {
    return fact(Severity::kBad, "TLSA records promise TLS, and there is none");
  }
  if (status == "tls_failed") {
    return fact(Severity::kBad, "TLSA records promise TLS, and the handshake fails");
  }
  if (status == "lookup_error") return fact(Severity::kBad, "the TLSA records cannot be looked up");
  return fact(Severity::kUnknown, "could not be judged");
}

Fact RevocationFact(const EndpointRow& row) {
  const std::string& status = *row.revocation_status;
  const Severity severity = status == "good"        ? Severity::kGood
                            : status == "revoked"   ? Severity::kBad
                            : status == "no_source" ? Severity::kNote
                                                    : Severity::kUnknown;
  return {severity, "revocation", "revocation",
          row.revocation_detail ? JoinText(status, ": ", *row.revocation_detail) : status,
          severity != Severity::kNote};
}

// OpenSSL's security level has two halves, which end different handshakes.
Fact LevelFact(std::string_view id, int level, const std::optional<std::string>& limit) {
  const Severity severity = level < 2 ? Severity::kBad : Severity::kGood;
  std::string text = JoinText("OpenSSL security level ", level);
  if (limit) AppendText(&text, " (", *limit, ")");
  return {severity, std::string(id), id == "strength" ? "strength" : "certificates",
          std::move(text), true};
}

// What became of the EHLO within TLS.
Fact AfterTlsFact(const EndpointRow& row) {
  std::vector<Finding> findings;
  AddAfterTlsFinding(row, &findings);
  const Finding& finding = findings.front();
  return {finding.severity, "after_tls", "within TLS", finding.title, true};
}

void AddCertificateFacts(const CheckView& view, const EndpointRow& row, std::vector<Fact>* facts) {
  const output::CertificateRow* leaf = LeafOf(view, row);
  if (leaf == nullptr) return;
  std::string text = KeyText(*leaf);
  if (leaf->not_after) AppendText(&text, ", valid until ", DateText(*leaf->not_after));
  facts->push_back({Severity::kGood, "certificate", "certificate", std::move(text), false});
  if (leaf->subject_alt_names && !leaf->subject_alt_names->empty()) {
    facts->push_back({Severity::kGood, "names", "", JoinText("for ", NamesText(*leaf)), false});
  }
  if (leaf->issuer) {
    facts->push_back({Severity::kGood, "issuer", "", JoinText("by ", *leaf->issuer), false});
  }
  facts->push_back(TrustFact(row));
  facts->push_back(NameFact(row));
}

Finding InjectedPlaintext() {
  return {.severity = Severity::kWarning,
          .id = "injected_plaintext",
          .title = "the server sends clear text behind its answer to STARTTLS",
          .why =
              "A careless client would take it for something said inside TLS (the mirror image of "
              "CVE-2011-0411). Postfix drops it and goes on; Exim ends the session, and "
              "delivers in clear.",
          .fix = "update the mail server",
          .advice =
              "Or the proxy in front of it: it must drop what it has read once TLS begins "
              "(RFC 3207, section 4.2).",
          .not_this = ""};
}

Finding OldVersion(const EndpointRow& row) {
  return {.severity = Severity::kBad,
          .id = "old_tls",
          .title = JoinText("nothing newer than ", *row.tls_version, " is spoken"),
          .why =
              "TLS 1.0 and 1.1 are retired (RFC 8996). Most libraries no longer speak them as they "
              "come: OpenSSL (from 3.1 on, above level 0), Go, Java, rustls. Exim with OpenSSL "
              "then delivers in clear; Postfix sets level 0 and delivers encrypted, and keeps the "
              "mail where it has to authenticate.",
          .fix = "switch TLS 1.2 and 1.3 on",
          .advice = "Often the server is simply old: its TLS library has to be updated.",
          .not_this = "Not a certificate problem: a new certificate changes nothing about it."};
}

Finding StaticRsa() {
  return {.severity = Severity::kWarning,
          .id = "no_forward_secrecy",
          .title = "no forward secrecy",
          .why =
              "The key exchange is static RSA: who gets hold of the server's key can read all "
              "mail recorded before.",
          .fix = "allow ECDHE ciphers",
          .advice =
              "Any TLS library of the last fifteen years has them; look for a cipher list "
              "in the server's configuration that leaves them out.",
          .not_this = ""};
}

// RFC 5746. In TLS 1.3 there is no renegotiation.
Finding NoRenegotiationInfo() {
  return {.severity = Severity::kBad,
          .id = "no_renegotiation_info",
          .title = "the server does not know secure renegotiation (RFC 5746)",
          .why =
              "OpenSSL ends the handshake with such a server since 3.0, and so do Postfix and "
              "all others that are linked to it: they deliver in clear, or not at all. GnuTLS "
              "and Go go on.",
          .fix = "update the mail server's TLS library",
          .advice =
              "RFC 5746 is of 2010: what lacks it is old, or an appliance between here and "
              "the server.",
          .not_this = "Not a certificate problem: a new certificate changes nothing about it."};
}

Finding ClientCertificateWanted() {
  return {.severity = Severity::kBad,
          .id = "client_certificate_wanted",
          .title = "the server wants a certificate of the client, and hangs up without",
          .why = JoinText("Mail senders have none to show (Postfix and Exim send none unless told "
                          "to). In TLS 1.3 they learn of it after the handshake. Mail then, unless "
                          "another server takes it: ",
                          WhoDoesWhat(&Sender::tls_closed)),
          .fix = "let the server ask for no client certificate on this port",
          .advice =
              "Postfix: smtpd_tls_req_ccert = no. Other servers call it mutual TLS or client "
              "authentication; it belongs on ports for known clients.",
          .not_this = "The server's own certificate is not at fault."};
}

Finding ClosedWithinTls(const EndpointRow& row) {
  return {.severity = Severity::kBad,
          .id = "closed_within_tls",
          .title = "the server hangs up once the handshake is done",
          .why = JoinText("To EHLO within TLS it gave no answer",
                          row.error_detail ? JoinText(" (", *row.error_detail, ")") : "",
                          ". Senders hand over no mail there; unless another server takes it: ",
                          WhoDoesWhat(&Sender::tls_closed)),
          .fix = "look into the mail server's log for what happens after the handshake",
          .advice =
              "Often a proxy or load balancer ends TLS, and what is behind it does not "
              "answer.",
          .not_this = "Neither the certificate nor DNS is at fault."};
}

Finding RefusedWithinTls(const EndpointRow& row) {
  const int code = row.after_tls_code.value_or(0);
  return {
      .severity = Severity::kBad,
      .id = "refused_within_tls",
      .title = JoinText("the server turned us away within TLS: ", code),
      .why = JoinText("It said \"", row.error_detail.value_or(""),
                      "\". That may be about us and not about mail in general. A sender that is "
                      "told the same: ",
                      code / 100 == 4 ? "Postfix goes on to the next server, or keeps the mail."
                                      : "Postfix returns the mail at once."),
      .fix = "look into the mail server's log for why it refuses EHLO within TLS",
      .advice = "If it is about us, ask from the address of a mail server.",
      .not_this = "Neither the certificate nor DNS is at fault."};
}

Finding SilentWithinTls(const EndpointRow& row) {
  return {.severity = Severity::kUnknown,
          .id = "no_answer_within_tls",
          .title = "the server gave no proper answer within TLS",
          .why = JoinText("EHLO within TLS ended with ", row.after_tls.value_or(""),
                          row.error_detail ? JoinText(" (", *row.error_detail, ")") : "",
                          ". Whether it takes mail is not known."),
          .fix = "ask again later, with longer time-outs",
          .not_this = "Neither the certificate nor DNS is at fault."};
}

void AddAfterTlsFinding(const EndpointRow& row, std::vector<Finding>* findings) {
  Finding finding;
  if (row.alert_received == "certificate_required") {
    finding = ClientCertificateWanted();
  } else if (row.after_tls == "closed") {
    finding = ClosedWithinTls(row);
  } else if (row.after_tls == "refused" || row.after_tls == "throttled_421") {
    finding = RefusedWithinTls(row);
  } else {
    finding = SilentWithinTls(row);
  }
  AddFinding(std::move(finding), {row.host, row.address}, findings);
}

// `leaf` may be null.
Finding WeakKey(const EndpointRow& row, const output::CertificateRow* leaf) {
  const std::string key =
      leaf != nullptr ? KeyText(*leaf) : JoinText("RSA ", row.leaf_key_bits.value_or(0), " bits");
  Finding finding{
      .severity = Severity::kBad,
      .id = "weak_key",
      .title = JoinText("the certificate's key is too short: ", key),
      .why =
          "Who verifies certificates with OpenSSL at security level 2, the default of Debian and "
          "others, refuses RSA keys under 2048 bits (\"ee key too small\"). Senders that do not "
          "verify deliver encrypted; but keys of 1024 bits can be broken, and what was recorded "
          "without forward secrecy be read.",
      .fix = "make a new key (RSA 2048 or EC P-256) and get a certificate for it",
      .advice = "A new certificate for the old key does not help.",
      .not_this =
          "This is the key of the server's TLS certificate. It has nothing to do with "
          "DKIM: changing DKIM keys does not help, and short DKIM keys do not cause it."};
  if (row.dane_status == "match") {
    finding.advice +=
        " Publish the TLSA record of the new key, and wait for the old record's TTL "
        "to pass, before the server uses it.";
  }
  return finding;
}

// What lifts the limit of a session's level.
std::string FixForSession(std::string_view limit) {
  if (limit.starts_with("version") || limit.starts_with("handshake signature")) {
    return "switch TLS 1.2 and 1.3 on, with SHA-256 signatures";
  }
  return limit.starts_with("cipher") ? "allow AES-GCM ciphers" : "allow X25519 and P-256";
}

Finding LowSession(const EndpointRow& row) {
  const std::string limit = SessionLimit(row);
  return {.severity = Severity::kBad,
          .id = "low_security_level",
          .title = "the session is too weak for OpenSSL's default security level",
          .why = JoinText("OpenSSL security level ", *SessionLevel(row), " at most, because of ",
                          limit.empty() ? "what was negotiated" : limit,
                          ". Senders whose TLS is at level 2, the default of Debian and others, "
                          "end the handshake: they deliver in clear, or not at all. Postfix sets a "
                          "level of its own, 0, or 1 where it has to authenticate."),
          .fix = FixForSession(limit),
          .not_this = "A new certificate changes nothing about it."};
}

// What lifts the limit of the certificates' level.
std::string FixForCertificate(std::string_view limit) {
  if (limit.find("unknown") != std::string_view::npos) {
    return "get a certificate of a common kind: RSA 2048 or EC P-256, signed over SHA-256";
  }
  if (limit.find("signature") != std::string_view::npos) {
    return "get a certificate whose whole chain is signed over SHA-256";
  }
  return "get a certificate whose whole chain has strong keys";
}

Finding LowCertificate(const EndpointRow& row) {
  const std::string limit = CertificateLimit(row);
  return {.severity = Severity::kWarning,
          .id = "low_certificate_level",
          .title = "a certificate is too weak for OpenSSL's default security level",
          .why = JoinText("OpenSSL security level ", *CertificateLevel(row),
                          " at most, because of ", limit.empty() ? "the chain" : limit,
                          ". Who verifies certificates at level 2, the default of Debian and "
                          "others, refuses; who does not verify, delivers encrypted."),
          .fix = FixForCertificate(limit),
          .not_this = "It has nothing to do with DKIM or with DNS."};
}

std::optional<std::string> NullIfEmpty(std::string text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// Whoever sends no server name meets something else. `row`.without_server_name is "failed" or
// "invalid".
Finding OtherWithoutServerName(const EndpointRow& row) {
  const bool failed = row.without_server_name == "failed";
  return {.severity = failed ? Severity::kBad : Severity::kWarning,
          .id = failed ? "server_name_wanted" : "other_certificate",
          .title = failed ? "the server ends the handshake with who sends no server name"
                          : "who sends no server name is shown a certificate that will not do",
          .why = JoinText("Without a server name (SNI) we were shown another side of it",
                          row.without_server_name_detail
                              ? JoinText(" (", *row.without_server_name_detail, ")")
                              : "",
                          ". Postfix sends none unless DANE is in use, nor does Exim: ",
                          failed ? "Postfix at may delivers in clear at a later attempt."
                                 : "Postfix at verify keeps the mail."),
          .fix = failed ? "serve TLS without a server name, too"
                        : "make the MX host's certificate the server's default one",
          .advice =
              "Compare \"openssl s_client -starttls smtp -noservername\" with -servername. Mail "
              "servers are asked for one name, most of the time: a default certificate that has "
              "it serves everybody.",
          .not_this = "Nothing is wrong with the certificate for who sends the name."};
}

// `row`.ehlo_after_tls has it.
Finding StartTlsWithinTls() {
  return {
      .severity = Severity::kNote,
      .id = "starttls_within_tls",
      .title = "the server offers STARTTLS within TLS, too",
      .why =
          "It must not (RFC 3207, section 4.2). Senders that are in TLS already pass over it; "
          "clients that go by the keywords alone ask for TLS again and fail.",
      .fix = "let the server drop the keyword once TLS is on",
      .advice = "The usual cause: a proxy ends TLS and hands on what the server behind it says.",
      .not_this = "Not a certificate problem, and no mail is delivered in clear for it."};
}

// The second connection met no STARTTLS where the first did.
bool OffersStartTlsAtTimes(const EndpointRow& row) {
  return !row.without_server_name && row.without_server_name_detail &&
         (row.without_server_name_detail->starts_with("no_starttls") ||
          row.without_server_name_detail->starts_with("starttls_refused"));
}

Finding StartTlsAtTimes(const EndpointRow& row) {
  return {.severity = Severity::kWarning,
          .id = "starttls_at_times",
          .title = "the server starts TLS on one connection and not on the next",
          .why = JoinText("We connected twice: the first connection got TLS, the second did not (",
                          *row.without_server_name_detail,
                          "). What is said here of TLS is the first one's; a sender that meets the "
                          "second delivers in clear or not at all."),
          .fix = "give all machines behind the address the same TLS set-up",
          .advice =
              "A load balancer in front of several machines, or a server that runs out of "
              "something, is the usual cause. Ask again a few times.",
          .not_this = "Not a DNS problem: it is one address."};
}

bool IsShortRsa(const EndpointRow& row) {
  return row.leaf_key_type && row.leaf_key_type->starts_with("rsa") && row.leaf_key_bits &&
         *row.leaf_key_bits < 2048;
}

}  // namespace

std::vector<Fact> EndpointFactsOf(const CheckView& view, const HostRows&, const EndpointRow& row) {
  std::vector<Fact> facts;
  if (row.outcome == "tls_ok") {
    facts.push_back({Severity::kGood, "session", "session", SessionText(row), false});
  } else {
    facts.push_back(DialogueFact(row));
  }
  AddCertificateFacts(view, row, &facts);
  // Where there are no records the host's line says so.
  if (const Fact dane = DaneFact(view, row); dane.is_verdict) facts.push_back(dane);
  AddServerPolicyFact(view, row, &facts);
  if (row.revocation_status) facts.push_back(RevocationFact(row));
  if (row.outcome == "tls_ok" && FailsWithinTls(row)) facts.push_back(AfterTlsFact(row));
  if (const std::optional<int> level = SessionLevel(row)) {
    facts.push_back(LevelFact("strength", *level, NullIfEmpty(SessionLimit(row))));
  }
  if (const std::optional<int> level = CertificateLevel(row); level && *level < 2) {
    facts.push_back(LevelFact("certificate_strength", *level, NullIfEmpty(CertificateLimit(row))));
  }
  if (row.rpt_result) {
    facts.push_back({Severity::kGood, "report", "reported as", *row.rpt_result, false});
  }
  return facts;
}

void AddTlsFindings(const CheckView& view, const HostRows&, const EndpointRow& row,
                    std::vector<Finding>* findings) {
  const Place place{row.host, row.address};
  if (row.injected_plaintext_bytes.value_or(0) > 0) {
    AddFinding(InjectedPlaintext(), place, findings);
  }
  if (row.outcome != "tls_ok") return;
  if (FailsWithinTls(row)) AddAfterTlsFinding(row, findings);
  if (row.without_server_name == "failed" || row.without_server_name == "invalid") {
    AddFinding(OtherWithoutServerName(row), place, findings);
  }
  if (OffersStartTlsAtTimes(row)) AddFinding(StartTlsAtTimes(row), place, findings);
  if (row.ehlo_after_tls && std::ranges::count(*row.ehlo_after_tls, "STARTTLS") > 0) {
    AddFinding(StartTlsWithinTls(), place, findings);
  }
  if (row.secure_renegotiation == false) AddFinding(NoRenegotiationInfo(), place, findings);
  const bool old = row.tls_version == "TLSv1" || row.tls_version == "TLSv1.1";
  const int session_level = SessionLevel(row).value_or(5);
  if (old) {
    AddFinding(OldVersion(row), place, findings);
  } else if (session_level < 2) {
    AddFinding(LowSession(row), place, findings);
  }
  if (!row.group && row.tls_version != "TLSv1.3") AddFinding(StaticRsa(), place, findings);
  if (IsShortRsa(row)) {
    AddFinding(WeakKey(row, LeafOf(view, row)), place, findings);
  } else if (CertificateLevel(row).value_or(5) < 2) {
    AddFinding(LowCertificate(row), place, findings);
  }
}

}  // namespace mxsweep::scanner
