// mxsweep-lab: an Internet on loopback. See tools/lab/README.md.
#include <signal.h>
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "scanner/base/text.h"
#include "tools/lab/crowds.h"
#include "tools/lab/supervisor.h"
#include "tools/lab/text.h"
#include "tools/lab/truth.h"

namespace mxsweep::lab {
namespace {

struct Arguments {
  WorldOptions world;
  ServeOptions serve;
  std::string network = "127.16.0.0";
  std::string state = "lab";
  std::string fixed = "all";
  std::string ready_file;
  std::string report_file;
  std::string table;
  bool truth = false;
  bool die_with_parent = false;
};

int Fail(const absl::Status& status) {
  std::cerr << "mxsweep-lab: " << status.message() << "\n";
  return status.code() == absl::StatusCode::kInvalidArgument ? 2 : 1;
}

absl::Status Finish(Arguments& arguments) {
  unsigned parts[4];
  char rest;
  if (std::sscanf(arguments.network.c_str(), "%u.%u.%u.%u%c", &parts[0], &parts[1], &parts[2],
                  &parts[3], &rest) != 4 ||
      parts[0] > 255 || parts[1] > 255 || parts[2] > 255 || parts[3] > 255) {
    return absl::InvalidArgumentError("--network: an IPv4 address, such as 127.16.0.0");
  }
  arguments.world.network = parts[0] << 24 | parts[1] << 16 | parts[2] << 8 | parts[3];
  arguments.world.fixed = arguments.fixed == "all"     ? FixedZones::kAll
                          : arguments.fixed == "named" ? FixedZones::kNamed
                                                       : FixedZones::kNone;
  return absl::OkStatus();
}

// The keys are worth keeping from one run to the next, whatever its state folder is.
std::string KeyCache() {
  const char* own = std::getenv("MXSWEEP_CACHE");
  const char* xdg = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  std::string folder;
  if (own != nullptr && *own != '\0') {
    folder = own;
  } else if (xdg != nullptr && *xdg != '\0') {
    folder = JoinText(std::string_view(xdg), "/mxsweep");
  } else if (home != nullptr && *home != '\0') {
    folder = JoinText(std::string_view(home), "/.cache/mxsweep");
  } else {
    return "";
  }
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  return error ? "" : folder + "/lab-keys-2";
}

absl::Status WriteFile(const std::string& path, std::string_view content) {
  // Complete or not at all: others wait for these files to appear.
  const std::string temporary = path + ".part";
  std::ofstream file(temporary, std::ios::binary);
  file << content;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(temporary, path, error);
  if (!file || error) return absl::UnavailableError("cannot write " + path);
  return absl::OkStatus();
}

absl::Status WriteState(const Arguments& arguments, const World& world,
                        const CertificateStore& store) {
  std::error_code error;
  std::filesystem::create_directories(arguments.state, error);
  if (error) return absl::UnavailableError("cannot make the folder " + arguments.state);
  std::string domains, uncrowded, classes = "domain,class\n";
  for (const uint32_t zone : world.Domains()) {
    const std::string name = world.ZoneName(zone);
    domains += name + "\n";
    if (!IsCrowded(world, zone)) uncrowded += name + "\n";
    classes += JoinText(name, ",", ListClassOf(world, zone), "\n");
  }
  absl::Status status = WriteFile(arguments.state + "/domains.txt", domains);
  if (status.ok()) status = WriteFile(arguments.state + "/uncrowded.txt", uncrowded);
  if (status.ok()) status = WriteFile(arguments.state + "/classes.csv", classes);
  if (status.ok()) status = WriteFile(arguments.state + "/ca.pem", store.RootsPem());
  std::string blocklist;
  for (uint32_t i = 0; i < world.addresses().size(); ++i) {
    const bool blocked = world.addresses()[i].behaviour == Behaviour::kBlocked;
    if (blocked) blocklist += world.AddressText(i) + "\n";
  }
  if (status.ok()) status = WriteFile(arguments.state + "/blocklist.txt", blocklist);
  return status;
}

void Announce(const Arguments& arguments, const World& world, uint16_t dns_port) {
  const uint16_t port = arguments.serve.smtp.smtp_port;
  std::cerr << "mxsweep-lab: " << world.Domains().size() << " domains, " << world.hosts().size()
            << " MX hosts, " << world.addresses().size() << " addresses\n"
            << "scan it:  mxsweep scan " << arguments.state << "/domains.txt -o scan"
            << " --resolver 127.0.0.1:" << dns_port << " --port " << port << " --trust-store "
            << arguments.state << "/ca.pem --blocklist " << arguments.state
            << "/blocklist.txt --allow-special --ehlo-name scanner.example.org\n";
  const std::string line =
      JoinText("ready dns=127.0.0.1:", dns_port, " smtp-port=", port,
               " tls-port=", arguments.serve.smtp.tls_port,
               " https-port=", arguments.serve.https_port, " state=", arguments.state, "\n");
  std::cout << line << std::flush;
  if (!arguments.ready_file.empty()) {
    const absl::Status written = WriteFile(arguments.ready_file, line);
    if (!written.ok()) Fail(written);
  }
}

int RunServe(Arguments& arguments) {
  if (arguments.die_with_parent) prctl(PR_SET_PDEATHSIG, SIGTERM);
  absl::StatusOr<World> world = World::Create(arguments.world);
  if (!world.ok()) return Fail(world.status());
  const absl::StatusOr<KeyPool> keys = KeyPool::Create(KeyCache());
  if (!keys.ok()) return Fail(keys.status());
  CertificateStore store(*world, *keys);
  absl::Status status = WriteState(arguments, *world, store);
  if (status.ok() && arguments.truth) {
    status = WriteTruth(*world, store, arguments.serve.smtp.smtp_port, arguments.state + "/truth");
  }
  if (!status.ok()) return Fail(status);
  arguments.serve.on_ready = [&](uint16_t port) { Announce(arguments, *world, port); };
  const absl::StatusOr<nlohmann::json> report = Serve(*world, store, arguments.serve);
  if (!report.ok()) return Fail(report.status());
  if (!arguments.report_file.empty()) {
    status = WriteFile(arguments.report_file, ToText(*report));
  }
  return status.ok() ? 0 : Fail(status);
}

int RunTruth(const Arguments& arguments) {
  const absl::StatusOr<World> world = World::Create(arguments.world);
  if (!world.ok()) return Fail(world.status());
  const absl::StatusOr<KeyPool> keys = KeyPool::Create(KeyCache());
  if (!keys.ok()) return Fail(keys.status());
  CertificateStore store(*world, *keys);
  const absl::Status status =
      PrintTruth(*world, store, arguments.serve.smtp.smtp_port, arguments.table, std::cout);
  return status.ok() ? 0 : Fail(status);
}

int RunPostures() {
  for (const PostureTable& table : PostureTables()) {
    for (const PostureRow& row : table.rows) {
      std::printf("%-32s %6.1f  %.*s\n", JoinText(table.subject, ".", row.key).c_str(), row.weight,
                  static_cast<int>(row.meaning.size()), row.meaning.data());
    }
    std::printf("\n");
  }
  return 0;
}

void AddWorldOptions(CLI::App* command, Arguments& arguments) {
  command->add_option("--seed", arguments.world.seed, "everything follows from it")
      ->capture_default_str();
  command->add_option("--domains", arguments.world.domains, "drawn domains d0.lab, d1.lab …")
      ->capture_default_str();
  command
      ->add_option("--mix", arguments.world.mix,
                   "default, tls-only, happy, uniform, internet; then changes:\n"
                   "default,cert.expired=20")
      ->capture_default_str();
  command
      ->add_option("--fixed", arguments.fixed,
                   "fixed domains: all, named (without one for every posture), none")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "named", "none"}));
  command->add_option("--place", arguments.world.place,
                      "the same world, seen from another place: refused=provider1,\n"
                      "timeout=…, 554=…, geo=… (zones), relay=N (before every N-th server)");
  command->add_option("--network", arguments.network, "servers are at this address and upwards")
      ->capture_default_str();
  command->add_option("--smtp-port", arguments.serve.smtp.smtp_port, "port of every server")
      ->capture_default_str();
}

