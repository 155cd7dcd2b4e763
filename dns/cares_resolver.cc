#include "dns/cares_resolver.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <queue>
#include <random>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/random/random.h"
#include "dns/cares_channel.h"
#include "dns/response_reader.h"
#include "dns/server_pool.h"
#include "dns/wire_name.h"
#include "scanner/base/text.h"

// How a question goes: it is put to a server, then to the next one where that fails or stays
// silent. SERVFAIL from the last one is looked into: with CD set, does the same server know an
// answer? Then, asked as at first once more, is it still SERVFAIL? Only both together make `bogus`,
// unless a slower server has an answer in the meantime. Where an answer ends in a CNAME, its target
// is asked for, in a new hop of the same question.
//
// c-ares calls us back in the middle of its own work. So results are only noted there, and acted
// upon in Drain, which runs when c-ares has returned.

namespace mxsweep::dns {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kMaxOutstanding = 60000;  // Ids have 16 bits.
// After trouble of our own, which may pass any moment.
constexpr nanoseconds kLocalRetry = std::chrono::milliseconds(200);
// Several queries go out together rather than wake us one by one. With a rate that is lower than
// this, the tick is often enough.
constexpr nanoseconds kShortestRateWait = std::chrono::milliseconds(2);
constexpr nanoseconds kLongestRateWait = std::chrono::seconds(1);

enum class Phase : uint8_t { kAsking, kCheckingDisabled, kRechecking };

bool IsLocalTrouble(int os_error) {
  return os_error != 0 && os_error != ECONNREFUSED && os_error != ECONNRESET && os_error != EPIPE &&
         os_error != ETIMEDOUT;
}

// RFC 6891 §7: whoever does not know EDNS says FORMERR, without an OPT record.
bool LacksEdns(const Message& message) {
  return message.rcode == Rcode::kFormErr && !message.has_edns;
}

struct Question {
  std::string name;
  RrType type = RrType::kA;
  Resolver::Callback callback;
  size_t pinned_server = kNoServer;
  Phase phase = Phase::kAsking;
  int attempts = 0;        // Sent, in all phases.
  int phase_attempts = 0;  // Sent over UDP in this one.
  int local_failures = 0;
  int local_errno = 0;
  int on_wire = 0;  // Of this phase.
  size_t last_server = kNoServer;
  int64_t last_sent_ns = 0;
  size_t window_server = kNoServer;  // The last query has a place in this one's window.
  // The query before the last one, when it had brought nothing in time.
  size_t silent_server = kNoServer;
  int64_t silent_sent_ns = 0;
  uint32_t asked_servers = 0;   // Bit by index.
  uint32_t failed_servers = 0;  // Bit by index: these have said no, or could not be reached.
  int64_t deadline_ns = 0;      // 0 until it is first sent.
  int64_t next_event_ns = 0;
  bool waiting = false;
  std::string last_failure;
  bool truncated = false;             // Some answer over UDP was.
  uint32_t servers_without_edns = 0;  // Bit by index.
  // What was followed to `name`, the last of these: a CNAME of which the target did not come along.
  uint8_t hop = 0;
  std::string first_name;
  std::vector<std::string> followed;
  bool followed_secure = true;
  bool followed_authentic = true;
  uint32_t followed_ttl_seconds = UINT32_MAX;
  size_t refusing_server = kNoServer;
  std::optional<Response> refusal;  // The best there is so far, should nothing better come.
};

absl::BitGen Seeded(const std::array<uint64_t, 4>& seed) {
  std::seed_seq sequence(seed.begin(), seed.end());
  return absl::BitGen(sequence);
}

}  // namespace

class CaresResolver::Impl {
 public:
  Impl(EventLoop& loop, ResolverOptions options)
      : loop_(loop),
        options_(std::move(options)),
        servers_(std::min(options_.max_open, kMaxOutstanding)),
        random_(Seeded(options_.random_seed)) {}

  absl::Status Open();
  QueryId Ask(std::string_view name, RrType type, Callback callback, size_t pinned_server);
  void Cancel(QueryId id);
  void Abandon(std::string reason);
  EventLoop& loop() { return loop_; }
  const ServerPool& servers() const { return servers_; }
  Counters counters() const;

