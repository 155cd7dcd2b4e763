// The zones that every lab has, whatever the seed: for documentation, tests and a first look.
#ifndef MXSWEEP_TOOLS_LAB_FIXED_ZONES_H_
#define MXSWEEP_TOOLS_LAB_FIXED_ZONES_H_

#include <optional>
#include <span>
#include <string_view>

#include "tools/lab/postures.h"

namespace mxsweep::lab {

struct FixedZone {
  std::string_view label;  // "perfect" of perfect.lab
  std::string_view meaning;
  DomainPosture posture = DomainPosture::kOwn;
  bool secure = false;
  DanePosture dane = DanePosture::kNone;
  Behaviour behaviour = Behaviour::kNormal;
  CertPosture cert = CertPosture::kValid;
  KeyKind key = KeyKind::kP256;
  TlsPosture tls = TlsPosture::kModern;
  bool has_v4 = true;
  bool has_v6 = false;
  std::optional<StsPosture> sts = std::nullopt;
  std::optional<TlsRptPosture> tlsrpt = std::nullopt;
  uint8_t key_index = 0;  // of the keys of its kind
};

std::span<const FixedZone> NamedZones();

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_FIXED_ZONES_H_
