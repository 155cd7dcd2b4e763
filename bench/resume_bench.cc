// mxsweep_resume_bench: what it takes to go on with a scan of so many rows, before the first target
// is started: reading the manifests and the tables, and telling the workers. See
// docs/performance.md.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "bench/lab_rows.h"
#include "bench/measured_process.h"
#include "output/scan_directory.h"
#include "scanner/base/text.h"
#include "scanner/resume/earlier_runs.h"
#include "scanner/resume/epoch_note.h"
#include "scanner/resume/restore.h"
#include "scanner/verdict/packed_findings.h"
#include "scanner/work/worker_thread.h"

namespace mxsweep::bench {
namespace {

constexpr uint64_t kDomainsOfAnEpoch = 100'000;
constexpr uint64_t kDomainsOfACertificate = 4;

struct Settings {
  std::string self;
  std::string folder;
  std::string restore;
  uint64_t domains = 1'000'000;
  uint32_t workers = 2;
};

absl::Status AddDomain(output::ScanWriter& writer, LabRows* rows, uint64_t number) {
  const std::string host = JoinText("mx", number, ".example.org");
  const std::string summary = scanner::Pack({scanner::Summary{.endpoints = 1, .starttls = 1}});
  if (number % kDomainsOfACertificate == 0) {
    output::CertificateRow certificate{.sha256 = absl::StrFormat("%064x", number)};
    if (absl::Status status = writer.Add(std::move(certificate)); !status.ok()) return status;
  }
  output::EndpointRow endpoint = rows->Next();
  endpoint.host = host;
  endpoint.summary = output::Binary{summary};
  if (absl::Status status = writer.Add(std::move(endpoint)); !status.ok()) return status;
  output::MxHostRow mx{.host = host, .summary = output::Binary{summary}};
  if (absl::Status status = writer.Add(std::move(mx)); !status.ok()) return status;
  output::DomainRow domain{.domain = JoinText("d", number, ".example"), .input_line = number + 1};
  if (absl::Status status = writer.Add(std::move(domain)); !status.ok()) return status;
  writer.NoteDone(number);
  return absl::OkStatus();
}

absl::Status MakeDirectory(const Settings& settings, const std::string& directory) {
  output::ScanWriterOptions options;
  options.scan_id = "bench";
  auto writer = output::ScanWriter::Create(directory, {}, options);
  if (!writer.ok()) return writer.status();
  LabRows rows(1);
  const auto note = [] { return scanner::EpochNoteToJson({}); };
  for (uint64_t i = 0; i < settings.domains; ++i) {
    if (absl::Status status = AddDomain(**writer, &rows, i); !status.ok()) return status;
    if ((i + 1) % kDomainsOfAnEpoch != 0) continue;
    if (absl::Status status = (*writer)->CommitEpoch(note); !status.ok()) return status;
  }
  if (absl::Status status = (*writer)->CommitEpoch(note); !status.ok()) return status;
  return (*writer)->Finish(output::ScanState::kStopped, {});
}

// In a process of its own, whose memory is measured.
absl::Status RestoreHere(const Settings& settings) {
  output::FileSystem* files = output::PosixFileSystem();
  tls::CertificateTable certificates;
  scanner::ScanContext context;
  context.services.certificates = &certificates;
  std::vector<std::unique_ptr<scanner::WorkerThread>> threads;
  for (uint32_t i = 0; i < settings.workers; ++i) {
    threads.push_back(
        std::make_unique<scanner::WorkerThread>(&context, scanner::WorkerThread::Options{}));
    if (absl::Status status = threads.back()->Ready(); !status.ok()) return status;
  }
  for (auto& thread : threads) context.AddWorker(thread->worker());
  const auto runs = scanner::ReadEarlierRuns(settings.restore, files);
  if (!runs.ok()) return runs.status();
  const auto restored = scanner::Restore(*runs, &context, absl::Now(), files);
  if (!restored.ok()) return restored.status();
  threads.clear();  // waits until all has been told
  if (restored->hosts != settings.domains || runs->targets_done.size() != settings.domains) {
    return absl::InternalError("not all was restored");
  }
  return absl::OkStatus();
}

absl::Status Measure(const Settings& settings) {
  const std::string directory = settings.folder + "/scan";
  if (absl::Status status = MakeDirectory(settings, directory); !status.ok()) return status;
  auto process =
      MeasuredProcess::Start({settings.self, "--restore", directory, "--domains",
                              JoinText(settings.domains), "--workers", JoinText(settings.workers)},
                             settings.folder + "/log");
  if (!process.ok()) return process.status();
  const MeasuredProcess::Usage usage = process->Wait();
  if (usage.exit_code != 0) return absl::InternalError("going on has failed");
  const auto directory_read = output::ScanDirectory::Open(directory);
  if (!directory_read.ok()) return directory_read.status();
  uint64_t rows = 0;
  uint64_t bytes = 0;
  for (const output::PartInfo& part : directory_read->parts()) {
    rows += part.rows;
    bytes += part.bytes;
  }
  const double millions = static_cast<double>(rows) / 1e6;
  std::printf("%-40s%12.2f\n", "rows, million", millions);
  std::printf("%-40s%12.0f\n", "on the disk, MiB", static_cast<double>(bytes) / (1 << 20));
  std::printf("%-40s%12.2f\n", "until the first target, s", usage.wall_s);
  std::printf("%-40s%12.2f\n", "  a million rows", usage.wall_s / millions);
  std::printf("%-40s%12.2f\n", "CPU, s", usage.user_s + usage.system_s);
  std::printf("%-40s%12.0f\n", "peak memory, MiB",
              static_cast<double>(usage.peak_rss_bytes) / (1 << 20));
  std::printf("%-40s%12.0f\n", "  a domain, bytes",
              static_cast<double>(usage.peak_rss_bytes) / static_cast<double>(settings.domains));
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  Settings settings;
  settings.self = std::filesystem::read_symlink("/proc/self/exe");
  CLI::App app("what it takes to go on with a scan");
  app.add_option("--domains", settings.domains, "each with a row in three tables")
      ->capture_default_str();
  app.add_option("--workers", settings.workers)->capture_default_str();
  app.add_option("--folder", settings.folder, "where the scan is made; default: a temporary one");
  app.add_option("--restore", settings.restore)->group("");
  CLI11_PARSE(app, argc, argv);
  absl::Status status;
  if (!settings.restore.empty()) {
    status = RestoreHere(settings);
  } else {
    const bool own = settings.folder.empty();
    if (own) {
      std::string name = std::filesystem::temp_directory_path() / "mxsweep-resume.XXXXXX";
      if (mkdtemp(name.data()) == nullptr) return 1;
      settings.folder = name;
    }
    status = Measure(settings);
    if (own) std::filesystem::remove_all(settings.folder);
  }
  if (!status.ok()) std::fprintf(stderr, "%s\n", std::string(status.message()).c_str());
  return status.ok() ? 0 : 1;
}

}  // namespace
}  // namespace mxsweep::bench

int main(int argc, char** argv) { return mxsweep::bench::Main(argc, argv); }
