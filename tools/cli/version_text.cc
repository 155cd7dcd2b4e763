#include "tools/cli/version_text.h"

#include <absl/base/config.h>
#include <archive.h>
#include <ares.h>
#include <gmp.h>
#include <http_parser.h>
#include <idn2.h>
#include <libpsl.h>
#include <spdlog/version.h>
#include <sys/utsname.h>
#include <zlib.h>
#include <zstd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string_view>

#include "scanner/base/text.h"
#include "scanner/base/version.h"
#include "scanner/engine/uring_machine.h"
#include "scanner/resolver/unbound_machine.h"
#include "tls/session/client_profile.h"

// There where jemalloc is the allocator, and nowhere else.
extern "C" [[gnu::weak]] int mallctl(const char* name, void* old_value, size_t* old_bytes,
                                     void* new_value, size_t new_bytes);

namespace mxsweep::tools {
namespace {

std::string Dotted(unsigned major, unsigned minor, unsigned patch) {
  return JoinText(major, ".", minor, ".", patch);
}

// "0.0.0-0-g0" and the like: what is behind the first '-' says nothing to a user.
std::string JemallocVersion() {
  const char* version = nullptr;
  size_t bytes = sizeof(version);
  if (mallctl == nullptr || mallctl("version", &version, &bytes, nullptr, 0) != 0) {
    return "none: the C library's allocator";
  }
  const std::string_view text(version);
  return std::string(text.substr(0, text.find('-')));
}

std::string HttpParserVersion() {
  const unsigned long version = http_parser_version();
  return Dotted((version >> 16) & 255, (version >> 8) & 255, version & 255);
}

std::string UnboundProgram() {
  const char* path = std::getenv("PATH");
  const auto program = scanner::FindUnbound(path != nullptr ? path : "");
  return program.ok() ? *program : "not installed (--resolver unbound needs it)";
}

std::string Kernel() {
  utsname name{};
  return uname(&name) == 0 ? JoinText(name.sysname, " ", name.release) : "not known";
}

}  // namespace

std::string VersionText() {
  std::string text =
      JoinText("mxsweep ", kVersion, "\nBoringSSL: ", kBoringsslVersion, ", ",
               tls::HasPostQuantum() ? "offers X25519MLKEM768" : "without X25519MLKEM768", "\n");
  const auto line = [&text](std::string_view name, std::string_view value) {
    AppendText(&text, name, ": ", value, "\n");
  };
  // Those that are linked as shared objects say which one it is now.
  line("c-ares", ares_version(nullptr));
  line("zstd", ZSTD_versionString());
  line("zlib", zlibVersion());
  line("libarchive", std::string_view(archive_version_string()).substr(sizeof("libarchive")));
  line("libidn2", idn2_check_version(nullptr));
  line("libpsl", psl_get_version());
  line("GMP", gmp_version);
  line("http-parser", HttpParserVersion());
  line("jemalloc", JemallocVersion());
  line("liburing", MXSWEEP_LIBURING_VERSION);
  line("abseil", JoinText(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL));
  line("CLI11", CLI11_VERSION);
  line("spdlog", Dotted(SPDLOG_VER_MAJOR, SPDLOG_VER_MINOR, SPDLOG_VER_PATCH));
  line("nlohmann-json", Dotted(NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                               NLOHMANN_JSON_VERSION_PATCH));
  line("prometheus-cpp", MXSWEEP_PROMETHEUS_VERSION);
  AppendText(&text, "On this machine\n");
  line("  kernel", Kernel());
  line("  io_uring", scanner::TellUring(scanner::ExamineUring()));
  line("  Unbound", UnboundProgram());
  text.pop_back();  // CLI11 ends the line
  return text;
}

}  // namespace mxsweep::tools
