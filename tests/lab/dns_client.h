// A tiny DNS client of the lab's tests, independent of the project's own.
#ifndef MXSWEEP_TESTS_LAB_DNS_CLIENT_H_
#define MXSWEEP_TESTS_LAB_DNS_CLIENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::lab {

struct DnsQuery {
  std::string name;
  uint16_t type = 0;
  bool ad = true;
  bool cd = false;
  uint16_t edns_bytes = 1232;  // 0: no EDNS
};

struct DnsRecord {
  std::string owner;
  uint16_t type = 0;
  std::string data;  // raw
};

struct DnsReply {
  int rcode = 0;
  bool ad = false;
  bool truncated = false;
  std::vector<DnsRecord> answers;
};

inline constexpr uint16_t kTypeA = 1, kTypeCname = 5, kTypeSoa = 6, kTypeMx = 15, kTypeTxt = 16,
                          kTypeAaaa = 28, kTypeDnskey = 48, kTypeTlsa = 52;

std::string EncodeQuery(const DnsQuery& query);
// Nothing where it cannot be read to its end.
std::optional<DnsReply> DecodeReply(std::string_view message);
// The name in `data` from `at` on, which must not be compressed.
std::string PlainName(std::string_view data, size_t at);

// Asks 127.0.0.1:`port`; nothing after `timeout_ms`.
std::optional<DnsReply> AskUdp(uint16_t port, const DnsQuery& query, int timeout_ms);
std::optional<DnsReply> AskTcp(uint16_t port, const DnsQuery& query, int timeout_ms);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TESTS_LAB_DNS_CLIENT_H_
