// A world, its keys and certificates, made once for all tests of a program.
#ifndef MXSWEEP_TESTS_LAB_LAB_FIXTURE_H_
#define MXSWEEP_TESTS_LAB_LAB_FIXTURE_H_

#include <cstdint>
#include <string>

#include "tools/lab/certificates.h"
#include "tools/lab/keys.h"
#include "tools/lab/world.h"

namespace mxsweep::lab {

struct TestLab {
  explicit TestLab(uint64_t seed = 1, uint32_t domains = 200);

  // The first MX host of "NAME.lab"; aborts where there is none.
  uint32_t HostOf(const std::string& name) const;
  uint32_t ZoneOf(const std::string& name) const;
  // The first address of that host.
  uint32_t AddressOf(const std::string& name) const;

  World world;
  const KeyPool& keys;
  CertificateStore store;
};

// Made once; the keys are kept in a file of the test's temporary folder.
const KeyPool& TestKeys();
TestLab& SharedLab();

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TESTS_LAB_LAB_FIXTURE_H_
