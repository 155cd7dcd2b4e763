// The DNS for a benchmark of recursion: the root, top-level domains and domains below them, served
// on loopback by name servers of their own, as authoritative ones answer (RFC 1034 §4.3.2).
#ifndef MXSWEEP_BENCH_NAME_TREE_H_
#define MXSWEEP_BENCH_NAME_TREE_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "bench/name_zones.h"

namespace mxsweep::bench {

// What is there:
// - The root and ten top-level domains, signed as the large ones are: ECDSA P-256, NSEC3 with
//   opt-out, no salt, no further iterations (RFC 5155, RFC 9276).
// - Domains, one of twenty of them signed (a DS record above, compact denial of RFC 9824 within).
//   Each has one MX host in itself with A and AAAA, two of a hundred have MTA-STS and TLS-RPT
//   records, half of the signed ones have a TLSA record.
// - Half of the domains have two name servers in themselves, whose addresses come along with the
//   delegation; the others have those of one of a hundred hosters, half of them below another
//   top-level domain, so that their addresses have to be asked for.
//
// A thread of its own answers, over UDP at port 53: nothing here is as large as to need TCP. Takes
// the right to bind that port, and addresses of 127.0.0.0/8 at which it is free.
class NameTree {
 public:
  struct Counts {
    uint64_t above = 0;    // questions to the servers of the root and the top-level domains
    uint64_t domains = 0;  // to those of domains and hosters
    // Of these, the same question again at the same level: because no answer came in time.
    uint64_t above_again = 0;
    uint64_t domains_again = 0;
    uint64_t unexpected = 0;  // of either: about what is not in the tree, or cannot be read
  };

  // `is_signed`: as above; else only the root is, and nothing below it is validated.
  static absl::StatusOr<std::unique_ptr<NameTree>> Start(int domains, bool is_signed = true);
  ~NameTree();
  NameTree(const NameTree&) = delete;
  NameTree& operator=(const NameTree&) = delete;

  // The domains, one a line.
  std::string List() const;
  int signed_domains() const { return zones_.signed_domains(); }
  int domains_with_policy_records() const { return zones_.domains_with_policy_records(); }
  // What leads an Unbound into the tree: for --unbound-config-include.
  std::string UnboundConfig() const;

  // So far.
  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }

 private:
  struct Socket {
    int fd;
    NameLevel level;
  };

  NameTree(int domains, bool is_signed) : zones_(domains, is_signed) {}
  absl::Status Open();
  void Serve();
  void ServeSocket(const Socket& socket);
  void Note(NameLevel level, std::span<const uint8_t> query, bool known);
  absl::Status Bind(const std::array<uint8_t, 4>& address, NameLevel level);

  NameZones zones_;  // of the thread, once it runs
  std::vector<Socket> sockets_;
  absl::flat_hash_set<std::string> seen_;  // of the thread: level, name and type
  mutable std::mutex mutex_;
  Counts counts_;  // guarded by mutex_
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_NAME_TREE_H_
