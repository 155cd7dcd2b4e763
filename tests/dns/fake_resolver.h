// A resolver that answers from a table, for tests and for whole scans in a simulation.
#ifndef MXSWEEP_TESTS_DNS_FAKE_RESOLVER_H_
#define MXSWEEP_TESTS_DNS_FAKE_RESOLVER_H_

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/resolver.h"

namespace mxsweep::dns {

// A little world of names: a name that has records exists, any other is NXDOMAIN; a name without
// the asked type is NODATA; CNAMEs are followed. Names are lower case without the trailing dot. An
// answer is secure if every name on its way is (SetSecure), and an answer comes after the delay of
// the asked name, by a timer of the loop. Thread-confined like any Resolver.
class FakeResolver : public Resolver {
 public:
  explicit FakeResolver(EventLoop& loop) : loop_(loop) {}
  ~FakeResolver() override {
    for (const auto& [id, timer] : pending_) loop_.CancelTimer(timer);
  }

  void AddMx(const std::string& name, uint16_t preference, const std::string& host) {
    Add(name, RrType::kMx, MxRecord{preference, host});
  }
  // `text` is IPv4 or IPv6; anything else aborts.
  void AddAddress(const std::string& name, std::string_view text) {
    const IpAddress address = IpAddress::Parse(text).value();
    Add(name, address.is_v6() ? RrType::kAaaa : RrType::kA, address);
  }
  void AddCname(const std::string& name, const std::string& target) {
    Add(name, RrType::kCname, CnameData{target});
  }
  void AddTlsa(const std::string& name, TlsaRecord record) {
    Add(name, RrType::kTlsa, std::move(record));
  }
  void AddTxt(const std::string& name, const std::string& text) {
    Add(name, RrType::kTxt, TxtData{text});
  }
  // An empty non-terminal: exists, and has nothing.
  void AddName(const std::string& name) { records_[name]; }

  // All records at `name`.
  void Forget(const std::string& name) { records_.erase(name); }

  // Everything at `name`, denials included, is signed.
  void SetSecure(const std::string& name) { secure_.insert(name); }
  // All but what is said of `type`.
  void SetInsecure(const std::string& name, RrType type) { insecure_.insert({name, type}); }
  // The answer has more than is kept of it.
  void SetLeftOut(const std::string& name, RrType type) { left_out_.insert({name, type}); }
  // Asking for (name, type), or what CNAMEs lead to it, ends in `status`.
  void SetFailure(const std::string& name, RrType type, ResponseStatus status) {
    failures_[{name, type}] = status;
  }
  // Only so many of the next questions do.
  void SetPassingFailure(const std::string& name, RrType type, ResponseStatus status,
                         uint32_t questions) {
    SetFailure(name, type, status);
    passing_[{name, type}] = questions;
  }
  void SetDelay(const std::string& name, std::chrono::nanoseconds delay) { delays_[name] = delay; }
  void SetDefaultDelay(std::chrono::nanoseconds delay) { default_delay_ = delay; }

  // What becomes of a question on its way: it takes longer, or ends in an error after that time.
  struct Fault {
    std::chrono::nanoseconds delay{0};
    std::optional<ResponseStatus> error;
  };
  // Called once for each question.
  void SetFaults(std::function<Fault()> faults) { faults_ = std::move(faults); }

  QueryId Query(std::string_view name, RrType type, Callback callback) override {
    const QueryId id = next_id_++;
    const std::string asked(name);
    const Fault fault = faults_ ? faults_() : Fault{};
    if (fault.error) {
      pending_[id] = loop_.ScheduleAfter(
          fault.delay, [this, id, error = *fault.error, callback = std::move(callback)]() mutable {
            pending_.erase(id);
            Callback done = std::move(callback);
            Response response;
            response.status = error;
            response.dnssec = DnssecState::kError;
            response.detail = std::string(Word(response.status));
            done(std::move(response));
          });
      return id;
    }
    log_.emplace_back(asked, type);
    const auto delay = delays_.find(asked);
    pending_[id] =
        loop_.ScheduleAfter(fault.delay + (delay != delays_.end() ? delay->second : default_delay_),
                            [this, id, asked, type, callback = std::move(callback)]() mutable {
                              pending_.erase(id);
                              // The closure may go away with what the callback destroys.
                              Callback done = std::move(callback);
                              const Response answer = Answer(asked, type);
                              CountPassing({asked, type});
                              done(answer);
                            });
    return id;
  }
  void Cancel(QueryId id) override {
    const auto it = pending_.find(id);
    if (it == pending_.end()) return;
    loop_.CancelTimer(it->second);
    pending_.erase(it);
  }
  EventLoop& loop() override { return loop_; }

