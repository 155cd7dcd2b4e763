// mxsweep_load_server: the servers of bench/load_server.h as a program of their own, so that what
// they cost is not counted as the scanner's.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "CLI/CLI.hpp"
#include "bench/load_server.h"

int main(int argc, char** argv) {
  mxsweep::bench::LoadServerOptions options;
  std::vector<std::string> flights;
  CLI::App app("Mail servers on all of 127.0.0.0/8, for a benchmark.", "mxsweep_load_server");
  app.add_option("--port", options.port, "SMTP here, the bare exchange at the next port");
  app.add_option("--flights", flights, "CLIENT_BYTES:SERVER_BYTES of the bare exchange")
      ->delimiter(',');
  app.add_option("--processes", options.processes)->check(CLI::Range(1, 64));
  app.add_option("--dead-bit", options.dead_bit, "addresses with this bit do not answer");
  app.add_option("--counters", options.counters_file)->required()->check(CLI::ExistingFile);
  app.add_option("--trust-store", options.trust_store_file)->required();
  app.add_option("--ready-file", options.ready_file)->required();
  CLI11_PARSE(app, argc, argv);
  for (const std::string& text : flights) {
    const std::optional<mxsweep::bench::Flight> flight = mxsweep::bench::ParseFlight(text);
    if (!flight) {
      std::fprintf(stderr, "mxsweep_load_server: --flights: '%s' is not A:B\n", text.c_str());
      return 2;
    }
    options.flights.push_back(*flight);
  }
  const absl::Status status = mxsweep::bench::ServeLoad(options);
  std::fprintf(stderr, "mxsweep_load_server: %s\n", std::string(status.message()).c_str());
  return 1;
}
