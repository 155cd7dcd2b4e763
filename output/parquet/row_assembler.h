// Rows put together again from decoded leaf columns: the counterpart of row_shredder.h. The columns
// come from hostile bytes, so every step checks that what it needs is there.
#ifndef MXSWEEP_OUTPUT_PARQUET_ROW_ASSEMBLER_H_
#define MXSWEEP_OUTPUT_PARQUET_ROW_ASSEMBLER_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "output/parquet/column_chunk_decoder.h"
#include "output/tables/tables.h"

namespace mxsweep::output {

// Walks along one decoded leaf.
class LeafCursor {
 public:
  // `column` may be null: not chosen, or not in the file. It must outlive the cursor.
  explicit LeafCursor(const DecodedColumn* column) : column_(column) {}

  // Where what the row takes is counted. REQUIRES: before anything is taken.
  void set_room(MemoryBudget* room) { room_ = room; }
  bool TakeRoom(uint64_t bytes) { return room_->Take(bytes); }

  bool present() const { return column_ != nullptr; }
  bool at_end() const { return entry_ >= column_->entry_count; }
  // REQUIRES: !at_end().
  uint8_t definition() const {
    return column_->definitions.empty() ? 0 : column_->definitions[entry_];
  }
  bool continues_row() const {
    return !at_end() && !column_->repetitions.empty() && column_->repetitions[entry_] != 0;
  }

  void SkipNull() { ++entry_; }
  // The value of this entry; false where there is none.
  bool TakeInteger(uint64_t& value) {
    if (at_end() || value_ >= column_->integers.size()) return false;
    value = column_->integers[value_++];
    ++entry_;
    return true;
  }
  bool TakeString(std::string& value) {
    if (at_end() || value_ >= column_->strings.size()) return false;
    const std::string_view text = column_->strings[value_++];
    // Many entries may be of one text of the dictionary.
    if (!TakeRoom(text.size())) return false;
    value = text;
    ++entry_;
    return true;
  }

 private:
  const DecodedColumn* column_;
  MemoryBudget* room_ = nullptr;
  size_t entry_ = 0;
  size_t value_ = 0;
};

class RowAssembler {
 public:
  // One cursor per leaf of the table, in the order of its schema. A row takes at most `row_bytes`.
  RowAssembler(std::vector<LeafCursor> leaves, uint64_t row_bytes)
      : leaves_(std::move(leaves)), row_bytes_(row_bytes) {}

  // The next row; columns that are not present keep their default. False where the columns do not
  // fit together, or make too large a row.
  template <typename Row>
  bool Next(Row& row) {
    MemoryBudget room(row_bytes_);
    for (LeafCursor& cursor : leaves_) cursor.set_room(&room);
    LeafCursor* leaf = leaves_.data();
    bool ok = true;
    Table<Row>::VisitColumns([&](const auto& column) {
      using Member = typename std::remove_cvref_t<decltype(column)>::Value;
      if (leaf->present()) ok = ok && Take(row.*column.member, leaf, 0);
      leaf += LeafCount<Member>();
    });
    return ok;
  }

 private:
  template <typename T>
  static constexpr size_t LeafCount() {
    if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
      return LeafCount<typename T::value_type>();
    } else if constexpr (requires { T::VisitFields([](const auto&) {}); }) {
      size_t count = 0;
      T::VisitFields([&](const auto& field) {
        count += LeafCount<typename std::remove_cvref_t<decltype(field)>::Value>();
      });
      return count;
    } else {
      return 1;
    }
  }

  // All leaves of T must end at the same level here.
  template <typename T>
  static bool TakeNull(LeafCursor* leaf, uint8_t definition) {
    for (size_t i = 0; i < LeafCount<T>(); ++i) {
      if (leaf[i].at_end() || leaf[i].definition() != definition) return false;
      leaf[i].SkipNull();
    }
    return true;
  }

  template <typename T>
  static bool Take(std::optional<T>& value, LeafCursor* leaf, uint8_t definition) {
    if (leaf->at_end()) return false;
    if (leaf->definition() <= definition) {
      value.reset();
      return TakeNull<T>(leaf, definition);
    }
    return Take(value.emplace(), leaf, static_cast<uint8_t>(definition + 1));
  }

  template <typename T>
  static bool Take(std::vector<T>& list, LeafCursor* leaf, uint8_t definition) {
    list.clear();
    if (leaf->at_end()) return false;
    if (leaf->definition() <= definition) return TakeNull<T>(leaf, definition);
    do {
      if (leaf->definition() <= definition) return false;
      if (!leaf->TakeRoom(2 * sizeof(T))) return false;  // twice: the list may have grown so far
      if (!Take(list.emplace_back(), leaf, static_cast<uint8_t>(definition + 1))) return false;
      for (size_t i = 1; i < LeafCount<T>(); ++i) {
        if (leaf[i].continues_row() != leaf->continues_row()) return false;
      }
    } while (leaf->continues_row());
    return true;
  }

  static bool Take(std::string& value, LeafCursor* leaf, uint8_t) {
    return leaf->TakeString(value);
  }
  static bool Take(Binary& value, LeafCursor* leaf, uint8_t) {
    return leaf->TakeString(value.bytes);
  }
  static bool Take(absl::Time& value, LeafCursor* leaf, uint8_t) {
    uint64_t micros = 0;
    if (!leaf->TakeInteger(micros)) return false;
    value = absl::FromUnixMicros(static_cast<int64_t>(micros));
    return true;
  }

  template <typename T>
  static bool Take(T& value, LeafCursor* leaf, uint8_t definition) {
    if constexpr (std::is_unsigned_v<T>) {  // bool too
      uint64_t integer = 0;
      if (!leaf->TakeInteger(integer) || integer > std::numeric_limits<T>::max()) return false;
      value = static_cast<T>(integer);
      return true;
    } else {
      bool ok = true;
      T::VisitFields([&](const auto& field) {
        using Member = typename std::remove_cvref_t<decltype(field)>::Value;
        ok = ok && Take(value.*field.member, leaf, definition);
        leaf += LeafCount<Member>();
      });
      return ok;
    }
  }

  std::vector<LeafCursor> leaves_;
  uint64_t row_bytes_;
};

}  // namespace mxsweep::output

#endif  // MXSWEEP_OUTPUT_PARQUET_ROW_ASSEMBLER_H_