 private:
  struct Event {
    int64_t due_ns;
    QueryId id;
    bool operator>(const Event& other) const { return due_ns > other.due_ns; }
  };

  // Sending.
  std::shared_ptr<QueryRate> RateFor(const ServerAddress& address);
  size_t PickServer(const Question& question);
  bool MayAskOther(const Question& question) const;
  void SendOrWait(QueryId id, Question& question);
  void Send(QueryId id, Question& question, size_t server, Transport transport);
  // Only that: no clock of the question is set.
  void Transmit(QueryId id, Question& question, size_t server, Transport transport, Phase phase,
                int64_t sent_ns);
  void SendWaiting();
  void Wait(QueryId id, Question& question);
  // The last query of `question` is no longer new.
  void LeaveWindow(Question& question);
  void EnterPhase(QueryId id, Question& question, Phase phase);

  // What came of it.
  void OnResult(AttemptResult result);
  void NoteAnswer(const AttemptResult& result);
  void NoteLoss(const Question& question, const AttemptResult& result);
  void OnMessage(QueryId id, Question& question, AttemptResult result);
  // An answer to the question as it was first put, while SERVFAIL is looked into elsewhere.
  void OnLateMessage(QueryId id, Question& question, AttemptResult result);
  // The DNS has spoken.
  void OnAnswer(QueryId id, Question& question, Response response);
  void Follow(QueryId id, Question& question, const Response& response);
  void OnAskingResponse(QueryId id, Question& question, size_t server, Response response);
  void OnCheckResponse(QueryId id, Question& question, Response response);
  void OnAttemptFailed(QueryId id, Question& question, const AttemptResult& result);
  void Conclude(QueryId id, Question& question);
  void Finish(QueryId id, Response response);
  void GiveUp(QueryId id, Question& question);

  // Time.
  void SetEvent(QueryId id, Question& question, int64_t due_ns);
  void OnTick();
  void OnEvent(QueryId id, Question& question, int64_t now_ns);
  void ArmTick();
  void Drain();
  void DrainSoon();
  void ArmRateTimer();

  EventLoop& loop_;
  const ResolverOptions options_;
  ServerPool servers_;
  absl::flat_hash_map<QueryId, std::unique_ptr<Question>> questions_;
  size_t open_ = 0;                   // questions that were sent and have not ended
  std::deque<QueryId> waiting_;       // for their first query
  std::deque<QueryId> open_waiting_;  // for a further one
  std::vector<AttemptResult> results_;
  std::vector<AttemptResult> draining_results_;  // emptied by Drain; kept for its memory
  std::deque<std::pair<QueryId, Response>> refused_at_once_;
  std::priority_queue<Event, std::vector<Event>, std::greater<>> events_;
  QueryId next_id_ = 1;
  std::string abandoned_;  // why; empty: it is not
  bool draining_ = false;
  bool tick_armed_ = false;
  bool drain_armed_ = false;
  bool rate_armed_ = false;
  Counters counters_;
  absl::BitGen random_;
  Timer tick_;
  Timer drain_timer_;
  Timer rate_timer_;  // fires when a server may be asked again
};

absl::Status CaresResolver::Impl::Open() {
  for (const ServerAddress& address : options_.servers) {
    Server server{.address = address,
                  .trusted = options_.trust_ad || address.IsLoopback(),
                  .window = {options_.initial_window, options_.max_open, options_.attempt_timeout},
                  .rate = RateFor(address)};
    for (const Transport transport : {Transport::kUdp, Transport::kTcp}) {
      ChannelOptions channel_options;
      channel_options.transport = transport;
      channel_options.query_timeout = options_.deadline;
      channel_options.attempt_timeout = options_.attempt_timeout;
      channel_options.socket_buffer_bytes = options_.socket_buffer_bytes;
      absl::StatusOr<std::unique_ptr<CaresChannel>> channel = CaresChannel::Create(
          loop_, address, channel_options,
          [this](AttemptResult result) { results_.push_back(std::move(result)); },
          [this] { Drain(); });
      if (!channel.ok()) return channel.status();
      (transport == Transport::kUdp ? server.udp : server.tcp) = *std::move(channel);
    }
    servers_.Add(std::move(server));
  }
  return absl::OkStatus();
}

