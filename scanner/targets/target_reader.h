#ifndef MXSWEEP_SCANNER_TARGETS_TARGET_READER_H_
#define MXSWEEP_SCANNER_TARGETS_TARGET_READER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "dns/facts.h"
#include "dns/ip_address.h"
#include "scanner/pace/ip_set.h"
#include "scanner/targets/input_source.h"
#include "scanner/targets/name_set.h"
#include "scanner/targets/shard.h"
#include "scanner/targets/target_line.h"

namespace mxsweep::scanner {

// Longer lines are junk, and are not kept.
inline constexpr size_t kMaxTargetLineBytes = 4096;
// How much of the input text a Target carries.
inline constexpr size_t kMaxTargetRawBytes = 255;
// A larger IPv6 range in the input is refused: nobody means to probe it address by address.
inline constexpr uint64_t kMaxIpv6RangeAddresses = 1 << 16;

// What the lines of the input are.
enum class TargetsKind : uint8_t { kDomains, kHosts, kAddresses };
// "domains", "hosts", "addresses".
std::string_view TargetsWord(TargetsKind kind);

// What the DNS said of a host, elsewhere and earlier (mxsweep resolve).
struct ResolvedHost {
  dns::HostAnswer answer;
  absl::Time resolved_at;
};

// One thing to scan.
struct Target {
  enum class Kind : uint8_t { kDomain, kHost, kAddress, kResolvedHost, kInvalid };

  Kind kind = Kind::kInvalid;
  // kDomain, kHost: as dns::NormalizeDomain gives it. kResolvedHost: as MxRecord::host. kAddress:
  // the name given with the address
  // ("192.0.2.1,mx.example.org"), for SNI and verdicts; else empty.
  std::string name;
  dns::IpAddress address;                        // kAddress
  std::shared_ptr<const ResolvedHost> resolved;  // kResolvedHost: its addresses are to be asked
  uint64_t input_line = 0;                       // from 1
  // Of the list's targets, from 0: the same whenever the same list is read the same way, and
  // smaller than the line where a line names one.
  uint64_t number = 0;
  // The text as it was given, sanitised and cut: of kInvalid, and of a name that differs from it.
  std::string raw;
  std::string problem;  // kInvalid: why, a phrase ("label longer than 63 octets")
};

// What tells it from all other targets of its list: whoever has seen the key has seen the target.
std::string KeyOf(const Target& target);

// What of a list was read.
struct TargetCounts {
  uint64_t lines = 0;       // of any kind
  uint64_t targets = 0;     // given out, invalid ones included
  uint64_t invalid = 0;     // given out as kInvalid
  std::string an_invalid;   // the last of them, as it stands in the list; cut
  uint64_t duplicates = 0;  // dropped
  uint64_t elsewhere = 0;   // of other shards: not looked at any further
};

// Where targets come from.
class TargetSource {
 public:
  virtual ~TargetSource() = default;
  // The next target, or false where there are no more. `*target` keeps its strings' memory from
  // call to call.
  virtual bool Next(Target* target) = 0;
  // For progress: how much of the list was read.
  virtual uint64_t bytes_read() const = 0;
  // Next does not wait for whoever writes the list.
  virtual bool ready() const { return true; }
};

// The list itself.
class TargetList : public TargetSource {
 public:
  // OK, or why reading ended before the list did (DataLoss, Cancelled …), as a sentence. Everything
  // given out before is sound: the last line before the damage is given only if it was complete.
  virtual const absl::Status& status() const = 0;
  virtual const TargetCounts& counts() const = 0;
  // What bytes_read comes to at the end; 0 where that is not known.
  virtual uint64_t size_bytes() const = 0;
};

// Reads a list of targets of any length in constant memory (but for the NameSet of what was seen,
// and a few dozen bytes for each address range).
//
// A line holds a domain, a host, or an address ("192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9",
// "192.0.2.1,name"); or is a CSV row of which one column does ("1,example.org" as of Tranco and
// Umbrella, a header that names the column "domain", "host" or "address" as fits what the list
// holds, or the first field that is no number). LF or CRLF. Blank lines and comments (#) are
// skipped, a UTF-8 byte order mark too. A range is expanded lazily, in an order shuffled by the
// seed. What was seen before is dropped and counted; what is no target is given as kInvalid with a
// reason, so that every line of the input is accounted for.
//
// Thread-compatible: one thread reads. Reading blocks.
class TargetReader final : public TargetList {
 public:
  struct Options {
    TargetsKind kind = TargetsKind::kDomains;
    uint64_t seed = 0;
    NameSet::Key name_key{};  // random, where a stranger wrote the list
    // Only what falls in it is given out, numbered and remembered: names by themselves, addresses
    // by their prefix, lines that name no target by their text.
    Shard shard;
    // Ends a read that waits; see OpenFile.
    const std::atomic<bool>* stop = nullptr;
  };

