// Standard output of the subcommands. What could not be written is an error and said; only a reader
// that wants no more (`mxsweep cat DIR | head`) is none.
#ifndef MXSWEEP_TOOLS_CLI_STANDARD_OUTPUT_H_
#define MXSWEEP_TOOLS_CLI_STANDARD_OUTPUT_H_

#include <string_view>

#include "absl/status/status.h"

namespace mxsweep::tools {

// To be called first: a standard descriptor that is closed (`>&-`) would be given to the next file
// that is opened, and what is printed would be written into it.
void OpenStandardDescriptors();

// Writes all of `text`, past any buffer. kUnavailable when nobody reads any more (EPIPE);
// kResourceExhausted when the disk is full; else kInternal. The message is a sentence.
absl::Status WriteStandardOutput(std::string_view text);

// Writes `text` and returns `exit_code`, or says what went wrong and returns kExitFailed. A reader
// that wants no more changes nothing.
int Print(std::string_view text, int exit_code);

// To be called last: closes standard output, which on some file systems is when an error comes up.
// Returns `exit_code`, or, if there is an error, says so and returns kExitFailed in place of 0.
int CloseStandardOutput(int exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_STANDARD_OUTPUT_H_