std::shared_ptr<QueryRate> CaresResolver::Impl::RateFor(const ServerAddress& address) {
  for (const Server& server : servers_) {
    if (server.address.address == address.address) return server.rate;
  }
  return std::make_shared<QueryRate>(address.IsLoopback() ? options_.loopback_queries_per_second
                                                          : options_.queries_per_second);
}

Resolver::QueryId CaresResolver::Impl::Ask(std::string_view name, RrType type, Callback callback,
                                           size_t pinned_server) {
  const QueryId id = next_id_++;
  ++counters_.questions;
  auto owned = std::make_unique<Question>();
  Question& question = *owned;
  question.type = type;
  question.callback = std::move(callback);
  question.pinned_server = pinned_server;
  questions_.emplace(id, std::move(owned));
  absl::StatusOr<std::string> canonical = CanonicalPresentation(name);
  if (!canonical.ok()) {
    refused_at_once_.emplace_back(
        id, ErrorResponse(ResponseStatus::kLocalError,
                          JoinText("no question: ", canonical.status().message())));
    DrainSoon();
    return id;
  }
  if (!abandoned_.empty()) {
    refused_at_once_.emplace_back(id, ErrorResponse(ResponseStatus::kLocalError, abandoned_));
    DrainSoon();
    return id;
  }
  question.name = *std::move(canonical);
  // Those who wait already go first.
  if (waiting_.empty()) {
    SendOrWait(id, question);
  } else {
    Wait(id, question);
  }
  ArmTick();
  if (!results_.empty()) DrainSoon();
  return id;
}

void CaresResolver::Impl::Cancel(QueryId id) {
  const auto it = questions_.find(id);
  if (it == questions_.end()) return;
  LeaveWindow(*it->second);
  if (it->second->deadline_ns != 0) --open_;
  questions_.erase(it);
  if (!waiting_.empty() || !open_waiting_.empty()) DrainSoon();
}

void CaresResolver::Impl::Abandon(std::string reason) {
  abandoned_ = std::move(reason);
  for (const auto& [id, question] : questions_) {
    refused_at_once_.emplace_back(id, ErrorResponse(ResponseStatus::kLocalError, abandoned_));
  }
  DrainSoon();
}

// kNoServer: there is no room where it could go.
size_t CaresResolver::Impl::PickServer(const Question& question) {
  if (question.pinned_server == kNoServer && question.phase == Phase::kAsking) {
    return servers_.Pick(question.last_server, question.failed_servers, loop_.NowNanos());
  }
  // SERVFAIL is looked into where it came from.
  const size_t only =
      question.phase == Phase::kAsking ? question.pinned_server : question.last_server;
  return servers_.HasRoom(only, loop_.NowNanos()) ? only : kNoServer;
}

bool CaresResolver::Impl::MayAskOther(const Question& question) const {
  return question.phase == Phase::kAsking && question.pinned_server == kNoServer &&
         !servers_.AllIn(question.failed_servers) &&
         question.phase_attempts < options_.max_attempts;
}

void CaresResolver::Impl::SendOrWait(QueryId id, Question& question) {
  const bool may_open = question.deadline_ns != 0 || open_ < options_.max_open;
  const size_t server = may_open ? PickServer(question) : kNoServer;
  if (server != kNoServer) {
    question.waiting = false;
    return Send(id, question, server, Transport::kUdp);
  }
  Wait(id, question);
  if (question.deadline_ns != 0) SetEvent(id, question, question.deadline_ns);
}

void CaresResolver::Impl::Wait(QueryId id, Question& question) {
  if (!question.waiting) {
    question.waiting = true;
    (question.deadline_ns == 0 ? waiting_ : open_waiting_).push_back(id);
  }
  ArmRateTimer();
}

