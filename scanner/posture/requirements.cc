#include "scanner/posture/requirements.h"

#include <algorithm>
#include <array>
#include <optional>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr char kDemanded[] = "what was asked for";
constexpr char kDiffers[] = "senders differ";

// A sender that demands something, of which nothing else is said.
Sender WhoDemands(Then otherwise) {
  return {
      .level = {std::nullopt, kDiffers},
      .authenticated_level = {std::nullopt, kDiffers},
      .min_version = {TlsVersion::kTls10, kDemanded},
      .min_rsa_bits = {0, kDemanded},
      .offers_dhe = {true, kDemanded},
      .offers_static_rsa = {true, kDemanded},
      .offers_cbc = {true, kDemanded},
      .offers_3des = {true, kDemanded},
      .demand = {Demand::kNothing, kDemanded},
      .dane = {false, kDemanded},
      .mta_sts = {false, kDemanded},
      .no_starttls = {otherwise, kDemanded},
      .starttls_4xx = {otherwise, kDemanded},
      .starttls_5xx = {otherwise, kDemanded},
      .must_5xx = {Then::kRefuses, kDemanded},
      .dane_unusable = {Then::kGoesOn, "RFC 7672, section 2.2"},
      .handshake_fails = {otherwise, kDemanded},
      .bad_certificate = {otherwise, kDemanded},
      .null_mx_with_others = {Then::kGoesOn, kDemanded},
      .tls_closed = {Then::kDefers, kDemanded},
  };
}

// Whose mail gets through wherever anybody's does.
Sender WhoTakesAnything() {
  Sender sender = WhoDemands(Then::kInClear);
  sender.server_name = {ServerName::kAlways, kDemanded};
  for (Cell<bool>* cell : {&sender.takes_any_2xx, &sender.takes_last_code, &sender.drops_injected,
                           &sender.helo_in_tls, &sender.ip_literal}) {
    *cell = {true, kDemanded};
  }
  // Who is hung up on may be let in without TLS: nobody has tried.
  sender.tls_closed = {Then::kLaterInClear, kDemanded};
  sender.needs_rfc5746 = sender.parses_strictly = sender.helo_at_mask = {false, kDemanded};
  return sender;
}

// One demand of a list; what is set is demanded.
struct Wanted {
  SessionDemands session;
  bool tls = false;
  bool verified = false;
  bool dane = false;
  bool mta_sts = false;
};

struct Word {
  std::string_view word;
  std::string_view label;
  void (*want)(Wanted&);
};

constexpr Word kWords[] = {
    {"tls", "TLS", [](Wanted&) {}},
    {"tls1.2", "TLS 1.2 or newer",
     [](Wanted& wanted) {
       wanted.session.min_version = std::max(wanted.session.min_version, TlsVersion::kTls12);
     }},
    {"tls1.3", "TLS 1.3", [](Wanted& wanted) { wanted.session.min_version = TlsVersion::kTls13; }},
    {"fs", "forward secrecy", [](Wanted& wanted) { wanted.session.forward_secrecy = true; }},
    {"pq", "post-quantum key exchange", [](Wanted& wanted) { wanted.session.post_quantum = true; }},
    {"verified", "a valid certificate with the host's name",
     [](Wanted& wanted) { wanted.verified = true; }},
    {"dane", "DANE where it is published", [](Wanted& wanted) { wanted.dane = true; }},
    {"mta-sts", "MTA-STS where it is enforced", [](Wanted& wanted) { wanted.mta_sts = true; }},
};

// Words that end in a number.
struct NumberedWord {
  std::string_view prefix;
  uint32_t least;
  uint32_t most;
  std::string_view label_before;
  std::string_view label_behind;
  void (*want)(Wanted&, uint32_t);
};

constexpr NumberedWord kNumberedWords[] = {
    {"rsa", 512, 16'384, "RSA keys of ", " bits or more",
     [](Wanted& wanted, uint32_t bits) {
       wanted.session.min_rsa_bits = std::max(wanted.session.min_rsa_bits, bits);
     }},
    {"session", 1, 5, "a session of OpenSSL level ", "",
     [](Wanted& wanted, uint32_t level) {
       wanted.session.session_level =
           std::max(wanted.session.session_level, static_cast<int>(level));
     }},
    {"certificate", 1, 5, "certificates of OpenSSL level ", "",
     [](Wanted& wanted, uint32_t level) {
       wanted.session.certificate_level =
           std::max(wanted.session.certificate_level, static_cast<int>(level));
     }},
};

constexpr std::string_view kUsual[] = {
    "tls",          "tls1.2",       "tls1.3", "rsa2048", "rsa3072",  "session2", "session3",
    "certificate2", "certificate3", "fs",     "pq",      "verified", "dane",     "mta-sts"};

constexpr std::string_view kSenderPrefix = "sender:";

// Adds the label to `label`; false for what is no word.
bool AddWord(std::string_view word, Wanted* wanted, std::string* label) {
  const std::string_view between = label->empty() ? "" : ", ";
  for (const Word& known : kWords) {
    if (known.word != word) continue;
    known.want(*wanted);
    // Who heeds records and policies encrypts as it comes where there are none.
    if (word != "dane" && word != "mta-sts") wanted->tls = true;
    AppendText(label, between, known.label);
    return true;
  }
  for (const NumberedWord& known : kNumberedWords) {
    uint32_t number = 0;
    if (!word.starts_with(known.prefix) ||
        !ParseDigits(word.substr(known.prefix.size()), &number) || number < known.least ||
        number > known.most) {
      continue;
    }
    known.want(*wanted, number);
    wanted->tls = true;
    AppendText(label, between, known.label_before, number, known.label_behind);
    return true;
  }
  return false;
}

