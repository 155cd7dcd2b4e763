// DNS responses: whatever the bytes are, they are read or refused, and what is read keeps its
// promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "dns/message.h"
#include "dns/response_reader.h"

namespace {

void Require(bool holds) {
  if (!holds) std::abort();
}

// What was read as a name can be asked for again: escapes and lengths are right.
void RequireName(const std::string& name) {
  Require(mxsweep::dns::BuildQuery(name, mxsweep::dns::RrType::kA, {}).ok());
  for (const char c : name) Require(c > 0x20 && c < 0x7F);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::dns;
  const auto message = ParseResponse({data, size});
  if (!message.ok()) return 0;
  RequireName(message->question_name);
  Require(message->answers.size() <= kMaxAnswerRecords);
  for (const ResourceRecord& record : message->answers) {
    RequireName(record.owner);
    if (const auto* mx = std::get_if<MxRecord>(&record.data)) RequireName(mx->host);
    if (const auto* cname = std::get_if<CnameData>(&record.data)) RequireName(cname->target);
    if (const auto* txt = std::get_if<TxtData>(&record.data)) {
      Require(txt->text.size() <= kMaxTextBytes);
    }
  }
  const Response response =
      ReadResponse(*message, message->question_name, message->question_type, /*trusted=*/true);
  Require((response.status == ResponseStatus::kOk) == !response.records.empty());
  Require(response.cname_chain.size() <= kMaxCnameChain);
  Require(response.dnssec != DnssecState::kSecure || message->authentic_data);
  Require(IsAnswer(response.status) == response.detail.empty());
  for (const char c : response.detail) Require(c >= 0x20 && c < 0x7F);
  return 0;
}
