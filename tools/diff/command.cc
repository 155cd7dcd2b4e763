#include "tools/diff/command.h"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "output/files/file_system.h"
#include "output/scan_directory.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"
#include "tools/cli/exit_codes.h"
#include "tools/cli/standard_output.h"
#include "tools/diff/circumstances.h"
#include "tools/diff/comparison.h"
#include "tools/diff/facts.h"
#include "tools/diff/noise.h"
#include "tools/diff/page.h"
#include "tools/diff/places.h"
#include "tools/diff/report.h"
#include "tools/diff/tables.h"
#include "tools/survey/new_file.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxTop = 1'000;
constexpr size_t kPrintBytes = 1u << 20;
constexpr size_t kMaxNameBytes = 1024;

struct DiffFlags {
  std::string old_directory, new_directory;
  std::vector<std::string> noise;
  std::string list;
  std::string csv;
  std::string page;
  size_t top = 10;
  bool json = false;
  // Neither: by the scans' vantage points.
  bool places = false, no_places = false;
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "mxsweep: %s\n", std::string(status.message()).c_str());
  return absl::IsInvalidArgument(status) ? kExitWrongUsage : kExitFailed;
}

absl::Status CheckWord(const std::string& word, const std::vector<std::string_view>& words) {
  if (word.empty() || std::ranges::find(words, word) != words.end()) return absl::OkStatus();
  std::string text = JoinText("--list: \"", word.substr(0, 64), "\" is no cause; there are");
  for (const std::string_view known : words) AppendText(&text, " ", known);
  return InvalidArgument(text);
}

absl::StatusOr<ScanFacts> ReadFacts(const std::string& directory) {
  const auto scan = output::ScanDirectory::Open(directory);
  if (!scan.ok()) return scan.status();
  return ScanFacts::Read(*scan);
}

absl::Status AddPair(const ScanFacts& one, const ScanFacts& other, Noise* noise) {
  Comparison comparison;
  absl::Status status = Compare(
      one, other, /*incomparable=*/{}, [](const DomainChange&) { return absl::OkStatus(); },
      &comparison);
  if (status.ok()) noise->Add(comparison);
  return status;
}

// Scans of one time: each with the next one, and a single one with the old scan.
absl::StatusOr<Noise> ReadNoise(const std::vector<std::string>& directories,
                                const ScanFacts& old_scan) {
  Noise noise;
  std::optional<ScanFacts> last;
  for (const std::string& directory : directories) {
    auto facts = ReadFacts(directory);
    if (!facts.ok()) return facts.status();
    absl::Status status;
    if (last) status = AddPair(*last, *facts, &noise);
    if (directories.size() == 1) status = AddPair(old_scan, *facts, &noise);
    if (!status.ok()) return status;
    last.emplace(*std::move(facts));
  }
  return noise;
}

// What is told of domains and servers while they are compared: the lines of --list and of --csv.
class ChangeSink {
 public:
  // The files may be null; they outlive this.
  ChangeSink(const std::string& list, NewFile* domains, NewFile* servers)
      : list_(list), domains_(domains), servers_(servers) {}

  absl::Status Take(const ServerChange& change) {
    return servers_ == nullptr ? absl::OkStatus() : servers_->Append(ServerCsvLine(change));
  }

  absl::Status Take(const DomainChange& change) {
    absl::Status status;
    if (domains_ != nullptr) status = domains_->Append(DomainCsvLine(change));
    if (list_.empty() || CauseWord(change.cause) != list_) return status;
    AppendText(&text_, SanitizeText(change.domain, kMaxNameBytes), "\n");
    if (text_.size() > kPrintBytes) status.Update(Flush());
    return status;
  }

  absl::Status Flush() {
    absl::Status status = WriteStandardOutput(text_);
    text_.clear();
    return status;
  }

 private:
  const std::string& list_;
  NewFile* domains_;
  NewFile* servers_;
  std::string text_;
};

// The files that are asked for. They are made before the work: a place that cannot be written to
// costs nothing.
struct DiffFiles {
  std::unique_ptr<NewFile> page, domains, servers;
};

absl::StatusOr<std::unique_ptr<NewFile>> MakeTable(const std::string& path,
                                                   const std::string& header) {
  auto file = NewFile::Create(path);
  if (!file.ok()) return file.status();
  absl::Status status = (*file)->Append(header);
  if (!status.ok()) return status;
  return file;
}

absl::StatusOr<DiffFiles> MakeFiles(const DiffFlags& flags) {
  DiffFiles files;
  if (!flags.page.empty()) {
    auto page = NewFile::Create(flags.page);
    if (!page.ok()) return page.status();
    files.page = *std::move(page);
  }
  if (flags.csv.empty()) return files;
  absl::Status status = output::PosixFileSystem()->CreateDirectories(flags.csv);
  if (!status.ok()) return status;
  auto domains = MakeTable(flags.csv + "/domains.csv", DomainCsvHeader());
  if (!domains.ok()) return domains.status();
  files.domains = *std::move(domains);
  auto servers = MakeTable(flags.csv + "/servers.csv", ServerCsvHeader());
  if (!servers.ok()) return servers.status();
  files.servers = *std::move(servers);
  return files;
}

