#include "tests/simulation/crashing_scan.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "output/json_rows.h"
#include "output/parquet/reader.h"
#include "scanner/base/text.h"
#include "scanner/resume/earlier_runs.h"
#include "scanner/targets/input_source.h"
#include "tests/output/memory_files.h"
#include "tests/simulation/expectations.h"
#include "tests/simulation/simulated_scan.h"
#include "tests/simulation/simulated_webs.h"
#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner::simulation {
namespace {

using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;
using output::MemoryFiles;
using output::MxHostRow;
using output::ProbeRow;

// How a run ends before the scan does.
struct Event {
  enum Kind : uint8_t { kKill, kPowerCut, kStop, kFullDisk, kBrokenDisk, kLowDisk };
  Kind kind = kKill;
  // Behind so much time, or so many steps of the disk (kills, power cuts, disks).
  int64_t after_ns = 0;
  std::optional<uint64_t> after_steps;
};

std::string_view Word(Event::Kind kind) {
  switch (kind) {
    case Event::kKill:
      return "kill";
    case Event::kPowerCut:
      return "power cut";
    case Event::kStop:
      return "stop";
    case Event::kFullDisk:
      return "full disk";
    case Event::kBrokenDisk:
      return "broken disk";
    case Event::kLowDisk:
      return "low disk";
  }
  return "?";
}

absl::Time WallAt(int64_t now_ns, int64_t slept_ns) {
  return absl::FromUnixSeconds(tls::testing::kNow) + absl::Nanoseconds(now_ns + slept_ns);
}

template <typename RowType>
void ReadTable(const output::ScanDirectory& directory, uint64_t epoch, MemoryFiles* files,
               std::vector<Row>* rows) {
  std::vector<bool> chosen;
  output::Table<RowType>::VisitColumns([&](const auto&) { chosen.push_back(true); });
  for (const output::PartInfo& part : directory.parts()) {
    if (part.epoch != epoch || part.table != output::Table<RowType>::kId) continue;
    auto file = output::OpenPart(*files, directory.directory(), part);
    ASSERT_TRUE(file.ok()) << file.status();
    const auto reader = output::ParquetReader::Open(*std::move(file), part.table);
    ASSERT_TRUE(reader.ok()) << part.file << ": " << reader.status();
    for (size_t group = 0; group < reader->row_group_count(); ++group) {
      const absl::Status status = reader->ReadRowGroup(group, chosen, [&](const RowType& row) {
        rows->push_back(row);
        return true;
      });
      EXPECT_TRUE(status.ok()) << part.file << ": " << status;
    }
  }
}

std::vector<Row> ReadRows(const output::ScanDirectory& directory, MemoryFiles* files) {
  std::vector<Row> rows;
  std::set<uint64_t> epochs;
  for (const output::PartInfo& part : directory.parts()) epochs.insert(part.epoch);
  for (const uint64_t epoch : epochs) {
    ReadTable<CertificateRow>(directory, epoch, files, &rows);
    ReadTable<ProbeRow>(directory, epoch, files, &rows);
    ReadTable<EndpointRow>(directory, epoch, files, &rows);
    ReadTable<MxHostRow>(directory, epoch, files, &rows);
    ReadTable<DomainRow>(directory, epoch, files, &rows);
  }
  return rows;
}

using EndpointKey = std::pair<std::string, std::string>;  // host, address

// A line of a list of addresses: "192.0.2.1,mx.example.org", or the address alone.
std::string LineOf(const EndpointKey& key) {
  return key.first.empty() ? key.second : JoinText(key.second, ",", key.first);
}

// What the committed rows say.
struct Committed {
  std::vector<Row> rows;
  std::map<EndpointKey, uint32_t> attempts;  // of each endpoint, probes included
  std::set<EndpointKey> met;                 // those that are not to be asked again
  std::set<std::string> domains;
  std::set<std::string> hosts;
  std::set<std::string> addresses;  // as LineOf
};

Committed Sort(std::vector<Row> rows) {
  Committed committed{.rows = std::move(rows)};
  for (const Row& row : committed.rows) {
    if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      committed.addresses.insert(LineOf({endpoint->host, endpoint->address}));
      committed.attempts[{endpoint->host, endpoint->address}] += endpoint->attempts;
      if (!MetNobody(*endpoint)) committed.met.emplace(endpoint->host, endpoint->address);
    } else if (const auto* probe = std::get_if<ProbeRow>(&row)) {
      ++committed.attempts[{probe->host, probe->address}];
    } else if (const auto* host = std::get_if<MxHostRow>(&row)) {
      committed.hosts.insert(host->host);
    } else if (const auto* domain = std::get_if<DomainRow>(&row)) {
      committed.domains.insert(domain->domain);
    }
  }
  return committed;
}

