#include "tls/keys/curve_points.h"

#include <algorithm>
#include <array>
#include <vector>

#include "tls/keys/integer.h"

namespace mxsweep::tls {
namespace {

// y² = x³ + ax + b modulo p, in hex: SEC 2 and FIPS 186-4 §D.1.2, RFC 5639 §3, GB/T 32918.5.
struct CurveText {
  std::string_view name;
  const char* p;
  const char* a;
  const char* b;
};
constexpr CurveText kCurves[] = {
    {"P-192", "fffffffffffffffffffffffffffffffeffffffffffffffff", "-3",
     "64210519e59c80e70fa7e9ab72243049feb8deecc146b9b1"},
    {"P-224", "ffffffffffffffffffffffffffffffff000000000000000000000001", "-3",
     "b4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4"},
    {"P-256", "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff", "-3",
     "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"},
    {"P-384",
     "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe"
     "ffffffff0000000000000000ffffffff",
     "-3",
     "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875a"
     "c656398d8a2ed19d2a85c8edd3ec2aef"},
    {"P-521",
     "1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
     "fff",
     "-3",
     "51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109"
     "e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f"
     "00"},
    {"secp256k1", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", "0", "7"},
    {"brainpoolP256r1", "a9fb57dba1eea9bc3e660a909d838d726e3bf623d52620282013481d1f6e5377",
     "7d5a0975fc2c3057eef67530417affe7fb8055c126dc5c6ce94a4b44f330b5d9",
     "26dc5c6ce94a4b44f330b5d9bbd77cbf958416295cf7e1ce6bccdc18ff8c07b6"},
    {"brainpoolP384r1",
     "8cb91e82a3386d280f5d6f7e50e641df152f7109ed5456b412b1da197fb71123"
     "acd3a729901d1a71874700133107ec53",
     "7bc382c63d8c150c3c72080ace05afa0c2bea28e4fb22787139165efba91f90f"
     "8aa5814a503ad4eb04a8c7dd22ce2826",
     "4a8c7dd22ce28268b39b55416f0447c2fb77de107dcd2a62e880ea53eeb62d57"
     "cb4390295dbc9943ab78696fa504c11"},
    {"brainpoolP512r1",
     "aadd9db8dbe9c48b3fd4e6ae33c9fc07cb308db3b3c9d20ed6639cca70330871"
     "7d4d9b009bc66842aecda12ae6a380e62881ff2f2d82c68528aa6056583a48f3",
     "7830a3318b603b89e2327145ac234cc594cbdd8d3df91610a83441caea9863bc"
     "2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a72bf2c7b9e7c1ac4d77fc94ca",
     "3df91610a83441caea9863bc2ded5d5aa8253aa10a2ef1c98b9ac8b57f1117a7"
     "2bf2c7b9e7c1ac4d77fc94cadc083e67984050b75ebae5dd2809bd638016f723"},
    {"SM2", "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff", "-3",
     "28e9fa9e9d9f5e344d5a9e4bcf6509a7f39789f515ab8f92ddbcbd414d940e93"},
};

struct Curve {
  std::string_view name;
  Integer p;
  Integer a;
  Integer b;
  size_t bytes = 0;  // of a coordinate
};

const std::vector<Curve>& Curves() {
  static const auto* const curves = [] {
    auto* all = new std::vector<Curve>();
    for (const CurveText& text : kCurves) {
      Curve curve{.name = text.name};
      mpz_set_str(curve.p.get(), text.p, 16);
      mpz_set_str(curve.a.get(), text.a, 16);
      mpz_set_str(curve.b.get(), text.b, 16);
      curve.bytes = (curve.p.bits() + 7) / 8;
      all->push_back(std::move(curve));
    }
    return all;
  }();
  return *curves;
}

bool IsSquare(const Integer& value, const Integer& p) {
  return mpz_jacobi(value.get(), p.get()) >= 0;
}

// 2^255 - 19, and -121665/121666 modulo it (RFC 8032 §5.1).
struct Ed25519Field {
  Integer p;
  Integer d;

  Ed25519Field() {
    mpz_ui_pow_ui(p.get(), 2, 255);
    mpz_sub_ui(p.get(), p.get(), 19);
    Integer inverse(121666);
    mpz_invert(inverse.get(), inverse.get(), p.get());
    mpz_mul_si(d.get(), inverse.get(), -121665);
    mpz_mod(d.get(), d.get(), p.get());
  }
};

}  // namespace

PointCheck CheckCurvePoint(std::string_view name, Bytes point) {
  const std::vector<Curve>& curves = Curves();
  const auto curve = std::ranges::find(curves, name, &Curve::name);
  if (curve == curves.end()) return PointCheck::kNotKnown;
  if (point.empty()) return PointCheck::kOffCurve;
  const bool compressed = point[0] == 2 || point[0] == 3;
  // 6 and 7 are X9.62's hybrid form: the point in full, and y's parity besides.
  const bool full = point[0] == 4 || point[0] == 6 || point[0] == 7;
  if (!compressed && !full) return PointCheck::kOffCurve;
  if (point.size() != 1 + (full ? 2 : 1) * curve->bytes) return PointCheck::kOffCurve;
  const Integer x = Integer::FromBytes(point.subspan(1, curve->bytes));
  if (mpz_cmp(x.get(), curve->p.get()) >= 0) return PointCheck::kOffCurve;
  Integer right;
  mpz_mul(right.get(), x.get(), x.get());
  mpz_add(right.get(), right.get(), curve->a.get());
  mpz_mul(right.get(), right.get(), x.get());
  mpz_add(right.get(), right.get(), curve->b.get());
  mpz_mod(right.get(), right.get(), curve->p.get());
  if (compressed) return IsSquare(right, curve->p) ? PointCheck::kOnCurve : PointCheck::kOffCurve;
  const Integer y = Integer::FromBytes(point.subspan(1 + curve->bytes));
  if (mpz_cmp(y.get(), curve->p.get()) >= 0) return PointCheck::kOffCurve;
  Integer left;
  mpz_mul(left.get(), y.get(), y.get());
  mpz_mod(left.get(), left.get(), curve->p.get());
  return left == right ? PointCheck::kOnCurve : PointCheck::kOffCurve;
}

PointCheck CheckEd25519Point(Bytes key) {
  static const auto* const field = new Ed25519Field();
  if (key.size() != 32) return PointCheck::kOffCurve;
  std::array<uint8_t, 32> big_endian;
  std::ranges::reverse_copy(key, big_endian.begin());
  big_endian[0] &= 0x7f;  // the sign of x
  const Integer y = Integer::FromBytes(big_endian);
  if (mpz_cmp(y.get(), field->p.get()) >= 0) return PointCheck::kOffCurve;
  // x² = (y² - 1) / (dy² + 1); of a quotient and of a product the same are squares.
  Integer numerator;
  Integer denominator;
  mpz_mul(numerator.get(), y.get(), y.get());
  mpz_mul(denominator.get(), numerator.get(), field->d.get());
  mpz_add_ui(denominator.get(), denominator.get(), 1);
  mpz_sub_ui(numerator.get(), numerator.get(), 1);
  mpz_mul(numerator.get(), numerator.get(), denominator.get());
  mpz_mod(numerator.get(), numerator.get(), field->p.get());
  return IsSquare(numerator, field->p) ? PointCheck::kOnCurve : PointCheck::kOffCurve;
}

std::optional<Bytes> XCoordinateOf(Bytes point) {
  if (point.size() < 2) return std::nullopt;
  if (point[0] == 2 || point[0] == 3) return point.subspan(1);
  const bool full = point[0] == 4 || point[0] == 6 || point[0] == 7;
  if (!full || point.size() % 2 == 0) return std::nullopt;
  return point.subspan(1, point.size() / 2);
}

}  // namespace mxsweep::tls
