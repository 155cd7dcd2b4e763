#include "dns/resolver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/dns/fake_event_loop.h"
#include "tests/dns/fake_resolver.h"

namespace mxsweep::dns {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// Servers that answer as they are told.
class StatedResolver : public FakeResolver {
 public:
  struct Stated {
    ResponseStatus status;
    bool ad;
    bool trusted;
    // Of the names that cannot exist, one after the other; the last goes on.
    std::vector<ResponseStatus> denials = {ResponseStatus::kNxDomain};
  };
  StatedResolver(EventLoop& event_loop, std::vector<Stated> servers)
      : FakeResolver(event_loop), servers_(std::move(servers)) {}

  size_t server_count() const override { return servers_.size(); }
  std::string server_name(size_t index) const override { return "s" + std::to_string(index); }
  bool server_trusted(size_t index) const override { return servers_[index].trusted; }
  QueryId QueryServer(size_t index, std::string_view name, RrType, Callback callback) override {
    Response response;
    Stated& server = servers_[index];
    response.status = server.status;
    response.authentic_data = server.ad;
    if (name.ends_with(".invalid")) {
      response.status = server.denials.front();
      if (server.denials.size() > 1) server.denials.erase(server.denials.begin());
    }
    response.detail = IsAnswer(response.status) ? "" : "no answer";
    loop().ScheduleAfter(std::chrono::seconds(1), [callback = std::move(callback),
                                                   response]() mutable { callback(response); });
    return 1;
  }

 private:
  std::vector<Stated> servers_;
};

ResolverState Probe(const std::vector<StatedResolver::Stated>& servers) {
  FakeEventLoop loop;
  StatedResolver resolver(loop, servers);
  std::optional<ResolverState> state;
  ProbeResolver(resolver, {}, [&](ResolverState s) { state = std::move(s); });
  EXPECT_FALSE(state.has_value());
  loop.Run();
  EXPECT_TRUE(state.has_value());
  return state.value_or(ResolverState());
}

TEST(ProbeResolver, SaysThatAValidatingResolverValidates) {
  const ResolverState state = Probe({{ResponseStatus::kOk, true, true}});
  EXPECT_TRUE(state.answers);
  EXPECT_TRUE(state.validates);
  EXPECT_EQ(state.detail, "The resolver validates DNSSEC.");
}

// RFC 6840 §5.7: no AD where it was asked for.
TEST(ProbeResolver, SaysLoudlyThatOneDoesNot) {
  const ResolverState state = Probe({{ResponseStatus::kOk, false, true}});
  EXPECT_TRUE(state.answers);
  EXPECT_FALSE(state.validates);
  EXPECT_THAT(state.detail, HasSubstr("does not validate"));
  EXPECT_THAT(state.detail, HasSubstr("DANE"));
}

TEST(ProbeResolver, DoesNotBelieveAdFromAfar) {
  const ResolverState state = Probe({{ResponseStatus::kOk, true, false}});
  EXPECT_FALSE(state.validates);
  EXPECT_THAT(state.detail, HasSubstr("not believed"));
  EXPECT_TRUE(state.servers[0].validates);
}

TEST(ProbeResolver, SaysThatNoneAnswers) {
  const ResolverState state =
      Probe({{ResponseStatus::kTimeout, false, true}, {ResponseStatus::kServfail, false, true}});
  EXPECT_FALSE(state.answers);
  EXPECT_FALSE(state.validates);
  EXPECT_EQ(state.detail, "No resolver answers (s0, s1): no answer.");
}

TEST(ProbeResolver, IsAsGoodAsTheWorstThatAnswers) {
  ResolverState state =
      Probe({{ResponseStatus::kOk, true, true}, {ResponseStatus::kOk, false, true}});
  EXPECT_FALSE(state.validates);
  EXPECT_THAT(state.detail, HasSubstr("s1 does not validate"));
  state = Probe({{ResponseStatus::kOk, true, true}, {ResponseStatus::kTimeout, false, true}});
  EXPECT_TRUE(state.answers);
  EXPECT_TRUE(state.validates);
  EXPECT_THAT(state.detail, HasSubstr("s1 does not answer."));
  EXPECT_THAT(state.detail, Not(HasSubstr("s0")));
}

// RFC 6761 §6.4: a resolver answers NXDOMAIN for every name below "invalid". Stubs that make
// SERVFAIL of NXDOMAIN, and resolvers that put an address of their own in its place, are about.
TEST(ProbeResolver, TellsOfOneThatCannotDeny) {
  using enum ResponseStatus;
  for (const ResponseStatus wrong : {kServfail, kBogus, kOk}) {
    const ResolverState state = Probe({{kOk, true, true}, {kOk, true, true, /*denials=*/{wrong}}});
    EXPECT_TRUE(state.answers);
    EXPECT_FALSE(state.validates);
    EXPECT_FALSE(state.denies);
    EXPECT_TRUE(state.servers[0].denies);
    EXPECT_FALSE(state.servers[1].denies);
    EXPECT_THAT(state.detail, HasSubstr("s1 does not say NXDOMAIN"));
    EXPECT_THAT(state.detail, Not(HasSubstr("s0")));
  }
}

// One SERVFAIL may be chance; silence, a refusal and "no such record" say nothing of denials.
TEST(ProbeResolver, DoesNotCallOneBlindForLess) {
  using enum ResponseStatus;
  for (const std::vector<ResponseStatus>& denials :
       {std::vector{kServfail, kNxDomain}, std::vector{kNoData}, std::vector{kTimeout},
        std::vector{kRefused}, std::vector{kMalformed}}) {
    const ResolverState state = Probe({{kOk, true, true, denials}});
    EXPECT_TRUE(state.validates) << Word(denials.front());
    EXPECT_TRUE(state.denies) << Word(denials.front());
  }
}

TEST(ProbeResolver, AsksASimulatedResolver) {
  FakeEventLoop loop;
  FakeResolver resolver(loop);
  resolver.AddName(".");
  resolver.SetSecure(".");
  std::optional<ResolverState> state;
  ProbeResolver(resolver, {}, [&](ResolverState s) { state = std::move(s); });
  loop.Run();
  ASSERT_TRUE(state.has_value());
  EXPECT_TRUE(state->validates);
}

TEST(Timer, CancelsItselfWhenItGoesOutOfScope) {
  FakeEventLoop loop;
  int fired = 0;
  {
    Timer dropped(loop, std::chrono::seconds(1), [&] { ++fired; });
    Timer replaced(loop, std::chrono::seconds(1), [&] { ++fired; });
    replaced = Timer(loop, std::chrono::seconds(2), [&] { fired += 10; });
    Timer moved(std::move(replaced));
    loop.Advance(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(loop.pending_timers(), 0u);
  Timer kept(loop, std::chrono::seconds(1), [&] { fired += 100; });
  loop.Run();
  EXPECT_EQ(fired, 100);
}

}  // namespace
}  // namespace mxsweep::dns
