#ifndef MXSWEEP_SCANNER_WORK_ADDRESS_MEMORY_H_
#define MXSWEEP_SCANNER_WORK_ADDRESS_MEMORY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "scanner/http/fetch.h"
#include "scanner/smtp/endpoint_facts.h"

namespace mxsweep::scanner {

// What was met at an address and port, whoever it was asked for: what ends before any name is said
// (refused, unreachable, no answer, silence before the greeting) is about the server, not about the
// name. After two such endings in a row, of the same kind, whoever else asks is told the same
// without a connection, for kRememberNs; then it is tried again. And where many wait, whether all
// who had their turn met the same.
//
// Memory: an entry for each address that failed like this within kRememberNs, at most kMostFailed
// of them (the oldest are forgotten first); what the last one met at each address with a crowd.
// Thread-confined.
class AddressMemory {
 public:
  static constexpr int64_t kRememberNs = 300'000'000'000;
  static constexpr size_t kMostFailed = 65'536;
  static constexpr uint32_t kFailuresInARow = 2;
  // So many names must have met the same thing at an address before others are told of it.
  static constexpr uint32_t kMetBeforeInferring = 50;

  // A connection to `server` ended. `now_ns` never goes back.
  void Note(const SocketAddress& server, const EndpointFacts& facts, int64_t now_ns);
  void Note(const SocketAddress& server, const FetchFacts& facts, int64_t now_ns);

  // It failed kFailuresInARow times, and that is remembered.
  bool IsDead(const SocketAddress& server, int64_t now_ns);
  // What whoever asks then is told. REQUIRES: IsDead.
  std::unique_ptr<EndpointFacts> Conclude(const SocketAddress& server, absl::Time now) const;
  FetchFacts ConcludeFetch(const SocketAddress& server, absl::Time now) const;

  // A name had its turn at `server`, all attempts included, while others wait there.
  void NoteCrowd(const SocketAddress& server, const EndpointFacts& facts);
  // Nobody waits there any more.
  void ForgetCrowd(const SocketAddress& server) { crowds_.erase(server); }
  // What the other names would meet there: at least kMetBeforeInferring met the same (chain,
  // version, cipher, group, keywords). Null: not known.
  std::unique_ptr<EndpointFacts> Infer(const SocketAddress& server, absl::Time now) const;

 private:
  struct Failed {
    uint32_t in_a_row = 0;
    int64_t forget_ns = 0;
    Outcome outcome = Outcome::kLocalError;
    FetchOutcome fetch_outcome = FetchOutcome::kLocalError;
    std::string detail;
    absl::Time at;
  };
  struct Crowd {
    uint32_t met = 0;
    bool alike = true;
    std::string likeness;
    std::unique_ptr<EndpointFacts> facts;  // of the last
  };

  void NoteFailure(const SocketAddress& server, Failed failed, int64_t now_ns);
  void Expire(int64_t now_ns);

  absl::flat_hash_map<SocketAddress, Failed> failed_;
  std::deque<std::pair<int64_t, SocketAddress>> forget_at_;
  absl::flat_hash_map<SocketAddress, Crowd> crowds_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_ADDRESS_MEMORY_H_
