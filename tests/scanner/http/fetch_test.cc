// Fetches over a real io_uring and real sockets on loopback, from servers good and bad.
#include "scanner/http/fetch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tests/scanner/engine/loopback.h"
#include "tests/tls/session/test_server.h"

namespace mxsweep::scanner {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using testing::kMs;
using testing::kSecond;
using testing::Listener;
using testing::OwnedTask;
using ::testing::StartsWith;
using testing::TestSocket;

constexpr char kHeaders[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";

const tls::testing::TestPki& Pki() {
  static const auto* const pki = new tls::testing::TestPki(tls::testing::MakePki());
  return *pki;
}

// What a server does with a connection, in a thread of its own; `say` sends (within TLS, if there
// is any), false once the client has gone.
class Peer {
 public:
  Peer(TestSocket socket, bool tls) : socket_(std::move(socket)) {
    if (tls) server_.emplace(std::vector{&Pki().leaf, &Pki().intermediate});
  }

  // The request's text; shakes hands first, if there is TLS.
  std::string ReadRequest() {
    std::string text;
    while (text.find("\r\n\r\n") == std::string::npos) {
      char buffer[4096];
      const ssize_t got = recv(socket_.fd(), buffer, sizeof(buffer), 0);
      if (got <= 0) return text;
      const std::string bytes(buffer, static_cast<size_t>(got));
      if (server_) {
        const std::string answer = server_->Receive(bytes);
        if (!SendRaw(answer)) return text;
        text = server_->plaintext();
      } else {
        text += bytes;
      }
    }
    return text;
  }
  bool Say(const std::string& text) { return SendRaw(server_ ? server_->Send(text) : text); }
  bool SendRaw(const std::string& bytes) {
    return send(socket_.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }
  void CloseNotify() {
    if (server_) SendRaw(server_->SendCloseNotify());
  }
  void Alert(uint8_t number) { SendRaw(server_->SendFatalAlert(number)); }
  void Reset() { socket_.Reset(); }
  // Until the client has gone, whatever it says.
  void AwaitEnd() const {
    char buffer[4096];
    while (recv(socket_.fd(), buffer, sizeof(buffer), 0) > 0) {
    }
  }
  std::string server_name() const { return server_->server_name(); }
  const TestSocket& socket() const { return socket_; }

 private:
  TestSocket socket_;
  std::optional<tls::testing::TestServer> server_;
};

struct Result {
  FetchFacts facts;
  bool done = false;
};

OwnedTask RunFetchTask(EventLoop* loop, tls::ClientContext* tls, const HttpRequest* request,
                       SocketAddress to, Result* result) {
  result->facts = co_await FetchHttp(loop, tls, request, to, request->timeout_ns);
  result->done = true;
}

// Both kinds of connection, since the server's habits are the same.
class HttpFetch : public ::testing::TestWithParam<bool> {
 protected:
  HttpFetch() {
    request_.tls = GetParam();
    request_.host = "mx.example.org";
    request_.port = listener_.address().port;
    request_.target = "/.well-known/mta-sts.txt";
    request_.max_body_bytes = 1'000;
    request_.timeout_ns = 5 * kSecond;
  }

  FetchFacts FetchFrom(const std::function<void(Peer&)>& script) {
    std::thread server([&] {
      Peer peer(listener_.Accept(), request_.tls);
      script(peer);
    });
    Result result = RunFetch();
    server.join();
    return std::move(result.facts);
  }

  Result RunFetch() {
    Result result;
    const auto loop = testing::MakeLoop();
    {
      const OwnedTask task =
          RunFetchTask(loop.get(), context_.get(), &request_, listener_.address(), &result);
      EXPECT_TRUE(testing::RunUntil(loop.get(), [&result] { return result.done; }));
    }
    EXPECT_EQ(result.facts.attempts, 1u);
    EXPECT_EQ(result.facts.error_detail.empty(), result.facts.outcome == FetchOutcome::kOk);
    EXPECT_TRUE(result.facts.body.empty() || result.facts.outcome == FetchOutcome::kOk);
    return result;
  }

  // After the request, `response`, a proper end of the TLS session where there is one, and FIN.
  FetchFacts FetchResponse(const std::string& response) {
    return FetchFrom([&](Peer& peer) {
      peer.ReadRequest();
      peer.Say(response);
      peer.CloseNotify();
    });
  }

  // Outlives the facts: their certificates are in its pool.
  std::unique_ptr<tls::ClientContext> context_ = tls::ClientContext::Create().value();
  Listener listener_;
  HttpRequest request_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, HttpFetch, ::testing::Bool(),
                         [](const auto& either) { return either.param ? "Tls" : "Plain"; });

TEST_P(HttpFetch, AsksOnceAndTakesTheBody) {
  std::string asked;
  std::string server_name;
  const FetchFacts facts = FetchFrom([&](Peer& peer) {
    asked = peer.ReadRequest();
    if (request_.tls) server_name = peer.server_name();
    peer.Say(std::string(kHeaders) + "Content-Length: 5\r\n\r\nhello");
    peer.CloseNotify();
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kOk) << facts.error_detail;
  EXPECT_EQ(facts.stage, FetchStage::kDone);
  EXPECT_EQ(facts.http_status, 200);
  EXPECT_EQ(facts.content_type, "text/plain");
  EXPECT_EQ(facts.body, "hello");
  EXPECT_GT(facts.bytes_in, 0u);
  EXPECT_GT(facts.bytes_out, asked.size() - 1);
  EXPECT_THAT(asked,
              AllOf(StartsWith("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"),
                    HasSubstr("\r\nHost: mx.example.org:" + std::to_string(request_.port) + "\r\n"),
                    HasSubstr("\r\nConnection: close\r\n")));
  ASSERT_EQ(facts.handshake.has_value(), request_.tls);
  if (!request_.tls) return;
  EXPECT_EQ(server_name, "mx.example.org");
  ASSERT_EQ(facts.handshake->chain.size(), 2u);
  EXPECT_EQ(facts.handshake->version, "TLSv1.3");
}

TEST_P(HttpFetch, ReadsAResponseThatComesByteByByte) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    for (const char c : std::string(kHeaders) +
                            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n") {
      peer.Say(std::string(1, c));
    }
    peer.CloseNotify();
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kOk) << facts.error_detail;
  EXPECT_EQ(facts.body, "abcde");
}

// RFC 8461 §3.3: redirects are not followed, and only 200 is a policy.
TEST_P(HttpFetch, TellsRedirectsAndOtherStatuses) {
  FetchFacts facts = FetchResponse("HTTP/1.1 301 Moved\r\nLocation: /\xff\r\n\r\n");
  EXPECT_EQ(facts.outcome, FetchOutcome::kRedirect);
  EXPECT_EQ(facts.error_detail, "status 301, to /\xef\xbf\xbd");
  facts = FetchResponse("HTTP/1.1 307 Moved\r\nLocation: https://example.org/\r\n\r\n");
  EXPECT_EQ(facts.outcome, FetchOutcome::kRedirect);
  EXPECT_EQ(facts.http_status, 307);
  EXPECT_EQ(facts.location, "https://example.org/");
  facts = FetchResponse("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope");
  EXPECT_EQ(facts.outcome, FetchOutcome::kHttpStatus);
  EXPECT_EQ(facts.http_status, 404);
}

TEST_P(HttpFetch, EndsWhatIsTooLarge) {
  request_.max_body_bytes = 5;
  EXPECT_EQ(FetchResponse(std::string(kHeaders) + "Content-Length: 6\r\n\r\nhello!").outcome,
            FetchOutcome::kTooLarge);
  EXPECT_EQ(FetchResponse(std::string(kHeaders) + "\r\nhello!").outcome, FetchOutcome::kTooLarge);
  EXPECT_EQ(FetchResponse(std::string(kHeaders) + "Content-Length: 5\r\n\r\nhello").outcome,
            FetchOutcome::kOk);
}

TEST_P(HttpFetch, LeavesAServerThatNeverStopsSending) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Say(std::string(kHeaders) + "\r\n");
    while (peer.Say(std::string(1'000, 'x'))) {
    }
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTooLarge);
}

// RFC 8461 §3.3: a minute, and no longer, however busy the server seems.
TEST_P(HttpFetch, EndsATrickleAtItsDeadline) {
  request_.timeout_ns = 400 * kMs;
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Say(std::string(kHeaders) + "Content-Length: 1000\r\n\r\n");
    while (peer.Say("x")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTimeout);
  EXPECT_EQ(facts.stage, FetchStage::kBody);
  EXPECT_THAT(facts.error_detail, HasSubstr("not complete in time"));
  EXPECT_GE(facts.elapsed_ns, 390 * kMs);
  EXPECT_LT(facts.elapsed_ns, 5 * kSecond);
}

TEST_P(HttpFetch, EndsSlowHeadersAtItsDeadline) {
  request_.timeout_ns = 400 * kMs;
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Say("HTTP/1.1 200 OK\r\nA: ");
    while (peer.Say("x")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTimeout);
  EXPECT_EQ(facts.stage, FetchStage::kHeaders);
  EXPECT_FALSE(facts.http_status.has_value());
}

TEST_P(HttpFetch, EndsSilenceAtItsDeadline) {
  request_.timeout_ns = 300 * kMs;
  const FetchFacts facts = FetchFrom([](Peer& peer) { peer.AwaitEnd(); });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTimeout);
  EXPECT_EQ(facts.stage, request_.tls ? FetchStage::kHandshake : FetchStage::kHeaders);
  EXPECT_EQ(facts.error_detail, "no answer in time");
}

TEST_P(HttpFetch, TellsGarbageFromHttp) {
  const FetchFacts facts = FetchResponse("220 mx.example.org ESMTP Postfix\r\n");
  EXPECT_EQ(facts.outcome, FetchOutcome::kHttpProtocolError);
  EXPECT_EQ(FetchResponse(std::string(kHeaders) + "Content-Encoding: br\r\n\r\nxx").outcome,
            FetchOutcome::kHttpProtocolError);
}

TEST_P(HttpFetch, SeesABodyThatWasCut) {
  const FetchFacts facts = FetchResponse(std::string(kHeaders) + "Content-Length: 10\r\n\r\nhello");
  EXPECT_EQ(facts.outcome, FetchOutcome::kClosedEarly);
  EXPECT_EQ(facts.error_detail, "closed in the middle of the body");
  EXPECT_EQ(FetchResponse("").outcome, FetchOutcome::kClosedEarly);
}

// RFC 9112 §9.8: within TLS, a FIN without close_notify may be anybody's.
TEST_P(HttpFetch, TakesAFinForTheEndOnlyWhereNobodyPromisedMore) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Say(std::string(kHeaders) + "\r\nhello");
  });
  if (request_.tls) {
    EXPECT_EQ(facts.outcome, FetchOutcome::kClosedEarly);
    EXPECT_EQ(facts.error_detail, "closed without the end of the TLS session");
  } else {
    EXPECT_EQ(facts.body, "hello");
  }
  EXPECT_EQ(FetchResponse(std::string(kHeaders) + "\r\nhello").body, "hello");
}

