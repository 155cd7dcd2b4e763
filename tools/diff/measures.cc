#include "tools/diff/measures.h"

#include <algorithm>
#include <iterator>

namespace mxsweep::tools {
namespace {

constexpr MeasureWords kMeasureWords[kMeasures] = {
    {"tls", "TLS", "some server encrypts", "encrypt"},
    {"trusted", "trust", "some certificate is trusted", "show a trusted certificate"},
    {"dane", "DANE", "DANE is complete", ""},
    {"mta_sts", "MTA-STS", "MTA-STS is there", ""},
    {"tls1.2", "TLS 1.2", "some server has TLS 1.2 or newer", "negotiate TLS 1.2 or newer"},
    {"tls1.3", "TLS 1.3", "some server has TLS 1.3", "negotiate TLS 1.3"},
    {"key", "strong key", "some key has 112 bits of strength", "have a key of 112 bits strength"},
};

struct WhyWords {
  Why why;
  std::string_view word;  // of the state
  std::string_view title;
  std::string_view lost_word;
  std::string_view lost_title;
  std::string_view gained_word;
  std::string_view gained_title;
};

// One row a reason, in the order of the enumeration.
constexpr WhyWords kWhyWords[] = {
    {Why::kNothing, "", "", "", "", "", ""},
    {Why::kNoStartTls, "no_starttls", "no STARTTLS", "starttls_withdrawn",
     "STARTTLS is no longer offered", "starttls_added", "STARTTLS is offered now"},
    {Why::kStartTlsRefused, "starttls_refused", "STARTTLS is refused", "starttls_refused",
     "STARTTLS is refused now", "starttls_accepted", "STARTTLS is no longer refused"},
    {Why::kHandshakeFails, "handshake_fails", "the handshake fails", "handshake_broken",
     "the handshake fails now", "handshake_repaired", "the handshake fails no longer"},
    {Why::kExpired, "expired", "the certificate is expired", "certificate_expired",
     "the certificate expired", "certificate_renewed", "an expired certificate was renewed"},
    {Why::kRevoked, "revoked", "the certificate is revoked", "certificate_revoked",
     "the certificate was revoked", "revoked_replaced", "a revoked certificate was replaced"},
    {Why::kWrongName, "wrong_name", "the certificate is for another name", "name_mismatch",
     "the certificate is for another name now", "name_repaired",
     "the certificate is for the name now"},
    {Why::kUntrusted, "untrusted", "the certificate is not trusted", "certificate_untrusted",
     "the certificate is no longer trusted", "certificate_trusted",
     "the certificate is trusted now"},
    {Why::kOldVersion, "old_version", "an older version", "version_withdrawn",
     "the version is no longer negotiated", "version_added", "the version is negotiated now"},
    {Why::kWeakKey, "weak_key", "a weaker key", "key_weaker", "the key is weaker now",
     "key_stronger", "the key is stronger now"},
    {Why::kDaneBroken, "dane_broken", "DANE is broken", "dane_broken", "DANE is broken now",
     "dane_repaired", "DANE was repaired"},
    {Why::kDanePartial, "dane_partial", "not every host has TLSA records", "dane_partial",
     "DANE is there for some hosts only", "dane_completed", "DANE was completed"},
    {Why::kDaneNone, "dane_none", "no DANE", "dane_withdrawn", "DANE was withdrawn",
     "dane_published", "DANE was published"},
    {Why::kDaneOptional, "mx_unsigned", "the MX answer is not signed", "mx_unsigned",
     "the MX answer is no longer signed", "mx_signed", "the MX answer is signed now"},
    {Why::kStsBroken, "mta_sts_broken", "MTA-STS is broken", "mta_sts_broken",
     "MTA-STS is broken now", "mta_sts_repaired", "MTA-STS was repaired"},
    {Why::kStsModeNone, "mta_sts_mode_none", "an MTA-STS policy of mode none", "mta_sts_ended",
     "the MTA-STS policy is of mode none now", "mta_sts_resumed",
     "the MTA-STS policy is in use again"},
    {Why::kStsNone, "mta_sts_none", "no MTA-STS", "mta_sts_withdrawn", "MTA-STS was withdrawn",
     "mta_sts_published", "MTA-STS was published"},
    {Why::kServerStopped, "server_stopped", "the server stopped", "server_stopped",
     "the server stopped, others are not so", "server_started",
     "a server that did not listen does now"},
    {Why::kAddressChanged, "address_changed", "the host has other addresses", "address_changed",
     "the host is at another address", "address_changed", "the host is at another address"},
    {Why::kMxChanged, "mx_changed", "other MX hosts of the same provider", "mx_changed",
     "other MX hosts of the same provider", "mx_changed", "other MX hosts of the same provider"},
    {Why::kMxMoved, "mx_moved", "MX at another provider", "mx_moved",
     "the MX moved to another provider", "mx_moved", "the MX moved to another provider"},
    {Why::kNotInList, "not_in_list", "not in the list", "list_removed", "no longer in the list",
     "list_added", "new in the list"},
    {Why::kNxdomain, "nxdomain", "no such domain", "domain_gone", "no such domain any more",
     "domain_back", "the domain exists now"},
    {Why::kNullMx, "null_mx", "null MX: it takes no mail", "null_mx_added",
     "a null MX: it takes no mail any more", "null_mx_removed", "it has no null MX any more"},
    {Why::kNoMail, "no_mail", "neither MX nor address", "mail_ended",
     "neither MX nor address any more", "mail_begun", "it has an MX or address now"},
    {Why::kInvalidName, "invalid_name", "no valid name", "invalid_name", "no valid name",
     "valid_name", "a valid name now"},
    {Why::kNoServer, "no_server", "no server listens, no host has an address", "servers_gone",
     "no server listens any more", "servers_back", "a server listens now"},
    {Why::kNotNamed, "not_named", "nobody names the host", "not_named",
     "nobody names the host any more", "named", "the host is named now"},
    {Why::kHostGone, "host_gone", "the host has no address", "host_gone",
     "the host has no address any more", "host_back", "the host has an address now"},
    {Why::kAddressGone, "address_gone", "the host is not at that address", "address_gone",
     "the host left that address", "address_new", "the host is at a new address"},
    {Why::kNotListening, "not_listening", "connection refused", "not_listening",
     "it does not listen any more", "listening", "it listens now"},
    {Why::kNoSmtp, "no_smtp", "it speaks no SMTP", "no_smtp", "it speaks no SMTP any more",
     "speaks_smtp", "it speaks SMTP now"},
    {Why::kOurTrouble, "our_trouble", "trouble of our own", "", "", "", ""},
    {Why::kNotAsked, "not_asked", "it was not asked", "", "", "", ""},
    {Why::kLookupFailed, "lookup_failed", "the DNS look-up failed", "", "", "", ""},
    {Why::kTurnedAway, "turned_away", "it turned us away (4xx, 5xx)", "", "", "", ""},
    {Why::kSilent, "silent", "it did not answer in time", "", "", "", ""},
    {Why::kMayBeOurs, "may_be_ours", "the handshake fails, perhaps for us alone", "", "", "", ""},
    {Why::kNotJudged, "not_judged", "it could not be judged", "", "", "", ""},
};
static_assert(std::size(kWhyWords) == kWhys);

constexpr bool AreInOrder() {
  for (size_t i = 0; i < kWhys; ++i) {
    if (kWhyWords[i].why != static_cast<Why>(i)) return false;
  }
  return true;
}
static_assert(AreInOrder());

const WhyWords& RowOf(Why why) { return kWhyWords[static_cast<size_t>(why)]; }

constexpr State kYes = {Answer::kYes, Why::kNothing};
State No(Why why) { return {Answer::kNo, why}; }
State NotCounted(Why why) { return {Answer::kNotCounted, why}; }

// Bits of strength below which a key is weak (NIST SP 800-131A: not allowed since 2014).
constexpr uint32_t kStrongEnough = 112;

State StateOfTrust(Trust trust) {
  switch (trust) {
    case Trust::kNotKnown:
      return NotCounted(Why::kNotJudged);
    case Trust::kTrusted:
      return kYes;
    case Trust::kExpired:
      return No(Why::kExpired);
    case Trust::kRevoked:
      return No(Why::kRevoked);
    case Trust::kUntrusted:
      return No(Why::kUntrusted);
    case Trust::kWrongName:
      return No(Why::kWrongName);
  }
  return NotCounted(Why::kNotJudged);
}

State StateOfVersion(const Server& server, Version demanded) {
  if (server.version == Version::kNotKnown) return NotCounted(Why::kNotJudged);
  if (server.version >= demanded) return kYes;
  // What it would have chosen of a whole offer is not known.
  if (server.older_for_us && demanded == Version::kTls13) return NotCounted(Why::kMayBeOurs);
  return No(Why::kOldVersion);
}

State StateOfKey(const Server& server) {
  const uint32_t strength = StrengthOf(server);
  if (strength == 0) return NotCounted(Why::kNotJudged);
  return strength >= kStrongEnough ? kYes : No(Why::kWeakKey);
}

// Of a server that completed the handshake.
State StateOfSession(Measure measure, const Server& server) {
  switch (measure) {
    case Measure::kTrusted:
      return StateOfTrust(server.trust);
    case Measure::kTls12:
      return StateOfVersion(server, Version::kTls12);
    case Measure::kTls13:
      return StateOfVersion(server, Version::kTls13);
    case Measure::kKey:
      return StateOfKey(server);
    default:
      return kYes;
  }
}

Why WhyOf(MailState mail) {
  switch (mail) {
    case MailState::kTakesMail:
      return Why::kNothing;
    case MailState::kNxdomain:
      return Why::kNxdomain;
    case MailState::kNullMx:
      return Why::kNullMx;
    case MailState::kNoMail:
      return Why::kNoMail;
    case MailState::kInvalidName:
      return Why::kInvalidName;
    case MailState::kLookupFailed:
      return Why::kLookupFailed;
    case MailState::kOurTrouble:
      return Why::kOurTrouble;
  }
  return Why::kNotJudged;
}

State StateOfDane(const ScanFacts& facts, DaneState dane) {
  if (!facts.validates()) return NotCounted(Why::kNotJudged);
  switch (dane) {
    case DaneState::kFull:
      return kYes;
    case DaneState::kNone:
      return No(Why::kDaneNone);
    case DaneState::kPartial:
      return No(Why::kDanePartial);
    case DaneState::kBroken:
      return No(Why::kDaneBroken);
    case DaneState::kOptional:
      return No(Why::kDaneOptional);
    case DaneState::kNotKnown:
      break;
  }
  return NotCounted(Why::kNotJudged);
}

State StateOfSts(StsState sts) {
  switch (sts) {
    case StsState::kValid:
      return kYes;
    case StsState::kNone:
      return No(Why::kStsNone);
    case StsState::kBroken:
      return No(Why::kStsBroken);
    case StsState::kModeNone:
      return No(Why::kStsModeNone);
    case StsState::kNotAsked:
      return NotCounted(Why::kNotAsked);
    case StsState::kNotKnown:
      break;
  }
  return NotCounted(Why::kLookupFailed);
}

// What is known of several servers, put together.
class Fold {
 public:
  void Add(const State& state) {
    if (state.answer == Answer::kYes) any_ = true;
    if (state.answer == Answer::kNo) no_ = First(no_, state.why);
    if (!state.is_known()) AddNotKnown(state.why);
  }
  void AddNotKnown(Why why) { not_known_ = First(not_known_, why); }

