// Rows for tests, from a seed: every column with every kind of value it may hold, the odd ones
// (empty and huge strings, 8-bit junk, extremes, times before 1970) far more often than in life.
#ifndef MXSWEEP_TESTS_OUTPUT_RANDOM_ROWS_H_
#define MXSWEEP_TESTS_OUTPUT_RANDOM_ROWS_H_

#include <cstdint>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/time/time.h"
#include "output/tables/tables.h"
#include "scanner/base/utf8.h"

namespace mxsweep::output {

class RandomRows {
 public:
  explicit RandomRows(uint64_t seed) : random_(seed) {}

  // Huge strings, one in so many; 0 for none.
  void set_huge_every(uint32_t every) { huge_every_ = every; }

  template <typename Row>
  Row Next() {
    Row row;
    Table<Row>::VisitColumns([&](const auto& column) { Fill(row.*column.member); });
    ++row_number_;
    return row;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  template <typename T>
  void Fill(std::optional<T>& value) {
    if (Below(4) != 0) Fill(value.emplace());
  }

  template <typename T>
  void Fill(std::vector<T>& list) {
    list.resize(Below(5));
    for (T& element : list) Fill(element);
  }

  void Fill(Binary& value) {
    value.bytes.resize(Below(40));
    for (char& c : value.bytes) c = static_cast<char>(random_());
  }

  void Fill(absl::Time& value) {
    constexpr int64_t kExtremes[] = {0, -1, 253'402'300'799'999'999, -62'135'596'800'000'000};
    const uint64_t kind = Below(16);
    int64_t micros = static_cast<int64_t>(1'750'000'000'000'000 + Below(1'000'000'000'000));
    if (kind < 4) micros = kExtremes[kind];
    if (kind == 4) micros = -static_cast<int64_t>(Below(10'000'000'000'000'000));
    value = absl::FromUnixMicros(micros);
  }

  template <typename T>
  void Fill(T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      value = Below(2) == 1;
    } else if constexpr (std::is_unsigned_v<T>) {
      const uint64_t kind = Below(8);
      value = static_cast<T>(kind == 0   ? 0
                             : kind == 1 ? std::numeric_limits<T>::max()
                             : kind == 2 ? random_()
                                         : Below(50));
    } else {
      T::VisitFields([&](const auto& field) { Fill(value.*field.member); });
    }
  }

  void Fill(std::string& value) {
    const uint64_t kind = Below(16);
    if (kind == 0) {
      value.clear();
    } else if (kind == 1) {
      value.resize(Below(12));
      for (char& c : value) c = static_cast<char>(random_());  // 8-bit junk
    } else if (kind == 2) {
      value = "quote \" backslash \\ comma , newline \n return \r tab \t nul ";
      value.push_back('\0');
      value.append(" delete \x7f ü € 😀 ");
    } else if (kind == 3) {
      value.assign(60 + Below(20), Below(2) == 0 ? 'z' : '\x01');  // around the length of bounds
    } else if (kind == 4 && huge_every_ != 0 && Below(huge_every_) == 0) {
      value.clear();
      for (uint64_t length = 10'000 + Below(200'000); value.size() < length;) {
        AppendCodePoint(static_cast<char32_t>(0x20 + Below(0xd000)), value);
      }
    } else if (kind < 10) {
      value = "mx" + std::to_string(row_number_) + "." + std::to_string(random_()) + ".example";
    } else {
      value = "word" + std::to_string(Below(30));
    }
  }

  std::mt19937_64 random_;
  uint64_t row_number_ = 0;
  uint32_t huge_every_ = 0;
};

// What is read back when a row is written: STRING columns hold valid UTF-8, times whole
// microseconds.
template <typename Row>
Row Sanitized(Row row) {
  const auto clean = [](auto self, auto& value) -> void {
    using T = std::remove_reference_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::string>) {
      value = SanitizeUtf8(value);
    } else if constexpr (requires { value.has_value(); }) {
      if (value.has_value()) self(self, *value);
    } else if constexpr (requires { value.begin(); }) {
      for (auto& element : value) self(self, element);
    } else if constexpr (requires { T::VisitFields([](const auto&) {}); }) {
      T::VisitFields([&](const auto& field) { self(self, value.*field.member); });
    }
  };
  Table<Row>::VisitColumns([&](const auto& column) { clean(clean, row.*column.member); });
  return row;
}

}  // namespace mxsweep::output

#endif  // MXSWEEP_TESTS_OUTPUT_RANDOM_ROWS_H_
