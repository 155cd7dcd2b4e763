// GMP's integers with an owner. For the .cc files of the room only: it brings <gmp.h> along.
//
// GMP ends the program when there is no memory: whoever makes integers of strangers' bytes caps
// their length first.
#ifndef MXSWEEP_TLS_KEYS_INTEGER_H_
#define MXSWEEP_TLS_KEYS_INTEGER_H_

#include <gmp.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace mxsweep::tls {

class Integer {
 public:
  Integer() { mpz_init(value_); }
  explicit Integer(unsigned long value) { mpz_init_set_ui(value_, value); }
  Integer(const Integer& other) { mpz_init_set(value_, other.value_); }
  Integer(Integer&& other) noexcept {
    mpz_init(value_);
    mpz_swap(value_, other.value_);
  }
  Integer& operator=(Integer other) noexcept {
    mpz_swap(value_, other.value_);
    return *this;
  }
  ~Integer() { mpz_clear(value_); }

  // A big-endian magnitude.
  static Integer FromBytes(std::span<const uint8_t> bytes) {
    Integer integer;
    integer.Assign(bytes);
    return integer;
  }
  void Assign(std::span<const uint8_t> bytes) {
    mpz_import(value_, bytes.size(), 1, 1, 1, 0, bytes.data());
  }
  // As short as possible; empty for 0.
  std::vector<uint8_t> ToBytes() const {
    std::vector<uint8_t> bytes((bits() + 7) / 8);
    if (!bytes.empty()) mpz_export(bytes.data(), nullptr, 1, 1, 1, 0, value_);
    return bytes;
  }

  mpz_ptr get() { return value_; }
  mpz_srcptr get() const { return value_; }

  size_t bits() const { return is_zero() ? 0 : mpz_sizeinbase(value_, 2); }
  // Of what GMP keeps of it.
  size_t bytes() const { return mpz_size(value_) * sizeof(mp_limb_t); }
  bool is_zero() const { return mpz_sgn(value_) == 0; }
  bool is_one() const { return mpz_cmp_ui(value_, 1) == 0; }

  friend bool operator==(const Integer& a, const Integer& b) {
    return mpz_cmp(a.value_, b.value_) == 0;
  }

 private:
  mpz_t value_;
};

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_INTEGER_H_
