#include "scanner/pace/ip_set.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <limits>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr absl::uint128 kMaxUint128 = std::numeric_limits<absl::uint128>::max();

absl::uint128 ToInteger(const dns::IpAddress& address) {
  absl::uint128 value = 0;
  for (uint8_t byte : address.bytes()) value = value << 8 | byte;
  return value;
}

dns::IpAddress FromInteger(absl::uint128 value, bool is_v6) {
  if (!is_v6) return dns::IpAddress::FromV4(static_cast<uint32_t>(value));
  std::array<uint8_t, 16> bytes;
  for (size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<uint8_t>(value);
  return *dns::IpAddress::FromBytes(bytes);
}

template <typename Integer>
void SortAndMerge(std::vector<std::pair<Integer, Integer>>& ranges) {
  std::sort(ranges.begin(), ranges.end());
  size_t kept = 0;
  for (const auto& range : ranges) {
    // Neighbours are merged too; the second test keeps the sum from wrapping.
    if (kept > 0 &&
        (range.first <= ranges[kept - 1].second || range.first - 1 == ranges[kept - 1].second)) {
      ranges[kept - 1].second = std::max(ranges[kept - 1].second, range.second);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
  ranges.shrink_to_fit();
}

template <typename Integer>
bool ContainsValue(const std::vector<std::pair<Integer, Integer>>& ranges, Integer value) {
  auto after = std::upper_bound(ranges.begin(), ranges.end(), value,
                                [](Integer v, const auto& range) { return v < range.first; });
  return after != ranges.begin() && value <= std::prev(after)->second;
}

absl::Status NotARange(std::string_view text, std::string_view why) {
  return InvalidArgument(JoinText("\"", text.substr(0, 80), "\" ", why));
}

absl::StatusOr<IpRange> ParsePrefix(std::string_view text, size_t slash) {
  const std::optional<dns::IpAddress> base = dns::IpAddress::Parse(text.substr(0, slash));
  const std::string_view length_text = text.substr(slash + 1);
  uint32_t length = 0;
  if (!base.has_value()) return NotARange(text, "is not an address range");
  const uint32_t bits = base->is_v6() ? 128 : 32;
  if (!ParseDigits(length_text, &length) || length > bits) {
    return NotARange(text, JoinText("has no prefix length from 0 to ", bits));
  }
  const absl::uint128 first = ToInteger(*base);
  // Shifting by the full width is undefined.
  const absl::uint128 host_mask =
      length == 0 ? kMaxUint128 >> (128 - bits) : (absl::uint128(1) << (bits - length)) - 1;
  if ((first & host_mask) != 0) {
    return NotARange(text, JoinText("has bits set behind its prefix; ",
                                    FromInteger(first & ~host_mask, base->is_v6()).ToString(), "/",
                                    length, "?"));
  }
  return IpRange{*base, FromInteger(first | host_mask, base->is_v6())};
}

struct SpecialRange {
  std::string_view range;
  std::string_view purpose;
};

// Not "Globally Reachable" in the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890,
// RFC 8190), plus multicast (RFC 5771, RFC 4291 §2.7) and what was deprecated.
constexpr SpecialRange kSpecialRanges[] = {
    {"0.0.0.0/8", "this network"},                  // RFC 791 §3.2
    {"10.0.0.0/8", "private use"},                  // RFC 1918
    {"100.64.0.0/10", "shared address space"},      // RFC 6598
    {"127.0.0.0/8", "loopback"},                    // RFC 1122 §3.2.1.3
    {"169.254.0.0/16", "link local"},               // RFC 3927
    {"172.16.0.0/12", "private use"},               // RFC 1918
    {"192.0.0.0/24", "IETF protocol assignments"},  // RFC 6890 §2.1
    {"192.0.2.0/24", "documentation"},              // RFC 5737
    {"192.88.99.0/24", "deprecated 6to4 relay"},    // RFC 7526
    {"192.168.0.0/16", "private use"},              // RFC 1918
    {"198.18.0.0/15", "benchmarking"},              // RFC 2544
    {"198.51.100.0/24", "documentation"},           // RFC 5737
    {"203.0.113.0/24", "documentation"},            // RFC 5737
    {"224.0.0.0/4", "multicast"},                   // RFC 5771
    {"240.0.0.0/4", "reserved"},                    // RFC 1112 §4; has 255.255.255.255
    {"::/128", "unspecified"},                      // RFC 4291 §2.5.2
    {"::1/128", "loopback"},                        // RFC 4291 §2.5.3
    {"::/96", "deprecated IPv4-compatible"},        // RFC 4291 §2.5.5.1
    {"::ffff:0:0/96", "IPv4-mapped"},               // RFC 4291 §2.5.5.2
    {"64:ff9b:1::/48", "local translation"},        // RFC 8215
    {"100::/64", "discard only"},                   // RFC 6666
    {"100:0:0:1::/64", "dummy prefix"},             // RFC 9780
    {"2001::/23", "IETF protocol assignments"},     // RFC 2928; has Teredo and ORCHID
    {"2001:db8::/32", "documentation"},             // RFC 3849
    {"3fff::/20", "documentation"},                 // RFC 9637
    {"5f00::/16", "segment routing identifiers"},   // RFC 9602
    {"fc00::/7", "unique local"},                   // RFC 4193
    {"fe80::/10", "link local"},                    // RFC 4291 §2.5.6
    {"fec0::/10", "deprecated site local"},         // RFC 3879
    {"ff00::/8", "multicast"},                      // RFC 4291 §2.7
};

struct ParsedSpecialRange {
  IpRange range;
  std::string_view purpose;
};

const std::vector<ParsedSpecialRange>& SpecialRanges() {
  static const auto* const ranges = [] {
    auto* parsed = new std::vector<ParsedSpecialRange>;
    for (const SpecialRange& special : kSpecialRanges) {
      parsed->push_back({ParseIpRange(special.range).value(), special.purpose});
    }
    return parsed;
  }();
  return *ranges;
}

// The IPv4 address to which packets for `address` go in the end, if it is an IPv6 address that
// embeds one.
std::optional<dns::IpAddress> EmbeddedV4(const dns::IpAddress& address) {
  if (!address.is_v6()) return std::nullopt;
  const absl::uint128 value = ToInteger(address);
  const uint64_t high = absl::Uint128High64(value);
  const uint64_t low = absl::Uint128Low64(value);
  const bool mapped = high == 0 && low >> 32 == 0xffff;                // RFC 4291 §2.5.5.2
  const bool nat64 = high == 0x0064'ff9b'0000'0000 && low >> 32 == 0;  // RFC 6052 §2.1
  if (mapped || nat64) return dns::IpAddress::FromV4(static_cast<uint32_t>(low));
  if (high >> 48 == 0x2002)
    return dns::IpAddress::FromV4(static_cast<uint32_t>(high >> 16));  // RFC 3056
  return std::nullopt;
}

}  // namespace

absl::uint128 IpRange::Size() const {
  const absl::uint128 distance = ToInteger(last) - ToInteger(first);
  return distance == kMaxUint128 ? distance : distance + 1;
}

dns::IpAddress IpRange::At(absl::uint128 offset) const {
  return FromInteger(ToInteger(first) + offset, first.is_v6());
}

bool IpRange::Contains(const dns::IpAddress& address) const {
  return address.is_v6() == first.is_v6() && first <= address && address <= last;
}

absl::StatusOr<IpRange> ParseIpRange(std::string_view text) {
  text = TrimText(text);
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos) return ParsePrefix(text, slash);
  const size_t dash = text.find('-');
  const auto first = dns::IpAddress::Parse(TrimText(text.substr(0, dash)));
  if (!first.has_value()) return NotARange(text, "is not an address or address range");
  if (dash == std::string_view::npos) return IpRange{*first, *first};
  const auto last = dns::IpAddress::Parse(TrimText(text.substr(dash + 1)));
  if (!last.has_value()) return NotARange(text, "is not an address range");
  if (first->is_v6() != last->is_v6()) return NotARange(text, "mixes IPv4 and IPv6");
  if (*last < *first) return NotARange(text, "runs backwards");
  return IpRange{*first, *last};
}

void IpSet::Builder::Add(const IpRange& range) {
  if (range.first.is_v6()) {
    v6_.emplace_back(ToInteger(range.first), ToInteger(range.last));
  } else {
    v4_.emplace_back(static_cast<uint32_t>(ToInteger(range.first)),
                     static_cast<uint32_t>(ToInteger(range.last)));
  }
}

absl::Status IpSet::Builder::AddText(std::string_view text, std::string_view source) {
  std::vector<IpRange> ranges;
  size_t line_number = 0;
  for (const absl::string_view whole_line : absl::StrSplit(ToAbsl(text), '\n')) {
    ++line_number;
    std::string_view line = FromAbsl(whole_line);
    line = TrimText(line.substr(0, line.find_first_of("#;")));
    if (line.empty()) continue;
    absl::StatusOr<IpRange> range = ParseIpRange(line);
    if (!range.ok()) {
      return InvalidArgument(JoinText(source, ":", line_number, ": ", range.status().message()));
    }
    ranges.push_back(*range);
  }
  for (const IpRange& range : ranges) Add(range);
  return absl::OkStatus();
}

absl::Status IpSet::Builder::AddFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  // Inserting an empty buffer sets failbit, so that an empty file has to be told apart.
  if (!file || (file.peek() != std::ifstream::traits_type::eof() && !(text << file.rdbuf())) ||
      file.bad()) {
    return absl::NotFoundError(JoinText("cannot read ", path));
  }
  return AddText(text.view(), path);
}

