#include "tests/tls/session/server_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <regex>

namespace mxsweep::tls::testing {

// A shell, so that the options are split; it becomes the server. A pipe that stays open is its
// standard input: at the end of that it would end.
ServerProcess::ServerProcess(const std::string& command, const std::string& announcement) {
  int in[2];
  int out[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0) std::abort();
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  const char* argv[] = {"sh", "-c", command.c_str(), nullptr};
  const int error =
      posix_spawn(&pid_, "/bin/sh", &actions, nullptr, const_cast<char* const*>(argv), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(in[0]);
  close(out[1]);
  stdin_ = in[1];
  if (error != 0) std::abort();
  // Open to the end: who writes to a closed pipe is killed.
  lines_ = fdopen(out[0], "r");
  const std::regex listens(announcement);
  char line[512];
  while (port_ == 0 && std::fgets(line, sizeof(line), lines_) != nullptr) {
    output_ += line;
    std::smatch match;
    if (std::regex_search(output_, match, listens)) port_ = std::stoi(match[1]);
  }
}

ServerProcess::~ServerProcess() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(stdin_);
  std::fclose(lines_);
}

sockaddr_in LoopbackAddress(int port) {
  return {.sin_family = AF_INET,
          .sin_port = htons(static_cast<uint16_t>(port)),
          .sin_addr = {htonl(INADDR_LOOPBACK)},
          .sin_zero = {}};
}

}  // namespace mxsweep::tls::testing
