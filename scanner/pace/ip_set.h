#ifndef MXSWEEP_SCANNER_PACE_IP_SET_H_
#define MXSWEEP_SCANNER_PACE_IP_SET_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/numeric/int128.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "dns/ip_address.h"

namespace mxsweep::scanner {

// The addresses from `first` to `last`, both included, of one family; first <= last.
struct IpRange {
  dns::IpAddress first;
  dns::IpAddress last;

  // Number of addresses; ::/0 counts as 2^128 - 1.
  absl::uint128 Size() const;
  // The address `offset` behind the first one. REQUIRES: offset < Size().
  dns::IpAddress At(absl::uint128 offset) const;
  bool Contains(const dns::IpAddress& address) const;
};

// Reads "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9" or the same of IPv6. Bits set behind the
// prefix, mixed families and a range that runs backwards are errors: it is not guessed what was
// meant.
absl::StatusOr<IpRange> ParseIpRange(std::string_view text);

// A set of addresses as sorted, merged ranges: 8 bytes a range for IPv4, 32 for IPv6; look-up is a
// binary search. Immutable once built, so it may be read from every thread.
class IpSet {
 public:
  class Builder {
   public:
    void Add(const IpRange& range);
    // Adds a list in text: a range a line as ParseIpRange reads it, '#' and ';' begin a comment,
    // blank lines are skipped. The error names `source` and the line; nothing of the text is added
    // then.
    absl::Status AddText(std::string_view text, std::string_view source);
    // Adds the file at `path`.
    absl::Status AddFile(const std::string& path);
    // Sorts and merges. The builder is empty afterwards.
    IpSet Build();

   private:
    std::vector<std::pair<uint32_t, uint32_t>> v4_;
    std::vector<std::pair<absl::uint128, absl::uint128>> v6_;
  };

  IpSet() = default;

  bool Contains(const dns::IpAddress& address) const;
  bool empty() const { return v4_.empty() && v6_.empty(); }
  size_t range_count() const { return v4_.size() + v6_.size(); }

 private:
  std::vector<std::pair<uint32_t, uint32_t>> v4_;
  std::vector<std::pair<absl::uint128, absl::uint128>> v6_;
};

// What the IANA special-purpose address registries (RFC 6890 and its successors) say is not
// globally reachable, together with multicast and what was reserved: no mail server of the public
// Internet has such an address, and a connection to one may land in the scanner's own network. The
// text says what the range is for ("loopback", "private use"). Nothing for an ordinary address.
std::optional<std::string_view> SpecialPurpose(const dns::IpAddress& address);

// May this address be connected to? Immutable, readable from every thread.
class AddressFilter {
 public:
  enum class Verdict : uint8_t { kAllowed, kBlocklisted, kNotAllowlisted, kSpecialPurpose };

  // No allowlist: everything not blocked is allowed. An IPv6 address that embeds an IPv4 address to
  // which packets would go (IPv4-mapped, NAT64, 6to4) is judged by both.
  explicit AddressFilter(IpSet blocklist = {}, std::optional<IpSet> allowlist = std::nullopt,
                         bool allow_special = false);

  // The blocklist is asked first, then the allowlist, then the special-purpose registries.
  Verdict Judge(const dns::IpAddress& address) const;
  bool Allows(const dns::IpAddress& address) const { return Judge(address) == Verdict::kAllowed; }

  // "allowed", "blocklist", "not_on_allowlist", "special_purpose".
  static std::string_view Word(Verdict verdict);

 private:
  Verdict JudgeOne(const dns::IpAddress& address) const;

  IpSet blocklist_;
  std::optional<IpSet> allowlist_;
  bool allow_special_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_PACE_IP_SET_H_
