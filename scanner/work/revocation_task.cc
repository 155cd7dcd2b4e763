// Revocation lists: fetched once each by their owner, and asked for each certificate of a path.
#include <openssl/siphash.h>

#include <utility>
#include <variant>
#include <vector>

#include "scanner/base/text.h"
#include "scanner/record/rows.h"
#include "scanner/work/worker.h"
#include "scanner/work/worker_waits.h"
#include "tls/pki/issuer.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::scanner {
namespace {

// May another attempt fare better?
bool IsTransient(const FetchFacts& facts) {
  switch (facts.outcome) {
    case FetchOutcome::kConnectTimeout:
    case FetchOutcome::kUnreachable:
    case FetchOutcome::kTimeout:
    case FetchOutcome::kClosedEarly:
    case FetchOutcome::kReset:
    case FetchOutcome::kHostLookupError:
    case FetchOutcome::kLocalError:
      return true;
    case FetchOutcome::kHttpStatus:
      return facts.http_status.value_or(0) >= 500;
    default:
      return false;
  }
}

std::string FailureText(std::string_view url, const FetchFacts& facts) {
  return JoinText(url, ": ", FetchOutcomeName(facts.outcome),
                  facts.error_detail.empty() ? "" : " (", facts.error_detail,
                  facts.error_detail.empty() ? "" : ")");
}

// A certificate of a path, and who issued it.
struct PathStep {
  tls::DerHandle certificate;
  tls::DerHandle issuer;
};

// The path without its anchor. Only for a path that leads to one: the word of a stranger's
// certificate makes us connect to nobody.
std::vector<PathStep> StepsOf(const EndpointFacts& facts, const EndpointVerdicts& verdicts,
                              const tls::TrustStore& store) {
  std::vector<PathStep> steps;
  if (!verdicts.pkix || verdicts.pkix->status != tls::PkixStatus::kValid) return steps;
  const std::vector<tls::DerHandle>& chain = facts.handshake->chain;
  const std::vector<uint8_t>& path = verdicts.pkix->path;
  for (size_t i = 0; i < path.size(); ++i) {
    const tls::DerHandle& certificate = chain[path[i]];
    const tls::DerHandle issuer =
        i + 1 < path.size() ? chain[path[i + 1]]
                            : tls::FindIssuer(tls::CutCertificate(certificate.der()), {}, &store);
    if (issuer.empty()) break;  // an anchor itself
    steps.push_back({certificate, issuer});
  }
  return steps;
}

}  // namespace

void Worker::AskForCrl(std::string url, const tls::DerHandle& issuer, tls::CrlQuestion question,
                       CrlTable::Callback done) {
  std::string key = CrlTable::KeyOf(url, issuer.der());
  const uint64_t hash = SIPHASH_24(context_->hash_key.data(),
                                   reinterpret_cast<const uint8_t*>(key.data()), key.size());
  Worker* owner = context_->workers[hash % context_->workers.size()];
  // Certificates live in the pool of this worker: what goes to another is a copy.
  CrlDemand demand{.url = std::move(url),
                   .key = std::move(key),
                   .issuer = {issuer.der().begin(), issuer.der().end()},
                   .question = std::move(question)};
  if (owner == this) return OwnCrl(std::move(demand), std::move(done));
  owner->loop_->Post(
      [owner, asker = this, demand = std::move(demand), done = std::move(done)]() mutable {
        owner->OwnCrl(
            std::move(demand), [asker, done = std::move(done)](CertificateRevocation r) mutable {
              asker->loop_->Post(
                  [done = std::move(done), r = std::move(r)]() mutable { done(std::move(r)); });
            });
      });
}

void Worker::OwnCrl(CrlDemand demand, CrlTable::Callback done) {
  const bool first =
      crls_.Ask(demand.key, std::move(demand.question), loop_->wall_now(), std::move(done));
  if (first) Spawn(FetchCrl(std::move(demand)));
}

