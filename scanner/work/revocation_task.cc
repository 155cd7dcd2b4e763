// Revocation lists: fetched once each by their owner, and asked for each certificate of a path.
#include "scanner/work/revocation_task.h"

#include <algorithm>
#include <utility>
#include <variant>
#include <vector>

#include "scanner/base/text.h"
#include "scanner/work/ask_owner.h"
#include "scanner/work/fetch_task.h"
#include "tls/pki/issuer.h"
#include "tls/pki/revocation_sources.h"

namespace mxsweep::scanner {
namespace {

constexpr int64_t kMostRetryDelayNs = 86'400'000'000'000;  // a day

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

// What a list shall be asked, by whom and where it is.
struct CrlQuestion {
  std::string url;
  std::string key;  // CrlTable::KeyOf
  std::vector<uint8_t> issuer;
  tls::CrlQuestion question;
};

// Before anybody is told.
void End(Worker* worker) {
  worker->TaskEnded();
  worker->context()->slots.Return();
}

Task<void> FetchCrl(Worker* worker, CrlQuestion wanted) {
  worker->TaskBegan();
  worker->context()->slots.Take();
  EventLoop* loop = worker->loop();
  std::optional<HttpRequest> parsed = CrlRequest(wanted.url);
  if (!parsed) {
    End(worker);
    worker->crls().Finish(wanted.key, wanted.url + ": not a URL that can be asked for",
                          loop->wall_now(), /*keep=*/true);
    co_return;
  }
  parsed->connect_timeout_ns = worker->settings().dialogue.connect_timeout_ns;
  const auto request = std::make_shared<const HttpRequest>(*std::move(parsed));
  FetchFacts facts;
  int64_t delay_ns = std::min(worker->settings().attempts.retry_delay_ns, kMostRetryDelayNs);
  for (uint32_t attempt = 1;; ++attempt) {
    facts = co_await Fetch(worker, request);
    if (attempt > worker->settings().attempts.retries || !IsTransient(facts)) break;
    const bool slept = co_await worker->pacer().Sleep(worker->pacer().Spread(delay_ns));
    if (!slept) break;
    delay_ns = std::min(2 * delay_ns, kMostRetryDelayNs);
    worker->counters().retries.fetch_add(1, std::memory_order_relaxed);
  }
  if (facts.outcome == FetchOutcome::kCancelled) {
    End(worker);
    worker->crls().GiveUp(wanted.key);
    co_return;
  }
  CrlTable::Outcome outcome;
  if (facts.outcome == FetchOutcome::kOk) {
    const tls::Bytes body(reinterpret_cast<const uint8_t*>(facts.body.data()), facts.body.size());
    // A list may have millions of entries: verifying and sorting them takes seconds.
    Event read;
    worker->services().background->Run([&outcome, &read, &wanted, body, loop] {
      outcome = tls::RevocationList::Read(body, wanted.issuer);
      loop->Post([&read] { read.Set(); });
    });
    co_await read;
  } else {
    outcome = FailureText(wanted.url, facts);
  }
  facts.body = {};
  End(worker);
  worker->crls().Finish(wanted.key, std::move(outcome), loop->wall_now(),
                        /*keep=*/!worker->draining());
}

void ServeCrl(Worker* owner, CrlQuestion wanted, CrlTable::Callback done) {
  const bool first = owner->crls().Ask(wanted.key, std::move(wanted.question),
                                       owner->loop()->wall_now(), std::move(done));
  if (first) Spawn(FetchCrl(owner, std::move(wanted)));
}

// What the list at `url`, by `issuer`, says.
void AskForCrl(Worker* worker, std::string url, const tls::DerHandle& issuer,
               tls::CrlQuestion question, CrlTable::Callback done) {
  std::string key = CrlTable::KeyOf(url, issuer.der());
  Worker* owner = worker->OwnerOfCrl(key);
  // Certificates live in the pool of this worker: what goes to another is a copy.
  AskOwner<CertificateRevocation>(worker, owner,
                                  CrlQuestion{.url = std::move(url),
                                              .key = std::move(key),
                                              .issuer = {issuer.der().begin(), issuer.der().end()},
                                              .question = std::move(question)},
                                  ServeCrl, std::move(done));
}

// What the first list that knows says of `certificate`.
Task<CertificateRevocation> LookUpRevocation(Worker* worker, tls::DerHandle certificate,
                                             tls::DerHandle issuer) {
  const tls::CertificateDer parts = tls::CutCertificate(certificate.der());
  const tls::RevocationSources sources = tls::ReadRevocationSources(parts);
  CertificateRevocation told{RevocationStatus::kNoSource,
                             "the certificate names no CRL over http, nor was a response stapled"};
  bool first = true;
  for (const std::string& url : sources.crl_urls) {
    CertificateRevocation answer;
    Event answered;
    AskForCrl(worker, url, issuer, tls::QuestionOf(parts),
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

}  // namespace

Task<void> LookUpRevocations(Worker* worker, const EndpointFacts* facts, EndpointVerdicts* verdicts,
                             std::vector<NewCertificate>* new_certificates) {
  const std::vector<PathStep> steps = StepsOf(*facts, *verdicts, worker->services().pkix->store());
  std::vector<CertificateRevocation> path;
  for (size_t i = 0; i < steps.size(); ++i) {
    CertificateRevocation said =
        co_await LookUpRevocation(worker, steps[i].certificate, steps[i].issuer);
    const size_t index = verdicts->pkix->path[i];
    for (NewCertificate& certificate : *new_certificates) {
      if (certificate.certificate == verdicts->chain[index]) certificate.revocation = said;
    }
    path.push_back(std::move(said));
  }
  verdicts->revocation = JudgeEndpointRevocation(verdicts->ocsp, path);
  worker->chains().Record(facts->started_at, new_certificates);
  for (const tls::CertificateRef& certificate : verdicts->chain) {
    Event recorded;
    const bool pending = worker->services().certificate_rows->Await(
        *certificate,
        [loop = worker->loop(), &recorded] { loop->Post([&recorded] { recorded.Set(); }); });
    if (pending) co_await recorded;
  }
}

}  // namespace mxsweep::scanner