// Its counts are those of the rows.
void ExpectCounts(const ScanSummary& counts, const std::vector<Row>& rows) {
  ScanSummary counted;
  for (const Row& row : rows) {
    if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      ++counted.endpoints;
      ++counted.outcomes[endpoint->outcome];
      counted.connections += endpoint->attempts;
      counted.inferred += endpoint->inferred ? 1 : 0;
      counted.bytes_in += endpoint->bytes_in;
    } else if (const auto* domain = std::get_if<DomainRow>(&row)) {
      ++counted.domains;
      ++counted.diagnoses[domain->diagnosis];
    } else if (std::holds_alternative<MxHostRow>(row)) {
      ++counted.hosts;
    } else if (std::holds_alternative<CertificateRow>(row)) {
      ++counted.certificates;
    } else {
      const auto& probe = std::get<ProbeRow>(row);
      ++counted.probes;
      ++counted.connections;
      counted.bytes_in += probe.bytes_in;
    }
  }
  EXPECT_EQ(counts.probes, counted.probes);
  EXPECT_EQ(counts.domains, counted.domains);
  EXPECT_EQ(counts.hosts, counted.hosts);
  EXPECT_EQ(counts.endpoints, counted.endpoints);
  EXPECT_EQ(counts.certificates, counted.certificates);
  EXPECT_EQ(counts.connections, counted.connections);
  EXPECT_EQ(counts.inferred, counted.inferred);
  EXPECT_EQ(counts.bytes_in, counted.bytes_in);
  EXPECT_EQ(counts.outcomes, counted.outcomes);
  EXPECT_EQ(counts.diagnoses, counted.diagnoses);
}

class CrashingScan {
 public:
  CrashingScan(uint64_t seed, const Trim& trim)
      : seed_(seed), random_(seed * 6'364'136'223'846'793'005 + 1), world_(World::Make(seed)) {
    MakeWorld(trim);
    MakeSettings(trim);
    MakeLists(trim);
    MakeEvents(trim);
    MakeWebs();
    world_.FillNetwork(&network_);
  }

  void Run();
  CrashReport& report() { return report_; }

 private:
  struct Rest {
    int64_t now_ns = kSecond;
    int64_t slept_ns = 0;
  };

  int64_t Random(int64_t bound) {
    return static_cast<int64_t>(random_() % (static_cast<uint64_t>(bound) + 1));
  }
  bool OneIn(int64_t n) { return Random(n - 1) == 0; }

  void MakeWorld(const Trim& trim);
  void MakeSettings(const Trim& trim);
  void MakeLists(const Trim& trim);
  void MakeEvents(const Trim& trim);
  void MakeWebs();
  void ListAddresses();
  std::string ListOf(const std::vector<std::string>& names);