absl::Status FinishFiles(const DiffFlags& flags, const DiffReport& report, DiffFiles* files) {
  absl::Status status;
  if (files->page != nullptr) {
    status = files->page->Append(RenderDiffPage(report));
    if (status.ok()) status = files->page->Finish();
  }
  if (!status.ok() || files->domains == nullptr) return status;
  status = files->domains->Finish();
  if (status.ok()) status = files->servers->Finish();
  return status.ok() ? WriteDiffTables(report, flags.csv) : status;
}

absl::Status DiffByTime(const DiffFlags& flags, const output::ScanDirectory& old_scan,
                        const output::ScanDirectory& new_scan) {
  if (absl::Status status = CheckWord(flags.list, CauseWords()); !status.ok()) return status;
  auto files = MakeFiles(flags);
  if (!files.ok()) return files.status();
  const auto before = ScanFacts::Read(old_scan);
  if (!before.ok()) return before.status();
  const auto noise = ReadNoise(flags.noise, *before);
  if (!noise.ok()) return noise.status();
  const auto after = ScanFacts::Read(new_scan);
  if (!after.ok()) return after.status();
  const Circumstances circumstances = CircumstancesOf(old_scan, new_scan);
  ChangeSink sink(flags.list, files->domains.get(), files->servers.get());
  Comparison comparison;
  absl::Status status = Compare(
      *before, *after, circumstances.incomparable,
      [&sink](const DomainChange& change) { return sink.Take(change); },
      [&sink](const ServerChange& change) { return sink.Take(change); }, &comparison);
  if (!status.ok()) return status;
  const DiffReport report = {.circumstances = &circumstances,
                             .comparison = &comparison,
                             .noise = &*noise,
                             .top = flags.top};
  status = FinishFiles(flags, report, &*files);
  if (!status.ok()) return status;
  if (!flags.list.empty()) return sink.Flush();
  return WriteStandardOutput(flags.json ? RenderDiffJson(report) : RenderDiff(report));
}

// What is told of a comparison by place: the lines of --list and of --csv.
class PlaceLines : public PlacesSink {
 public:
  // The word outlives this.
  explicit PlaceLines(const std::string& list) : list_(list) {}

  absl::Status MakeTables(const std::string& folder) {
    absl::Status status = output::PosixFileSystem()->CreateDirectories(folder);
    if (!status.ok()) return status;
    status = Make(folder + "/domains.csv", PlacesCsv::DomainHeader(), &domains_);
    if (status.ok())
      status = Make(folder + "/addresses.csv", PlacesCsv::AddressHeader(), &addresses_);
    if (status.ok()) status = Make(folder + "/hosts.csv", PlacesCsv::HostHeader(), &hosts_);
    if (status.ok()) status = Make(folder + "/servers.csv", PlacesCsv::ServerHeader(), &servers_);
    return status;
  }

  absl::Status TakeDomain(const DomainByPlace& domain) override {
    absl::Status status = Append(domain, domains_.get());
    if (list_.empty() || DomainCauseWord(domain.cause) != list_) return status;
    AppendText(&text_, SanitizeText(domain.domain, kMaxNameBytes), "\n");
    if (text_.size() > kPrintBytes) status.Update(Flush());
    return status;
  }
  absl::Status TakeAddress(const AddressByPlace& address) override {
    return Append(address, addresses_.get());
  }
  absl::Status TakeHost(const HostByPlace& host) override { return Append(host, hosts_.get()); }
  absl::Status TakeServer(const ServerByPlace& server) override {
    return Append(server, servers_.get());
  }

  absl::Status Flush() {
    absl::Status status = WriteStandardOutput(text_);
    text_.clear();
    return status;
  }

  absl::Status FinishTables() {
    absl::Status status;
    for (NewFile* file : {domains_.get(), addresses_.get(), hosts_.get(), servers_.get()}) {
      if (file != nullptr) status.Update(file->Finish());
    }
    return status;
  }

 private:
  static absl::Status Make(const std::string& path, const std::string& header,
                           std::unique_ptr<NewFile>* file) {
    auto made = MakeTable(path, header);
    if (!made.ok()) return made.status();
    *file = *std::move(made);
    return absl::OkStatus();
  }
  template <typename Thing>
  static absl::Status Append(const Thing& thing, NewFile* file) {
    return file == nullptr ? absl::OkStatus() : file->Append(PlacesCsv::Line(thing));
  }

  const std::string& list_;
  std::unique_ptr<NewFile> domains_, addresses_, hosts_, servers_;
  std::string text_;
};