Requirement RequirementOf(const Sender& sender) {
  return {.word = JoinText(kSenderPrefix, sender.word),
          .label = std::string(sender.label),
          .sender = sender};
}

absl::Status NoWord(std::string_view word) {
  std::string text = JoinText("\"", word.substr(0, 64), "\" is no requirement; there are ");
  for (const Word& known : kWords) AppendText(&text, known.word, ", ");
  for (const NumberedWord& known : kNumberedWords) {
    AppendText(&text, known.prefix, "N (", known.least, " to ", known.most, "), ");
  }
  AppendText(&text, "several of them with + between, and senders:");
  for (const Sender& sender : Senders()) AppendText(&text, " ", kSenderPrefix, sender.word);
  return InvalidArgument(text);
}

bool IsDelivered(SenderAction action) {
  return action == SenderAction::kEncrypted || action == SenderAction::kInClear;
}

bool TakesNoMail(const output::DomainRow& row) {
  return row.mx_status == "null_mx" || row.mx_status == "nxdomain" || row.mx_status == "no_mail" ||
         row.mx_status == "invalid_name";
}

}  // namespace

absl::StatusOr<Requirement> ParseRequirement(std::string_view text) {
  // A word of the list comes before a sender's of the same name.
  const bool is_sender = text.starts_with(kSenderPrefix);
  const std::string_view name = is_sender ? text.substr(kSenderPrefix.size()) : text;
  Wanted wanted;
  std::string label;
  bool known = !is_sender;
  for (size_t begin = 0; known && begin <= text.size();) {
    const size_t end = std::min(text.find('+', begin), text.size());
    known = AddWord(text.substr(begin, end - begin), &wanted, &label);
    begin = end + 1;
  }
  if (!known) {
    const std::span<const Sender> senders = Senders();
    const auto sender = std::ranges::find(senders, name, &Sender::word);
    if (sender == senders.end()) return NoWord(text);
    return RequirementOf(*sender);
  }
  Requirement requirement{
      .word = std::string(text),
      .label = std::move(label),
      .sender = WhoDemands(wanted.tls ? Then::kRefuses : Then::kInClear),
      .demands = wanted.session,
      .is_opportunistic = !wanted.tls,
      .dane_may_be_optional = wanted.dane,
  };
  Sender& sender = requirement.sender;
  sender.dane = {wanted.dane, kDemanded};
  sender.mta_sts = {wanted.mta_sts, kDemanded};
  if (wanted.verified) sender.demand = {Demand::kValid, kDemanded};
  // Whose certificate counts is asked for by name; otherwise senders differ.
  if (wanted.verified || wanted.mta_sts) {
    sender.server_name = {ServerName::kAlways, kDemanded};
  } else if (wanted.dane) {
    sender.server_name = {ServerName::kWithDane, "RFC 7672, section 8.1"};
  }
  return requirement;
}

Requirement NothingRequired() {
  return {.word = "nothing",
          .label = "nothing",
          .sender = WhoTakesAnything(),
          .is_opportunistic = true};
}

std::vector<Requirement> UsualRequirements() {
  std::vector<Requirement> requirements;
  for (const std::string_view word : kUsual) requirements.push_back(*ParseRequirement(word));
  for (const Sender& sender : Senders()) requirements.push_back(RequirementOf(sender));
  return requirements;
}

std::string_view MailFateWord(MailFate fate) {
  switch (fate) {
    case MailFate::kFine:
      return "fine";
    case MailFate::kLost:
      return "lost";
    case MailFate::kUnknown:
      return "unknown";
    case MailFate::kLostAnyway:
      return "lost_anyway";
    case MailFate::kNotAsked:
      return "not_asked";
  }
  return "";
}

MailVerdict JudgeMail(const Requirement& requirement, const DomainRows& domain,
                      const SenderWorld& world) {
  static const Sender* const kAnyone = new Sender(WhoTakesAnything());
  const Sender& sender = requirement.sender;
  const bool told_apart = sender.dane.value != true || world.dnssec_known;
  // Nothing is demanded then, so that it does not matter in what senders differ.
  const bool demands_nothing =
      requirement.is_opportunistic && told_apart && !MayBeBound(sender, domain);
  const SessionDemands either_way = {.either_way = true};
  const SenderDecision decision = demands_nothing
                                      ? DecideSender(*kAnyone, domain, world, either_way)
                                      : DecideSender(sender, domain, world, requirement.demands);
  MailVerdict verdict{.reason = decision.reason, .host = decision.host};
  if (TakesNoMail(*domain.row)) {
    verdict.fate = MailFate::kNotAsked;
    return verdict;
  }
  // A bogus answer stops those only whose resolver validates; what others meet was not seen.
  if (decision.action == SenderAction::kUnknown || decision.reason == SenderReason::kMxBogus) {
    return verdict;
  }
  const bool worst = IsDelivered(decision.action);
  if (worst != IsDelivered(decision.best)) return verdict;  // chance decides
  if (worst) {
    verdict.fate = MailFate::kFine;
    return verdict;
  }
  const SenderDecision anyone = DecideSender(*kAnyone, domain, world, either_way);
  if (anyone.action != SenderAction::kUnknown && !IsDelivered(anyone.action)) {
    verdict.fate = MailFate::kLostAnyway;
  } else if (!requirement.dane_may_be_optional || domain.row->dane_status != "optional") {
    verdict.fate = MailFate::kLost;
  }
  return verdict;
}

}  // namespace mxsweep::scanner
