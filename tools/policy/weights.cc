#include "tools/policy/weights.h"

#include <algorithm>

#include "dns/name.h"
#include "output/files/file_system.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxShownBytes = 80;

std::string_view Unquoted(std::string_view field) {
  field = TrimText(field);
  const bool quoted = field.size() >= 2 && field.front() == '"' && field.back() == '"';
  return quoted ? field.substr(1, field.size() - 2) : field;
}

absl::Status BadLine(uint64_t number, std::string_view what, std::string_view line) {
  return InvalidArgument(
      JoinText("line ", number, ": ", what, ": ", SanitizeText(line, kMaxShownBytes)));
}

}  // namespace

absl::StatusOr<Weights> Weights::Parse(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  Weights weights;
  uint64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = TrimText(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    ++number;
    if (line.empty()) continue;
    const size_t comma = line.find(',');
    if (comma == line.npos) return BadLine(number, "\"domain,messages\" is wanted", line);
    uint64_t messages = 0;
    if (!ParseDigits(Unquoted(line.substr(comma + 1)), &messages)) {
      if (number == 1) continue;  // a heading
      return BadLine(number, "the number of messages is none", line);
    }
    if (messages > kMaxMessages) return BadLine(number, "so many messages are nobody's", line);
    const auto domain = dns::NormalizeDomain(Unquoted(line.substr(0, comma)));
    if (!domain.ok()) return BadLine(number, MessageOf(domain.status()), line);
    weights.messages_[*domain].messages += messages;
    weights.total_ += messages;
  }
  return weights;
}

absl::StatusOr<Weights> Weights::Read(const std::string& path) {
  const auto text = output::ReadWholeFile(*output::PosixFileSystem(), path, kMaxWeightsBytes);
  if (!text.ok()) return InvalidArgument(MessageOf(text.status()));
  auto weights = Parse(*text);
  if (!weights.ok()) {
    return absl::Status(weights.status().code(),
                        JoinText(path, ", ", std::string(weights.status().message())));
  }
  return weights;
}

uint64_t Weights::Take(std::string_view domain) {
  const auto found = messages_.find(std::string(domain));
  if (found == messages_.end()) return 0;
  Entry& entry = found->second;
  if (!entry.met) {
    entry.met = true;
    ++met_domains_;
    met_messages_ += entry.messages;
  }
  return entry.messages;
}

}  // namespace mxsweep::tools