absl::Status DiffByPlace(const DiffFlags& flags, const output::ScanDirectory& a,
                         const output::ScanDirectory& b) {
  if (absl::Status status = CheckWord(flags.list, DomainCauseWords()); !status.ok()) return status;
  if (!flags.noise.empty()) {
    return InvalidArgument(
        "--noise is for scans from one place: these two are compared by place (--no-places "
        "compares them as scans of two times)");
  }
  PlaceLines lines(flags.list);
  absl::Status status;
  std::unique_ptr<NewFile> page;
  if (!flags.page.empty()) {
    auto made = NewFile::Create(flags.page);
    if (!made.ok()) return made.status();
    page = *std::move(made);
  }
  if (!flags.csv.empty()) status = lines.MakeTables(flags.csv);
  if (!status.ok()) return status;
  const auto facts_a = ScanFacts::Read(a, ScanFacts::Detail::kByPlace);
  if (!facts_a.ok()) return facts_a.status();
  const auto facts_b = ScanFacts::Read(b, ScanFacts::Detail::kByPlace);
  if (!facts_b.ok()) return facts_b.status();
  PlacesReport report;
  report.names = PlaceNamesOf(a, b);
  const Circumstances circumstances = CircumstancesByPlace(a, b, report.names);
  report.circumstances = &circumstances;
  report.top = flags.top;
  status = ComparePlaces(*facts_a, *facts_b, &lines, &report);
  if (status.ok() && page != nullptr) status = page->Append(RenderPlacesPage(report));
  if (status.ok() && page != nullptr) status = page->Finish();
  if (status.ok()) status = lines.FinishTables();
  if (!status.ok()) return status;
  if (!flags.list.empty()) return lines.Flush();
  return WriteStandardOutput(flags.json ? RenderPlacesJson(report) : RenderPlaces(report));
}

absl::Status Diff(const DiffFlags& flags) {
  const auto old_scan = output::ScanDirectory::Open(flags.old_directory);
  if (!old_scan.ok()) return old_scan.status();
  const auto new_scan = output::ScanDirectory::Open(flags.new_directory);
  if (!new_scan.ok()) return new_scan.status();
  const bool by_place = flags.places || (!flags.no_places && AreOfTwoPlaces(*old_scan, *new_scan));
  return by_place ? DiffByPlace(flags, *old_scan, *new_scan)
                  : DiffByTime(flags, *old_scan, *new_scan);
}

int RunDiffCommand(const DiffFlags& flags) {
  const absl::Status status = Diff(flags);
  // Unavailable: nobody reads any more, and wants no more of us.
  return status.ok() || absl::IsUnavailable(status) ? kExitDone : Fail(status);
}

}  // namespace

void AddDiffCommand(CLI::App& app, int& exit_code) {
  CLI::App* command = app.add_subcommand("diff", "Says what changed between two scans, and why");
  auto flags = std::make_shared<DiffFlags>();
  command->add_option("OLD", flags->old_directory, "Directory of the scan before")->required();
  command->add_option("NEW", flags->new_directory, "Directory of the scan after")->required();
  command
      ->add_option("--noise", flags->noise,
                   "Scans of one time, each compared with the next (a\n"
                   "single one with OLD): what they differ in is chance")
      ->type_name("DIR");
  command
      ->add_option("--list", flags->list,
                   "Print the domains with this main cause, one a\nline, and nothing else")
      ->type_name("CAUSE");
  command->add_option("-o,--output", flags->page, "Write a page to look at to this file")
      ->type_name("FILE");
  command
      ->add_option("--csv", flags->csv,
                   "Write each domain and each server that changed,\nand the numbers behind every "
                   "table, to this folder")
      ->type_name("DIR");
  command->add_option("--top", flags->top, "Show so many providers")
      ->type_name("N")
      ->check(CLI::Range(size_t{1}, kMaxTop))
      ->capture_default_str();
  CLI::Option* by_place = command->add_flag(
      "--places", flags->places,
      "Compare by place: who lets whom in, what names are\nanswered. Scans of two --vantage are");
  command
      ->add_flag("--no-places", flags->no_places,
                 "Compare scans of two --vantage as scans of two times")
      ->excludes(by_place);
  command->add_flag("--json", flags->json, "Print one JSON object");
  command->footer(
      "Exit code: 0 done, whatever was found; 1 failed; 2 wrong usage.\n\n"
      "What the causes mean, and how chance is told from change: docs/diff.md.\n\n"
      "Examples:\n"
      "  mxsweep diff june july\n"
      "  mxsweep diff june july --noise june-again -o diff.html --csv changes\n"
      "  mxsweep diff june july --list starttls_withdrawn\n"
      "  mxsweep diff frankfurt tokyo -o places.html --csv places");
  command->callback([flags, &exit_code] { exit_code = RunDiffCommand(*flags); });
}

}  // namespace mxsweep::tools
