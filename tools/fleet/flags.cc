#include "tools/fleet/flags.h"

#include <CLI/CLI.hpp>
#include <string>

#include "scanner/base/text.h"
#include "scanner/targets/shard.h"
#include "tools/cli/scan_flags.h"

namespace mxsweep::tools {
namespace {

constexpr char kGroup[] = "Fleet";

template <size_t kCount>
void Remove(CLI::App& app, const char* const (&flags)[kCount]) {
  for (const char* flag : flags) app.remove_option(app.get_option(flag));
}

void AddJobFlags(CLI::App& app, scanner::ScanOptions& options, const std::string& whose) {
  app.add_option_function<std::string>(
         "--shard",
         [&options](const std::string& text) {
           const auto shard = scanner::ParseShard(text);
           if (!shard.ok())
             throw CLI::ValidationError("--shard", std::string(shard.status().message()));
           options.shard = *shard;
         },
         "This job's share, counted from 0: 0/8 to 7/8.\n" + whose)
      ->type_name("I/N")
      ->default_str("0/1")
      ->group(kGroup);
  app.add_option("--jobs", options.jobs,
                 "Jobs that run at once: what the limits on rates\n"
                 "and providers say is for all of them together")
      ->type_name("N")
      ->capture_default_str()
      ->group(kGroup);
}

}  // namespace

void RegisterResolveFlags(CLI::App& app, ShardJob& job) {
  RegisterScanFlags(app, job.options);
  Remove(app,
         {"--output", "--resume", "--format", "--ehlo-name", "--offer", "--without-sni", "--probe",
          "--revocation", "--greeting-timeout", "--command-timeout", "--quit-timeout", "--retries",
          "--retry-delay", "--infer", "--per-provider-rate", "--per-provider-concurrency"});
  job.options.part = scanner::ScanPart::kResolve;
  app.add_option("-o,--output", job.fleet, "Directory of the fleet; made if missing")
      ->type_name("DIR")
      ->required()
      ->group("Input and output");
  AddJobFlags(app, job.options, "Names are shared out by their hash");
  app.add_option("--buckets", job.buckets,
                 "Parts that MX hosts are laid out in, by address:\n"
                 "the number of probe shards, or a multiple of it")
      ->type_name("N")
      ->check(CLI::Range(1u, scanner::kMaxBuckets))
      ->capture_default_str()
      ->group(kGroup);
  app.footer(
      "\nGoes on by itself where an earlier job of the shard was stopped or killed.\n"
      "Exit code: 0 committed (by this job or another); 1 failed; 2 wrong usage;\n"
      "3 stopped; 4 a later job of the same shard has taken over.\n"
      "\nExamples:\n"
      "  mxsweep resolve domains.txt -o fleet --shard 0/8 --jobs 8\n"
      "  mxsweep resolve domains.txt -o fleet --buckets 16   # one job, 16 probe jobs\n"
      "\nHow jobs go together: docs/fleet.md.");
}

void RegisterProbeFlags(CLI::App& app, ShardJob& job) {
  RegisterScanFlags(app, job.options);
  Remove(app, {"targets", "--targets", "--output", "--resume", "--format", "--mta-sts",
               "--mta-sts-port", "--mta-sts-timeout", "--max-hosts"});
  job.options.part = scanner::ScanPart::kProbe;
  job.options.mta_sts = scanner::MtaStsLevel::kOff;
  app.add_option("FLEET", job.fleet,
                 "Directory of the fleet, all of whose resolve\nshards are committed")
      ->required();
  AddJobFlags(app, job.options,
              "Addresses are shared out by the hash of their\n"
              "prefix (/24, /64), so that each is one job's alone");
  app.footer(
      "\nGoes on by itself where an earlier job of the shard was stopped or killed.\n"
      "Exit code: 0 committed (by this job or another); 1 failed; 2 wrong usage;\n"
      "3 stopped; 4 a later job of the same shard has taken over.\n"
      "\nExamples:\n"
      "  mxsweep probe fleet --shard 3/16 --jobs 4 --rate 500\n"
      "\nHow jobs go together: docs/fleet.md.");
}

}  // namespace mxsweep::tools
