// Questions to recursive resolvers: the interface (so that a simulation can stand in for it) and
// what an answer is. The real one is CaresResolver in dns/cares_resolver.h.
#ifndef MXSWEEP_DNS_RESOLVER_H_
#define MXSWEEP_DNS_RESOLVER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "dns/event_loop.h"
#include "dns/facts.h"
#include "dns/message.h"

namespace mxsweep::dns {

enum class ResponseStatus : uint8_t {
  kOk,        // Records of the asked type.
  kNoData,    // The name exists and has none of that type.
  kNxDomain,  // The name, or what it is a CNAME for, does not exist.
  kServfail,  // The resolver could not find out.
  kBogus,     // The resolver could, and DNSSEC says not to believe it.
  kTimeout,   // No resolver answered.
  kRefused,   // REFUSED, FORMERR, NOTIMP or any other code; or a server that does not recurse.
  // What was answered cannot be read, its CNAMEs go in circles, or it is truncated and not to be
  // had over TCP.
  kMalformed,
  // Our own trouble: says nothing about the name.
  kLocalNoDescriptors,
  kLocalError,  // No memory, no route to any resolver, the question cannot be put (bad name).
};
// "ok", "nodata", "local_no_descriptors" …
std::string_view Word(ResponseStatus status);
inline bool IsLocal(ResponseStatus status) {
  return status == ResponseStatus::kLocalNoDescriptors || status == ResponseStatus::kLocalError;
}
// kOk, kNoData and kNxDomain: the DNS has spoken.
inline bool IsAnswer(ResponseStatus status) {
  return status == ResponseStatus::kOk || status == ResponseStatus::kNoData ||
         status == ResponseStatus::kNxDomain;
}

struct Response {
  ResponseStatus status = ResponseStatus::kLocalError;
  // kSecure only if the resolver set AD and the path to it is safe; kBogus with status kBogus;
  // kError where the DNS has not spoken.
  DnssecState dnssec = DnssecState::kError;
  // AD as it came, believed or not.
  bool authentic_data = false;
  // Of the asked type, at the end of the CNAME chain, in the order of the answer. kOk: at least
  // one.
  std::vector<ResourceRecord> records;
  // The targets from the asked name on; empty where it is no CNAME.
  std::vector<std::string> cname_chain;
  uint32_t ttl_seconds = 0;  // Of an answer or a denial; 0 if unknown.
  // Queries sent, over all resolvers, the one that tells SERVFAIL from bogus included.
  int attempts = 0;
  // What of the answer was more than is kept, in a few words; else empty. kOk only.
  std::string left_out;
  // The CNAMEs end in a name of which the answer says nothing at all. A Resolver asks on, and hands
  // out no such response.
  bool ends_in_cname = false;
  // A sentence where status is an error; else empty.
  std::string detail;
};

// Thread-confined: one per event loop, used on its thread.
class Resolver {
 public:
  using QueryId = uint64_t;  // 0 is never an id.
  using Callback = absl::AnyInvocable<void(Response)>;

  // Outstanding questions are dropped without a callback. Not to be destroyed from a callback.
  virtual ~Resolver() = default;

  // Asks for `name` (presentation form, see dns/message.h) and `type` in class IN. `callback` is
  // called exactly once, from the loop and never from inside Query, unless the question is
  // cancelled first. It may ask and cancel further questions.
  virtual QueryId Query(std::string_view name, RrType type, Callback callback) = 0;
  // Drops the question and its callback. No effect if it is answered already or never was.
  virtual void Cancel(QueryId id) = 0;

  // The loop on whose thread callbacks run.
  virtual EventLoop& loop() = 0;

  // The servers behind this resolver, for ProbeResolver. A resolver that has no notion of them is
  // one.
  virtual size_t server_count() const { return 1; }
  virtual std::string server_name(size_t /*index*/) const { return "resolver"; }
  // Whether AD from it is believed: it is on a loopback address, or the user said so.
  virtual bool server_trusted(size_t /*index*/) const { return true; }
  // Query, but only at this server.
  virtual QueryId QueryServer(size_t /*index*/, std::string_view name, RrType type,
                              Callback callback) {
    return Query(name, type, std::move(callback));
  }
};

// What a resolver turned out to be, found before a scan starts.
struct ServerState {
  std::string server;  // ADDRESS:PORT
  bool answers = false;
  bool validates = false;  // Sets AD for a signed name.
  bool trusted = false;    // Its AD bit is believed.
  // False: a name that cannot exist has got SERVFAIL, or records: what it says of names
  // without records (most TLSA names) means nothing.
  bool denies = true;
  std::string error;  // Why it does not answer; else empty.
};
struct ResolverState {
  bool answers = false;  // At least one server does.
  // Every server that answers validates, is believed and can deny: DNSSEC states mean something.
  bool validates = false;
  // Every server that answers can deny.
  bool denies = true;
  // What a user should know, in a sentence or two; never empty.
  std::string detail;
  std::vector<ServerState> servers;
};

struct ProbeOptions {
  // A name and type that is signed for certain: the root's SOA.
  std::string name = ".";
  RrType type = RrType::kSoa;
};

// Asks every server of `resolver`, and those that answer also for names that cannot exist (RFC 6761
// section 6.4: resolvers answer NXDOMAIN), and calls `callback` from the loop when all have
// answered or run into their deadline. `resolver` must live until then; if it is destroyed first,
// no callback comes.
void ProbeResolver(Resolver& resolver, const ProbeOptions& options,
                   absl::AnyInvocable<void(ResolverState)> callback);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_RESOLVER_H_
