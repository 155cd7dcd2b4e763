// The zones of bench/name_tree.h without their sockets: a query in, a response out.
#ifndef MXSWEEP_BENCH_NAME_ZONES_H_
#define MXSWEEP_BENCH_NAME_ZONES_H_

#include <openssl/base.h>
#include <openssl/ec_key.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"

namespace mxsweep::bench {

using Bytes = std::vector<uint8_t>;

// Which servers are asked.
enum class NameLevel : uint8_t { kRoot, kTopLevel, kDomain };

// Records of one name and type.
struct Rrset {
  Bytes owner;  // wire format, lower case
  uint16_t type = 0;
  uint32_t ttl_seconds = 0;
  std::vector<Bytes> data;  // in canonical order (RFC 4034 §6.3)
};

// Signs with one key for all zones; a validator cannot tell. Thread-compatible.
class ZoneSigner {
 public:
  ZoneSigner();

  Rrset Dnskey(const Bytes& zone) const;
  Rrset Ds(const Bytes& zone) const;
  // What is behind "DS" in presentation format.
  std::string DsText(const Bytes& zone) const;
  // Of `rrset` of `zone` (RFC 4034 §3.1.8.1).
  const Bytes& Rrsig(const Rrset& rrset, const Bytes& zone);

 private:
  bssl::UniquePtr<EC_KEY> key_;
  Bytes public_key_;  // the data of the DNSKEY record
  uint16_t key_tag_ = 0;
  uint32_t inception_ = 0;
  uint32_t expiration_ = 0;
  absl::flat_hash_map<std::string, Bytes> signatures_;  // by owner and type
};

// Thread-compatible.
class NameZones {
 public:
  static constexpr int kTopLevelDomains = 10;
  static constexpr int kHosters = 100;
  static constexpr int kDomainServers = 64;
  static constexpr int kSignedEvery = 20;
  static constexpr int kPolicyEvery = 50;

  // `is_signed`: as bench/name_tree.h has it; else only the root is.
  NameZones(int domains, bool is_signed);

  int domains() const { return domains_; }
  bool is_signed() const { return is_signed_; }
  int signed_domains() const;
  int domains_with_policy_records() const;
  // "d7.t7".
  static std::string DomainName(int index);
  // Where the servers are.
  static std::array<uint8_t, 4> RootAddress() { return {127, 53, 0, 1}; }
  static std::array<uint8_t, 4> TopLevelAddress(int index);
  static std::array<uint8_t, 4> DomainServerAddress(int index);
  std::string TrustAnchor() const;

  // Replaces `out` by the response; empty where there is none. False: the question is about nothing
  // that is here.
  bool Answer(NameLevel level, std::span<const uint8_t> query, Bytes* out);

 private:
  struct Question;
  class Response;

  // SHA-1 of a name in wire format (RFC 5155 §5, no salt, no iterations).
  using Hash = std::array<uint8_t, 20>;
  static Hash HashOf(const Bytes& name);
  // The record of a top-level domain that has this hash or covers it.
  Rrset Nsec3For(int top_level, const Hash& hash) const;

  bool IsSigned(int domain) const;
  bool AnswerRoot(const Question& question, Response* response);
  bool AnswerTopLevel(const Question& question, Response* response);
  bool AnswerDomain(const Question& question, Response* response);
  void ReferToTopLevel(int index, Response* response);
  void ReferToDomain(int top_level, bool hoster, int index, Response* response);

  int domains_;
  bool is_signed_;
  ZoneSigner signer_;
  // Of each top-level domain: the hashes of itself and of its signed domains, sorted.
  std::vector<std::vector<Hash>> hashes_;
};

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_NAME_ZONES_H_
