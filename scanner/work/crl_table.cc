#include "scanner/work/crl_table.h"

#include "scanner/base/check.h"
#include "tls/pki/certificate.h"
#include "tls/pki/certificate_der.h"

namespace mxsweep::scanner {
namespace {

constexpr absl::Duration kKeepFailure = absl::Minutes(5);

CertificateRevocation Judge(const CrlTable::Outcome& outcome, const tls::CrlQuestion& question,
                            absl::Time now) {
  if (const auto* failure = std::get_if<std::string>(&outcome)) {
    return {RevocationStatus::kFetchFailed, *failure};
  }
  return FromCrl(std::get<tls::RevocationList>(outcome).Judge(question, absl::ToUnixSeconds(now)));
}

}  // namespace

std::string CrlTable::KeyOf(std::string_view url, std::span<const uint8_t> issuer) {
  const tls::Sha256 key = tls::HashSha256(tls::CutCertificate(issuer).spki);
  return std::string(url) + " " + tls::HexLower(key);
}

bool CrlTable::Ask(const std::string& key, tls::CrlQuestion question, absl::Time now,
                   Callback done) {
  if (const auto found = finished_.find(key); found != finished_.end()) {
    if (now < found->second.forget) {
      done(Judge(found->second.outcome, question, now));
      return false;
    }
    finished_.erase(found);
  }
  const auto [entry, first] = waiting_.try_emplace(key);
  entry->second.push_back({std::move(question), std::move(done)});
  return first;
}

std::vector<CrlTable::Waiting> CrlTable::TakeWaiting(const std::string& key) {
  const auto entry = waiting_.find(key);
  MXSWEEP_CHECK(entry != waiting_.end());
  std::vector<Waiting> waiting = std::move(entry->second);
  waiting_.erase(entry);
  return waiting;
}

void CrlTable::Finish(const std::string& key, Outcome outcome, absl::Time now, bool keep) {
  std::vector<Waiting> waiting = TakeWaiting(key);
  std::vector<CertificateRevocation> answers;
  answers.reserve(waiting.size());
  for (const Waiting& one : waiting) answers.push_back(Judge(outcome, one.question, now));
  if (keep) {
    const bool failed = std::holds_alternative<std::string>(outcome);
    finished_.insert_or_assign(
        key, Finished{std::move(outcome), failed ? now + kKeepFailure : absl::InfiniteFuture()});
  }
  // Whoever is told may ask for the next.
  for (size_t i = 0; i < waiting.size(); ++i) waiting[i].done(std::move(answers[i]));
}

void CrlTable::GiveUp(const std::string& key) {
  for (Waiting& one : TakeWaiting(key)) one.done({});
}

}  // namespace mxsweep::scanner
