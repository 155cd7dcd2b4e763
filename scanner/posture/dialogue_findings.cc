// Findings on a server with which no TLS came about. Whether that is the server's doing or ours is
// the first thing each of them says.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "scanner/base/text.h"
#include "scanner/posture/findings.h"
#include "scanner/posture/strength.h"

namespace mxsweep::scanner {
namespace {

using output::EndpointRow;

// Replies may have several lines and be long: the first one says enough.
std::string FirstLine(const std::string& reply) {
  constexpr size_t kMaxQuote = 120;
  const std::string line = reply.substr(0, reply.find('\n'));
  return line.size() <= kMaxQuote ? line : line.substr(0, kMaxQuote) + " ...";
}

std::string Quote(const std::optional<std::string>& reply) {
  return reply ? JoinText("\"", FirstLine(*reply), "\"") : std::string("an error");
}

// Some firewalls overwrite what they don't like: "250-XXXXXXXA" was once STARTTLS.
bool IsMasked(const EndpointRow& row) {
  return row.ehlo_keywords &&
         std::ranges::any_of(*row.ehlo_keywords, [](const std::string& keyword) {
           return keyword.size() >= 4 &&
                  keyword.find_first_not_of("X") >= std::min<size_t>(keyword.size() - 1, 7);
         });
}

Finding NoStartTls(const EndpointRow& row) {
  Finding finding{.severity = Severity::kBad,
                  .id = "no_starttls",
                  .title = "the server does not offer STARTTLS",
                  .why =
                      "Mail to it crosses the network in clear, readable and changeable on the "
                      "way.",
                  .fix = "switch TLS on in the mail server",
                  .not_this =
                      "Not a DNS problem: MX and addresses lead to a server that answers. "
                      "Not a certificate problem: the matter never came that far."};
  if (row.helo_used.value_or(false)) {
    finding.why += " It refuses EHLO and knows HELO only: a very old server, or a filter.";
  }
  if (IsMasked(row)) {
    finding.title = "a firewall takes STARTTLS out of the server's answer";
    finding.fix = "switch off SMTP inspection in the firewall";
    finding.advice =
        "The EHLO answer has a keyword overwritten with X: a firewall between here and the server "
        "does that (Cisco calls it \"inspect esmtp\"). Switch it off for port 25.";
    return finding;
  }
  if (row.error_detail) {
    finding.title = "the server ends its reply to EHLO before it comes to STARTTLS";
    finding.why += JoinText(" As we saw, ", *row.error_detail,
                            ": every line of a reply but the last has a hyphen behind the code "
                            "(RFC 5321, section 4.2.1), and what comes later is no part of it.");
    finding.fix = "let the server write \"250-\" in all lines but the last";
    finding.advice = "A filter, a proxy or a mail server of somebody's own writes such replies.";
    return finding;
  }
  finding.advice =
      "It needs a certificate for its own name. Postfix: "
      "smtpd_tls_chain_files and smtpd_tls_security_level = may. Exim: tls_certificate, "
      "tls_privatekey and tls_advertise_hosts = *. Exchange: bind the certificate to the SMTP "
      "service. If it is on and not offered here, look for a firewall that rewrites SMTP.";
  return finding;
}

Finding StartTlsRefused(const EndpointRow& row) {
  return {
      .severity = Severity::kBad,
      .id = "starttls_refused",
      .title = "the server offers STARTTLS and then refuses it",
      .why = JoinText(
          "It answers STARTTLS with ", Quote(row.starttls_reply), ". What becomes of mail then: ",
          WhoDoesWhat(row.starttls_code.value_or(0) / 100 == 5 ? &Sender::starttls_5xx
                                                               : &Sender::starttls_4xx)),
      .fix = "look into the mail server's log for why TLS does not start",
      .advice =
          "Nearly always the certificate or its key is missing, is unreadable for the "
          "server's user, or doesn't belong to the other; the log names the file.",
      .not_this = "Not a DNS problem, and nothing that a sender could heal."};
}

std::string HowItFailed(const EndpointRow& row) {
  if (row.alert_received) {
    // What it said besides stands in the detail behind the alert's name.
    const std::string detail = row.error_detail.value_or("");
    const size_t more = detail.find(", and in clear: ");
    return JoinText("The server ends the handshake with the alert \"", *row.alert_received, "\"",
                    more == std::string::npos ? "" : detail.substr(more), ".");
  }
  if (row.error_detail) return JoinText("The handshake breaks off: ", *row.error_detail, ".");
  return "The handshake breaks off.";
}

// The words of endpoints.may_be_ours.
std::string_view WhatMayBeOurs(std::string_view word) {
  if (word == "no_common_cipher") {
    return "it may want what we do not offer, and others do: finite-field Diffie-Hellman, CCM or "
           "Camellia ciphers, RSA-PSS or Ed448 keys";
  }
  if (word == "no_common_version") return "it may want a version that we do not offer";
  if (word == "client_hello") return "it may mind something in our ClientHello alone";
  if (word == "session_id_echoed") return "it sends our session id back, which ends our TLS only";
  if (word == "key_usage") {
    return "its certificate's key usage does not fit the cipher, which not every client minds";
  }
  if (word == "leaf_key") return "its key is of a kind that our TLS does not know";
  if (word == "certificate_not_parsed") return "our TLS cannot read its certificate";
  if (word == "signature_algorithm") return "it signs with an algorithm that our TLS does not know";
  if (word == "group") return "it takes a group that our TLS does not know";
  return "our TLS may lack what it wants";
}

// What a ClientHello like OpenSSL's met there; empty: that is not known.
std::string WhatOpenSslMeets(const EndpointRow& row) {
  if (row.follow_up == "alert") {
    return JoinText("A ClientHello like OpenSSL's met the alert \"",
                    row.follow_up_alert.value_or("?"), "\", too: senders with it fail likewise");
  }
  if (!row.follow_up_tls_version || !row.follow_up_cipher) return "";
  std::string text = JoinText("A ClientHello like OpenSSL's was answered with ",
                              *row.follow_up_tls_version, ", ", *row.follow_up_cipher);
  if (row.follow_up_group) AppendText(&text, ", ", *row.follow_up_group);
  if (row.follow_up_session_level) {
    AppendText(&text, ": senders with it get on up to security level ",
               int{*row.follow_up_session_level});
    if (row.follow_up_session_level_limit)
      AppendText(&text, " (", *row.follow_up_session_level_limit, ")");
  }
  return text;
}

// Where another client may get on: nothing is said of the server.
Finding OurHandshakeFailed(const HostRows& host, const EndpointRow& row) {
  const std::string met = WhatOpenSslMeets(row);
  return {
      .severity = Severity::kUnknown,
      .id = "handshake_failed_for_us",
      .title = "our own TLS handshake fails, and that of senders may not",
      .why = JoinText(HowItFailed(row), " But ", WhatMayBeOurs(*row.may_be_ours),
                      met.empty() ? ". What becomes of mail is not known." : ". ", met,
                      met.empty() ? "" : "; what others meet is not known."),
      .fix = "try with the TLS library of a sender",
      .advice = JoinText("\"openssl s_client -starttls smtp -connect ", host.name, ":", row.port,
                         " -servername ", host.name,
                         "\" tells what a sender with OpenSSL meets. If "
                         "that gets on, most senders do. A server that takes common ciphers and "
                         "keys (AES-GCM with ECDHE; RSA 2048 or EC P-256) pleases everybody."),
      .not_this = "No sign that the server's TLS is broken."};
}

Finding HandshakeFailed(const HostRows& host, const EndpointRow& row) {
  if (IsMaybeOurs(row)) return OurHandshakeFailed(host, row);
  const std::string how = HowItFailed(row);
  return {.severity = Severity::kBad,
          .id = "handshake_failed",
          .title = "the TLS handshake fails",
          .why = JoinText(how, " Mail then, unless another server takes it: ",
                          WhoDoesWhat(&Sender::handshake_fails)),
          .fix = "find out what TLS versions, ciphers and key the server is set up with",
          .advice = JoinText(
              "Try \"openssl s_client -starttls smtp -connect ", host.name, ":", row.port,
              " -servername ", host.name,
              "\" and read the server's log. Usual causes: a certificate that does not belong to "
              "the key, or nothing allowed but what is long outdated. mxsweep offers TLS 1.0 to "
              "1.3 without finite-field Diffie-Hellman, RC4 and export ciphers: a sender that "
              "still offers those may get through."),
          .not_this =
              "Not the certificate's date, name or issuer: opportunistic senders look at "
              "none of them."};
}

Finding Refused(const EndpointRow& row) {
  return {.severity = Severity::kBad,
          .id = "connection_refused",
          .title = "nothing listens: the connection is refused",
          .why = JoinText("The machine answers, and no program listens on port ", row.port,
                          ". Senders go on to the next server, or keep the mail and try again."),
          .fix = "start the mail server, or take it out of the MX records",
          .advice =
              "If it runs, see on what addresses it listens (\"ss -ltn\"), IPv6 included, and "
              "whether a firewall rejects the port.",
          .not_this =
              "Not a TLS problem, and not a DNS problem as long as this is the right "
              "address."};
}

Finding NoSmtp(const EndpointRow& row) {
  return {.severity = Severity::kBad,
          .id = "no_smtp",
          .title = "what answers does not speak SMTP as it should",
          .why = JoinText("The dialogue broke off: ", row.error_detail.value_or("a protocol error"),
                          ". Every sender meets the same."),
          .fix = "see what program listens on the port",
          .advice =
              "Perhaps another service, TLS without STARTTLS (that belongs on port 465), or "
              "a proxy between.",
          .not_this = "Not a certificate problem."};
}

Finding SeveralCodes(const EndpointRow& row) {
  return {.severity = Severity::kWarning,
          .id = "reply_codes_differ",
          .title = "the lines of one reply have different codes",
          .why = JoinText("A reply has one code (RFC 5321, section 4.2.1). Stage, first and last "
                          "line's code: ",
                          row.reply_codes.value_or(""),
                          ". Postfix takes the last line's code, as we did; Exim the first "
                          "line's, and passes over keywords in lines with another."),
          .fix = "see what writes the replies: the mail server or a filter in front of it",
          .not_this = "No sign that TLS is missing."};
}

// Firewalls overwrite the greeting, too.
Finding MaskedGreeting(const EndpointRow& row) {
  const bool bare = row.greeting->find('*') == std::string::npos;
  return {.severity = Severity::kBad,
          .id = "masked_greeting",
          .title = bare ? "the greeting is empty, and Postfix says HELO to it"
                        : "a firewall masks the greeting, and Postfix says HELO to it",
          .why = JoinText("The server greets with ", Quote(row.greeting),
                          ". Postfix takes that for a firewall that cannot do ESMTP "
                          "(smtp_pix_workarounds) and says HELO, so that it never hears of "
                          "STARTTLS: it delivers in clear, or, where TLS is a must, not at all. "
                          "Exim says EHLO all the same."),
          .fix = bare ? "let the server greet with its name"
                      : "switch off SMTP inspection in the firewall",
          .advice = bare ? "A greeting is \"220\", the host's name, and a word or two (RFC 5321, "
                           "section 4.2)."
                         : "Cisco calls it \"fixup protocol smtp\" or \"inspect esmtp\". Switch "
                           "it off for port 25.",
          .not_this = "Not a certificate problem."};
}

Finding OddConsent(const EndpointRow& row) {
  return {.severity = Severity::kWarning,
          .id = "starttls_code",
          .title = JoinText("STARTTLS is answered with ", *row.starttls_code, " instead of 220"),
          .why =
              "Postfix and Exim take any 2xx for consent; others (Go, Java, Sendmail) want 220 "
              "(RFC 3207, section 4), and end the session.",
          .fix = "let the server answer 220",
          .advice = "A proxy or an old library in front of the mail server is the usual cause."};
}

Finding TurnedAway(const EndpointRow& row) {
  const std::string reply = row.greeting_code && *row.greeting_code >= 400
                                ? Quote(row.greeting)
                                : JoinText("\"", row.error_detail.value_or(row.outcome), "\"");
  return {.severity = Severity::kUnknown,
          .id = "turned_away",
          .title = "the server turned us away before TLS",
          .why = JoinText("It said ", reply,
                          ". That may be about us and not about mail in general, so that nothing "
                          "is known of its TLS."),
          .fix = "ask again later, or from the address of a mail server",
          .advice =
              "Servers turn away addresses without matching reverse DNS, on blocklists, or "
              "that come too often. Give --ehlo-name a name that resolves to this machine.",
          .not_this = "Not a TLS problem, as far as can be seen, and no sign that TLS is missing."};
}

Finding ConnectTimeout(const EndpointRow& row) {
  return {.severity = Severity::kUnknown,
          .id = "connect_timeout",
          .title = "no answer to the connection",
          .why = JoinText("Nothing came back from port ", row.port,
                          ". Nothing is known of this server."),
          .fix = "try from a machine that sends mail",
          .advice =
              "Many networks (homes, offices, nearly every cloud) block outgoing connections "
              "to port 25: then all servers of all domains look like this. If others get no "
              "answer either, look at the server's firewall.",
          .not_this = "Not a TLS problem, and no sign that TLS is missing."};
}

Finding NoAnswer(const EndpointRow& row) {
  return {.severity = Severity::kUnknown,
          .id = "no_answer",
          .title = "the server broke off or fell silent before TLS",
          .why = JoinText("It ended with ", row.outcome, " at the stage ", row.stage,
                          row.error_detail ? JoinText(" (", *row.error_detail, ")") : "",
                          ", after ", row.attempts, row.attempts == 1 ? " attempt" : " attempts",
                          ". Nothing is known of its TLS."),
          .fix = "ask again later, with longer time-outs",
          .advice =
              "A tarpit, an overloaded server, or a firewall that lets the connection through "
              "and nothing else. Try --greeting-timeout 2m --command-timeout 2m.",
          .not_this = "No sign that TLS is missing."};
}

Finding NotAsked(const EndpointRow& row) {
  Finding finding{.severity = Severity::kUnknown,
                  .id = "not_asked",
                  .title = "the server was not asked",
                  .why = JoinText("Our own doing: ", row.outcome,
                                  row.error_detail ? JoinText(" (", *row.error_detail, ")") : "",
                                  ". It says nothing about the server.")};
  if (row.outcome == "blocked" && row.error_detail == "special_purpose") {
    finding.severity = Severity::kBad;
    finding.id = "special_address";
    finding.title = "the address is private or reserved";
    finding.why = "Nobody on the Internet can deliver to it. It was not connected to.";
    finding.fix = "publish a public address";
    finding.advice = "To ask it all the same, on your own network: --allow-special.";
  } else if (row.outcome == "local_no_route") {
    finding.severity = Severity::kNote;
    finding.id = "no_route";
    finding.title = "this machine has no route to the address";
    finding.why = "It is not connected to that kind of network (IPv6, most of the time).";
    finding.advice = "Ask from a machine that is.";
    finding.not_this = "Not the server's fault.";
  }
  return finding;
}

// On a dialogue that went on all the same.
void AddGreetingFindings(const EndpointRow& row, std::vector<Finding>* findings) {
  const Place place{row.host, row.address};
  const bool offered = row.starttls_code || row.outcome == "tls_ok";
  if (offered && row.greeting && IsMaskedGreeting(*row.greeting)) {
    AddFinding(MaskedGreeting(row), place, findings);
  }
  if (row.reply_codes) AddFinding(SeveralCodes(row), place, findings);
  const uint16_t code = row.starttls_code.value_or(220);
  if (code / 100 == 2 && code != 220) AddFinding(OddConsent(row), place, findings);
}

}  // namespace

void AddDialogueFindings(const CheckView&, const HostRows& host, const EndpointRow& row,
                         std::vector<Finding>* findings) {
  const std::string& outcome = row.outcome;
  const bool in_handshake = row.stage == "handshake";
  Finding finding;
  if (outcome == "tls_ok") return AddGreetingFindings(row, findings);
  if (outcome == "no_starttls") {
    finding = NoStartTls(row);
  } else if (outcome == "starttls_refused") {
    finding = StartTlsRefused(row);
  } else if (outcome == "tls_alert" || outcome == "tls_protocol_error" ||
             (in_handshake && (outcome == "closed_early" || outcome == "reset"))) {
    finding = HandshakeFailed(host, row);
  } else if (outcome == "connect_refused") {
    finding = Refused(row);
  } else if (outcome == "smtp_protocol_error") {
    finding = NoSmtp(row);
  } else if (outcome == "connect_timeout" || outcome == "unreachable") {
    finding = ConnectTimeout(row);
  } else if (outcome == "greeting_4xx" || outcome == "greeting_5xx" || outcome == "ehlo_refused" ||
             outcome == "throttled_421") {
    finding = TurnedAway(row);
  } else if (outcome == "blocked" || outcome.starts_with("not_asked_") ||
             outcome.starts_with("local_")) {
    finding = NotAsked(row);
  } else {
    finding = NoAnswer(row);
  }
  AddFinding(std::move(finding), {row.host, row.address}, findings);
  AddGreetingFindings(row, findings);
}

}  // namespace mxsweep::scanner
