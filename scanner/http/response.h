// Reads one HTTP/1.1 response (RFC 9112), sans-IO: bytes in, status, a few headers and the body
// out. The grammar is http-parser's; the caps and the words are ours.
#ifndef MXSWEEP_SCANNER_HTTP_RESPONSE_H_
#define MXSWEEP_SCANNER_HTTP_RESPONSE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

namespace mxsweep::scanner {

// Caps on what a server can make us hold or walk. Status line, headers, chunk sizes and trailers
// together; interim (1xx) responses count as headers.
inline constexpr size_t kMaxHttpHeaderBytes = 16 * 1024;
inline constexpr size_t kMaxHttpHeaders = 100;
// Of a header that is kept.
inline constexpr size_t kMaxHttpValueBytes = 1024;

class HttpResponseReader {
 public:
  enum class State : uint8_t {
    kNeedMore,
    kComplete,   // status 200, and the whole body is there
    kNot200,     // any other final status: its body is not read
    kTooLarge,   // the body is longer than allowed, or says that it is going to be
    kMalformed,  // not HTTP, over a cap, or coded in a way that was not asked for: see error()
  };

  // `max_body_bytes`: more is kTooLarge.
  explicit HttpResponseReader(size_t max_body_bytes);
  ~HttpResponseReader();
  HttpResponseReader(const HttpResponseReader&) = delete;
  HttpResponseReader& operator=(const HttpResponseReader&) = delete;

  // Takes what the server sent, cut anywhere. What follows a complete response is ignored. Any
  // state but kNeedMore is final.
  State Feed(std::span<const uint8_t> bytes);
  // The server has closed the connection in good order. A response without a length is complete
  // now; any other that is not stays kNeedMore: it was cut.
  State End();

  State state() const;
  // Has anything come, and is the body being read?
  bool started() const;
  bool in_body() const;

  // Of the final response; null before its status line.
  std::optional<int> status() const;
  // At most kMaxHttpValueBytes of each; null where there was none. Of several, the first.
  const std::optional<std::string>& content_type() const;
  const std::optional<std::string>& location() const;
  // What has come of it; moved out by TakeBody.
  const std::string& body() const;
  std::string TakeBody();
  // What is wrong, a phrase in plain words, with kMalformed and kTooLarge.
  const std::string& error() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_HTTP_RESPONSE_H_
