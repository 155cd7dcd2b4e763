#include "scanner/http/response.h"

#include <string>
#include <string_view>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;
using State = HttpResponseReader::State;

constexpr size_t kMaxBody = 100;

State Feed(HttpResponseReader* reader, std::string_view text) {
  return reader->Feed({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

class HttpResponseReaderTest : public ::testing::Test {
 protected:
  State Feed(std::string_view text) { return scanner::Feed(&reader_, text); }

  HttpResponseReader reader_{kMaxBody};
};

TEST_F(HttpResponseReaderTest, ReadsABodyWithALength) {
  EXPECT_EQ(Feed("HTTP/1.1 200 OK\r\nContent-Type:  text/plain \r\nContent-Length: 5\r\n\r\nhello"),
            State::kComplete);
  EXPECT_EQ(reader_.status(), 200);
  EXPECT_EQ(reader_.content_type(), "text/plain");
  EXPECT_EQ(reader_.TakeBody(), "hello");
}

TEST_F(HttpResponseReaderTest, ReadsAnyResponseByteByByte) {
  const std::string response =
      "HTTP/1.1 100 Continue\r\nLocation: nowhere\r\n\r\nHTTP/1.1 200 OK\r\n"
      "content-type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;name=value\r\nhello\r\n1\r\n!\r\n0\r\nContent-Type: text/html\r\n\r\n";
  State state = State::kNeedMore;
  for (size_t i = 0; i < response.size(); ++i) {
    ASSERT_EQ(state, State::kNeedMore) << i;
    state = Feed(std::string_view(response).substr(i, 1));
  }
  EXPECT_EQ(state, State::kComplete);
  EXPECT_EQ(reader_.body(), "hello!");
  EXPECT_EQ(reader_.content_type(), "text/plain") << "trailers do not count";
  EXPECT_FALSE(reader_.location().has_value()) << "interim responses do not count";
}

// RFC 9112 §6.3
TEST_F(HttpResponseReaderTest, ReadsToTheEndWhereThereIsNoLength) {
  EXPECT_EQ(Feed("HTTP/1.0 200 OK\r\n\r\nhello"), State::kNeedMore);
  EXPECT_TRUE(reader_.in_body());
  EXPECT_EQ(reader_.End(), State::kComplete);
  EXPECT_EQ(reader_.body(), "hello");
}

TEST_F(HttpResponseReaderTest, DoesNotTakeACutBodyForAWholeOne) {
  EXPECT_EQ(Feed("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello"), State::kNeedMore);
  EXPECT_EQ(reader_.End(), State::kNeedMore);
  HttpResponseReader chunked(kMaxBody);
  scanner::Feed(&chunked, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  EXPECT_EQ(chunked.End(), State::kNeedMore);
  HttpResponseReader headers(kMaxBody);
  scanner::Feed(&headers, "HTTP/1.1 200 OK\r\nContent-Le");
  EXPECT_EQ(headers.End(), State::kNeedMore);
  HttpResponseReader nothing(kMaxBody);
  EXPECT_EQ(nothing.End(), State::kNeedMore);
  EXPECT_FALSE(nothing.started());
}

// RFC 8461 §3.3: 200 and nothing else; redirects are not followed.
TEST_F(HttpResponseReaderTest, StopsAtEveryOtherStatus) {
  EXPECT_EQ(Feed("HTTP/1.1 302 Found\r\nLocation: https://example.org/\r\n\r\n"), State::kNot200);
  EXPECT_EQ(reader_.status(), 302);
  EXPECT_EQ(reader_.location(), "https://example.org/");
  for (const char* line : {"204 No Content", "206 Partial Content", "404 Not Found", "500 Oops",
                           "101 Switching Protocols"}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(
        scanner::Feed(&reader, "HTTP/1.1 " + std::string(line) + "\r\nContent-Length: 0\r\n\r\n"),
        State::kNot200)
        << line;
  }
}

TEST_F(HttpResponseReaderTest, TakesNoMoreThanItMay) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(Feed(head + "Content-Length: 101\r\n\r\n"), State::kTooLarge);
  EXPECT_THAT(reader_.error(), HasSubstr("101 bytes"));
  HttpResponseReader exact(kMaxBody);
  EXPECT_EQ(scanner::Feed(&exact, head + "Content-Length: 100\r\n\r\n" + std::string(100, 'x')),
            State::kComplete);
  HttpResponseReader endless(kMaxBody);
  EXPECT_EQ(scanner::Feed(&endless, head + "\r\n" + std::string(101, 'x')), State::kTooLarge);
  HttpResponseReader chunked(kMaxBody);
  EXPECT_EQ(scanner::Feed(&chunked, head + "Transfer-Encoding: chunked\r\n\r\n65\r\n" +
                                        std::string(101, 'x')),
            State::kTooLarge);
  EXPECT_LE(chunked.body().size(), kMaxBody);
}

TEST_F(HttpResponseReaderTest, HasCapsOnHeaders) {
  std::string many = "HTTP/1.1 200 OK\r\n";
  for (size_t i = 0; i < kMaxHttpHeaders; ++i) many += "A: b\r\n";
  EXPECT_EQ(Feed(many), State::kNeedMore);
  EXPECT_EQ(Feed("A: b\r\n"), State::kMalformed);
  EXPECT_THAT(reader_.error(), HasSubstr("headers"));
  HttpResponseReader long_line(kMaxBody);
  const std::string line = "HTTP/1.1 200 OK\r\nA: " + std::string(kMaxHttpHeaderBytes, 'x');
  EXPECT_EQ(scanner::Feed(&long_line, line), State::kMalformed);
  HttpResponseReader interim(kMaxBody);
  State state = State::kNeedMore;
  for (int i = 0; i < 10'000 && state == State::kNeedMore; ++i) {
    state = scanner::Feed(&interim, "HTTP/1.1 103 Early Hints\r\n\r\n");
  }
  EXPECT_EQ(state, State::kMalformed) << "interim responses without end";
}

TEST_F(HttpResponseReaderTest, HasACapOnWhatStandsBetweenChunks) {
  ASSERT_EQ(Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;"), State::kNeedMore);
  State state = State::kNeedMore;
  for (int i = 0; i < 1'000 && state == State::kNeedMore; ++i) state = Feed(std::string(100, 'x'));
  EXPECT_EQ(state, State::kMalformed);
}

TEST_F(HttpResponseReaderTest, WantsNoCodingThatItDidNotAskFor) {
  const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n";
  for (const char* coding : {"br", "identity, gzip", "gzip ,", "X-GZIP", "zstd"}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(scanner::Feed(&reader, head + "Content-Encoding: " + coding + "\r\n\r\nx"),
              State::kMalformed)
        << coding;
  }
  // RFC 9110 §5.6.1.2, §8.4: an empty list names none; and what is no coding changes nothing.
  for (const char* none : {"", " ", ",", "utf-8", "aws-chunked", "aws-chunked,"}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(scanner::Feed(&reader, head + "Content-Encoding: " + none + "\r\n\r\nx"),
              State::kComplete)
        << none;
  }
  EXPECT_EQ(Feed(head + "Content-Encoding: gzip\r\n\r\nx"), State::kMalformed);
  EXPECT_THAT(reader_.error(), HasSubstr("gzip"));
  HttpResponseReader identity(kMaxBody);
  EXPECT_EQ(scanner::Feed(&identity, head + "Content-Encoding: IDENTITY\r\n\r\nx"),
            State::kComplete);
  HttpResponseReader transfer(kMaxBody);
  EXPECT_EQ(scanner::Feed(&transfer, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
            State::kMalformed);
}

TEST_F(HttpResponseReaderTest, RefusesWhatIsNotHttp) {
  for (const char* text :
       {"220 mx.example.org ESMTP\r\n", "\x15\x03\x01\x00\x02\x02\x28", "HTTP/9.9 200 OK\r\n\r\n",
        "<html>", "HTTP/1.1 2x0 OK\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(scanner::Feed(&reader, text), State::kMalformed) << text;
    EXPECT_FALSE(reader.error().empty());
  }
}

// RFC 9112 says how each of these should be written; curl 7.88 reads all of them, and so do
// senders.
TEST_F(HttpResponseReaderTest, ReadsWhatOtherClientsRead) {
  for (const char* text :
       {"HTTP/1.1 200\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 200 \r\nContent-Length: 1\r\n\r\nx",
        "HTTP/1.1 200 OK\nContent-Length: 1\n\nx", "HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\nx",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nServer: caf\xE9\r\nContent-Length: 1\r\n\r\nx"}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(scanner::Feed(&reader, text), State::kComplete) << text << reader.error();
    EXPECT_EQ(reader.body(), "x") << text;
  }
}

// Whole and byte by byte: the same words, and none of the parser's.
TEST_F(HttpResponseReaderTest, SaysInPlainWordsWhatIsNotHttp) {
  const std::string head = "HTTP/1.1 200 OK\r\n";
  const std::pair<std::string, std::string> cases[] = {
      // The first frame of a server that speaks HTTP/2 only: SETTINGS with three of them.
      {std::string("\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xFF\xFF\xFF", 27),
       "the server speaks HTTP/2 only: it answered HTTP/1.1 with a frame of HTTP/2"},
      {"\xEF\xBB\xBFHTTP/1.1 200 OK\r\n\r\n",
       "not HTTP: a byte order mark stands before the status line"},
      {"HTTP/2 200\r\ncontent-length: 1\r\n\r\nx",
       "not HTTP/1: the answer begins with \"HTTP/2 200\""},
      {"HTTP/3.0 200 OK\r\n", "not HTTP/1: the answer begins with \"HTTP/3.0 200 OK\""},
      {"220 mx.example.org ESMTP\r\n",
       "not HTTP: the answer begins with \"220 mx.example.org ESMTP\""},
      {"<html>", "not HTTP: the answer begins with \"<html>\""},
      {"version: STSv1\r\nmode: none\r\n", "not HTTP: the answer begins with \"version: STSv1\""},
      {std::string("\x15\x03\x01\x00\x02\x02\x28", 7), "not HTTP: the answer is TLS"},
      {"HELLO/1.1 200 OK\r\n", "not HTTP: the answer begins with \"HELLO/1.1 200 OK\""},
      {"HTTP/1.1 OK\r\n", "the status line has no status code"},
      {head + "Bad Header Line\r\n\r\n",
       "a header line with a character that may not be there, or without a colon"},
      {head + "Content-Length: one\r\n\r\n", "a Content-Length that is no number"},
      {head + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
       "a second Content-Length, or one beside Transfer-Encoding: the length is ambiguous"},
      {head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
       "a chunk whose size is no hexadecimal number"},
  };
  for (const auto& [text, sentence] : cases) {
    HttpResponseReader whole(kMaxBody);
    EXPECT_EQ(scanner::Feed(&whole, text), State::kMalformed) << text;
    EXPECT_EQ(whole.error(), sentence);
    HttpResponseReader bytes(kMaxBody);
    for (const char& byte : text) scanner::Feed(&bytes, {&byte, 1});
    EXPECT_EQ(bytes.state(), State::kMalformed) << text;
    // Of text, what is shown is what had come.
    if (sentence.find('"') == std::string::npos && sentence.find("TLS") == std::string::npos) {
      EXPECT_EQ(bytes.error(), sentence);
    }
  }
}

// A beginning that may yet be HTTP, HTTP/2 or a byte order mark is no error before it is one.
TEST_F(HttpResponseReaderTest, WaitsUntilTheBeginningSaysWhatItIs) {
  for (const std::string& text : {std::string("\0\0\x12\4\0", 5), std::string("\xEF\xBB"),
                                  std::string("HTTP/1"), std::string("\r\n\r\nHT")}) {
    HttpResponseReader reader(kMaxBody);
    EXPECT_EQ(scanner::Feed(&reader, text), State::kNeedMore);
    EXPECT_TRUE(reader.started());
    EXPECT_EQ(reader.End(), State::kNeedMore);
  }
  EXPECT_EQ(Feed("\r\n\r\nHTTP"), State::kNeedMore);
  EXPECT_EQ(Feed("/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), State::kComplete);
}

TEST_F(HttpResponseReaderTest, KeepsNoMoreOfAHeaderThanItsCap) {
  EXPECT_EQ(Feed("HTTP/1.1 200 OK\r\nContent-Type: " + std::string(5'000, 'x') +
                 "\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"),
            State::kComplete);
  EXPECT_EQ(reader_.content_type(), std::string(kMaxHttpValueBytes, 'x'))
      << "of several, the first";
}

}  // namespace
}  // namespace mxsweep::scanner
