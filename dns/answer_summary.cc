#include <algorithm>
#include <limits>
#include <utility>

#include "dns/message.h"
#include "dns/wire_name.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

const ResourceRecord* FindCname(const Message& message, std::string_view owner) {
  for (const ResourceRecord& record : message.answers) {
    if (record.type == RrType::kCname && record.owner == owner) return &record;
  }
  return nullptr;
}

// RFC 2308 §5: a denial is kept for the lesser of the SOA's own TTL and its minimum field.
uint32_t DenialTtl(const Message& message) {
  if (!message.soa.has_value()) return 0;
  const auto* soa = std::get_if<SoaData>(&message.soa->data);
  return soa == nullptr ? 0 : std::min(message.soa->ttl_seconds, soa->minimum_ttl_seconds);
}

}  // namespace

absl::StatusOr<AnswerSummary> SummarizeAnswer(const Message& message, std::string_view name,
                                              RrType type) {
  return SummarizeAnswer(Message(message), name, type);
}

absl::StatusOr<AnswerSummary> SummarizeAnswer(Message&& message, std::string_view name,
                                              RrType type) {
  const absl::StatusOr<std::string> start = CanonicalPresentation(name);
  if (!start.ok()) return start.status();
  std::string_view current = *start;  // then of a CNAME record, which stays where it is
  AnswerSummary summary;
  uint32_t ttl = std::numeric_limits<uint32_t>::max();
  while (type != RrType::kCname) {
    const ResourceRecord* cname = FindCname(message, current);
    if (cname == nullptr) break;
    ttl = std::min(ttl, cname->ttl_seconds);
    const std::string& target = std::get<CnameData>(cname->data).target;
    const auto& chain = summary.cname_chain;
    if (target == *start || std::find(chain.begin(), chain.end(), target) != chain.end()) {
      return absl::InvalidArgumentError(JoinText("CNAME loop at ", target));
    }
    if (chain.size() == kMaxCnameChain) {
      return absl::InvalidArgumentError(JoinText("more than ", kMaxCnameChain, " CNAMEs"));
    }
    summary.cname_chain.push_back(target);
    current = target;
  }
  summary.records.reserve(message.answers.size());
  for (ResourceRecord& record : message.answers) {
    if (record.type != type || record.owner != current) continue;
    ttl = std::min(ttl, record.ttl_seconds);
    summary.records.push_back(std::move(record));
  }
  if (summary.records.empty()) ttl = std::min(ttl, DenialTtl(message));
  summary.ttl_seconds = ttl;
  return summary;
}

}  // namespace mxsweep::dns
