// Our own outages, as tasks meet them (pace/outage_watch.h).
#ifndef MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_
#define MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "dns/facts.h"
#include "dns/policy_lookup.h"
#include "scanner/engine/task.h"
#include "scanner/http/fetch.h"
#include "scanner/smtp/endpoint_facts.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Did it end because nothing came any more? Then it may have been our own network.
bool IsSilence(const EndpointFacts& facts);
bool IsSilence(const FetchFacts& facts);

// A connection to `server`, or a question about `name`, was answered by somebody.
void NoteBegun(OutageWatch* watch);
void NoteAnswered(Worker* worker, const SocketAddress& server);
void NoteAnswered(Worker* worker, std::string_view name);

// It was silent, and began at `began_ns` of real_now_ns(). True if the silence is ours: then it
// says nothing, and is to be done again, unless the worker drains. Waits while that is in doubt.
// `worker` outlives the task.
// `redone`: how often it was before; counted here.
Task<bool> WasOurSilence(Worker* worker, SocketAddress server, int64_t began_ns, uint32_t* redone);
Task<bool> WasOurSilence(Worker* worker, std::string name, int64_t began_ns, uint32_t* redone);

// What a question to the DNS came to, as far as it decides whether to ask it again.
enum class Heard : uint8_t {
  kAnswer,
  kSilence,     // nothing, or that the servers behind the resolver say nothing
  kOurTrouble,  // says nothing about the name
  kNothingAsked,
};
Heard HeardIn(const dns::MxAnswer& answer);
Heard HeardIn(const dns::HostAnswer& answer);
Heard HeardIn(const dns::PolicyRecords& records);

// One question about a name, and its repeats: after trouble of our own, as often as connections
// are; after a silence that was ours. Lives in the frame of whoever asks:
//
//   Asking asking(worker, name);
//   bool again = true;
//   while (again) {
//     asking.Begin();
//     answer = co_await AwaitMx(…);
//     again = co_await asking.Again(HeardIn(answer));
//   }
class Asking {
 public:
  Asking(Worker* worker, std::string_view name);
  void Begin();
  Task<bool> Again(Heard heard);

 private:
  Worker* worker_;
  std::string name_;
  uint32_t retries_;
  uint32_t redone_ = 0;
  int64_t began_ns_ = 0;
};

// Asks who answered before whether they still do, if it is time. For the thread that drives the
// scan; `now_ns` of real_now_ns().
void AskCanaries(ScanContext* context, int64_t now_ns);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_OUTAGE_TASK_H_
