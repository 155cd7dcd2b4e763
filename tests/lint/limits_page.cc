// Prints docs/limits.md. Run it in the project's root.
#include <cstdio>

#include "tests/lint/limits.h"

int main() { return std::fputs(mxsweep::lint::LimitsPage().c_str(), stdout) < 0 ? 1 : 0; }