void AddServeOptions(CLI::App* command, Arguments& arguments) {
  SmtpServerOptions& smtp = arguments.serve.smtp;
  command->add_option("--dns-port", arguments.serve.dns_port, "at 127.0.0.1; 0: any free port")
      ->capture_default_str();
  command->add_option("--tls-port", smtp.tls_port, "implicit TLS too, at this port; 0: none")
      ->capture_default_str();
  command->add_option("--https-port", arguments.serve.https_port, "port of policy hosts; 0: none")
      ->capture_default_str();
  command
      ->add_option(
          "--state", arguments.state,
          "folder for domains.txt, uncrowded.txt, classes.csv, ca.pem, blocklist.txt and, with "
          "--truth, truth/TABLE.ndjson")
      ->capture_default_str();
  command->add_flag("--truth", arguments.truth, "write what a scan must find");
  command->add_option("--threads", smtp.threads, "threads per process of mail servers")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command
      ->add_option("--processes", arguments.serve.processes,
                   "processes of mail servers; 0: as many as descriptors demand")
      ->capture_default_str()
      ->check(CLI::Range(0, 1024));
  command->add_option("--dns-threads", arguments.serve.dns_threads, "threads of the resolver")
      ->capture_default_str()
      ->check(CLI::Range(1, 256));
  command->add_option("--delay-scale", smtp.delay_scale, "multiplies delays; 0: none")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1000.0));
  command
      ->add_option("--max-handshakes", smtp.max_handshakes,
                   "to one address and server name; more is a violation in the report")
      ->capture_default_str();
  command->add_option("--report", arguments.report_file,
                      "JSON at the end: connections, handshakes, violations, DNS queries");
  command->add_option("--ready-file", arguments.ready_file, "written when everything answers");
  command->add_flag("--die-with-parent", arguments.die_with_parent, "end when the parent does");
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app{"An Internet on loopback: DNS and mail servers to scan, good and bad ones."};
  app.require_subcommand(1);
  CLI::App* serve = app.add_subcommand("serve", "serve until SIGTERM or SIGINT");
  AddWorldOptions(serve, arguments);
  AddServeOptions(serve, arguments);
  CLI::App* truth = app.add_subcommand("truth", "print what a scan of that lab must find");
  AddWorldOptions(truth, arguments);
  truth
      ->add_option("--table", arguments.table,
                   "domains, mx_hosts, endpoints, certificates, surveys or weak_keys")
      ->required()
      ->check(CLI::IsMember(
          {"domains", "mx_hosts", "endpoints", "certificates", "surveys", "weak_keys"}));
  CLI::App* postures = app.add_subcommand("postures", "list what names and servers can be like");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : 2;
  }
  if (postures->parsed()) return RunPostures();
  const absl::Status status = Finish(arguments);
  if (!status.ok()) return Fail(status);
  return serve->parsed() ? RunServe(arguments) : RunTruth(arguments);
}

}  // namespace
}  // namespace mxsweep::lab

int main(int argc, char** argv) { return mxsweep::lab::Main(argc, argv); }