void CaresResolver::Impl::Send(QueryId id, Question& question, size_t server, Transport transport) {
  const int64_t now_ns = loop_.NowNanos();
  if (question.deadline_ns == 0) {
    question.deadline_ns = now_ns + nanoseconds(options_.deadline).count();
    ++open_;
  }
  ++question.on_wire;
  if (transport == Transport::kUdp) ++question.phase_attempts;
  // A name that is asked for again may be one that nobody answers for: it takes no place any more.
  const bool first =
      transport == Transport::kUdp && question.phase == Phase::kAsking && question.attempts == 0;
  LeaveWindow(question);
  if (first) {
    question.window_server = server;
    servers_[server].window.Enter();
  }
  question.asked_servers |= uint32_t{1} << server;
  question.last_server = server;
  question.last_sent_ns = now_ns;
  const int patience = std::max(question.phase_attempts - 1, 1);
  SetEvent(id, question,
           now_ns + (first ? servers_[server].window.patience_ns()
                           : patience * nanoseconds(options_.attempt_timeout).count()));
  Transmit(id, question, server, transport, question.phase, now_ns);
}

void CaresResolver::Impl::Transmit(QueryId id, Question& question, size_t server,
                                   Transport transport, Phase phase, int64_t sent_ns) {
  CaresChannel& channel =
      transport == Transport::kUdp ? *servers_[server].udp : *servers_[server].tcp;
  QueryOptions query_options;
  // Ids have 16 bits, and many queries are on the wire.
  for (int tries = 0; tries < 16; ++tries) {
    query_options.id = absl::Uniform<uint16_t>(random_);
    if (!channel.HasId(query_options.id)) break;
  }
  query_options.checking_disabled = phase == Phase::kCheckingDisabled;
  query_options.dnssec_ok = options_.dnssec_ok;
  query_options.edns = (question.servers_without_edns >> server & 1) == 0;
  const absl::StatusOr<std::vector<uint8_t>> query =
      BuildQuery(question.name, question.type, query_options);
  // The name was checked by Ask, and nothing else can fail.
  if (!query.ok()) return;
  ++question.attempts;
  ++counters_.queries_sent;
  servers_[server].rate->OnSent(sent_ns);
  channel.Send(*query, {.question = id,
                        .server = static_cast<uint8_t>(server),
                        .phase = static_cast<uint8_t>(phase),
                        .hop = question.hop,
                        .transport = transport,
                        .sent_ns = sent_ns});
}

void CaresResolver::Impl::SendWaiting() {
  // What is open already takes no room that is not its own, and its time runs.
  for (std::deque<QueryId>* queue : {&open_waiting_, &waiting_}) {
    // Each at most once: a question that still finds no room waits on, at the end.
    for (size_t i = queue->size(); i > 0 && servers_.AnyHasRoom(loop_.NowNanos()); --i) {
      if (queue == &waiting_ && open_ >= options_.max_open) break;
      const QueryId id = queue->front();
      queue->pop_front();
      const auto it = questions_.find(id);
      if (it == questions_.end() || !it->second->waiting) continue;
      it->second->waiting = false;
      SendOrWait(id, *it->second);
    }
  }
  ArmRateTimer();
}

// Where nothing but a server's rate keeps questions waiting, nobody's answer would go on with them.
void CaresResolver::Impl::ArmRateTimer() {
  if (rate_armed_ || (waiting_.empty() && open_waiting_.empty())) return;
  const int64_t wait_ns = servers_.NextRoomNs() - loop_.NowNanos();
  if (wait_ns <= 0 || wait_ns > kLongestRateWait.count()) return;
  rate_armed_ = true;
  rate_timer_ = Timer(loop_, std::max(nanoseconds(wait_ns), kShortestRateWait), [this] {
    rate_armed_ = false;
    Drain();
  });
}

void CaresResolver::Impl::LeaveWindow(Question& question) {
  if (question.window_server == kNoServer) return;
  servers_[question.window_server].window.Leave();
  question.window_server = kNoServer;
}

