#include "tools/report/tables.h"

#include <string_view>
#include <utility>

#include "output/files/file_system.h"
#include "scanner/base/text.h"
#include "tools/survey/new_file.h"
#include "tools/survey/numbers.h"

namespace mxsweep::tools {
namespace {

using scanner::MailFate;

constexpr MailFate kFates[] = {MailFate::kLost, MailFate::kUnknown, MailFate::kFine,
                               MailFate::kLostAnyway, MailFate::kNotAsked};

std::string BreakdownCsv(const Breakdown& breakdown) {
  std::string text = "label,count,whole\n";
  for (const Slice& slice : breakdown.slices) {
    AppendText(&text, CsvCell(slice.label), ",", slice.count, ",", breakdown.whole, "\n");
  }
  return text;
}

std::string PolicyCsv(const Simulation& simulation) {
  std::string text = "requirement,lost,unknown,fine,lost_anyway,not_asked\n";
  for (size_t i = 0; i < simulation.requirements().size(); ++i) {
    AppendText(&text, CsvCell(simulation.requirements()[i].word));
    for (const MailFate fate : kFates) {
      AppendText(&text, ",", simulation.counts()[i].Of(fate).domains);
    }
    text += "\n";
  }
  return text;
}

std::string GroupsCsv(const Picture& picture) {
  std::string text = "name,domains";
  for (const char* sender : {"tls", "verified"}) {
    for (const MailFate fate : kFates) {
      if (fate != MailFate::kNotAsked) AppendText(&text, ",", sender, "_", MailFateWord(fate));
    }
  }
  text += ",dane_full,mta_sts_enforced\n";
  for (const Group& group : picture.groups) {
    AppendText(&text, CsvCell(group.name), ",", group.domains);
    for (const uint64_t* counts : {group.tls, group.verified}) {
      for (const MailFate fate : kFates) {
        if (fate != MailFate::kNotAsked) AppendText(&text, ",", counts[static_cast<size_t>(fate)]);
      }
    }
    AppendText(&text, ",", group.dane_full, ",", group.mta_sts_enforced, "\n");
  }
  return text;
}

std::string HostsCsv(const Picture& picture) {
  std::string text = "host,reason,domains\n";
  for (const Offender& offender : picture.offenders) {
    AppendText(&text, CsvCell(offender.host), ",", offender.reason, ",", offender.domains, "\n");
  }
  return text;
}

std::string TimingsCsv(const Picture& picture) {
  std::string text = "duration,known,whole,p50_us,p90_us,p99_us\n";
  for (const Timing& timing : picture.timings) {
    AppendText(&text, timing.id, ",", timing.known, ",", timing.whole, ",", timing.p50_us, ",",
               timing.p90_us, ",", timing.p99_us, "\n");
  }
  return text;
}

std::string TotalsCsv(const Picture& picture) {
  return JoinText("what,count\ndomains,", picture.domain_count, "\nhosts,", picture.host_count,
                  "\nservers,", picture.server_count, "\ncertificates,", picture.certificate_count,
                  "\ninferred_servers,", picture.inferred_servers, "\nunasked_servers,",
                  picture.unasked_servers, "\nsilent_servers,", picture.silent_servers, "\n");
}

absl::Status WriteFile(const std::string& folder, std::string_view name, std::string_view text) {
  return WriteWholeFile(JoinText(folder, "/", name, ".csv"), text);
}

}  // namespace

absl::Status WriteTables(const Picture& picture, const std::string& folder) {
  absl::Status status = output::PosixFileSystem()->CreateDirectories(folder);
  for (const auto* breakdowns : {&picture.domains, &picture.servers, &picture.certificates}) {
    for (const Breakdown& breakdown : *breakdowns) {
      if (status.ok()) status = WriteFile(folder, breakdown.id, BreakdownCsv(breakdown));
    }
  }
  const std::pair<std::string_view, std::string> others[] = {
      {"policy", PolicyCsv(*picture.simulation)},
      {"groups", GroupsCsv(picture)},
      {"hosts", HostsCsv(picture)},
      {"timings", TimingsCsv(picture)},
      {"totals", TotalsCsv(picture)}};
  for (const auto& [name, text] : others) {
    if (status.ok()) status = WriteFile(folder, name, text);
  }
  return status;
}

}  // namespace mxsweep::tools
