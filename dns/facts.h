// Plain facts about names and addresses that the other rooms may read: no resolver needed.
#ifndef MXSWEEP_DNS_FACTS_H_
#define MXSWEEP_DNS_FACTS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace mxsweep::dns {

// What the resolver said of an answer's authenticity. kError (SERVFAIL, time-out, lame) and kBogus are
// "we do not know", never "there is none": the difference decides DANE (RFC 7672 §2.1.1).
enum class DnssecState : uint8_t { kSecure, kInsecure, kBogus, kError };

// One TLSA record as it was published (RFC 6698 §2.1). Nothing is checked here: whether a record is
// usable is for the DANE verdict.
struct TlsaRecord {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching_type = 0;
  std::vector<uint8_t> data;

  friend bool operator==(const TlsaRecord&, const TlsaRecord&) = default;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_FACTS_H_