void CaresResolver::Impl::EnterPhase(QueryId id, Question& question, Phase phase) {
  question.phase = phase;
  question.phase_attempts = 0;
  question.on_wire = 0;
  SendOrWait(id, question);
}

void CaresResolver::Impl::OnResult(AttemptResult result) {
  if (result.kind == AttemptResult::Kind::kMessage) NoteAnswer(result);
  const auto it = questions_.find(result.tag.question);
  if (it == questions_.end()) return;
  Question& question = *it->second;
  // A late answer to what is no longer the question.
  if (result.tag.hop != question.hop) return;
  if (result.tag.phase != static_cast<uint8_t>(question.phase)) {
    return OnLateMessage(result.tag.question, question, std::move(result));
  }
  --question.on_wire;
  if (result.tag.sent_ns == question.last_sent_ns) LeaveWindow(question);
  switch (result.kind) {
    case AttemptResult::Kind::kMessage:
      NoteLoss(question, result);
      return OnMessage(result.tag.question, question, std::move(result));
    case AttemptResult::Kind::kFailed:
      return OnAttemptFailed(result.tag.question, question, result);
    case AttemptResult::Kind::kExpired:
      // Our own clock decides when to ask again.
      return;
  }
}

void CaresResolver::Impl::NoteAnswer(const AttemptResult& result) {
  const int64_t now_ns = loop_.NowNanos();
  servers_.NoteAnswer(result.tag.server, now_ns);
  if (result.tag.transport == Transport::kTcp) return;
  Server& server = servers_[result.tag.server];
  const bool may_grow = !server.udp->behind() && server.window.size() < server.udp->answer_room();
  server.window.OnAnswer(now_ns - result.tag.sent_ns, may_grow);
}

// The second query for a name is answered at once, the first one still is not: it never arrived.
// Were the name a slow one, the second would have to wait as long.
void CaresResolver::Impl::NoteLoss(const Question& question, const AttemptResult& result) {
  if (question.silent_server == kNoServer || question.on_wire == 0 ||
      result.tag.sent_ns != question.last_sent_ns) {
    return;
  }
  const int64_t now_ns = loop_.NowNanos();
  if (!servers_[result.tag.server].window.IsFast(now_ns - result.tag.sent_ns)) return;
  servers_[question.silent_server].window.OnLoss(question.silent_sent_ns, now_ns);
}

void CaresResolver::Impl::OnMessage(QueryId id, Question& question, AttemptResult result) {
  const size_t server = result.tag.server;
  Response response;
  if (!result.message.ok()) {
    response = ErrorResponse(ResponseStatus::kMalformed,
                             JoinText("unreadable answer: ", result.message.status().message()));
  } else if (result.message->truncated) {
    question.truncated = true;
    if (result.tag.transport == Transport::kUdp) {
      return Send(id, question, server, Transport::kTcp);
    }
    response = ErrorResponse(ResponseStatus::kMalformed, "truncated, although over TCP");
  } else if (LacksEdns(*result.message) && (question.servers_without_edns >> server & 1) == 0) {
    question.servers_without_edns |= uint32_t{1} << server;
    return Send(id, question, server, result.tag.transport);
  } else {
    response = ReadResponse(*std::move(result.message), question.name, question.type,
                            servers_[server].trusted);
    if (result.without_question && !response.detail.empty()) {
      AppendText(&response.detail, " (without a question section)");
    }
  }
  if (question.phase == Phase::kAsking) {
    OnAskingResponse(id, question, server, std::move(response));
  } else {
    OnCheckResponse(id, question, std::move(response));
  }
}

void CaresResolver::Impl::OnLateMessage(QueryId id, Question& question, AttemptResult result) {
  if (result.kind != AttemptResult::Kind::kMessage || !result.message.ok() ||
      result.tag.phase != static_cast<uint8_t>(Phase::kAsking)) {
    return;
  }
  const size_t server = result.tag.server;
  if (result.message->truncated) {
    if (result.tag.transport == Transport::kUdp) {
      Transmit(id, question, server, Transport::kTcp, Phase::kAsking, loop_.NowNanos());
    }
    return;
  }
  Response response = ReadResponse(*std::move(result.message), question.name, question.type,
                                   servers_[server].trusted);
  if (IsAnswer(response.status) || response.status == ResponseStatus::kBogus) {
    OnAnswer(id, question, std::move(response));
  }
}

