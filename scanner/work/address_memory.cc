#include "scanner/work/address_memory.h"

#include "scanner/base/check.h"
#include "scanner/base/text.h"
#include "tls/pki/der_handle.h"

namespace mxsweep::scanner {
namespace {

// Does this say something of the address, whatever the name? What is our own trouble does not, nor
// what the server itself calls passing (4xx), nor what came once a name was told.
bool IsAboutAddress(const EndpointFacts& facts) {
  switch (facts.outcome) {
    case Outcome::kConnectRefused:
    case Outcome::kConnectTimeout:
    case Outcome::kUnreachable:
    case Outcome::kGreetingTimeout:
    case Outcome::kGreeting5xx:
      return true;
    case Outcome::kClosedEarly:
    case Outcome::kReset:
    case Outcome::kSmtpProtocolError:
      return facts.stage <= Stage::kGreeting;
    default:
      return false;
  }
}

bool IsAboutAddress(const FetchFacts& facts) {
  return facts.outcome == FetchOutcome::kConnectRefused ||
         facts.outcome == FetchOutcome::kConnectTimeout ||
         facts.outcome == FetchOutcome::kUnreachable;
}

constexpr std::string_view kConcluded =
    "not asked: other names met this at the address, more than once in a row";

// Everything that must be the same for two names to have met the same server. What differs from
// connection to connection (the greeting's text, tickets, times) is not in it.
std::string LikenessOf(const EndpointFacts& facts) {
  std::string likeness = JoinText(OutcomeName(facts.outcome), "|", StageName(facts.stage), "|",
                                  AfterTlsName(facts.after_tls), "|", facts.after_tls_code);
  const auto add_keywords = [&likeness](const Boxed<EhloKeywords>& ehlo) {
    AppendText(&likeness, "|");
    if (!ehlo) return;
    for (const std::string& keyword : ehlo->keywords) AppendText(&likeness, keyword, ",");
  };
  add_keywords(facts.ehlo);
  add_keywords(facts.ehlo_after_tls);
  if (facts.starttls_reply) AppendText(&likeness, "|", facts.starttls_reply->code);
  if (facts.other_offer) AppendText(&likeness, "|", facts.other_offer->word);
  if (!facts.handshake) return likeness;
  const tls::HandshakeFacts& tls = *facts.handshake;
  AppendText(&likeness, "|", tls.version, "|", tls.cipher, "|", tls.group, "|",
             static_cast<int>(tls.alert_received.value_or(0)));
  for (const tls::DerHandle& certificate : tls.chain) {
    const tls::Sha256 digest = tls::HashSha256(certificate.der());
    likeness.append(reinterpret_cast<const char*>(digest.data()), digest.size());
  }
  return likeness;
}

}  // namespace

void AddressMemory::Expire(int64_t now_ns) {
  while (!forget_at_.empty() &&
         (forget_at_.front().first <= now_ns || forget_at_.size() > kMostFailed)) {
    const auto found = failed_.find(forget_at_.front().second);
    // It may have answered, or failed again, since.
    if (found != failed_.end() && found->second.forget_ns == forget_at_.front().first) {
      failed_.erase(found);
    }
    forget_at_.pop_front();
  }
}

void AddressMemory::NoteFailure(const SocketAddress& server, Failed failed, int64_t now_ns) {
  Expire(now_ns);
  Failed& known = failed_[server];
  const bool same = known.outcome == failed.outcome && known.fetch_outcome == failed.fetch_outcome;
  failed.in_a_row = same ? known.in_a_row + 1 : 1;
  failed.forget_ns = now_ns + kRememberNs;
  known = std::move(failed);
  forget_at_.emplace_back(known.forget_ns, server);
}

void AddressMemory::Note(const SocketAddress& server, const EndpointFacts& facts, int64_t now_ns) {
  if (IsAboutAddress(facts)) {
    NoteFailure(server,
                {.outcome = facts.outcome, .detail = facts.error_detail, .at = facts.started_at},
                now_ns);
  } else if (!IsLocal(facts.outcome)) {
    failed_.erase(server);
  }
}

void AddressMemory::Note(const SocketAddress& server, const FetchFacts& facts, int64_t now_ns) {
  if (IsAboutAddress(facts)) {
    NoteFailure(
        server,
        {.fetch_outcome = facts.outcome, .detail = facts.error_detail, .at = facts.started_at},
        now_ns);
  } else if (facts.outcome != FetchOutcome::kLocalError) {
    failed_.erase(server);
  }
}

bool AddressMemory::IsDead(const SocketAddress& server, int64_t now_ns) {
  Expire(now_ns);
  const auto found = failed_.find(server);
  return found != failed_.end() && found->second.in_a_row >= kFailuresInARow;
}

std::unique_ptr<EndpointFacts> AddressMemory::Conclude(const SocketAddress& server,
                                                       absl::Time now) const {
  const Failed& failed = failed_.at(server);
  auto facts = std::make_unique<EndpointFacts>();
  facts->outcome = failed.outcome;
  facts->stage = Stage::kGate;
  facts->error_detail = JoinText(kConcluded, failed.detail.empty() ? "" : ": ", failed.detail);
  facts->started_at = now;
  facts->inferred_from = failed.at;
  return facts;
}

FetchFacts AddressMemory::ConcludeFetch(const SocketAddress& server, absl::Time now) const {
  const Failed& failed = failed_.at(server);
  FetchFacts facts;
  facts.outcome = failed.fetch_outcome;
  facts.stage = FetchStage::kGate;
  facts.error_detail = JoinText(kConcluded, failed.detail.empty() ? "" : ": ", failed.detail);
  facts.started_at = now;
  return facts;
}

void AddressMemory::NoteCrowd(const SocketAddress& server, const EndpointFacts& facts) {
  Crowd& crowd = crowds_[server];
  std::string likeness = LikenessOf(facts);
  crowd.alike =
      crowd.alike && !IsLocal(facts.outcome) && (crowd.met == 0 || crowd.likeness == likeness);
  ++crowd.met;
  if (!crowd.alike) {
    crowd.facts.reset();
    return;
  }
  crowd.likeness = std::move(likeness);
  crowd.facts = std::make_unique<EndpointFacts>(facts);
}

std::unique_ptr<EndpointFacts> AddressMemory::Infer(const SocketAddress& server,
                                                    absl::Time now) const {
  const auto found = crowds_.find(server);
  if (found == crowds_.end() || !found->second.alike || found->second.met < kMetBeforeInferring) {
    return nullptr;
  }
  auto facts = std::make_unique<EndpointFacts>(*found->second.facts);
  facts->inferred_from = facts->started_at;
  facts->started_at = now;
  // What was measured was another connection.
  facts->connect_ns.reset();
  facts->greeting_ns.reset();
  facts->starttls_ns.reset();
  facts->handshake_ns.reset();
  facts->elapsed_ns = 0;
  facts->bytes_in = 0;
  facts->bytes_out = 0;
  return facts;
}

}  // namespace mxsweep::scanner
