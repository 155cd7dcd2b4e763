// main() of tests that need certain ports: they run in a network namespace of their own, also when
// started by hand.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

int main(int argc, char** argv) {
  const bool there = std::getenv("MXSWEEP_OWN_NETWORK") != nullptr;
  std::vector<char*> command = {const_cast<char*>(MXSWEEP_OWN_NETWORK_PROGRAM)};
  command.insert(command.end(), argv, argv + argc);
  command.push_back(nullptr);
  testing::InitGoogleTest(&argc, argv);
  if (!there && !testing::GTEST_FLAG(list_tests)) {
    command[1] = const_cast<char*>("/proc/self/exe");
    char own[4096] = {};
    if (readlink(command[1], own, sizeof(own) - 1) > 0) command[1] = own;
    execv(command[0], command.data());
    std::perror(command[0]);
    return 1;
  }
  return RUN_ALL_TESTS();
}
