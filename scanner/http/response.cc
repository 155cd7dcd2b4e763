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

// Of the first bytes, which say what the server speaks: the longest opening that is told apart.
constexpr size_t kHeadBytes = 32;
constexpr size_t kHttp2FrameHeaderBytes = 9;
constexpr uint8_t kHttp2Settings = 4;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kHttpName = "HTTP/";
constexpr std::string_view kHttp1 = "HTTP/1.";

// Does one begin with the other, so that more bytes may make `head` begin with `opening`?
bool MayBecome(std::string_view head, std::string_view opening) {
  return head.substr(0, opening.size()) == opening.substr(0, head.size());
}

// A server that speaks HTTP/2 opens with a SETTINGS frame of the connection, whatever it was asked
// (RFC 9113 §3.4, §4.1): length (24 bits, far below 2^16), type, flags, stream 0.
bool MayBecomeHttp2(std::string_view head) {
  constexpr int kAny = -1;
  constexpr int kOpening[kHttp2FrameHeaderBytes] = {0, kAny, kAny, kHttp2Settings, 0, 0, 0, 0, 0};
  for (size_t i = 0; i < std::min(head.size(), kHttp2FrameHeaderBytes); ++i) {
    if (kOpening[i] != kAny && kOpening[i] != static_cast<uint8_t>(head[i])) return false;
  }
  return true;
}

// What the first bytes of an answer say. The longer of two beginnings never says other than the
// shorter, unless that said nothing yet.
struct Opening {
  bool decided = false;
  std::string error;  // empty: HTTP/1
};

Opening JudgeOpening(std::string_view head) {
  // Left over from the message before, as some servers have it (RFC 9112 §2.2).
  const size_t start = head.find_first_not_of("\r\n");
  if (start == std::string_view::npos) return {.decided = head.size() == kHeadBytes};
  const bool full = head.size() == kHeadBytes;
  head.remove_prefix(start);
  if (MayBecome(head, kHttp1)) return {.decided = full || head.size() >= kHttp1.size()};
  if (MayBecome(head, kByteOrderMark)) {
    if (head.size() < kByteOrderMark.size()) return {.decided = full};
    return {true, "not HTTP: a byte order mark stands before the status line"};
  }
  if (MayBecomeHttp2(head)) {
    if (head.size() < kHttp2FrameHeaderBytes) return {.decided = full};
    return {true, "the server speaks HTTP/2 only: it answered HTTP/1.1 with a frame of HTTP/2"};
  }
  const std::string shown = SanitizeText(head.substr(0, head.find_first_of("\r\n")), kHeadBytes);
  if (head.starts_with(kHttpName)) {
    return {true, JoinText("not HTTP/1: the answer begins with \"", shown, "\"")};
  }
  // Content types change_cipher_spec to application_data, version 3.x (RFC 8446 §5.1).
  if (head.size() > 1 && head[0] >= 0x14 && head[0] <= 0x17 && head[1] == 3) {
    return {true, "not HTTP: the answer is TLS"};
  }
  return {true, JoinText("not HTTP: the answer begins with \"", shown, "\"")};
}

// What http-parser stopped at. Its own words are for its developers.
std::string_view ErrorSentence(http_errno error) {
  switch (error) {
    case HPE_INVALID_VERSION:
      return "not HTTP/1: the version in the status line is none";
    case HPE_INVALID_STATUS:
    case HPE_INVALID_CONSTANT:
      return "the status line has no status code";
    case HPE_INVALID_HEADER_TOKEN:
      return "a header line with a character that may not be there, or without a colon";
    case HPE_LF_EXPECTED:
    case HPE_STRICT:
      return "a line that ends in CR without LF";
    case HPE_HEADER_OVERFLOW:
      return "more bytes of headers than anybody sends";
    case HPE_INVALID_CONTENT_LENGTH:
      return "a Content-Length that is no number";
    case HPE_UNEXPECTED_CONTENT_LENGTH:
      return "a second Content-Length, or one beside Transfer-Encoding: the length is ambiguous";
    case HPE_INVALID_TRANSFER_ENCODING:
      return "a Transfer-Encoding that does not end in chunked";
    case HPE_INVALID_CHUNK_SIZE:
      return "a chunk whose size is no hexadecimal number";
    case HPE_CLOSED_CONNECTION:
      return "more than one response, though the connection was to be closed";
    default:
      return "not HTTP/1.1";
  }
}