  void PlanResolverFaults(bool may_be_lost);
  DirectoryRun PlanRun(size_t run, const Event* event);
  void MakeUp(ScanResult* result, const Event* event);
  void NoteCommittedParts();
  void ExpectCommittedParts();
  void ExpectPolite(const Committed& before, const std::map<std::string, uint32_t>& asked_before,
                    const ScanResult& result, const Committed& after);
  void ExpectTruths(const Committed& committed);
  void ExpectAsIfNeverInterrupted(const Committed& committed);
  World WithTargets() const;
  bool DependsOnOrder(const std::string& domain) const;
  void ExpectTargetsDone(const EarlierRuns& runs, const Committed& committed);
  Committed Inspect();
  void ExpectComplete(const Committed& committed);
  bool IsFlaky(const std::string& address) const {
    return world_.servers.at(address).script.manners.size() > 1;
  }

  const uint64_t seed_;
  std::mt19937_64 random_;
  World world_;
  ScanSettings settings_;
  TargetsKind kind_ = TargetsKind::kDomains;
  std::vector<std::string> names_;                     // of the final list
  std::vector<std::pair<size_t, std::string>> lists_;  // from which run on, in order
  bool list_changes_ = false;
  std::vector<Event> events_;
  bool outages_planned_ = false;
  bool suspensions_planned_ = false;
  bool resolver_faults_planned_ = false;
  Excuses excuses_;

  ServerNetwork network_;
  std::unique_ptr<MemoryFiles> files_ = std::make_unique<MemoryFiles>();
  std::map<std::string, std::string> parts_;  // that were committed, and their bytes
  uint64_t noted_at_step_ = UINT64_MAX;
  Rest at_;
  CrashReport report_;
};

void CrashingScan::MakeWorld(const Trim& trim) {
  // A server that changes its manner from connection to connection tells another truth after a
  // crash; a few are kept, of which less is expected.
  if (!OneIn(4)) {
    for (auto& [address, server] : world_.servers) server.script.manners.resize(1);
  }
  std::set<std::string> kept;
  for (const WorldHost& host : world_.hosts) {
    if (kept.size() < trim.hosts) kept.insert(host.name);
  }
  report_.hosts = kept.size();
  for (WorldDomain& domain : world_.domains) {
    std::erase_if(domain.hosts, [&](const std::string& host) { return !kept.contains(host); });
    if (domain.hosts.empty() && (domain.mx_status == "mx" || domain.mx_status == "implicit")) {
      domain.mx_status = "nxdomain";
    }
  }
  std::erase_if(world_.hosts, [&](const WorldHost& host) { return !kept.contains(host.name); });
}

void CrashingScan::MakeSettings(const Trim& trim) {
  settings_ = ScanSettings::Random(seed_);
  outages_planned_ = OneIn(4) && !trim.calm;
  suspensions_planned_ = OneIn(4) && !outages_planned_ && !trim.calm;
  // It asks once more who answered before.
  settings_.watch_outages = outages_planned_;
  resolver_faults_planned_ = OneIn(4) && !trim.calm;
  excuses_.lookups_fail = resolver_faults_planned_;
  if (OneIn(6)) settings_.surveys = tls::SurveySet::All();
  if (OneIn(5)) settings_.revocation = true;
  if (OneIn(6)) {
    kind_ = TargetsKind::kHosts;
  } else if (OneIn(6)) {
    kind_ = TargetsKind::kAddresses;
  } else if (OneIn(4)) {
    settings_.mta_sts = MtaStsLevel::kFull;
  }
}

// With lines that name nothing, and some that name the same again.
std::string CrashingScan::ListOf(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    AppendText(&list, name, "\n");
    if (OneIn(10)) AppendText(&list, "# a comment\n\n", name, "\n");
  }
  return list;
}

// Each address as a target of its own: alone, with the name of a host, or with two. The world's
// hosts are these then.
void CrashingScan::ListAddresses() {
  std::vector<WorldHost> listed;
  for (const auto& [address, server] : world_.servers) {
    std::set<std::string> names;
    for (int64_t i = 1 + Random(1); i > 0; --i) {
      const bool alone = OneIn(3) || world_.hosts.empty();
      names.insert(alone ? "" : world_.hosts[random_() % world_.hosts.size()].name);
    }
    for (const std::string& name : names) {
      listed.push_back({.name = name, .addresses = {address}, .tlsa = "not asked"});
    }
  }
  world_.hosts = std::move(listed);
  for (WorldDomain& domain : world_.domains) domain.hosts.clear();
}

