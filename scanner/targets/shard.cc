#include "scanner/targets/shard.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <vector>

#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kIpv4PrefixBytes = 3;
constexpr size_t kIpv6PrefixBytes = 8;
constexpr int kBitsPerByte = 8;

}  // namespace

std::string PrefixText(const dns::IpAddress& address) {
  const size_t kept = address.is_v6() ? kIpv6PrefixBytes : kIpv4PrefixBytes;
  std::vector<uint8_t> bytes(address.bytes().begin(), address.bytes().end());
  std::fill(bytes.begin() + static_cast<ptrdiff_t>(kept), bytes.end(), uint8_t{0});
  return JoinText(dns::IpAddress::FromBytes(bytes)->ToString(), "/", kept * kBitsPerByte);
}

absl::StatusOr<Shard> ParseShard(std::string_view text) {
  Shard shard;
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || !ParseDigits(text.substr(0, slash), &shard.index) ||
      !ParseDigits(text.substr(slash + 1), &shard.count)) {
    return InvalidArgument(JoinText("\"", text, "\" is no shard: INDEX/COUNT, as in 0/8"));
  }
  if (shard.count == 0 || shard.count > kMaxShards) {
    return InvalidArgument(
        JoinText("there may be 1 to ", kMaxShards, " shards, not ", text.substr(slash + 1)));
  }
  if (shard.index >= shard.count) {
    return InvalidArgument(JoinText("shards are counted from 0: the last one is ", shard.count - 1,
                                    "/", shard.count, ", not ", text));
  }
  return shard;
}

std::string ShardText(const Shard& shard) { return JoinText(shard.index, "/", shard.count); }

uint64_t ShardHash(std::string_view text) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data());
  uint64_t hash = 0;
  for (size_t i = 0; i < sizeof(hash); ++i) hash = hash << kBitsPerByte | digest[i];
  return hash;
}

uint64_t ShardHashOfAddress(const dns::IpAddress& address) {
  return ShardHash(PrefixText(address));
}

}  // namespace mxsweep::scanner
