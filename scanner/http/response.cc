#include "scanner/http/response.h"

#include <http_parser.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <utility>

#include "absl/strings/match.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr int kOk = 200;
// Of a header's name; those that are looked at are shorter.
constexpr size_t kMaxKeptNameBytes = 32;

// What http-parser takes for "stop, all is said".
constexpr int kStop = -1;

std::string_view ErrorName(const http_parser& parser) {
  return http_errno_description(static_cast<http_errno>(parser.http_errno));
}

}  // namespace

struct HttpResponseReader::Impl {
  explicit Impl(size_t max_body) : max_body_bytes(max_body) {
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = this;
  }

  static Impl* Of(http_parser* parser) { return static_cast<Impl*>(parser->data); }
  static const http_parser_settings& Settings();

  int Stop(State final_state, std::string why = {}) {
    state = final_state;
    error = std::move(why);
    return kStop;
  }
  int OnHeaderField(std::string_view piece);
  int OnHeaderValue(std::string_view piece);
  void FinishHeader();
  int OnHeadersComplete();
  int OnBody(std::string_view piece);
  int OnMessageComplete();
  bool interim() const { return parser.status_code >= 100 && parser.status_code < 200; }

  http_parser parser;
  size_t max_body_bytes;
  State state = State::kNeedMore;
  uint64_t bytes = 0;  // consumed, all kinds
  bool in_body = false;
  std::optional<int> status;
  size_t headers = 0;
  std::string name;  // of the header that is being read, lower case
  std::string value;
  bool reading_value = false;
  std::optional<std::string> content_type;
  std::optional<std::string> location;
  std::optional<std::string> content_encoding;
  std::optional<std::string> transfer_encoding;
  std::string body;
  std::string error;
};

const http_parser_settings& HttpResponseReader::Impl::Settings() {
  static const http_parser_settings settings = [] {
    http_parser_settings made;
    http_parser_settings_init(&made);
    made.on_header_field = [](http_parser* p, const char* at, size_t size) {
      return Of(p)->OnHeaderField({at, size});
    };
    made.on_header_value = [](http_parser* p, const char* at, size_t size) {
      return Of(p)->OnHeaderValue({at, size});
    };
    made.on_headers_complete = [](http_parser* p) { return Of(p)->OnHeadersComplete(); };
    made.on_body = [](http_parser* p, const char* at, size_t size) {
      return Of(p)->OnBody({at, size});
    };
    made.on_message_complete = [](http_parser* p) { return Of(p)->OnMessageComplete(); };
    return made;
  }();
  return settings;
}

int HttpResponseReader::Impl::OnHeaderField(std::string_view piece) {
  if (std::exchange(reading_value, false)) FinishHeader();
  if (name.empty() && ++headers > kMaxHttpHeaders) {
    return Stop(State::kMalformed, JoinText("more than ", kMaxHttpHeaders, " headers"));
  }
  for (const char c :
       piece.substr(0, kMaxKeptNameBytes - std::min(name.size(), kMaxKeptNameBytes))) {
    name += static_cast<char>(absl::ascii_tolower(static_cast<unsigned char>(c)));
  }
  return 0;
}

int HttpResponseReader::Impl::OnHeaderValue(std::string_view piece) {
  reading_value = true;
  value += piece.substr(0, kMaxHttpValueBytes - std::min(value.size(), kMaxHttpValueBytes));
  return 0;
}

void HttpResponseReader::Impl::FinishHeader() {
  for (const auto& [wanted, kept] :
       {std::pair(std::string_view("content-type"), &content_type),
        std::pair(std::string_view("location"), &location),
        std::pair(std::string_view("content-encoding"), &content_encoding),
        std::pair(std::string_view("transfer-encoding"), &transfer_encoding)}) {
    // Trailers mean nothing here: what is wanted stands before the body.
    if (!in_body && name == wanted && !kept->has_value()) *kept = std::string(TrimText(value));
  }
  name.clear();
  value.clear();
}