void CaresResolver::Impl::OnAnswer(QueryId id, Question& question, Response response) {
  if (response.ends_in_cname) return Follow(id, question, response);
  if (question.hop == 0 || !IsAnswer(response.status)) return Finish(id, std::move(response));
  response.cname_chain.insert(response.cname_chain.begin(), question.followed.begin(),
                              question.followed.end());
  if (!question.followed_secure) response.dnssec = DnssecState::kInsecure;
  response.authentic_data = response.authentic_data && question.followed_authentic;
  response.ttl_seconds = std::min(response.ttl_seconds, question.followed_ttl_seconds);
  Finish(id, std::move(response));
}

void CaresResolver::Impl::Follow(QueryId id, Question& question, const Response& response) {
  if (question.hop == 0) question.first_name = question.name;
  auto& followed = question.followed;
  for (const std::string& target : response.cname_chain) {
    if (target == question.first_name ||
        std::find(followed.begin(), followed.end(), target) != followed.end()) {
      return Finish(id,
                    ErrorResponse(ResponseStatus::kMalformed, JoinText("CNAME loop at ", target)));
    }
    if (followed.size() == kMaxCnameChain) {
      return Finish(id, ErrorResponse(ResponseStatus::kMalformed,
                                      JoinText("more than ", kMaxCnameChain, " CNAMEs")));
    }
    followed.push_back(target);
  }
  question.followed_secure &= response.dnssec == DnssecState::kSecure;
  question.followed_authentic &= response.authentic_data;
  question.followed_ttl_seconds = std::min(question.followed_ttl_seconds, response.ttl_seconds);
  question.name = followed.back();
  ++question.hop;
  question.asked_servers = 0;
  question.failed_servers = 0;
  question.silent_server = kNoServer;
  question.truncated = false;
  question.refusal.reset();
  EnterPhase(id, question, Phase::kAsking);
}

void CaresResolver::Impl::OnAskingResponse(QueryId id, Question& question, size_t server,
                                           Response response) {
  if (IsAnswer(response.status) || response.status == ResponseStatus::kBogus) {
    return OnAnswer(id, question, std::move(response));
  }
  question.failed_servers |= uint32_t{1} << server;
  // SERVFAIL is about the name, the others are about the server: it says more.
  if (!question.refusal.has_value() || response.status == ResponseStatus::kServfail) {
    question.refusal = std::move(response);
    question.refusing_server = server;
  }
  // Another server still has the question, and may do better before its time is up.
  if ((question.asked_servers & ~question.failed_servers) != 0) return;
  if (MayAskOther(question)) return SendOrWait(id, question);
  Conclude(id, question);
}

// All that was asked for an answer has been: look into SERVFAIL, or give up.
void CaresResolver::Impl::Conclude(QueryId id, Question& question) {
  if (question.phase == Phase::kAsking && options_.tell_bogus_from_servfail &&
      question.refusal.has_value() && question.refusal->status == ResponseStatus::kServfail) {
    question.last_server = question.refusing_server;
    return EnterPhase(id, question, Phase::kCheckingDisabled);
  }
  GiveUp(id, question);
}

void CaresResolver::Impl::OnCheckResponse(QueryId id, Question& question, Response response) {
  if (question.phase == Phase::kCheckingDisabled) {
    // Without validation there is an answer: validation may be what fails.
    if (IsAnswer(response.status)) return EnterPhase(id, question, Phase::kRechecking);
    return Finish(id, *std::move(question.refusal));
  }
  if (response.status == ResponseStatus::kServfail) {
    return Finish(
        id, ErrorResponse(ResponseStatus::kBogus,
                          JoinText(response.detail, ", but an answer when asked not to validate")));
  }
  // The failure has passed in the meantime.
  if (IsAnswer(response.status) || response.status == ResponseStatus::kBogus) {
    return OnAnswer(id, question, std::move(response));
  }
  Finish(id, *std::move(question.refusal));
}

