// The DNS message format (RFC 1035 §4) as far as mail needs it, sans-IO: bytes in, facts out, and
// the other way round for queries. Pure functions, safe from any thread.
//
// Names are in presentation form: lower case, no trailing dot, "." for the root, and a byte that is
// not printable ASCII, or is a dot or backslash inside a label, escaped as in a zone file.
#ifndef MXSWEEP_DNS_MESSAGE_H_
#define MXSWEEP_DNS_MESSAGE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "dns/facts.h"
#include "dns/ip_address.h"

namespace mxsweep::dns {

// Caps on what a peer can make us hold or walk.
inline constexpr size_t kMaxAnswerRecords = 512;       // Records kept of an answer section.
inline constexpr size_t kMaxMessageRecords = 4096;     // Records walked, all sections together.
inline constexpr size_t kMaxCompressionPointers = 64;  // Per name.
inline constexpr size_t kMaxTextBytes = 16384;         // Of one TXT record, and of one TLSA record.
inline constexpr size_t kMaxCnameChain = 16;

// The types that have a meaning here; any other value may stand in a message.
enum class RrType : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kOpt = 41,
  kDnskey = 48,
  kTlsa = 52,
};

// Response codes (RFC 1035 §4.1.1, RFC 6895 §2.3).
enum class Rcode : uint16_t {
  kNoError = 0,
  kFormErr = 1,
  kServfail = 2,
  kNxDomain = 3,
  kNotImp = 4,
  kRefused = 5,
  kBadVers = 16,
};
// "NOERROR", "SERVFAIL" …; "RCODE123" for what has no name here.
std::string RcodeName(Rcode rcode);

struct QueryOptions {
  uint16_t id = 0;
  bool recursion_desired = true;
  // AD in a query: "tell me whether it is authentic" (RFC 6840 §5.7). Cheaper than DO, which brings
  // the signatures too.
  bool authentic_data = true;
  bool checking_disabled = false;
  // EDNS0 (RFC 6891) with `udp_payload_size`; 1232 avoids fragments. The OPT record comes last and
  // has no options.
  bool edns = true;
  bool dnssec_ok = false;
  uint16_t udp_payload_size = 1232;
};

// A query for `name` (presentation form, trailing dot allowed) in class IN. InvalidArgument if
// `name` is no domain name: an empty or overlong label, too long, a bad escape.
absl::StatusOr<std::vector<uint8_t>> BuildQuery(std::string_view name, RrType type,
                                                const QueryOptions& options);

struct CnameData {
  std::string target;
  friend bool operator==(const CnameData&, const CnameData&) = default;
};
// A TXT record's strings, concatenated (RFC 7208 §3.3, RFC 8461 §3.1). Any bytes.
struct TxtData {
  std::string text;
  friend bool operator==(const TxtData&, const TxtData&) = default;
};
struct SoaData {
  std::string primary;
  uint32_t serial = 0;
  uint32_t minimum_ttl_seconds = 0;
  friend bool operator==(const SoaData&, const SoaData&) = default;
};

// std::monostate: a type that is not read here.
using RecordData =
    std::variant<std::monostate, IpAddress, MxRecord, CnameData, TlsaRecord, TxtData, SoaData>;

struct ResourceRecord {
  std::string owner;
  RrType type = RrType::kA;
  uint32_t ttl_seconds = 0;
  RecordData data;
  friend bool operator==(const ResourceRecord&, const ResourceRecord&) = default;
};

// An extended DNS error (RFC 8914).
struct ExtendedError {
  uint16_t code = 0;
  std::string text;  // At most 255 bytes are kept; any bytes.
  friend bool operator==(const ExtendedError&, const ExtendedError&) = default;
};
// True for the codes by which a validating resolver says that an answer is bogus (RFC 8914
// §4.7–4.13).
bool MeansBogus(const ExtendedError& error);

struct Message {
  uint16_t id = 0;
  bool authoritative = false;        // AA
  bool truncated = false;            // TC
  bool recursion_available = false;  // RA
  bool authentic_data = false;       // AD
  bool checking_disabled = false;    // CD
  Rcode rcode = Rcode::kNoError;     // With the upper bits from EDNS.
  std::string question_name;
  RrType question_type = RrType::kA;
  // Class IN records of the answer section in their order, of the types of RecordData; others
  // (RRSIG, DNAME, …) are left out.
  std::vector<ResourceRecord> answers;
  // The first SOA of the authority section: the mark of a proper denial (RFC 2308 §2).
  std::optional<ResourceRecord> soa;
  bool has_edns = false;
  std::vector<ExtendedError> extended_errors;
  // What the caps above did not let us keep (records at the end, or one that is too long), in a few
  // words; else empty.
  std::string left_out;
};

// Reads a response. InvalidArgument with what is wrong where: not a response, not exactly one
// question in class IN, a length that leads outside, a compression pointer that does not lead
// backwards, a record that is not of its type's form, too many pointers. Of records over the caps
// what fits is kept (Message::left_out). A message with TC set may end anywhere after the question:
// what is complete is kept. Bytes after the last record are ignored.
absl::StatusOr<Message> ParseResponse(std::span<const uint8_t> bytes);

// What a message says to one question.
struct AnswerSummary {
  // The records of the asked type at the end of the CNAME chain, in their order.
  std::vector<ResourceRecord> records;
  // The targets from the asked name on; empty where it is no CNAME.
  std::vector<std::string> cname_chain;
  // The least of the TTLs used; for a denial, of the SOA and its minimum (RFC 2308 §5); 0 if
  // unknown.
  uint32_t ttl_seconds = 0;
};

// Follows the CNAMEs from (name, type) through the answer section, wherever the records stand in
// it. Asking for CNAME itself follows nothing. InvalidArgument on a loop, or a chain longer than
// kMaxCnameChain. `name` is in presentation form, any case.
absl::StatusOr<AnswerSummary> SummarizeAnswer(const Message& message, std::string_view name,
                                              RrType type);
// The same; the records of the summary are moved out of `message`.
absl::StatusOr<AnswerSummary> SummarizeAnswer(Message&& message, std::string_view name,
                                              RrType type);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_MESSAGE_H_
