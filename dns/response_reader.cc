#include "dns/response_reader.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "dns/wire_name.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

// What an error response says of itself, in ASCII: the text is the server's.
std::string Explain(const Message& message) {
  std::string text = RcodeName(message.rcode);
  for (const ExtendedError& error : message.extended_errors) {
    AppendText(&text, " (extended error ", error.code);
    if (!error.text.empty()) AppendText(&text, ": ", absl::CHexEscape(error.text));
    AppendText(&text, ")");
  }
  return text;
}

bool SaysBogus(const Message& message) {
  return std::any_of(message.extended_errors.begin(), message.extended_errors.end(), MeansBogus);
}

// Records in the answer section that do not belong to the asked name and its CNAMEs. Beside an
// answer they do not matter; instead of one they are somebody else's.
bool AnswersAnotherName(const Message& message, std::string_view name,
                        const AnswerSummary& summary) {
  const absl::StatusOr<std::string> asked = CanonicalPresentation(name);
  const auto& chain = summary.cname_chain;
  return std::any_of(message.answers.begin(), message.answers.end(),
                     [&](const ResourceRecord& record) {
                       return record.owner != *asked &&
                              std::find(chain.begin(), chain.end(), record.owner) == chain.end();
                     });
}

// `name` may be in any form.
bool IsQuestionName(const Message& message, std::string_view name) {
  if (message.question_name == name) return true;
  const absl::StatusOr<std::string> asked = CanonicalPresentation(name);
  return asked.ok() && message.question_name == *asked;
}

// NOERROR and NXDOMAIN.
Response ReadAnswer(Message message, std::string_view name, RrType type, bool trusted) {
  const bool denies = message.soa.has_value();
  absl::StatusOr<AnswerSummary> summary = SummarizeAnswer(std::move(message), name, type);
  if (!summary.ok()) {
    return ErrorResponse(ResponseStatus::kMalformed, std::string(summary.status().message()));
  }
  // "There is none" and records in the same breath: neither is believed. Where no record was taken
  // for the summary, all of them are still in the message.
  if (summary->records.empty() && AnswersAnotherName(message, name, *summary)) {
    return ErrorResponse(ResponseStatus::kMalformed, "the answer is about another name");
  }
  if (message.rcode == Rcode::kNxDomain && !summary->records.empty()) {
    return ErrorResponse(ResponseStatus::kMalformed, "NXDOMAIN, with records of the name");
  }
  // It may be among those that were not kept.
  if (summary->records.empty() && !message.left_out.empty()) {
    return ErrorResponse(ResponseStatus::kMalformed, std::move(message.left_out));
  }
  Response response;
  response.left_out = std::move(message.left_out);
  if (message.rcode == Rcode::kNxDomain) {
    // RFC 6604 §3: said of the last name of the chain.
    response.status = ResponseStatus::kNxDomain;
  } else if (!summary->records.empty()) {
    response.status = ResponseStatus::kOk;
  } else if (!message.recursion_available && !message.authoritative) {
    // A referral looks like "no data", and says nothing about the data.
    return ErrorResponse(ResponseStatus::kRefused, "the server does not recurse");
  } else {
    response.status = ResponseStatus::kNoData;
    // RFC 2308 §2.2: the mark of a denial is the SOA record. Without one nothing is denied of the
    // last name.
    response.ends_in_cname = !summary->cname_chain.empty() && !denies;
  }
  response.authentic_data = message.authentic_data;
  response.dnssec =
      message.authentic_data && trusted ? DnssecState::kSecure : DnssecState::kInsecure;
  response.records = std::move(summary->records);
  response.cname_chain = std::move(summary->cname_chain);
  response.ttl_seconds = summary->ttl_seconds;
  return response;
}

}  // namespace

Response ErrorResponse(ResponseStatus status, std::string detail) {
  Response response;
  response.status = status;
  response.dnssec = status == ResponseStatus::kBogus ? DnssecState::kBogus : DnssecState::kError;
  response.detail = std::move(detail);
  return response;
}

Response ReadResponse(Message message, std::string_view name, RrType type, bool trusted) {
  if (message.question_type != type || !IsQuestionName(message, name)) {
    return ErrorResponse(ResponseStatus::kMalformed, "the answer is to another question");
  }
  switch (message.rcode) {
    case Rcode::kNoError:
    case Rcode::kNxDomain:
      return ReadAnswer(std::move(message), name, type, trusted);
    case Rcode::kServfail:
      return ErrorResponse(SaysBogus(message) ? ResponseStatus::kBogus : ResponseStatus::kServfail,
                           Explain(message));
    default:
      return ErrorResponse(ResponseStatus::kRefused, Explain(message));
  }
}

}  // namespace mxsweep::dns
