#include "scanner/resume/earlier_runs.h"

#include <algorithm>
#include <utility>

#include "dns/facts.h"
#include "output/manifest.h"
#include "output/tables/tables.h"
#include "scanner/resume/epoch_note.h"
#include "scanner/resume/read_rows.h"

namespace mxsweep::scanner {
namespace {

// Each list is read further from epoch to epoch: the last mark of each run says what the others
// said. A list that was changed in between has a mark of its own.
void KeepMark(const EpochNote& note, std::optional<uint64_t> last_run,
              std::vector<ListMark>* marks) {
  if (last_run == note.run && !marks->empty()) {
    marks->back() = note.list;
  } else {
    marks->push_back(note.list);
  }
}

std::string KeyOfAddress(const output::EndpointRow& row) {
  Target target;
  target.kind = Target::Kind::kAddress;
  if (const auto address = dns::IpAddress::Parse(row.address)) target.address = *address;
  target.name = row.host;
  return KeyOf(target);
}

// Each takes a bit: a gigabyte, for twice the addresses of IPv4. A damaged manifest may name any
// number.
constexpr uint64_t kMostTargetsRemembered = uint64_t{1} << 33;

std::string KeyOfInvalid(const output::DomainRow& row) {
  Target target;
  target.kind = Target::Kind::kInvalid;
  target.raw = row.domain;
  return KeyOf(target);
}

}  // namespace

absl::StatusOr<EarlierRuns> ReadEarlierRuns(const std::string& directory,
                                            output::FileSystem* files) {
  absl::StatusOr<output::ScanDirectory> opened = output::ScanDirectory::Open(directory, files);
  if (!opened.ok()) return opened.status();
  EarlierRuns runs{.directory = *std::move(opened)};
  runs.scan = runs.directory.scan();
  const absl::Status status =
      runs.directory.ForEachManifest(*files, [&](const output::Manifest& manifest) {
        // The empty parts at a scan's end are noted without a word.
        if (manifest.scan.is_null() && manifest.targets_done.empty()) return absl::OkStatus();
        const absl::StatusOr<EpochNote> note = EpochNoteFromJson(manifest.scan);
        if (!note.ok()) return note.status();
        for (const output::NumberRun& run : manifest.targets_done) {
          if (run.first + run.count > kMostTargetsRemembered) {
            return absl::ResourceExhaustedError(
                "a manifest tells of more targets than any list has");
          }
          runs.targets_done.AddRun(run.first, run.count);
        }
        KeepMark(*note, runs.last_run, &runs.marks);
        runs.last_run = note->run;
        runs.counts = note->counts;
        runs.committed_at = note->committed_at;
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  std::ranges::sort(runs.marks, {}, &ListMark::bytes);
  return runs;
}

absl::StatusOr<NameSet> ReadDoneNames(const EarlierRuns& runs, TargetsKind kind,
                                      const NameSet::Key& key, output::FileSystem* files) {
  NameSet names(key);
  const std::string_view invalid = dns::Word(dns::MxStatus::kInvalidName);
  // Lines that name no target have a row there, whatever the list holds.
  absl::Status status = ReadRows<output::DomainRow>(
      runs.directory, {"domain", "mx_status"},
      [&](const output::DomainRow& row) {
        names.Insert(row.mx_status == invalid ? KeyOfInvalid(row) : row.domain);
      },
      *files);
  if (status.ok() && kind == TargetsKind::kHosts) {
    status = ReadRows<output::MxHostRow>(
        runs.directory, {"host"}, [&](const output::MxHostRow& row) { names.Insert(row.host); },
        *files);
  }
  if (status.ok() && kind == TargetsKind::kAddresses) {
    status = ReadRows<output::EndpointRow>(
        runs.directory, {"host", "address"},
        [&](const output::EndpointRow& row) { names.Insert(KeyOfAddress(row)); }, *files);
  }
  if (!status.ok()) return status;
  return names;
}

}  // namespace mxsweep::scanner
