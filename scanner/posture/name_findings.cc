// Facts and findings on what the DNS says: of MX hosts, and of the domain.
#include <algorithm>
#include <string>
#include <utility>

#include "scanner/base/text.h"
#include "scanner/posture/findings.h"

namespace mxsweep::scanner {
namespace {

using output::DomainRow;
using output::EndpointRow;
using output::MxHostRow;

std::string_view TextOf(const std::optional<std::string>& text) {
  return text ? std::string_view(*text) : std::string_view();
}

std::string TlsaList(const MxHostRow& row) {
  std::string list;
  for (const output::TlsaEntry& entry : *row.tlsa) {
    AppendText(&list, list.empty() ? "" : ", ", static_cast<int>(entry.usage), " ",
               static_cast<int>(entry.selector), " ", static_cast<int>(entry.matching_type),
               entry.usable ? "" : " (unusable)");
  }
  return list;
}

// Why the resolver's word on DNSSEC does not count.
std::string_view WhyBlind(const CheckWorld& world) {
  return world.resolver_denies ? "the resolver does not validate DNSSEC"
                               : "the resolver cannot tell what does not exist";
}

Fact TlsaFact(const CheckView& view, const MxHostRow& row) {
  const auto fact = [](Severity severity, std::string text, bool is_verdict) {
    return Fact{severity, "tlsa", "TLSA", std::move(text), is_verdict};
  };
  const std::string_view status = TextOf(row.tlsa_status);
  if (!view.world->resolver_validates) {
    return fact(Severity::kUnknown, JoinText("unknown: ", WhyBlind(*view.world)), true);
  }
  if (status == "secure") return fact(Severity::kGood, TlsaList(row), true);
  if (status == "none") return fact(Severity::kNote, "no record", false);
  if (status == "insecure")
    return fact(Severity::kNote, "does not count: the zone is not signed", false);
  if (status == "lookup_error") return fact(Severity::kBad, "the look-up fails", true);
  return fact(Severity::kUnknown, "not looked up", true);
}

Fact AddressFact(const CheckView& view, const MxHostRow& row) {
  const std::string_view status = TextOf(row.address_status);
  Fact fact{Severity::kGood, "addresses", "addresses", "", false};
  if (row.name_problem && status.empty()) {
    fact = {Severity::kBad, "addresses", "addresses", "not looked up: this is no host name", true};
  } else if (status == "ok") {
    const size_t count = row.addresses ? row.addresses->size() : 0;
    const bool is_signed = row.address_dnssec == "secure";
    fact.text = JoinText(count, count == 1 ? " address" : " addresses",
                         !view.world->resolver_validates ? ""
                         : is_signed                     ? ", signed"
                                                         : ", not signed",
                         row.is_cname.value_or(false)
                             ? JoinText(", alias of ", row.canonical_name.value_or("?"))
                             : std::string());
  } else if (status == "nxdomain" || status == "nodata") {
    fact = {Severity::kBad, "addresses", "addresses", "none", true};
  } else {
    fact = {Severity::kUnknown, "addresses", "addresses",
            JoinText("the look-up fails: ", status.empty() ? "not made" : status), true};
  }
  return fact;
}

// What is written in place of a host name, in words.
Finding NotAHost(const MxHostRow& row) {
  Finding finding{.severity = Severity::kBad,
                  .id = "mx_not_a_host",
                  .title = "the MX record does not name a host",
                  .fix = "let the MX record name a host that has an address"};
  const std::string_view problem = TextOf(row.name_problem);
  if (problem == "ip_literal") {
    finding.title = "the MX record holds an address in place of a name";
    finding.why =
        "The standard wants a host name there (RFC 5321, section 5.1). Postfix connects to the "
        "address all the same, Exim returns the mail; and no certificate or TLSA record can be "
        "for it. We did not ask the server.";
    finding.advice = "Give the address a name, and let the MX record say that.";
  } else if (row.host.find_first_of(" \t") != std::string::npos ||
             row.host.find("\\032") != std::string::npos ||
             row.host.find("\\009") != std::string::npos) {
    finding.title = "the MX record's host name has a blank in it";
    finding.why =
        "Nearly always it was typed or pasted at the end of the name, where nobody sees it. "
        "Senders do not look up such a name, and skip it.";
    finding.fix = "delete the MX record, and enter it again without the blank";
  } else if (row.host.find('_') != std::string::npos) {
    finding.title = "the MX record's host name has an underscore in it";
    finding.why =
        "Host names are made of letters, digits and hyphens (RFC 952, RFC 1123): some senders do "
        "not deliver to this one, and no public authority gives it a certificate.";
    finding.fix = "give the host a name without underscores";
  } else {
    finding.why =
        "What it says cannot be a host name: letters, digits and hyphens, with dots between "
        "(RFC 5321, section 2.3.5). Senders skip it.";
  }
  return finding;
}

// Does the zone's name stand twice at the end, as where the final dot was forgotten in a zone file:
// "mx.example.org.example.org"?
bool HasZoneTwice(std::string_view host, std::string_view domain) {
  for (std::string_view zone = domain; zone.find('.') != std::string_view::npos;
       zone.remove_prefix(zone.find('.') + 1)) {
    const std::string once = JoinText(".", zone);
    if (host.ends_with(JoinText(once, once)) || host == JoinText(zone, once)) return true;
  }
  return false;
}

Finding WithoutAddress(const CheckView& view, const HostRows& host, std::string_view status) {
  Finding finding{.severity = Severity::kBad,
                  .id = "mx_without_address",
                  .title = "the MX host has no address",
                  .why = status == "nxdomain" ? "The name does not exist. Senders skip it."
                                              : "It has neither A nor AAAA. Senders skip it.",
                  .fix = "publish its address, or take it out of the MX records"};
  const std::string_view domain = view.domain->row->domain;
  if (HasZoneTwice(host.name, domain)) {
    finding.title = "the MX host's name ends with the domain twice";
    finding.fix = "write a dot behind the host name in the zone file";
    finding.advice =
        "A name without a final dot has the zone's name appended (RFC 1035, section 5.1).";
  } else if (host.name.find('.') == std::string::npos) {
    finding.title = "the MX host's name is a single word";
    finding.advice =
        "Perhaps the domain behind it is missing: a name is written in full, with a dot at the "
        "end.";
  } else if (host.name.find('_') != std::string::npos) {
    finding.advice = "An underscore is not allowed in a host name: is it misspelt?";
  }
  return finding;
}

void AddAddressFindings(const CheckView& view, const HostRows& host,
                        std::vector<Finding>* findings) {
  const MxHostRow& row = *host.row;
  const std::string_view status = TextOf(row.address_status);
  if (!row.is_valid_name && status.empty()) {
    if (host.name == ".") return;  // told of the domain: null_mx_with_others
    AddFinding(NotAHost(row), {host.name, ""}, findings);
  } else if (status == "nxdomain" || status == "nodata") {
    AddFinding(WithoutAddress(view, host, status), {host.name, ""}, findings);
  } else if (!status.empty() && status != "ok") {
    AddFinding({.severity = status == "bogus" ? Severity::kBad : Severity::kUnknown,
                .id = status == "bogus" ? "mx_address_bogus" : "mx_address_lookup_error",
                .title = status == "bogus" ? "the MX host's address fails DNSSEC validation"
                                           : "the MX host's address could not be looked up",
                .why = row.error_detail.value_or(JoinText("The look-up ended with ", status, ".")),
                .fix = "look into the zone's name servers",
                .not_this = "Not a mail server problem: it was never reached."},
               {host.name, ""}, findings);
  }
  if (status == "ok" && host.endpoints.empty()) {
    AddFinding({.severity = Severity::kUnknown,
                .id = "not_asked",
                .title = "the host's servers were not asked",
                .why = "Our own doing: its addresses are of a family that was left out, or the "
                       "check was stopped. It says nothing about the host."},
               {host.name, ""}, findings);
  }
  if (row.is_cname.value_or(false)) {
    AddFinding({.severity = Severity::kNote,
                .id = "mx_is_alias",
                .title = "the MX host is an alias (CNAME)",
                .why = "The standard forbids it (RFC 5321, section 5.1); senders follow it "
                       "nonetheless.",
                .fix = JoinText("let the MX record name ",
                                row.canonical_name.value_or("the target"), " itself")},
               {host.name, ""}, findings);
  }
}

// A server of the host that shows a certificate.
const EndpointRow* Encrypting(const HostRows& host) {
  const auto found = std::ranges::find_if(
      host.endpoints, [](const EndpointRow* row) { return row->outcome == "tls_ok"; });
  return found == host.endpoints.end() ? nullptr : *found;
}

// Records that match now, and will not after a change of key.
void AddRolloverFinding(const HostRows& host, std::vector<Finding>* findings) {
  if (!NamesIssuersOnly(host)) {
    return AddFinding(
        {.severity = Severity::kNote,
         .id = "dane_rollover",
         .title = "the TLSA records do not survive a change of key",
         .why = "Only the present key is published. That is fine, until it is replaced.",
         .fix = "publish the next key's record before the server uses it",
         .advice = "Or renew certificates with the same key (certbot --reuse-key)."},
        {host.name, ""}, findings);
  }
  // The server's own key may change as it likes; what must not is the issuer's.
  const size_t issuers =
      static_cast<size_t>(std::ranges::count_if(*host.row->tlsa, &output::TlsaEntry::usable));
  if (issuers > 1) return;
  AddFinding({.severity = Severity::kNote,
              .id = "dane_rollover",
              .title = "the TLSA records do not survive a change of issuer",
              .why = "The one issuer's key is published: the server's own key may change, but "
                     "authorities sign with other intermediate certificates unasked, and then no "
                     "record matches.",
              .fix = "publish the record of the server's own key, too",
              .advice = "Or of every intermediate certificate that the authority may sign with."},
             {host.name, ""}, findings);
}

void AddTlsaFindings(const CheckView& view, const HostRows& host, std::vector<Finding>* findings) {
  const MxHostRow& row = *host.row;
  const std::string_view status = TextOf(row.tlsa_status);
  const EndpointRow* endpoint = Encrypting(host);
  if (status == "lookup_error") {
    AddFinding({.severity = Severity::kBad,
                .id = "tlsa_lookup_error",
                .title = "the TLSA look-up fails",
                .why = "Senders that check DANE cannot know whether records exist, and deliver "
                       "nothing to this host (RFC 7672, section 2.2).",
                .fix = "repair the name server's answer for TLSA",
                .advice = JoinText("Ask \"dig +dnssec _", view.world->port, "._tcp.", host.name,
                                   " TLSA\" at each name server: it must answer with records or "
                                   "with a signed denial. Old load balancers and firewalls drop "
                                   "types they do not know."),
                .not_this = "Not a certificate or mail server problem."},
               {host.name, ""}, findings);
  }
  const bool both_signed =
      row.address_dnssec == "secure" && view.domain->row->mx_dnssec == "secure";
  if (status == "none" && both_signed && endpoint != nullptr) {
    Finding finding{.severity = Severity::kNote,
                    .id = "dane_possible",
                    .title = "DANE could be switched on: the zones are signed",
                    .why =
                        "With a TLSA record, senders that check DANE insist on this very key, "
                        "and nobody on the way can strip TLS off.",
                    .fix = "publish a TLSA record"};
    finding.records = TlsaRecordsFor(view, host);
    finding.advice = JoinText("Whenever the key changes, publish the new key's record first. ",
                              TlsaAdvice(finding.records));
    AddFinding(std::move(finding), {host.name, ""}, findings);
  }
  const bool matches = std::ranges::any_of(
      host.endpoints, [](const EndpointRow* each) { return each->dane_status == "match"; });
  if (matches && row.dane_rollover_ready == false) AddRolloverFinding(host, findings);
}

// The standard's null MX has preference 0; senders (Postfix) do not look at it.
std::string NullMxRemark(const DomainRow& row) {
  if (!row.mx || row.mx->empty() || row.mx->front().preference == 0) return "";
  return JoinText(" Its preference is ", row.mx->front().preference,
                  ", and should be 0 (section 3); senders do not look at it.");
}

Finding NoMailFinding(const DomainRow& row) {
  const std::string& status = row.mx_status;
  if (status == "null_mx") {
    return {.severity = Severity::kNote,
            .id = "null_mx",
            .title = "the domain says that it takes no mail (null MX)",
            .why = JoinText("Senders return mail for it at once (RFC 7505), as it wants.",
                            NullMxRemark(row))};
  }
  if (status == "nxdomain") {
    return {.severity = Severity::kBad,
            .id = "no_such_domain",
            .title = "the domain does not exist",
            .why = "The DNS says so (NXDOMAIN). Senders return mail for it at once.",
            .fix = "check the spelling, and whether the registration has lapsed",
            .not_this = "Not a mail server problem."};
  }
  if (status == "no_mail") {
    return {.severity = Severity::kBad,
            .id = "no_mail",
            .title = "the domain has neither MX records nor an address",
            .why = "Senders return mail for it at once.",
            .fix = "publish an MX record, or a null MX (\"0 .\") if it shall take no mail"};
  }
  if (status == "bogus") {
    return {.severity = Severity::kBad,
            .id = "mx_bogus",
            .title = "the MX answer fails DNSSEC validation",
            .why = JoinText(row.error_detail.value_or("The signatures do not verify."),
                            " Senders with a validating resolver, as most large ones have, keep "
                            "mail in their queues and return it after days."),
            .fix = "repair the zone's DNSSEC: signatures, or the DS record at the registrar",
            .advice = "Expired signatures and a DS record of an old key are the usual causes.",
            .not_this =
                "Not a mail server or certificate problem: nobody gets that far. It looks "
                "fine from resolvers that do not validate."};
  }
  return {
      .severity = Severity::kUnknown,
      .id = "mx_lookup_error",
      .title = "the MX records could not be looked up",
      .why = JoinText(row.error_detail.value_or(JoinText("The look-up ended with ", status, ".")),
                      " Nothing is known of the domain's mail."),
      .fix = "ask again, perhaps at another resolver (--resolver)",
      .advice = "If it stays so, look into the zone's name servers.",
      .not_this = "No sign that the domain has no mail servers."};
}

void AddMxFindings(const DomainRow& row, std::vector<Finding>* findings) {
  if (row.mx_status == "implicit") {
    AddFinding({.severity = Severity::kNote,
                .id = "implicit_mx",
                .title = "no MX record: mail goes to the domain's own address",
                .why = "The standard allows it (RFC 5321, section 5.1). Who puts up a web site "
                       "there often does not know that it gets mail.",
                .fix = "publish an MX record"},
               {}, findings);
  } else if (row.mx_status != "mx") {
    AddFinding(NoMailFinding(row), {}, findings);
  }
  if (row.null_mx_with_others.value_or(false)) {
    AddFinding({.severity = Severity::kBad,
                .id = "null_mx_with_others",
                .title = "a null MX stands beside other MX records",
                .why = "It says \"no mail here\", the others say the opposite (RFC 7505, section "
                       "3). Senders differ: Postfix returns all mail for the domain at once, "
                       "others deliver to the hosts that are named.",
                .fix = "take one or the other away"},
               {}, findings);
  }
}

}  // namespace

std::vector<Fact> HostFactsOf(const CheckView& view, const HostRows& host) {
  if (host.row == nullptr) return {};
  std::vector<Fact> facts = {AddressFact(view, *host.row)};
  if (host.row->tlsa_status) facts.push_back(TlsaFact(view, *host.row));
  return facts;
}

void AddHostFindings(const CheckView& view, const HostRows& host, std::vector<Finding>* findings) {
  if (host.row == nullptr) return;
  AddAddressFindings(view, host, findings);
  if (view.world->resolver_validates) AddTlsaFindings(view, host, findings);
}

std::vector<Fact> DomainFactsOf(const CheckView& view) {
  const DomainRow& row = *view.domain->row;
  std::vector<Fact> facts;
  const bool takes_mail = row.mx_status == "mx" || row.mx_status == "implicit";
  if (!takes_mail) return facts;
  const std::string count = JoinText(view.domain->hosts.size(),
                                     row.mx_status == "implicit" ? " (the domain itself)" : "");
  if (!view.world->resolver_validates) {
    facts.push_back({Severity::kUnknown, "mx", "MX hosts",
                     JoinText(count, "; whether the answer is signed is not known"), true});
  } else {
    const bool is_signed = row.mx_dnssec == "secure";
    facts.push_back({is_signed ? Severity::kGood : Severity::kNote, "mx", "MX hosts",
                     JoinText(count, is_signed ? "; the answer is signed (DNSSEC)"
                                               : "; the answer is not signed (no DNSSEC)"),
                     is_signed});
  }
  AddPolicyFacts(view, &facts);
  return facts;
}

void AddDomainFindings(const CheckView& view, std::vector<Finding>* findings) {
  const DomainRow& row = *view.domain->row;
  AddMxFindings(row, findings);
  const bool takes_mail = row.mx_status == "mx" || row.mx_status == "implicit";
  if (takes_mail && !view.world->resolver_validates) {
    AddFinding({.severity = Severity::kUnknown,
                .id = "resolver_does_not_validate",
                .title = JoinText("DANE cannot be judged: ", WhyBlind(*view.world)),
                .why = JoinText(view.world->resolver, " Nothing is known of TLSA records."),
                .fix = "ask again with a validating resolver on this machine",
                .advice = "--resolver unbound starts one for this. Where the path to another "
                          "validating resolver is safe, --trust-ad believes it.",
                .not_this = "The domain is not at fault."},
               {}, findings);
  }
}

}  // namespace mxsweep::scanner
