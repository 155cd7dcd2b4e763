#ifndef MXSWEEP_TESTS_TLS_SESSION_SERVER_PROCESS_H_
#define MXSWEEP_TESTS_TLS_SESSION_SERVER_PROCESS_H_

#include <netinet/in.h>
#include <sys/types.h>

#include <cstdio>
#include <string>

namespace mxsweep::tls::testing {

// A server of somebody else as a child process, which listens on a port of 127.0.0.1 for as long as
// this lives.
class ServerProcess {
 public:
  // `command` is for the shell and becomes the server ("exec openssl s_server …"). It listens once
  // it has written a line in which the regular expression `announcement` finds its port, the first
  // group.
  ServerProcess(const std::string& command, const std::string& announcement);
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  // 0: it ended before it listened, after saying output().
  int port() const { return port_; }
  const std::string& output() const { return output_; }

 private:
  int port_ = 0;
  std::string output_;
  pid_t pid_ = -1;
  int stdin_ = -1;
  FILE* lines_ = nullptr;
};

// `openssl s_server -accept 127.0.0.1:0` says so.
inline constexpr char kOpensslAnnouncement[] = "ACCEPT 127\\.0\\.0\\.1:([0-9]+)\n";

sockaddr_in LoopbackAddress(int port);

}  // namespace mxsweep::tls::testing

#endif  // MXSWEEP_TESTS_TLS_SESSION_SERVER_PROCESS_H_
