#ifndef MXSWEEP_TLS_KEYS_CURVE_POINTS_H_
#define MXSWEEP_TLS_KEYS_CURVE_POINTS_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

enum class PointCheck : uint8_t {
  kOnCurve,
  kOffCurve,
  kNotKnown,  // a curve whose equation is not at hand
};

// Is `point` (SEC 1 §2.3.3, compressed or not) a point of the curve of that name
// (PublicKeyFacts::curve) other than the one at infinity? What is of another length, or has a
// coordinate that is not reduced, is none.
PointCheck CheckCurvePoint(std::string_view curve, Bytes point);

// The same of an Ed25519 key (RFC 8032 §5.1.3).
PointCheck CheckEd25519Point(Bytes key);

// The bytes of a point's x coordinate; nothing where they cannot be told.
std::optional<Bytes> XCoordinateOf(Bytes point);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_CURVE_POINTS_H_