IpSet IpSet::Builder::Build() {
  IpSet set;
  SortAndMerge(v4_);
  SortAndMerge(v6_);
  std::swap(set.v4_, v4_);
  std::swap(set.v6_, v6_);
  return set;
}

bool IpSet::Contains(const dns::IpAddress& address) const {
  const absl::uint128 value = ToInteger(address);
  return address.is_v6() ? ContainsValue(v6_, value)
                         : ContainsValue(v4_, static_cast<uint32_t>(value));
}

std::optional<std::string_view> SpecialPurpose(const dns::IpAddress& address) {
  // The list is short, and asked once for each address before a connection is made.
  for (const ParsedSpecialRange& special : SpecialRanges()) {
    if (special.range.Contains(address)) return special.purpose;
  }
  return std::nullopt;
}

AddressFilter::AddressFilter(IpSet blocklist, std::optional<IpSet> allowlist, bool allow_special)
    : blocklist_(std::move(blocklist)),
      allowlist_(std::move(allowlist)),
      allow_special_(allow_special) {}

AddressFilter::Verdict AddressFilter::Judge(const dns::IpAddress& address) const {
  const Verdict verdict = JudgeOne(address);
  const std::optional<dns::IpAddress> embedded = EmbeddedV4(address);
  if (verdict != Verdict::kAllowed || !embedded.has_value()) return verdict;
  const Verdict embedded_verdict = JudgeOne(*embedded);
  // An allowlist that names the IPv6 address itself has said enough.
  return embedded_verdict == Verdict::kNotAllowlisted ? verdict : embedded_verdict;
}

AddressFilter::Verdict AddressFilter::JudgeOne(const dns::IpAddress& address) const {
  if (blocklist_.Contains(address)) return Verdict::kBlocklisted;
  if (allowlist_.has_value() && !allowlist_->Contains(address)) return Verdict::kNotAllowlisted;
  if (!allow_special_ && SpecialPurpose(address).has_value()) return Verdict::kSpecialPurpose;
  return Verdict::kAllowed;
}

std::string_view AddressFilter::Word(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "allowed";
    case Verdict::kBlocklisted:
      return "blocklist";
    case Verdict::kNotAllowlisted:
      return "not_on_allowlist";
    case Verdict::kSpecialPurpose:
      return "special_purpose";
  }
  return "";
}

}  // namespace mxsweep::scanner
