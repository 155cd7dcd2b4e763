// The TLSA records (RFC 6698) that a host of the lab publishes, by its DANE posture.
#ifndef MXSWEEP_TOOLS_LAB_TLSA_H_
#define MXSWEEP_TOOLS_LAB_TLSA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "tools/lab/certificates.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

struct Tlsa {
  uint8_t usage = 0;
  uint8_t selector = 0;
  uint8_t matching_type = 0;
  std::string data;
  bool usable = true;  // RFC 7672 §3.1.3, known by design
};

// In wire order. Empty for a host without records (also where its TLSA queries fail: no record of
// theirs is ever seen).
std::vector<Tlsa> TlsaOf(const World& world, CertificateStore& store, uint32_t host);

// The name that has the records: the host, or its canonical name where it is a secure alias and
// its number is even.
std::string TlsaBase(const World& world, uint32_t host);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_TLSA_H_