TEST_P(HttpFetch, SeesAReset) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Reset();
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kReset);
}

TEST_P(HttpFetch, SeesThatNobodyListens) {
  listener_.Close();
  const FetchFacts facts = RunFetch().facts;
  EXPECT_EQ(facts.outcome, FetchOutcome::kConnectRefused);
  EXPECT_EQ(facts.stage, FetchStage::kConnect);
  EXPECT_TRUE(facts.nobody_there());
}

TEST_P(HttpFetch, SeesThatNobodyAnswers) {
  listener_.DropEverything();
  request_.connect_timeout_ns = 200 * kMs;
  const FetchFacts facts = RunFetch().facts;
  EXPECT_EQ(facts.outcome, FetchOutcome::kConnectTimeout);
  EXPECT_TRUE(facts.nobody_there());
}

class HttpsFetch : public HttpFetch {};
INSTANTIATE_TEST_SUITE_P(Tls, HttpsFetch, ::testing::Values(true));

TEST_P(HttpsFetch, SeesWhatIsNoTls) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    char hello[512];
    EXPECT_GT(recv(peer.socket().fd(), hello, sizeof(hello), 0), 0);
    peer.SendRaw("HTTP/1.1 400 Bad Request\r\n\r\n");
    peer.AwaitEnd();
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTlsFailed);
  EXPECT_EQ(facts.stage, FetchStage::kHandshake);
  EXPECT_FALSE(facts.nobody_there());
}