void CrashingScan::MakeWebs() {
  if (settings_.revocation) AddRevocationLists(seed_, &world_);
  if (settings_.mta_sts == MtaStsLevel::kFull) AddPolicies(seed_, &world_);
  // Without its resolver a scan ends, too.
  excuses_.stopped = resolver_faults_planned_ ||
                     std::ranges::any_of(
                         events_, [](const Event& event) { return event.kind > Event::kPowerCut; });
}

void CrashingScan::MakeLists(const Trim& trim) {
  std::vector<std::string> names;
  if (kind_ == TargetsKind::kHosts) {
    for (const WorldHost& host : world_.hosts) names.push_back(host.name);
  } else if (kind_ == TargetsKind::kAddresses) {
    ListAddresses();
    for (const WorldHost& host : world_.hosts) {
      names.push_back(LineOf({host.name, host.addresses.front()}));
    }
  } else {
    for (const WorldDomain& domain : world_.domains) names.push_back(domain.name);
  }
  for (int64_t i = Random(3); i > 0; --i) {
    names.push_back(JoinText("no..name", std::to_string(i)));
  }
  std::shuffle(names.begin(), names.end(), random_);
  const bool changes = OneIn(4);
  const bool grows = OneIn(2);
  names.resize(std::min(names.size(), trim.targets));
  report_.targets = names.size();
  std::vector<std::string> some(names.begin(),
                                names.begin() + static_cast<ptrdiff_t>(names.size() * 2 / 3));
  const std::string first = ListOf(some);
  std::string second =
      JoinText(first, ListOf({names.begin() + static_cast<ptrdiff_t>(some.size()), names.end()}));
  names_ = names;
  if (!changes || trim.calm || names.size() < 3) {
    lists_ = {{0, second}};
    return;
  }
  list_changes_ = !grows;
  if (!grows) {
    std::shuffle(names.begin(), names.end(), random_);
    second = ListOf(names);
  }
  lists_ = {{0, first}, {1 + static_cast<size_t>(Random(2)), second}};
}

void CrashingScan::MakeEvents(const Trim& trim) {
  const int64_t count = OneIn(8) ? Random(20) : Random(5);
  for (int64_t i = 0; i < count; ++i) {
    Event event{.kind = static_cast<Event::Kind>(Random(Event::kLowDisk))};
    if (OneIn(2)) event.kind = OneIn(2) ? Event::kKill : Event::kPowerCut;
    static constexpr int64_t kLongest[] = {kSecond, 10 * kSecond, 120 * kSecond, 900 * kSecond};
    event.after_ns = Random(kLongest[Random(3)]);
    const bool of_disk = event.kind == Event::kFullDisk || event.kind == Event::kBrokenDisk;
    const auto steps = static_cast<uint64_t>(Random(OneIn(2) ? 30 : 250));
    if (of_disk || (OneIn(2) && event.kind <= Event::kPowerCut)) event.after_steps = steps;
    events_.push_back(event);
  }
  events_.resize(std::min(events_.size(), trim.events));
  report_.events = events_.size();
}

void CrashingScan::PlanResolverFaults(bool may_be_lost) {
  static constexpr uint32_t kPercents[] = {0, 2, 20, 60};
  ResolverFaults& faults = settings_.resolver;
  faults.lost_percent = kPercents[Random(3)];
  faults.truncated_percent = kPercents[Random(2)];
  faults.most_delay_ns = OneIn(2) ? Random(15 * kSecond) : 0;
  if (OneIn(3)) {
    const int64_t from_ns = at_.now_ns + Random(60 * kSecond);
    faults.dead.emplace_back(from_ns, from_ns + Random(300 * kSecond));
  }
  if (OneIn(8) && may_be_lost) faults.abandoned_at_ns = at_.now_ns + Random(60 * kSecond);
}

