#ifndef MXSWEEP_TOOLS_CLI_SCAN_FLAGS_H_
#define MXSWEEP_TOOLS_CLI_SCAN_FLAGS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "scanner/scan_options.h"

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds every flag of `mxsweep scan` to `app`, with groups, help and examples. Parsing writes into
// `options`, which must outlive the parsing; what a flag alone can get wrong is reported by CLI11
// (exit code 2), what a combination can by options.Validate(), which the caller asks after parsing.
void RegisterScanFlags(CLI::App& app, scanner::ScanOptions& options);

// The flags that were given to `app` as words, "--rate=50", in a form that TakeFlags reads back:
// what scan.json keeps. Not those that belong to one run, nor the list.
std::vector<std::string> GivenFlags(const CLI::App& app);
// Parses such words into `options`. kInvalidArgument for what is no flag of a scan.
absl::Status TakeFlags(const std::vector<std::string>& flags, scanner::ScanOptions* options);

// The same for `mxsweep check`: the flags of a scan without those that make sense for many domains
// only, and without positional arguments.
void RegisterCheckFlags(CLI::App& app, scanner::ScanOptions& options);
// The same for `mxsweep doctor`: the flags that say what a machine has to have for a scan.
void RegisterDoctorFlags(CLI::App& app, scanner::ScanOptions& options);
// For one to a few domains and a person who waits: rows go to the caller, second attempts are made
// soon, one thread.
scanner::ScanOptions CheckDefaults();

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_SCAN_FLAGS_H_
