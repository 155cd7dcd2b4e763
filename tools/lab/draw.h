// Randomness of the lab: every draw is a pure function of the seed, a purpose and an index, so that
// any part of the world can be drawn alone and in any order.
#ifndef MXSWEEP_TOOLS_LAB_DRAW_H_
#define MXSWEEP_TOOLS_LAB_DRAW_H_

#include <cstdint>

namespace mxsweep::lab {

// The finaliser of SplitMix64: a bijection whose output bits depend on every input bit.
inline uint64_t Mix64(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

// A stream of draws for one thing of the world.
class Draw {
 public:
  Draw(uint64_t seed, uint32_t purpose, uint64_t index)
      : state_(Mix64(Mix64(seed ^ (uint64_t{purpose} << 40)) ^ index)) {}

  uint64_t Next() { return Mix64(state_++); }
  // Uniform in [0, bound). REQUIRES: bound > 0.
  uint32_t Below(uint32_t bound) {
    return static_cast<uint32_t>((static_cast<unsigned __int128>(Next()) * bound) >> 64);
  }
  // Uniform in [0, 1).
  double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }
  bool Chance(double probability) { return Unit() < probability; }

 private:
  uint64_t state_;
};

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_DRAW_H_