// Does Content-Encoding name a coding that changes the bytes (the registry of RFC 9110 §16.6)? An
// empty list names none (§5.6.1.2). What is no coding ("utf-8", "aws-chunked", which storage
// services leave there) changes nothing, and clients that do not look at the field read the body.
bool NamesACoding(std::string_view list) {
  static constexpr std::string_view kCodings[] = {"aes128gcm",    "br",         "compress", "dcb",
                                                  "dcz",          "deflate",    "exi",      "gzip",
                                                  "pack200-gzip", "x-compress", "x-gzip",   "zstd"};
  while (!list.empty()) {
    const size_t comma = list.find(',');
    const std::string_view coding = TrimText(list.substr(0, comma));
    for (const std::string_view known : kCodings) {
      if (absl::EqualsIgnoreCase(ToAbsl(coding), ToAbsl(known))) return true;
    }
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
  }
  return false;
}

}  // namespace

struct HttpResponseReader::Impl {
  explicit Impl(size_t max_body) : max_body_bytes(max_body) {
    http_parser_init(&parser, HTTP_RESPONSE);
    parser.data = this;
  }

  static Impl* Of(http_parser* parser) { return static_cast<Impl*>(parser->data); }
  static const http_parser_settings& Settings();

  State Open(std::string_view piece);
  State Parse(std::string_view piece);
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
  // The answer's beginning, until it is decided what it is; what came of it before is not parsed
  // yet.
  std::string head;
  bool opened = false;
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
  if (content_encoding && NamesACoding(*content_encoding)) {
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

HttpResponseReader::State HttpResponseReader::Impl::Open(std::string_view piece) {
  const std::string before = head;
  head += piece.substr(0, kHeadBytes - head.size());
  Opening opening = JudgeOpening(head);
  if (!opening.decided) return state;
  opened = true;
  if (!opening.error.empty()) {
    Stop(State::kMalformed, std::move(opening.error));
    return state;
  }
  if (Parse(before) != State::kNeedMore) return state;
  return Parse(piece);
}

HttpResponseReader::State HttpResponseReader::Impl::Parse(std::string_view piece) {
  // Nothing would mean the end to http-parser.
  if (piece.empty()) return state;
  const size_t consumed = http_parser_execute(&parser, &Settings(), piece.data(), piece.size());
  bytes += consumed;
  if (state != State::kNeedMore) return state;
  if (HTTP_PARSER_ERRNO(&parser) != HPE_OK || parser.upgrade != 0) {
    Stop(State::kMalformed, std::string(ErrorSentence(HTTP_PARSER_ERRNO(&parser))));
  } else if (bytes - body.size() > kMaxHttpHeaderBytes + body.size()) {
    Stop(State::kMalformed, JoinText("more than ", kMaxHttpHeaderBytes, " bytes of headers"));
  }
  return state;
}

HttpResponseReader::State HttpResponseReader::Feed(std::span<const uint8_t> bytes) {
  if (impl_->state != State::kNeedMore || bytes.empty()) return impl_->state;
  const std::string_view piece(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return impl_->opened ? impl_->Parse(piece) : impl_->Open(piece);
}

HttpResponseReader::State HttpResponseReader::End() {
  Impl& reader = *impl_;
  if (reader.state == State::kNeedMore && reader.opened) {
    http_parser_execute(&reader.parser, &Impl::Settings(), nullptr, 0);
  }
  return reader.state;
}

HttpResponseReader::State HttpResponseReader::state() const { return impl_->state; }
bool HttpResponseReader::started() const { return !impl_->head.empty(); }
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