void CaresResolver::Impl::OnAttemptFailed(QueryId id, Question& question,
                                          const AttemptResult& result) {
  const ServerAddress& address = servers_[result.tag.server].address;
  question.last_failure = JoinText(
      address.ToString(), ": ", result.os_error != 0 ? std::strerror(result.os_error) : "failed");
  const int64_t now_ns = loop_.NowNanos();
  question.local_errno = 0;
  if (IsLocalTrouble(result.os_error)) {
    question.local_errno = result.os_error;
    ++question.local_failures;
    --question.attempts;
    if (result.tag.transport == Transport::kUdp) --question.phase_attempts;
    const int64_t pause_ns = std::min(question.local_failures, 10) * kLocalRetry.count();
    return SetEvent(id, question, now_ns + pause_ns);
  }
  question.failed_servers |= uint32_t{1} << result.tag.server;
  servers_.NoteSilence(result.tag.server, result.tag.sent_ns, now_ns);
  if (MayAskOther(question)) SendOrWait(id, question);
  // Otherwise the attempt's own time runs out first: what refuses now may be starting up.
}

void CaresResolver::Impl::Finish(QueryId id, Response response) {
  const auto it = questions_.find(id);
  if (it == questions_.end()) return;
  const std::unique_ptr<Question> question = std::move(it->second);
  questions_.erase(it);
  LeaveWindow(*question);
  if (question->deadline_ns != 0) --open_;
  response.attempts = question->attempts;
  if (response.status == ResponseStatus::kTimeout) ++counters_.timeouts;
  question->callback(std::move(response));
}

void CaresResolver::Impl::GiveUp(QueryId id, Question& question) {
  if (question.refusal.has_value()) return Finish(id, *std::move(question.refusal));
  // A truncated answer is there, and our own trouble is between us and it.
  const bool ours = question.attempts == 0 || (question.truncated && question.local_errno != 0);
  if (question.local_failures > 0 && ours) {
    const bool descriptors = question.local_errno == EMFILE || question.local_errno == ENFILE;
    return Finish(id, ErrorResponse(descriptors ? ResponseStatus::kLocalNoDescriptors
                                                : ResponseStatus::kLocalError,
                                    question.last_failure));
  }
  std::string detail = question.truncated
                           ? "the answer is truncated, and over TCP there is no answer"
                           : JoinText("no answer to ", question.attempts, " queries");
  if (!question.last_failure.empty()) AppendText(&detail, " (", question.last_failure, ")");
  const bool no_tcp = question.truncated && !question.last_failure.empty();
  Finish(id, ErrorResponse(no_tcp ? ResponseStatus::kMalformed : ResponseStatus::kTimeout,
                           std::move(detail)));
}

void CaresResolver::Impl::SetEvent(QueryId id, Question& question, int64_t due_ns) {
  question.next_event_ns = std::min(due_ns, question.deadline_ns);
  events_.push({question.next_event_ns, id});
}

void CaresResolver::Impl::OnEvent(QueryId id, Question& question, int64_t now_ns) {
  if (now_ns >= question.deadline_ns) return GiveUp(id, question);
  LeaveWindow(question);
  if (question.on_wire > 0) {
    servers_.NoteSilence(question.last_server, question.last_sent_ns, now_ns);
    question.silent_server = question.last_server;
    question.silent_sent_ns = question.last_sent_ns;
  }
  const int max_attempts = question.phase == Phase::kAsking ? options_.max_attempts : 2;
  if (question.phase_attempts < max_attempts) return SendOrWait(id, question);
  // Nothing is on its way any more, or what is has had its time, and there is something to tell.
  if (question.on_wire == 0 || question.refusal.has_value()) return Conclude(id, question);
  SetEvent(id, question, question.deadline_ns);
}

