#include "tools/explain/lines/exchange_log.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

// Message tracking of Exchange 2019 has 30.
constexpr size_t kMaxColumns = 100;

// The fields of a line of CSV, without the quotes around them.
std::vector<std::string_view> SplitCsv(std::string_view line) {
  std::vector<std::string_view> fields;
  bool quoted = false;
  size_t begin = 0;
  for (size_t i = 0; i <= line.size() && fields.size() < kMaxColumns; ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i < line.size() && (line[i] != ',' || quoted)) continue;
    std::string_view field = line.substr(begin, i - begin);
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') {
      field = field.substr(1, field.size() - 2);
    }
    fields.push_back(field);
    begin = i + 1;
  }
  return fields;
}

// A row of a log, by the names of its columns.
class Row {
 public:
  Row(const std::vector<std::string>& columns, std::string_view line)
      : columns_(columns), fields_(SplitCsv(line)) {}

  bool Has(std::string_view column) const {
    return std::ranges::find(columns_, column) != columns_.end();
  }
  // Empty where the row is shorter, or has no such column.
  std::string_view At(std::string_view column) const {
    const auto found = std::ranges::find(columns_, column);
    const auto index = static_cast<size_t>(found - columns_.begin());
    return index < fields_.size() ? fields_[index] : std::string_view();
  }
  size_t size() const { return fields_.size(); }

 private:
  const std::vector<std::string>& columns_;
  std::vector<std::string_view> fields_;
};

// "192.0.2.1" of "192.0.2.1:25" and "2001:db8::1" of "[2001:db8::1]:25".
std::string_view AddressOf(std::string_view endpoint) {
  if (endpoint.starts_with('[')) return endpoint.substr(1, endpoint.find(']') - 1);
  return endpoint.substr(0, endpoint.rfind(':'));
}

std::string DomainOf(std::string_view recipient) {
  // Several have ";" between them.
  const std::string_view first = recipient.substr(0, recipient.find(';'));
  const size_t at = first.rfind('@');
  return at == std::string_view::npos ? ""
                                      : absl::AsciiStrToLower(std::string(first.substr(at + 1)));
}

ExchangeRow ReadTracking(const Row& row) {
  ExchangeRow read;
  read.text = JoinText(row.At("recipient-status"), " ", row.At("source-context"));
  // Of what comes in, the client is the other side, and the recipients are our own.
  const bool incoming = row.At("event-id") == "RECEIVE";
  read.remote.host =
      absl::AsciiStrToLower(std::string(row.At(incoming ? "client-hostname" : "server-hostname")));
  read.remote.address = std::string(row.At(incoming ? "client-ip" : "server-ip"));
  if (!incoming) read.remote.domain = DomainOf(row.At("recipient-address"));
  read.event = std::string(row.At("event-id"));
  read.context = std::string(row.At("source"));
  return read;
}

ExchangeRow ReadProtocol(const Row& row) {
  ExchangeRow read;
  read.text = JoinText(row.At("data"), " ", row.At("context"));
  read.remote.address = std::string(AddressOf(row.At("remote-endpoint")));
  read.is_protocol = true;
  read.session = std::string(row.At("session-id"));
  read.event = std::string(row.At("event"));
  read.data = std::string(row.At("data"));
  read.context = std::string(row.At("context"));
  return read;
}

}  // namespace

bool ExchangeLog::TakeHeader(std::string_view line) {
  constexpr std::string_view kFields = "#Fields:";
  if (!line.starts_with(kFields)) return false;
  columns_.clear();
  for (const std::string_view name : SplitCsv(line.substr(kFields.size()))) {
    columns_.push_back(absl::AsciiStrToLower(std::string(TrimText(name))));
  }
  return true;
}

std::optional<ExchangeRow> ExchangeLog::ReadRow(std::string_view line) const {
  if (columns_.empty() || line.empty() || !absl::ascii_isdigit(line.front())) return std::nullopt;
  const Row row(columns_, line);
  // Something else's line, in the same file.
  if (row.size() < 3) return std::nullopt;
  if (row.Has("recipient-status")) return ReadTracking(row);
  if (row.Has("data") && row.Has("remote-endpoint")) return ReadProtocol(row);
  return std::nullopt;
}

}  // namespace mxsweep::tools
