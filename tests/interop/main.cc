#include <gtest/gtest.h>

#include "tests/interop/isolation.h"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (testing::GTEST_FLAG(list_tests)) return RUN_ALL_TESTS();
  return mxsweep::interop::RunIsolated([] { return RUN_ALL_TESTS(); });
}
