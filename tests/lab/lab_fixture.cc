#include "tests/lab/lab_fixture.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace mxsweep::lab {
namespace {

World MakeWorld(uint64_t seed, uint32_t domains) {
  WorldOptions options;
  options.seed = seed;
  options.domains = domains;
  absl::StatusOr<World> world = World::Create(options);
  if (!world.ok()) std::abort();
  return *std::move(world);
}

}  // namespace

TestLab::TestLab(uint64_t seed, uint32_t domains)
    : world(MakeWorld(seed, domains)), keys(TestKeys()), store(world, keys) {}

uint32_t TestLab::ZoneOf(const std::string& name) const {
  const ParsedName parsed = world.Parse(name + ".lab");
  if (parsed.zone == kNothing) std::abort();
  return parsed.zone;
}

uint32_t TestLab::HostOf(const std::string& name) const {
  const uint32_t host = world.zones()[ZoneOf(name)].first_host;
  if (host == kNothing) std::abort();
  return host;
}

uint32_t TestLab::AddressOf(const std::string& name) const {
  return world.AddressesOf(HostOf(name)).at(0);
}

const KeyPool& TestKeys() {
  static const KeyPool* const keys = [] {
    absl::StatusOr<KeyPool> made = KeyPool::Create(testing::TempDir() + "/mxsweep-lab-test-keys-2");
    if (!made.ok()) std::abort();
    return new KeyPool(*std::move(made));
  }();
  return *keys;
}

TestLab& SharedLab() {
  static TestLab* const lab = new TestLab();
  return *lab;
}

}  // namespace mxsweep::lab