void CaresResolver::Impl::OnTick() {
  tick_armed_ = false;
  for (Server& server : servers_) {
    for (CaresChannel* channel : {server.udp.get(), server.tcp.get()}) {
      if (channel->outstanding() > 0) channel->ProcessTimeouts();
    }
  }
  Drain();
  const int64_t now_ns = loop_.NowNanos();
  while (!events_.empty() && events_.top().due_ns <= now_ns) {
    const Event event = events_.top();
    events_.pop();
    const auto it = questions_.find(event.id);
    // Only the newest event of a question counts.
    if (it == questions_.end() || it->second->next_event_ns != event.due_ns) continue;
    OnEvent(event.id, *it->second, now_ns);
  }
  Drain();
  ArmTick();
}

void CaresResolver::Impl::ArmTick() {
  if (tick_armed_ || questions_.empty()) return;
  tick_armed_ = true;
  tick_ = Timer(loop_, options_.tick, [this] { OnTick(); });
}

// Callbacks may ask and cancel, and so add to what is drained here.
void CaresResolver::Impl::Drain() {
  if (draining_) return;
  draining_ = true;
  do {
    while (!refused_at_once_.empty()) {
      auto [id, response] = std::move(refused_at_once_.front());
      refused_at_once_.pop_front();
      Finish(id, std::move(response));
    }
    std::swap(results_, draining_results_);
    for (AttemptResult& result : draining_results_) {
      OnResult(std::move(result));
    }
    draining_results_.clear();
    SendWaiting();
  } while (!results_.empty() || !refused_at_once_.empty());
  draining_ = false;
}

void CaresResolver::Impl::DrainSoon() {
  if (draining_ || drain_armed_) return;
  drain_armed_ = true;
  drain_timer_ = Timer(loop_, nanoseconds(0), [this] {
    drain_armed_ = false;
    Drain();
  });
}

CaresResolver::Counters CaresResolver::Impl::counters() const {
  Counters counters = counters_;
  for (const auto& [id, question] : questions_) {
    ++(question->waiting ? counters.waiting : counters.in_flight);
  }
  return counters;
}

CaresResolver::CaresResolver(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CaresResolver::~CaresResolver() = default;

absl::StatusOr<std::unique_ptr<CaresResolver>> CaresResolver::Create(EventLoop& loop,
                                                                     ResolverOptions options) {
  if (options.servers.empty()) {
    absl::StatusOr<std::vector<ServerAddress>> servers = SystemServers();
    if (!servers.ok()) return servers.status();
    options.servers = *std::move(servers);
  }
  if (options.servers.size() > kMaxServers) {
    return absl::InvalidArgumentError(JoinText("more than ", kMaxServers, " resolvers"));
  }
  if (options.max_attempts < 1 || options.attempt_timeout.count() <= 0 ||
      options.deadline < options.attempt_timeout || options.tick.count() <= 0 ||
      options.max_open < 1 || options.initial_window < 1 || options.queries_per_second < 0 ||
      options.loopback_queries_per_second < 0) {
    return absl::InvalidArgumentError("resolver options that cannot work");
  }
  auto impl = std::make_unique<Impl>(loop, std::move(options));
  if (absl::Status status = impl->Open(); !status.ok()) return status;
  return std::unique_ptr<CaresResolver>(new CaresResolver(std::move(impl)));
}

Resolver::QueryId CaresResolver::Query(std::string_view name, RrType type, Callback callback) {
  return impl_->Ask(name, type, std::move(callback), kNoServer);
}
Resolver::QueryId CaresResolver::QueryServer(size_t index, std::string_view name, RrType type,
                                             Callback callback) {
  return impl_->Ask(name, type, std::move(callback), index);
}
void CaresResolver::Cancel(QueryId id) { impl_->Cancel(id); }
void CaresResolver::Abandon(std::string reason) { impl_->Abandon(std::move(reason)); }
EventLoop& CaresResolver::loop() { return impl_->loop(); }
size_t CaresResolver::server_count() const { return impl_->servers().size(); }
std::string CaresResolver::server_name(size_t index) const {
  return impl_->servers()[index].address.ToString();
}
bool CaresResolver::server_trusted(size_t index) const { return impl_->servers()[index].trusted; }
CaresResolver::Counters CaresResolver::counters() const { return impl_->counters(); }

}  // namespace mxsweep::dns