  // Opens the file at `path`, or standard input for "-": plain, gzip, zstd, xz or bzip2. The error
  // is a sentence.
  static absl::StatusOr<std::unique_ptr<TargetReader>> Open(const std::string& path,
                                                            const Options& options);
  // The list there, unpacked.
  static absl::StatusOr<std::unique_ptr<InputSource>> OpenList(const std::string& path,
                                                               const std::atomic<bool>* stop);
  TargetReader(std::unique_ptr<InputSource> source, const Options& options);

  // False at the end of the list or of what could be read of it: then status().
  bool Next(Target* target) override;

  const absl::Status& status() const override { return status_; }
  const TargetCounts& counts() const override { return counts_; }
  // For progress: how much of the file was read; 0 of 0 where its size is not known.
  // Of what lies behind the targets given out, that is: not what was read ahead, and of a range the
  // share that was given.
  uint64_t bytes_read() const override;
  uint64_t size_bytes() const override { return source_->size_bytes(); }
  bool ready() const override;
  const NameSet& seen() const { return seen_; }

 private:
  // A range being expanded.
  struct Expansion {
    IpRange range;
    IndexShuffle shuffle;
    uint64_t next = 0;
    uint64_t size = 0;
    uint64_t input_line = 0;
    size_t line_bytes = 0;
  };

  bool ReadNext(Target* target);
  enum class Line : uint8_t { kLine, kTooLong, kEnd };
  Line ReadLine(std::string_view* line);
  bool Fill();

  // Each returns whether it filled *target.
  bool ReadTarget(std::string_view line, Target* target);
  bool ReadRow(std::string_view line, Target* target);
  bool ReadHeader(const std::vector<std::string>& fields);
  bool ReadName(std::string_view text, std::string_view line, Target* target);
  bool ReadAddress(std::string_view text, std::string_view name, std::string_view line,
                   Target* target);
  bool StartExpansion(const IpRange& range, std::string_view line, Target* target);
  bool NextOfExpansion(Target* target);
  bool GiveAddress(const dns::IpAddress& address, std::string_view name, Target* target);
  bool GiveInvalid(std::string_view line, std::string_view problem, Target* target);
  // Counts the target of which `key` is all that matters, or the duplicate.
  bool GiveIfNew(std::string_view key);
  // Falls in this shard; else it is counted.
  bool IsHere(std::string_view text);
  bool IsHere(const dns::IpAddress& address);
  bool CountHash(uint64_t shard_hash);
  bool CoveredByRange(const dns::IpAddress& address) const;
  void RememberRange(const IpRange& range);

  std::unique_ptr<InputSource> source_;
  Options options_;
  absl::Status status_;
  TargetCounts counts_;
  NameSet seen_;

  std::vector<uint8_t> buffer_;
  size_t begin_ = 0;  // what is unread of buffer_
  size_t end_ = 0;
  bool source_ended_ = false;
  uint64_t unpacked_bytes_ = 0;  // that the source gave

  bool first_row_ = true;
  std::optional<size_t> column_;       // named by a header
  std::optional<size_t> name_column_;  // of the name beside an address
  std::optional<Expansion> expansion_;
  // Ranges that were expanded, first → last, disjoint; IPv4 and IPv6 apart.
  std::map<dns::IpAddress, dns::IpAddress> ranges_done_[2];
  std::string long_line_;  // the beginning of a line that was too long
  std::string key_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_TARGETS_TARGET_READER_H_