Task<void> Worker::FetchCrl(CrlDemand demand) {
  ++tasks_;
  std::optional<HttpRequest> parsed = CrlRequest(demand.url);
  if (!parsed) {
    --tasks_;
    crls_.Finish(demand.key, demand.url + ": not a URL that can be asked for", loop_->wall_now(),
                 /*keep=*/true);
    co_return;
  }
  parsed->connect_timeout_ns = context_->dialogue.connect_timeout_ns;
  const auto request = std::make_shared<const HttpRequest>(*std::move(parsed));
  FetchFacts facts;
  for (uint32_t attempt = 1;; ++attempt) {
    facts = co_await Fetch(request);
    if (attempt > context_->retries || !IsTransient(facts)) break;
    const bool slept = co_await AwaitSleep(this, loop_->now_ns() + RetryDelayNs(attempt));
    if (!slept) break;
    counters_.retries.fetch_add(1, std::memory_order_relaxed);
  }
  --tasks_;
  if (facts.outcome == FetchOutcome::kCancelled) {
    crls_.GiveUp(demand.key);
    co_return;
  }
  CrlTable::Outcome outcome;
  if (facts.outcome == FetchOutcome::kOk) {
    const tls::Bytes body(reinterpret_cast<const uint8_t*>(facts.body.data()), facts.body.size());
    outcome = tls::RevocationList::Read(body, demand.issuer);
  } else {
    outcome = FailureText(demand.url, facts);
  }
  facts.body = {};
  crls_.Finish(demand.key, std::move(outcome), loop_->wall_now(), /*keep=*/!draining_);
}

Task<CertificateRevocation> Worker::LookUpRevocation(tls::DerHandle certificate,
                                                     tls::DerHandle issuer) {
  const tls::CertificateDer parts = tls::CutCertificate(certificate.der());
  const tls::RevocationSources sources = tls::ReadRevocationSources(parts);
  CertificateRevocation told{RevocationStatus::kNoSource,
                             "the certificate names no CRL over http, nor was a response stapled"};
  bool first = true;
  for (const std::string& url : sources.crl_urls) {
    CertificateRevocation answer;
    Event answered;
    AskForCrl(url, issuer, tls::QuestionOf(parts),
              [&answer, &answered](CertificateRevocation said) {
                answer = std::move(said);
                answered.Set();
              });
    co_await answered;
    const bool settled =
        answer.status == RevocationStatus::kGood || answer.status == RevocationStatus::kRevoked;
    if (first || settled) told = std::move(answer);
    first = false;
    if (settled) break;
  }
  co_return told;
}

Task<void> Worker::LookUpRevocations(const EndpointFacts* facts, EndpointVerdicts* verdicts,
                                     std::vector<NewCertificate>* new_certificates) {
  const std::vector<PathStep> steps = StepsOf(*facts, *verdicts, context_->pkix->store());
  std::vector<CertificateRevocation> path;
  for (size_t i = 0; i < steps.size(); ++i) {
    CertificateRevocation said = co_await LookUpRevocation(steps[i].certificate, steps[i].issuer);
    const size_t index = verdicts->pkix->path[i];
    for (NewCertificate& certificate : *new_certificates) {
      if (certificate.certificate == verdicts->chain[index]) certificate.revocation = said;
    }
    path.push_back(std::move(said));
  }
  verdicts->revocation = JudgeEndpointRevocation(verdicts->ocsp, path);
  for (NewCertificate& certificate : *new_certificates) {
    context_->recorder->Push(MakeCertificateRow(*certificate.facts, certificate.der.der(),
                                                facts->started_at, certificate.revocation));
    context_->certificate_rows->Recorded(*certificate.certificate);
  }
  new_certificates->clear();
  for (const tls::CertificateRef& certificate : verdicts->chain) {
    Event recorded;
    const bool pending = context_->certificate_rows->Await(
        *certificate, [this, &recorded] { loop_->Post([&recorded] { recorded.Set(); }); });
    if (pending) co_await recorded;
  }
}

}  // namespace mxsweep::scanner