TEST_P(HttpsFetch, SeesAnAlertAfterTheHandshake) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    peer.ReadRequest();
    peer.Alert(80);
    peer.AwaitEnd();
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kTlsFailed);
  EXPECT_EQ(facts.stage, FetchStage::kHeaders);
  EXPECT_THAT(facts.error_detail, HasSubstr("internal_error"));
}

TEST_P(HttpsFetch, SeesAConnectionThatIsClosedInTheHandshake) {
  const FetchFacts facts = FetchFrom([](Peer& peer) {
    char hello[4096];
    EXPECT_GT(recv(peer.socket().fd(), hello, sizeof(hello), 0), 0);
  });
  EXPECT_EQ(facts.outcome, FetchOutcome::kClosedEarly);
  EXPECT_EQ(facts.stage, FetchStage::kHandshake);
}

TEST(HttpRequestUrl, IsWhatPeopleWrite) {
  HttpRequest request{.host = "mta-sts.example.org", .target = "/.well-known/mta-sts.txt"};
  EXPECT_EQ(UrlOf(request), "https://mta-sts.example.org/.well-known/mta-sts.txt");
  request = {.tls = false, .host = "2001:db8::1", .port = 8080, .target = "/ca.crl"};
  EXPECT_EQ(UrlOf(request), "http://[2001:db8::1]:8080/ca.crl");
}

}  // namespace
}  // namespace mxsweep::scanner