DirectoryRun CrashingScan::PlanRun(size_t run, const Event* event) {
  DirectoryRun plan;
  plan.files = files_.get();
  plan.network = &network_;
  for (const auto& [from_run, list] : lists_) {
    // Who does not change the list before the end does so then.
    if (run >= from_run || event == nullptr) plan.list = list;
  }
  plan.kind = kind_;
  plan.writer.epoch_interval = absl::Nanoseconds(kSecond + Random(60 * kSecond));
  plan.writer.epoch_rows = static_cast<uint64_t>(OneIn(3) ? 1 + Random(20) : 1'000);
  plan.writer.scan_id = "0123456789abcdef0123456789abcdef";
  plan.shuffle_window = static_cast<size_t>(OneIn(2) ? 1 : 2 + Random(30));
  plan.began_ns = at_.now_ns;
  plan.slept_ns = at_.slept_ns;
  settings_.seed = random_() >> 1;
  settings_.workers = static_cast<size_t>(1 + Random(2));
  settings_.drain_at_ns.reset();
  settings_.outages.clear();
  if (outages_planned_ && OneIn(2)) {
    const int64_t from_ns = at_.now_ns + Random(60 * kSecond);
    const int64_t until_ns = from_ns + Random(300 * kSecond);
    settings_.outages.emplace_back(from_ns, until_ns);
    // What failed in it is tried again, and is remembered for a while.
    constexpr int64_t kAftermathNs = 600 * kSecond;
    excuses_.outages.emplace_back(WallAt(from_ns, at_.slept_ns),
                                  WallAt(until_ns + kAftermathNs, at_.slept_ns));
  }
  if (suspensions_planned_) {
    for (int64_t i = Random(3); i > 0; --i) {
      plan.suspensions.emplace_back(at_.now_ns + Random(120 * kSecond),
                                    Random(8 * 3'600 * kSecond));
    }
  }
  settings_.resolver = {};
  if (resolver_faults_planned_) PlanResolverFaults(/*may_be_lost=*/event != nullptr);
  if (event == nullptr) return plan;
  const int64_t at_ns = at_.now_ns + event->after_ns;
  switch (event->kind) {
    case Event::kKill:
    case Event::kPowerCut:
      if (event->after_steps) {
        plan.crash_at_step = files_->steps() + *event->after_steps;
        files_->set_fail_at(*plan.crash_at_step, absl::AbortedError("killed"));
      } else {
        plan.crash_at_ns = at_ns;
      }
      break;
    case Event::kStop:
      settings_.drain_at_ns = at_ns;
      break;
    case Event::kFullDisk:
      files_->set_fail_at(files_->steps() + *event->after_steps,
                          absl::ResourceExhaustedError("no space left"));
      break;
    case Event::kBrokenDisk:
      files_->set_fail_at(files_->steps() + *event->after_steps,
                          absl::UnavailableError("input/output error"));
      break;
    case Event::kLowDisk:
      plan.low_disk_at_ns = at_ns;
      break;
  }
  return plan;
}

// Parts that a glob finds: each is committed then.
void CrashingScan::NoteCommittedParts() {
  if (files_->steps() == noted_at_step_) return;
  noted_at_step_ = files_->steps();
  for (const std::string& path : files_->Paths()) {
    if (path.ends_with(".parquet")) parts_.emplace(path, files_->Content(path));
  }
}

void CrashingScan::ExpectCommittedParts() {
  const std::vector<std::string> paths = files_->Paths();
  for (const auto& [path, bytes] : parts_) {
    std::string found = path;
    if (std::ranges::count(paths, found) == 0) {
      found = JoinText(path.substr(0, path.rfind('/') + 1), ".", path.substr(path.rfind('/') + 1),
                       ".tmp");
    }
    ASSERT_EQ(std::ranges::count(paths, found), 1) << path << " is gone";
    EXPECT_TRUE(files_->Content(found) == bytes) << path << " is not what was committed";
  }
}

// How the run ended, and what the next one will find.
void CrashingScan::MakeUp(ScanResult* result, const Event* event) {
  ++report_.runs;
  AppendText(&report_.story, "run ", std::to_string(report_.runs), " from ",
             std::to_string(at_.now_ns / kMs), " ms: ");
  if (event != nullptr) AppendText(&report_.story, Word(event->kind), ", ");
  if (result->crashed) {
    ++report_.crashes;
    AppendText(&report_.story, "crashed");
    files_ = std::make_unique<MemoryFiles>(event->kind == Event::kPowerCut
                                               ? result->at_crash->AfterPowerCut()
                                               : result->at_crash->AfterKill());
    noted_at_step_ = UINT64_MAX;
  } else {
    if (!result->complete) ++report_.other_ends;
    AppendText(&report_.story, result->complete ? "complete" : "not complete", " ",
               result->status.ToString());
    files_->set_fail_at(UINT64_MAX, absl::OkStatus());
    files_->set_free_bytes(UINT64_MAX);
    const bool disk_failed = event != nullptr && event->kind >= Event::kFullDisk;
    EXPECT_TRUE(result->status.ok() || disk_failed) << result->status;
    EXPECT_EQ(result->waiting_left, 0u);
    EXPECT_EQ(result->connections_left_open, 0u);
    EXPECT_EQ(result->questions_left, 0u);
  }
  network_.ForgetClient();
  AppendText(&report_.story, " at ", std::to_string(result->ended_ns / kMs), " ms\n");
  static constexpr int64_t kRests[] = {0, kSecond, 20 * kSecond, 400 * kSecond};
  at_ = {result->ended_ns + Random(kRests[Random(3)]), result->slept_ns};
}

// Endpoints with rows are not asked again, others not more often than they may; and where nothing
// was cut off, the servers have seen the attempts of the rows and no others.
void CrashingScan::ExpectPolite(const Committed& before,
                                const std::map<std::string, uint32_t>& asked_before,
                                const ScanResult& result, const Committed& after) {
  std::map<std::string, uint32_t> most;
  std::map<std::string, uint32_t> told;
  for (const WorldHost& host : world_.hosts) {
    for (const std::string& address : host.addresses) {
      if (before.met.contains({host.name, address})) continue;
      // Retries, up to three other offers, and a probe of why they failed.
      most[address] += 1 + settings_.retries * (IsFlaky(address) ? 2 : 1) + 3 + 1 +
                       static_cast<uint32_t>(tls::MostConnections(settings_.surveys));
    }
  }
  for (const auto& [key, attempts] : after.attempts) {
    const auto earlier = before.attempts.find(key);
    told[key.second] += attempts - (earlier != before.attempts.end() ? earlier->second : 0);
  }
  for (const auto& [address, connections] : result.connections) {
    if (world_.webs.contains(address)) continue;
    const auto earlier = asked_before.find(address);
    const uint32_t asked = connections - (earlier != asked_before.end() ? earlier->second : 0);
    report_.sessions += asked;
    if (!most.contains(address)) {
      EXPECT_EQ(asked, 0u) << address << ": all of its endpoints had their rows";
      continue;
    }
    if (settings_.watch_outages) continue;
    EXPECT_LE(asked, most[address])
        << address << ", manner " << static_cast<int>(world_.servers.at(address).script.manners[0])
        << ", " << settings_.retries << " retries";
    if (!result.complete) {
      EXPECT_GE(asked, told[address]) << address;
    } else {
      EXPECT_EQ(asked, told[address]) << address << ": other attempts than those of its rows";
    }
  }
}

void CrashingScan::ExpectTruths(const Committed& committed) {
  for (const Row& row : committed.rows) {
    if (const auto* endpoint = std::get_if<EndpointRow>(&row)) {
      const bool inferred_in_outage =
          endpoint->inferred_from_at &&
          std::ranges::any_of(excuses_.outages, [&](const auto& outage) {
            return *endpoint->inferred_from_at >= outage.first &&
                   *endpoint->inferred_from_at < outage.second;
          });
      if (IsFlaky(endpoint->address) || inferred_in_outage || excuses_.Excuse(*endpoint)) continue;
      ExpectTrue(world_, settings_, *endpoint, excuses_);
    } else if (const auto* domain = std::get_if<DomainRow>(&row)) {
      if (!excuses_.Excuse(*domain)) ExpectTrue(world_, settings_, *domain, excuses_);
    } else if (const auto* certificate = std::get_if<CertificateRow>(&row)) {
      // (Its row does not say when its list was asked for.)
      if (excuses_.outages.empty()) ExpectTrue(world_, settings_, *certificate, excuses_);
    }
  }
}

// Who is noted as done has its row, and the other way round.
void CrashingScan::ExpectTargetsDone(const EarlierRuns& runs, const Committed& committed) {
  if (list_changes_) return;  // numbers of several lists
  TargetReader reader(WithLastLineEnded(FromString(lists_.back().second)),
                      {.kind = kind_, .seed = 7, .name_key = {1, 2}});
  Target target;
  while (reader.Next(&target)) {
    const bool is_host = target.kind == Target::Kind::kHost;
    const bool is_address = target.kind == Target::Kind::kAddress;
    const std::string name = target.kind == Target::Kind::kInvalid ? target.raw
                             : is_address ? LineOf({target.name, target.address.ToString()})
                                          : target.name;
    const bool has_row = (is_host      ? committed.hosts
                          : is_address ? committed.addresses
                                       : committed.domains)
                             .contains(name);
    const bool is_done = runs.targets_done.Contains(target.number);
    // The row of a host is its owner's to write, that of an address another's, and the target is
    // told of it afterwards.
    if ((is_host || is_address) && !is_done) continue;
    EXPECT_EQ(is_done, has_row) << name;
  }
}

// What is committed now.
Committed CrashingScan::Inspect() {
  Committed committed;
  ExpectCommittedParts();
  const auto runs = ReadEarlierRuns(kScanDirectory, files_.get());
  if (absl::IsNotFound(runs.status())) {
    // Killed before it had begun: whoever starts it again has to remove what there is.
    EXPECT_TRUE(parts_.empty());
    files_ = std::make_unique<MemoryFiles>();
    noted_at_step_ = UINT64_MAX;
    return committed;
  }
  EXPECT_TRUE(runs.ok()) << runs.status();
  if (!runs.ok()) return committed;
  committed = Sort(ReadRows(runs->directory, files_.get()));
  ExpectWhole(world_, committed.rows, excuses_);
  ExpectCounts(runs->counts, committed.rows);
  ExpectTruths(committed);
  ExpectTargetsDone(*runs, committed);
  return committed;
}

void CrashingScan::ExpectComplete(const Committed& committed) {
  std::set<std::string> needed;
  for (const std::string& name : names_) {
    // What names nothing is told of among the domains, whatever the list holds.
    const std::set<std::string>& told = name.starts_with("no..name")       ? committed.domains
                                        : kind_ == TargetsKind::kHosts     ? committed.hosts
                                        : kind_ == TargetsKind::kAddresses ? committed.addresses
                                                                           : committed.domains;
    EXPECT_TRUE(told.contains(name)) << name << " has no row";
    const auto domain = std::ranges::find(world_.domains, name, &WorldDomain::name);
    if (domain == world_.domains.end()) continue;
    needed.insert(domain->hosts.begin(), domain->hosts.end());
  }
  if (kind_ != TargetsKind::kDomains || !excuses_.outages.empty()) return;
  if (excuses_.lookups_fail) return;  // domains whose MX records could not be looked up
  EXPECT_EQ(committed.hosts, needed);
  ExpectAsIfNeverInterrupted(committed);
}

// What a domain's row says besides times and lines, and how it came to be known.
std::string Verdicts(DomainRow row) {
  row.input_line = 0;
  row.inferred_endpoint_count.reset();
  row.started_at = {};
  row.elapsed_us = 0;
  std::string text;
  output::RowFormatter::Create(output::Table<DomainRow>::kId, output::RowFormat::kNdjson)
      .value()
      .AppendRow(row, text);
  return text;
}

// The rows of domains are those of a scan that nothing has come between, but for what depends on
// who is asked first: servers that change, or that answer 421 and are left alone.
void CrashingScan::ExpectAsIfNeverInterrupted(const Committed& committed) {
  ScanSettings calm = settings_;
  calm.directory = nullptr;
  calm.workers = 1;
  calm.seed = seed_;
  const ScanResult whole = Scan(WithTargets(), calm);
  std::map<std::string, std::string> expected;
  for (const DomainRow* row : whole.All<DomainRow>()) expected[row->domain] = Verdicts(*row);
  for (const Row& row : committed.rows) {
    const auto* domain = std::get_if<DomainRow>(&row);
    if (domain == nullptr || !expected.contains(domain->domain)) continue;
    if (DependsOnOrder(domain->domain)) continue;
    EXPECT_EQ(Verdicts(*domain), expected[domain->domain]);
  }
}

World CrashingScan::WithTargets() const {
  World world = world_;
  world.targets.clear();
  for (const WorldDomain& domain : world.domains) {
    world.targets.push_back({.kind = Target::Kind::kDomain, .name = domain.name});
  }
  return world;
}

bool CrashingScan::DependsOnOrder(const std::string& name) const {
  const auto domain = std::ranges::find(world_.domains, name, &WorldDomain::name);
  return std::ranges::any_of(domain->hosts, [this](const std::string& host) {
    return std::ranges::any_of(
        FindHost(world_, host)->addresses, [this](const std::string& address) {
          return IsFlaky(address) || Throttles(world_.servers.at(address).script.manners.front());
        });
  });
}

void CrashingScan::Run() {
  Committed before;
  for (size_t run = 0;; ++run) {
    const Event* event = run < events_.size() ? &events_[run] : nullptr;
    SCOPED_TRACE(JoinText("run ", std::to_string(run + 1)));
    DirectoryRun plan = PlanRun(run, event);
    plan.after_step = [this] { NoteCommittedParts(); };
    settings_.directory = &plan;
    const std::map<std::string, uint32_t> asked_before = network_.ConnectionsByAddress();
    ScanResult result = Scan(world_, settings_);
    const size_t complaints = network_.complaints().size();
    for (const std::string& complaint : network_.complaints()) ADD_FAILURE() << complaint;
    if (complaints > 0) network_.ForgetComplaintsFrom(0);
    MakeUp(&result, event);
    Committed after = Inspect();
    ExpectPolite(before, asked_before, result, after);
    before = std::move(after);
    if (::testing::Test::HasFatalFailure()) return;
    if (event != nullptr) continue;
    EXPECT_TRUE(result.complete);
    return ExpectComplete(before);
  }
}

}  // namespace

std::vector<Row> ReadCommittedRows(MemoryFiles* files) {
  const auto directory = output::ScanDirectory::Open(kScanDirectory, files);
  EXPECT_TRUE(directory.ok()) << directory.status();
  if (!directory.ok()) return {};
  return ReadRows(*directory, files);
}

CrashReport ScanThroughCrashes(uint64_t seed, const Trim& trim) {
  ::testing::TestPartResultArray results;
  CrashReport report;
  {
    const ::testing::ScopedFakeTestPartResultReporter reporter(
        ::testing::ScopedFakeTestPartResultReporter::INTERCEPT_ONLY_CURRENT_THREAD, &results);
    CrashingScan scan(seed, trim);
    scan.Run();
    report = std::move(scan.report());
  }
  for (int i = 0; i < results.size(); ++i) {
    const ::testing::TestPartResult& result = results.GetTestPartResult(i);
    if (result.failed()) report.failures.emplace_back(result.message());
  }
  return report;
}

}  // namespace mxsweep::scanner::simulation