  // Every question so far, in order.
  const std::vector<std::pair<std::string, RrType>>& log() const { return log_; }
  bool WasAsked(const std::string& name, RrType type) const {
    return std::find(log_.begin(), log_.end(), std::pair(name, type)) != log_.end();
  }
  size_t outstanding() const { return pending_.size(); }

  // What Query would answer.
  Response Answer(const std::string& name, RrType type) const {
    Response response;
    response.attempts = 1;
    bool secure = true;
    std::string current = name;
    while (true) {
      secure = secure && secure_.contains(current) && !insecure_.contains({current, type});
      if (const auto failure = failures_.find({current, type}); failure != failures_.end()) {
        response.status = failure->second;
        response.dnssec =
            response.status == ResponseStatus::kBogus ? DnssecState::kBogus : DnssecState::kError;
        if (IsAnswer(response.status)) SetAnswered(response, secure);
        if (!IsAnswer(response.status)) response.detail = std::string(Word(response.status));
        return response;
      }
      const auto owner = records_.find(current);
      if (owner == records_.end()) {
        response.status = ResponseStatus::kNxDomain;
        SetAnswered(response, secure);
        return response;
      }
      const ResourceRecord* cname = nullptr;
      for (const ResourceRecord& record : owner->second) {
        if (record.type == type) response.records.push_back(record);
        if (record.type == RrType::kCname) cname = &record;
      }
      if (cname == nullptr || type == RrType::kCname ||
          response.cname_chain.size() == kMaxCnameChain) {
        response.status = response.records.empty() ? ResponseStatus::kNoData : ResponseStatus::kOk;
        if (left_out_.contains({current, type})) response.left_out = "too many answer records";
        SetAnswered(response, secure);
        return response;
      }
      current = std::get<CnameData>(cname->data).target;
      response.cname_chain.push_back(current);
    }
  }

 private:
  // A question was answered.
  void CountPassing(const std::pair<std::string, RrType>& question) {
    const auto passing = passing_.find(question);
    if (passing == passing_.end() || --passing->second > 0) return;
    failures_.erase(question);
    passing_.erase(passing);
  }

  static void SetAnswered(Response& response, bool secure) {
    response.dnssec = secure ? DnssecState::kSecure : DnssecState::kInsecure;
    response.authentic_data = secure;
    response.ttl_seconds = 300;
  }

  void Add(const std::string& name, RrType type, RecordData data) {
    records_[name].push_back({name, type, 300, std::move(data)});
  }

  EventLoop& loop_;
  std::map<std::string, std::vector<ResourceRecord>> records_;
  std::set<std::string> secure_;
  std::set<std::pair<std::string, RrType>> insecure_;
  std::set<std::pair<std::string, RrType>> left_out_;
  std::map<std::pair<std::string, RrType>, ResponseStatus> failures_;
  std::map<std::pair<std::string, RrType>, uint32_t> passing_;  // how often failures_ holds
  std::map<std::string, std::chrono::nanoseconds> delays_;
  std::chrono::nanoseconds default_delay_{1'000'000};
  std::map<QueryId, EventLoop::TimerId> pending_;
  std::vector<std::pair<std::string, RrType>> log_;
  QueryId next_id_ = 1;
  std::function<Fault()> faults_;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_TESTS_DNS_FAKE_RESOLVER_H_
