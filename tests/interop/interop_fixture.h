// What the tests of this folder share: the network, and rows by their keys.
#ifndef MXSWEEP_TESTS_INTEROP_INTEROP_FIXTURE_H_
#define MXSWEEP_TESTS_INTEROP_INTEROP_FIXTURE_H_

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/interop/network.h"

namespace mxsweep::interop {

class InteropTest : public testing::Test {
 protected:
  // Started before the first test; failing that, no test runs and the program fails.
  static Network& network();

  // The rows whose `column` is `value`.
  static std::vector<Row> RowsWhere(const std::vector<Row>& rows, const std::string& column,
                                    const std::string& value);
  // The one row whose `column` is `value`; a failure and an empty one otherwise.
  static Row OnlyRow(const std::vector<Row>& rows, const std::string& column,
                     const std::string& value);

  // A column's value as text: "null", "true", "253", or the string itself.
  static std::string Text(const Row& row, const std::string& column);

  // Calls `check` for every host where the witness finished a handshake, with mxsweep's row, and
  // fails if there was none.
  static void ForEachHandshake(const std::function<void(const Row&, const SClientResult&)>& check);
};

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_INTEROP_FIXTURE_H_