int HttpResponseReader::Impl::OnHeadersComplete() {
  if (in_body) return 0;  // trailers
  FinishHeader();
  reading_value = false;
  if (parser.http_major != 1) return Stop(State::kMalformed, "not HTTP/1");
  if (interim() && parser.status_code != 101) {
    content_type = location = content_encoding = transfer_encoding = std::nullopt;
    return 0;
  }
  status = static_cast<int>(parser.status_code);
  if (*status != kOk) return Stop(State::kNot200);
  if (content_encoding && !absl::EqualsIgnoreCase(*content_encoding, "identity")) {
    return Stop(State::kMalformed, JoinText("a content coding that was not asked for: ",
                                            SanitizeText(*content_encoding, 60)));
  }
  if (transfer_encoding && !absl::EqualsIgnoreCase(*transfer_encoding, "chunked")) {
    return Stop(State::kMalformed, JoinText("a transfer coding that was not asked for: ",
                                            SanitizeText(*transfer_encoding, 60)));
  }
  const uint64_t length = parser.content_length;
  const bool has_length = length != std::numeric_limits<uint64_t>::max();
  if (has_length && length > max_body_bytes) {
    return Stop(State::kTooLarge, JoinText("a body of ", length, " bytes, over ", max_body_bytes));
  }
  in_body = true;
  return 0;
}

int HttpResponseReader::Impl::OnBody(std::string_view piece) {
  if (body.size() + piece.size() > max_body_bytes) {
    return Stop(State::kTooLarge, JoinText("a body over ", max_body_bytes, " bytes"));
  }
  body += piece;
  return 0;
}

int HttpResponseReader::Impl::OnMessageComplete() {
  return status.has_value() ? Stop(State::kComplete) : 0;  // an interim response: go on
}

HttpResponseReader::HttpResponseReader(size_t max_body_bytes)
    : impl_(std::make_unique<Impl>(max_body_bytes)) {}
HttpResponseReader::~HttpResponseReader() = default;

HttpResponseReader::State HttpResponseReader::Feed(std::span<const uint8_t> bytes) {
  Impl& reader = *impl_;
  if (reader.state != State::kNeedMore || bytes.empty()) return reader.state;
  const size_t consumed = http_parser_execute(
      &reader.parser, &Impl::Settings(), reinterpret_cast<const char*>(bytes.data()), bytes.size());
  reader.bytes += consumed;
  if (reader.state != State::kNeedMore) return reader.state;
  if (HTTP_PARSER_ERRNO(&reader.parser) != HPE_OK || reader.parser.upgrade != 0) {
    reader.Stop(State::kMalformed, std::string(ErrorName(reader.parser)));
  } else if (reader.bytes - reader.body.size() > kMaxHttpHeaderBytes + reader.body.size()) {
    reader.Stop(State::kMalformed,
                JoinText("more than ", kMaxHttpHeaderBytes, " bytes of headers"));
  }
  return reader.state;
}

HttpResponseReader::State HttpResponseReader::End() {
  Impl& reader = *impl_;
  if (reader.state == State::kNeedMore) {
    http_parser_execute(&reader.parser, &Impl::Settings(), nullptr, 0);
  }
  return reader.state;
}

HttpResponseReader::State HttpResponseReader::state() const { return impl_->state; }
bool HttpResponseReader::started() const { return impl_->bytes > 0; }
bool HttpResponseReader::in_body() const { return impl_->in_body; }
std::optional<int> HttpResponseReader::status() const { return impl_->status; }
const std::optional<std::string>& HttpResponseReader::content_type() const {
  return impl_->content_type;
}
const std::optional<std::string>& HttpResponseReader::location() const { return impl_->location; }
const std::string& HttpResponseReader::body() const { return impl_->body; }
std::string HttpResponseReader::TakeBody() { return std::move(impl_->body); }
const std::string& HttpResponseReader::error() const { return impl_->error; }

}  // namespace mxsweep::scanner