  State Finish() const {
    if (any_) return kYes;
    if (not_known_ != Why::kNothing) return NotCounted(not_known_);
    return no_ != Why::kNothing ? No(no_) : NotCounted(Why::kNoServer);
  }

 private:
  static Why First(Why a, Why b) { return a == Why::kNothing ? b : std::min(a, b); }

  bool any_ = false;
  Why no_ = Why::kNothing;
  Why not_known_ = Why::kNothing;
};

State StateOfServers(Measure measure, const ScanFacts& facts, const Domain& domain) {
  Fold fold;
  for (const uint32_t number : facts.MxOf(domain)) {
    const Host& host = facts.hosts()[number];
    const bool failed = host.addresses == Lookup::kFailed || host.ipv4 == Lookup::kFailed ||
                        host.ipv6 == Lookup::kFailed;
    if (failed) fold.AddNotKnown(Why::kLookupFailed);
    const bool was_asked = host.started_us != Host::kNoRow || host.server_count > 0;
    if (!was_asked) fold.AddNotKnown(Why::kNotAsked);
    for (const Server& server : facts.ServersOf(number)) fold.Add(ServerStateOf(measure, server));
  }
  if (domain.has_unknown_servers) fold.AddNotKnown(Why::kNotAsked);
  return fold.Finish();
}

}  // namespace

const MeasureWords& WordsOf(Measure measure) { return kMeasureWords[static_cast<size_t>(measure)]; }

std::string_view UnitWord(Unit unit) { return unit == Unit::kDomains ? "domains" : "servers"; }

std::string_view LabelOf(Unit unit, Measure measure) {
  return unit == Unit::kDomains ? WordsOf(measure).domains : WordsOf(measure).servers;
}

State ServerStateOf(Measure measure, const Server& server) {
  switch (server.dialogue) {
    case Dialogue::kEncrypts:
      return StateOfSession(measure, server);
    case Dialogue::kNoStartTls:
      return No(Why::kNoStartTls);
    case Dialogue::kStartTlsRefused:
      return No(Why::kStartTlsRefused);
    case Dialogue::kHandshakeFails:
      return No(Why::kHandshakeFails);
    case Dialogue::kMayBeOurs:
      return NotCounted(Why::kMayBeOurs);
    case Dialogue::kNotListening:
      return NotCounted(Why::kNotListening);
    case Dialogue::kNoSmtp:
      return NotCounted(Why::kNoSmtp);
    case Dialogue::kSilent:
      return NotCounted(Why::kSilent);
    case Dialogue::kTurnedAway:
      return NotCounted(Why::kTurnedAway);
    case Dialogue::kNotAsked:
      return NotCounted(Why::kNotAsked);
    case Dialogue::kOurTrouble:
      return NotCounted(Why::kOurTrouble);
  }
  return NotCounted(Why::kNotJudged);
}

State DomainStateOf(Measure measure, const ScanFacts& facts, const Domain& domain) {
  if (domain.mail != MailState::kTakesMail) return NotCounted(WhyOf(domain.mail));
  if (measure == Measure::kDane) return StateOfDane(facts, domain.dane);
  if (measure == Measure::kMtaSts) return StateOfSts(domain.sts);
  return StateOfServers(measure, facts, domain);
}

std::string_view DirectionWord(Direction direction) {
  if (direction == Direction::kNeither) return "";
  return direction == Direction::kLost ? "lost" : "gained";
}

std::string_view ChangeWord(Why why, Direction direction) {
  return direction == Direction::kGained ? RowOf(why).gained_word : RowOf(why).lost_word;
}
std::string_view ChangeTitle(Why why, Direction direction) {
  return direction == Direction::kGained ? RowOf(why).gained_title : RowOf(why).lost_title;
}
std::string_view WhyWord(Why why) { return RowOf(why).word; }
std::string_view WhyTitle(Why why) { return RowOf(why).title; }

uint32_t StrengthOf(const Server& server) {
  if (server.key == KeyKind::kEdwards) return 128;
  if (server.key == KeyKind::kEc) return server.key_bits / 2;
  if (server.key != KeyKind::kRsa || server.key_bits == 0) return 0;
  struct Step {
    uint32_t bits, strength;
  };
  constexpr Step kSteps[] = {{15'360, 256}, {7680, 192}, {3072, 128}, {2048, 112}, {1024, 80}};
  for (const Step& step : kSteps) {
    if (server.key_bits >= step.bits) return step.strength;
  }
  return 40;
}

}  // namespace mxsweep::tools
