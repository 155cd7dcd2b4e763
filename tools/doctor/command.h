#ifndef MXSWEEP_TOOLS_DOCTOR_COMMAND_H_
#define MXSWEEP_TOOLS_DOCTOR_COMMAND_H_

namespace CLI {
class App;
}

namespace mxsweep::tools {

// Adds `mxsweep doctor`. It runs while `app` parses and writes its exit code to `exit_code`; both
// outlive the parsing. Exit code: 0 a scan can run here, 1 something is bad, 2 wrong usage.
void AddDoctorCommand(CLI::App& app, int& exit_code);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DOCTOR_COMMAND_H_
