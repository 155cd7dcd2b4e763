// The lab's recursive resolver without its sockets: a query in, an answer (or silence) out.
//
// It plays a validating resolver (RFC 1034, 1035, 4035, 6891): AD is set on answers from signed
// zones when the query has AD or DO, and a "bogus" zone is SERVFAIL unless the query has CD.
#ifndef MXSWEEP_TOOLS_LAB_DNS_ANSWER_H_
#define MXSWEEP_TOOLS_LAB_DNS_ANSWER_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "tools/lab/certificates.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

// What was asked; each thread has its own, and they are added up at the end.
struct DnsCounts {
  std::map<uint16_t, uint64_t> by_type;
  uint64_t udp = 0;
  uint64_t tcp = 0;
  uint64_t dropped = 0;
  uint64_t truncated = 0;
  uint64_t malformed = 0;

  void Add(const DnsCounts& other);
};

enum class Transport : uint8_t { kUdp, kTcp };

// Thread-safety: Answer may be called from several threads, each with its own `counts` and `out`.
class DnsResponder {
 public:
  // Borrows both; they must outlive it.
  DnsResponder(const World& world, CertificateStore& store) : world_(world), store_(store) {}

  // Replaces `out` by the response; leaves it empty where there is none.
  void Answer(std::span<const uint8_t> query, Transport transport, DnsCounts& counts,
              std::string& out);

 private:
  struct Question;
  struct Response;

  static bool ParseQuestion(std::span<const uint8_t> query, Question& question);
  void Resolve(const Question& question, Response& response);
  void AnswerRoot(const Question& question, Response& response);
  void AnswerApex(const Question& question, const ParsedName& name, Response& response);
  void AnswerHost(const Question& question, const ParsedName& name, Response& response);
  void AnswerTlsa(const Question& question, const ParsedName& name, Response& response);
  void AnswerText(const Question& question, const ParsedName& name, Response& response);
  void AnswerPolicyHost(const Question& question, const ParsedName& name, Response& response);
  // True once per zone.
  bool DropFirst(uint32_t zone);

  const World& world_;
  CertificateStore& store_;
  std::mutex mutex_;
  absl::flat_hash_set<uint32_t> dropped_;
};

// "MX", "TYPE12345".
std::string DnsTypeName(uint16_t type);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_DNS_ANSWER_H_
