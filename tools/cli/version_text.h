#ifndef MXSWEEP_TOOLS_CLI_VERSION_TEXT_H_
#define MXSWEEP_TOOLS_CLI_VERSION_TEXT_H_

#include <string>

namespace mxsweep::tools {

// What --version prints: the program, what is compiled in, the libraries that are linked as they
// say themselves, and what this machine has of what a scan needs.
std::string VersionText();

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_CLI_VERSION_TEXT_H_
