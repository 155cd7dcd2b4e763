#include "scanner/scan.h"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "output/scan_directory.h"
#include "scanner/base/check.h"
#include "scanner/base/machine.h"
#include "scanner/base/text.h"
#include "scanner/fleet/resolved_hosts.h"
#include "scanner/pace/patience.h"
#include "scanner/progress_meter.h"
#include "scanner/record/row_sinks.h"
#include "scanner/record/rows.h"
#include "scanner/resolver/unbound_child.h"
#include "scanner/resume/changed_meaning.h"
#include "scanner/resume/earlier_runs.h"
#include "scanner/resume/epoch_note.h"
#include "scanner/resume/restore.h"
#include "scanner/resume/resumed_source.h"
#include "scanner/sandbox/sandbox.h"
#include "scanner/scan_plan.h"
#include "scanner/scan_record.h"
#include "scanner/targets/list_mark.h"
#include "scanner/targets/shuffled_source.h"
#include "scanner/work/outage_task.h"
#include "scanner/work/target_feeder.h"
#include "scanner/work/worker_thread.h"

namespace mxsweep::scanner {
namespace {

constexpr std::chrono::milliseconds kPollInterval{50};
constexpr std::chrono::milliseconds kEndPollInterval{5};
// A resolver that is well answers at once: who waits longer is told for what.
constexpr std::chrono::seconds kResolverPatience{2};
// A private tree need not have a root: where there is none, nobody waits for its silence.
constexpr std::chrono::milliseconds kPrivateTreePatience{300};
// Rows that may wait for the disk before no more targets are started: some 3 MB. What is under way
// goes on.
constexpr uint64_t kMaxBacklogRows = 2'000;
constexpr std::chrono::milliseconds kRoomWait{2};
// What is under way that can run: four for each connection, within these bounds.
constexpr uint32_t kLeastSlots = 1'000;
constexpr uint32_t kMostSlots = 200'000;
// Domains whose MX hosts are not known yet, for each question that may be open: enough for the next
// ones to be at hand.
constexpr int64_t kAwaitingMxPerQuestion = 2;
constexpr int64_t kLeastAwaitingMx = 1'000;
constexpr int64_t kNsPerMs = 1'000'000;
constexpr int64_t kTellProgressNs = 1'000'000'000;

int64_t SteadyNs() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// All randomness of a scan comes from here; so does its clock (absl::Now): what is below takes both
// from outside, so that a test may hand in its own.
template <typename T>
T Random() {
  T value{};
  MXSWEEP_CHECK(RAND_bytes(reinterpret_cast<uint8_t*>(&value), sizeof(value)) == 1);
  return value;
}

std::string MakeScanId() {
  return absl::StrFormat("%016x%016x", Random<uint64_t>(), Random<uint64_t>());
}

// Every socket is a slot in a ring's table, and the tables may be as large as this limit.
void RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

uint32_t ChooseWorkers(uint32_t concurrency) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  return WorkersFor(concurrency, UsableCores(), limit.rlim_cur);
}

std::string TellGoingOn(const ScanOptions& options, const ScanSummary& so_far) {
  const std::string names = JoinText(FormatCount(so_far.domains), " domains");
  const std::string hosts = JoinText(FormatCount(so_far.hosts), " MX hosts");
  const std::string endpoints = JoinText(FormatCount(so_far.endpoints), " endpoints");
  switch (options.part) {
    case ScanPart::kWhole:
      return JoinText("Going on with ", options.output_dir, ": ", names, ", ", hosts, " and ",
                      endpoints, " are there already.");
    // The directory of a half has its name only once it is committed.
    case ScanPart::kResolve:
      return JoinText("Going on where an earlier job ended: ", names, " and ", hosts,
                      " are there already.");
    case ScanPart::kProbe:
      return JoinText("Going on where an earlier job ended: ", endpoints, " are there already.");
  }
  return {};
}

// A scan from its preparation to its end. Used by one thread.
class ScanRun {
 public:
  ScanRun(const ScanOptions& options, ScanControl control)
      : options_(options),
        control_(std::move(control)),
        context_(std::clamp<uint32_t>(4 * options.concurrency, kLeastSlots, kMostSlots)) {
    record_.options = &options_;
  }

  absl::StatusOr<ScanSummary> Run();
  // Run has returned while threads were at work: this object has to stay.
  bool abandoned() const { return abandoned_; }

 private:
  absl::Status OpenEarlierRuns();
  absl::Status OpenList();
  absl::Status OpenResolvedHosts();
  absl::StatusOr<std::unique_ptr<InputSource>> OpenListSource();
  absl::Status CheckList(std::unique_ptr<InputSource>* source);
  absl::Status RestoreEarlierRuns();
  absl::Status OpenDirectory();
  nlohmann::json DescribeEpoch(const ScanSummary& so_far) const;
  absl::Status PrepareInputs();
  absl::Status StartUnbound();
  absl::Status StartWorkers();
  absl::Status AskResolver();
  absl::Status AwaitResolver(std::future<dns::ResolverState> state);
  void ReportResolver();
  void CheckLateResolver();
  bool private_tree() const { return !options_.unbound_config_include.empty(); }
  absl::Status OpenSink();
  SandboxPolicy NeededFromNowOn() const;
  absl::Status GiveUpTheRest();
  void Feed();
  void AwaitEnd();
  void CheckUnbound();
  bool CheckWorkers();
  void Drain();
  void EndCrowds();
  void CheckOutage();
  void ShowProgress();
  void TellProgress(const ProgressSnapshot& now);
  void Say(LogLevel level, const std::string& line);
  ProgressSnapshot Snapshot() { return progress_->Take(absl::Now(), draining_); }
  void NoteOutages(std::string_view of, const OutageWatch& watch);
  absl::StatusOr<ScanSummary> Finish();

  bool stop_asked() const {
    return (control_.stop != nullptr && control_.stop->load(std::memory_order_relaxed)) ||
           (options_.max_runtime_ms > 0 &&
            SteadyNs() - began_ns_ >= options_.max_runtime_ms * kNsPerMs);
  }
  bool stop_now_asked() const {
    return control_.stop_now != nullptr && control_.stop_now->load(std::memory_order_relaxed);
  }
  bool stopping() const { return stop_asked() || recorder_->failed(); }

  ScanOptions options_;
  ScanControl control_;
  ScanContext context_;
  ScanRecord record_;
  const int64_t began_ns_ = SteadyNs();
  // Of a scan that is gone on with.
  std::unique_ptr<output::FileLock> lock_;
  std::unique_ptr<EarlierRuns> earlier_;
  bool list_changed_ = false;
  std::unique_ptr<ResumedEndpoints> resumed_endpoints_;
  std::unique_ptr<ResumedSource> resumed_source_;
  std::unique_ptr<TargetList> reader_;
  std::function<ListMark()> mark_;  // of what reader_ has read
  std::shared_ptr<const tls::TrustStore> trust_store_;
  std::unique_ptr<tls::PkixVerifier> pkix_;
  tls::CertificateTable certificates_;
  std::unique_ptr<CertificateRows> certificate_rows_;
  std::unique_ptr<PrimeJudge> primes_;  // outlives what the background does for it
  std::unique_ptr<BackgroundThread> background_;
  std::unique_ptr<RowSink> sink_;
  DirectorySink* directory_ = nullptr;  // sink_, where it is one
  std::unique_ptr<Recorder> recorder_;
  std::unique_ptr<UnboundChild> unbound_;  // null: other resolvers are asked
  absl::Status resolver_lost_;             // why unbound_ is no more
  // Of a private tree whose root had not answered when the scan began.
  std::future<dns::ResolverState> late_resolver_;
  absl::Status worker_lost_;  // why a worker is no more
  std::vector<std::unique_ptr<WorkerThread>> threads_;

  std::unique_ptr<ShuffledSource> shuffled_;
  std::unique_ptr<TargetFeeder> feeder_;
  Patience patience_{0};
  OutageWatch connections_;
  OutageWatch names_;
  bool told_of_outage_ = false;
  std::atomic<bool> stop_reading_{false};
  bool draining_ = false;
  bool abandoned_ = false;
  absl::Time started_at_;
  std::unique_ptr<ProgressMeter> progress_;
  int64_t told_progress_ns_ = 0;
};

absl::Status ScanRun::OpenEarlierRuns() {
  if (!options_.resume) return absl::OkStatus();
  output::FileSystem* files = output::PosixFileSystem();
  const absl::Status there = output::ScanDirectory::Open(options_.output_dir, files).status();
  if (absl::IsNotFound(there)) {
    return absl::FailedPreconditionError(
        JoinText(MessageOf(there), ": there is nothing to go on with"));
  }
  auto lock = output::LockScanDirectory(*files, options_.output_dir);
  if (!lock.ok()) return lock.status();
  lock_ = *std::move(lock);
  absl::StatusOr<EarlierRuns> earlier = ReadEarlierRuns(options_.output_dir, files);
  if (!earlier.ok()) return earlier.status();
  earlier_ = std::make_unique<EarlierRuns>(*std::move(earlier));
  record_.earlier_runs = RunsSoFar(earlier_->scan, earlier_->committed_at);
  const nlohmann::json& options = earlier_->scan["options"];
  if (options_.seed == 0) options_.seed = options.value("seed", uint64_t{0});
  if (options_.ehlo_name.empty()) options_.ehlo_name = options.value("ehlo_name", "");
  const std::string changed =
      TellChangedMeaning(options, DescribeOptions(options_, options_.ehlo_name));
  if (changed.empty()) return absl::OkStatus();
  return InvalidArgument(JoinText(changed, ": the rows of ", options_.output_dir,
                                  " would no longer mean the same; start another scan"));
}

absl::StatusOr<std::unique_ptr<InputSource>> ScanRun::OpenListSource() {
  if (control_.targets) return WithLastLineEnded(FromString(*control_.targets));
  absl::StatusOr<std::unique_ptr<InputSource>> source =
      TargetReader::OpenList(options_.targets_path, &stop_reading_);
  if (!source.ok()) return source.status();
  return WithLastLineEnded(*std::move(source));
}

// Is it the list of the earlier runs? A file is read as far as they did, and then anew; what can be
// read but once is kept on the disk meanwhile.
absl::Status ScanRun::CheckList(std::unique_ptr<InputSource>* source) {
  if (earlier_ == nullptr || earlier_->marks.empty()) return absl::OkStatus();
  if (!control_.targets && options_.targets_path == "-") {
    bool same = false;
    auto spooled = SpoolToMarks(std::move(*source), earlier_->marks, options_.output_dir, &same);
    if (!spooled.ok()) return spooled.status();
    *source = *std::move(spooled);
    list_changed_ = !same;
    return absl::OkStatus();
  }
  const absl::StatusOr<bool> same = HoldsMarks(source->get(), earlier_->marks, nullptr);
  if (!same.ok()) return same.status();
  list_changed_ = !*same;
  if (list_changed_ && options_.part == ScanPart::kResolve) {
    return absl::FailedPreconditionError(
        JoinText(options_.targets_path, " is another list than the one that this shard was begun ",
                 "with: all shards have to read the same"));
  }
  absl::StatusOr<std::unique_ptr<InputSource>> again = OpenListSource();
  if (!again.ok()) return again.status();
  *source = *std::move(again);
  return absl::OkStatus();
}

// The first bytes of a list say what it is, and a pipe may say nothing for a long time: meanwhile
// we listen to whoever wants to stop.
absl::Status ScanRun::OpenList() {
  if (options_.part == ScanPart::kProbe) return OpenResolvedHosts();
  const TargetReader::Options reading = {.kind = options_.targets_kind,
                                         .seed = options_.seed,
                                         .name_key = Random<NameSet::Key>(),
                                         .shard = options_.shard,
                                         .stop = &stop_reading_};
  auto opening = std::async(std::launch::async, [this] {
    absl::StatusOr<std::unique_ptr<InputSource>> source = OpenListSource();
    if (!source.ok()) return source;
    if (absl::Status status = CheckList(&*source); !status.ok()) source = status;
    return source;
  });
  while (opening.wait_for(kPollInterval) != std::future_status::ready) {
    if (stop_asked()) stop_reading_.store(true, std::memory_order_relaxed);
  }
  absl::StatusOr<std::unique_ptr<InputSource>> source = opening.get();
  if (absl::IsCancelled(source.status())) {
    return absl::CancelledError("Stopped before the list had begun: nothing was scanned.");
  }
  if (!source.ok()) return source.status();
  auto marked = std::make_unique<MarkedSource>(*std::move(source));
  mark_ = [list = marked.get()] { return list->mark(); };
  reader_ = std::make_unique<TargetReader>(std::move(marked), reading);
  return absl::OkStatus();
}

// The list of a probe job is what resolve jobs have left.
absl::Status ScanRun::OpenResolvedHosts() {
  auto hosts =
      ResolvedHosts::Open(options_.resolved_dir, options_.shard, AddressChoiceOf(options_));
  if (!hosts.ok()) return hosts.status();
  const std::string different =
      TellDifferentHalves((*hosts)->options(), DescribeOptions(options_, options_.ehlo_name));
  if (!different.empty()) return InvalidArgument(different);
  const ListMark mark = (*hosts)->mark();
  if (earlier_ != nullptr && std::ranges::any_of(earlier_->marks, [&](const ListMark& earlier) {
        return earlier != mark;
      })) {
    return absl::FailedPreconditionError(
        JoinText("the resolve shards in ", options_.resolved_dir,
                 " are others than those this shard was begun with: remove its attempts"));
  }
  mark_ = [mark] { return mark; };
  reader_ = *std::move(hosts);
  return absl::OkStatus();
}

// What the earlier runs have found, before the first target is started.
absl::Status ScanRun::RestoreEarlierRuns() {
  if (earlier_ == nullptr) return absl::OkStatus();
  output::FileSystem* files = output::PosixFileSystem();
  if (list_changed_) {
    absl::StatusOr<NameSet> names =
        ReadDoneNames(*earlier_, options_.targets_kind, Random<NameSet::Key>(), files);
    if (!names.ok()) return names.status();
    resumed_source_ = std::make_unique<ResumedSource>(reader_.get(), *std::move(names));
  } else {
    resumed_source_ =
        std::make_unique<ResumedSource>(reader_.get(), std::move(earlier_->targets_done));
  }
  absl::StatusOr<Restored> restored = Restore(*earlier_, &context_, absl::Now(), files);
  if (!restored.ok()) return restored.status();
  resumed_endpoints_ = std::move(restored->endpoints);
  context_.services.resumed = resumed_endpoints_.get();
  Say(LogLevel::kInfo, TellGoingOn(options_, earlier_->counts));
  if (list_changed_) {
    Say(LogLevel::kInfo,
        "The list is not the one of the scan so far: what is new in it is scanned, by name.");
  }
  return absl::OkStatus();
}

nlohmann::json ScanRun::DescribeEpoch(const ScanSummary& so_far) const {
  return EpochNoteToJson({.run = record_.earlier_runs.size(),
                          .committed_at = absl::Now(),
                          .list = mark_(),
                          .counts = so_far});
}

absl::Status ScanRun::PrepareInputs() {
  if (absl::Status status = OpenList(); !status.ok()) return status;
  absl::StatusOr<AddressFilter> filter = LoadAddressFilter(options_);
  if (!filter.ok()) return filter.status();
  context_.settings = SettingsOf(options_);
  context_.settings.filter = *std::move(filter);
  context_.settings.hash_key = Random<HostTable::Key>();

  absl::StatusOr<std::shared_ptr<const tls::TrustStore>> store =
      options_.trust_store.empty() ? tls::TrustStore::Load()
                                   : tls::TrustStore::Load(options_.trust_store);
  if (!store.ok()) return store.status();
  trust_store_ = *std::move(store);
  pkix_ = std::make_unique<tls::PkixVerifier>(trust_store_);

  context_.services.connections = &connections_;
  context_.services.names = &names_;
  context_.services.certificates = &certificates_;
  context_.services.pkix = pkix_.get();
  if (options_.revocation) {
    certificate_rows_ = std::make_unique<CertificateRows>(&certificates_);
    context_.services.certificate_rows = certificate_rows_.get();
  }
  background_ = std::make_unique<BackgroundThread>();
  primes_ = std::make_unique<PrimeJudge>(background_.get());
  context_.services.background = background_.get();
  context_.services.primes = primes_.get();
  return absl::OkStatus();
}

absl::Status ScanRun::StartUnbound() {
  if (!options_.own_unbound || options_.targets_kind == TargetsKind::kAddresses) {
    return absl::OkStatus();
  }
  absl::StatusOr<std::unique_ptr<UnboundChild>> child =
      UnboundChild::Start({.questions = options_.dns_concurrency,
                           .include_path = options_.unbound_config_include,
                           .confined = options_.sandbox});
  if (!child.ok()) return child.status();
  unbound_ = *std::move(child);
  options_.resolvers = {
      dns::ServerAddress{dns::IpAddress::FromV4(INADDR_LOOPBACK), unbound_->port()}};
  // More than it can hold it would drop, and we would take that for the domains' silence.
  options_.dns_concurrency = unbound_->max_questions();
  record_.own_unbound = {unbound_->program(), unbound_->version(), unbound_->threads()};
  return absl::OkStatus();
}

absl::Status ScanRun::StartWorkers() {
  for (uint32_t i = 0; i < options_.workers; ++i) {
    threads_.push_back(std::make_unique<WorkerThread>(
        &context_,
        WorkerOptionsOf(options_, i, earlier_ != nullptr, Random<std::array<uint64_t, 4>>())));
  }
  absl::Status status;
  for (auto& thread : threads_) status.Update(thread->Ready());
  if (!status.ok()) return status;
  for (auto& thread : threads_) context_.AddWorker(thread->worker());
  return absl::OkStatus();
}

absl::Status ScanRun::AskResolver() {
  if (options_.targets_kind == TargetsKind::kAddresses) return absl::OkStatus();
  // The promise goes along: here, it would be gone while the worker is still telling of it.
  std::promise<dns::ResolverState> promise;
  std::future<dns::ResolverState> state = promise.get_future();
  dns::Resolver* resolver = threads_.front()->resolver();
  threads_.front()->loop()->Post([resolver, promise = std::move(promise)]() mutable {
    dns::ProbeResolver(*resolver, {},
                       [promise = std::move(promise)](dns::ResolverState answer) mutable {
                         promise.set_value(std::move(answer));
                       });
  });
  if (absl::Status status = AwaitResolver(std::move(state)); !status.ok()) return status;
  if (!record_.resolver.answers && !private_tree()) {
    return absl::UnavailableError(TellNoResolver(record_));
  }
  ReportResolver();
  return absl::OkStatus();
}

void ScanRun::ReportResolver() {
  Say(record_.resolver.validates ? LogLevel::kInfo : LogLevel::kWarning, TellResolver(record_));
  if (control_.on_resolver) control_.on_resolver(record_.resolver);
}

// The root of a private tree that has answered after all.
void ScanRun::CheckLateResolver() {
  if (!late_resolver_.valid() ||
      late_resolver_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return;
  }
  record_.resolver = late_resolver_.get();
  if (record_.resolver.answers) ReportResolver();
}

// What does not answer is asked again until --dns-timeout is over: meanwhile we say so, and listen
// to whoever wants to stop.
absl::Status ScanRun::AwaitResolver(std::future<dns::ResolverState> state) {
  const auto patience_ends = std::chrono::steady_clock::now() + kResolverPatience;
  bool told = false;
  const auto start_anyway = std::chrono::steady_clock::now() + kPrivateTreePatience;
  record_.resolver_asked = true;
  while (state.wait_for(kPollInterval) != std::future_status::ready) {
    if (!CheckWorkers()) return worker_lost_;
    if (private_tree() && std::chrono::steady_clock::now() >= start_anyway) {
      record_.resolver.detail = "The root has not answered so far.";
      late_resolver_ = std::move(state);
      return absl::OkStatus();
    }
    if (stop_asked()) {
      return absl::CancelledError("Stopped before the resolver had answered: nothing was scanned.");
    }
    if (told || std::chrono::steady_clock::now() < patience_ends) continue;
    told = true;
    Say(LogLevel::kInfo, "Waiting for an answer from the resolver ...");
  }
  record_.resolver = state.get();
  return absl::OkStatus();
}

// The list, the trust store, what the resolver's library reads, are open or read by now.
SandboxPolicy ScanRun::NeededFromNowOn() const {
  SandboxPolicy policy;
  if (!options_.output_dir.empty()) policy.files.writable = {options_.output_dir};
  if (!options_.also_writable.empty()) policy.files.writable.push_back(options_.also_writable);
  // The URL of a revocation list may name any port.
  if (!options_.revocation) {
    std::vector<uint16_t> ports = {options_.EffectivePort()};
    for (const dns::ServerAddress& server : options_.resolvers) ports.push_back(server.port);
    if (options_.resolvers.empty()) ports.push_back(dns::ServerAddress().port);
    if (options_.mta_sts == MtaStsLevel::kFull) ports.push_back(options_.mta_sts_port);
    policy.files.connect_ports = std::move(ports);
  }
  if (unbound_ != nullptr) policy.child = unbound_->pid();
  return policy;
}

// A parser that a stranger's bytes have taken over then has little to gain. The folder of the
// results has to be there: it is all that stays open to us.
absl::Status ScanRun::GiveUpTheRest() {
  if (!options_.sandbox) return absl::OkStatus();
  if (!options_.output_dir.empty()) {
    const absl::Status made =
        output::MakeScanDirectory(*output::PosixFileSystem(), options_.output_dir);
    if (!made.ok()) return made;
  }
  if (!SandboxFitsBuild()) {
    record_.sandbox = SandboxState{.trouble = "this build is instrumented, which needs more"};
    return absl::OkStatus();
  }
  record_.sandbox = EnterSandbox(NeededFromNowOn());
  const std::string trouble = TellSandbox(*record_.sandbox);
  if (!trouble.empty()) Say(LogLevel::kWarning, trouble);
  Say(LogLevel::kDebug, JoinText("Sandbox: Landlock ", record_.sandbox->landlock_version,
                                 ", seccomp ", record_.sandbox->system_calls ? "on" : "off"));
  return absl::OkStatus();
}

absl::Status ScanRun::OpenSink() {
  if (absl::Status status = GiveUpTheRest(); !status.ok()) return status;
  started_at_ = absl::Now();
  record_.ehlo_name = context_.settings.dialogue.ehlo_name;
  record_.trust_store = trust_store_.get();
  record_.started_at = started_at_;
  if (options_.format == OutputFormat::kNdjson) {
    absl::StatusOr<std::unique_ptr<NdjsonSink>> sink = NdjsonSink::Create(stdout);
    if (!sink.ok()) return sink.status();
    sink_ = *std::move(sink);
  } else if (options_.format == OutputFormat::kParquet) {
    if (absl::Status status = OpenDirectory(); !status.ok()) return status;
  }
  recorder_ = std::make_unique<Recorder>(sink_ != nullptr ? sink_.get() : control_.rows,
                                         Recorder::RunOn::kOwnThread,
                                         earlier_ != nullptr ? earlier_->counts : ScanSummary{});
  context_.services.recorder = recorder_.get();
  return absl::OkStatus();
}

absl::Status ScanRun::OpenDirectory() {
  output::ScanWriterOptions writer_options;
  writer_options.scan_id = MakeScanId();
  writer_options.epoch_rows = options_.epoch_rows;
  writer_options.epoch_interval = absl::Seconds(options_.epoch_seconds);
  const nlohmann::json scan = DescribeScan(record_);
  absl::StatusOr<std::unique_ptr<output::ScanWriter>> writer;
  if (earlier_ == nullptr) {
    writer = output::ScanWriter::Create(options_.output_dir, scan, writer_options);
  } else {
    const std::string changed = TellChangedResolver(earlier_->scan["resolver"], scan["resolver"]);
    if (!changed.empty()) {
      return InvalidArgument(
          JoinText(changed, ": give one like it (--resolver), or start another scan"));
    }
    writer =
        output::ScanWriter::Resume(options_.output_dir, std::move(lock_), scan, writer_options);
  }
  if (!writer.ok()) return writer.status();
  auto sink = std::make_unique<DirectorySink>(
      *std::move(writer), absl::Now, [this](const auto& so_far) { return DescribeEpoch(so_far); });
  directory_ = sink.get();
  sink_ = std::move(sink);
  return absl::OkStatus();
}

// On a thread of its own: reading a list may block.
void ScanRun::Feed() {
  for (;;) {
    switch (feeder_->Next(kPollInterval)) {
      case TargetFeeder::Step::kEnd:
        return;
      case TargetFeeder::Step::kBacklog:
      case TargetFeeder::Step::kOutage:
      case TargetFeeder::Step::kAwaitingMx:
        std::this_thread::sleep_for(kRoomWait);
        break;
      case TargetFeeder::Step::kStarted:
      case TargetFeeder::Step::kNoSlot:
        break;
    }
  }
}

// Without a resolver there is nothing to go on with: what is under way ends as our own trouble, and
// the scan with an error.
void ScanRun::CheckUnbound() {
  if (unbound_ == nullptr || !resolver_lost_.ok()) return;
  const std::optional<std::string> ended = unbound_->Ended();
  if (!ended) return;
  const std::string reason = JoinText("our own resolver is gone: ", *ended);
  resolver_lost_ = absl::UnavailableError(reason);
  Say(LogLevel::kWarning, JoinText("WARNING: ", reason));
  for (auto& thread : threads_) {
    thread->loop()->Post([resolver = thread->resolver(), reason] { resolver->Abandon(reason); });
  }
  if (!draining_) Drain();
}

// What a failed loop had under way never ends: nobody waits for it. What is recorded is committed.
bool ScanRun::CheckWorkers() {
  for (auto& thread : threads_) {
    if (const std::string failure = thread->failure(); !failure.empty() && worker_lost_.ok()) {
      worker_lost_ = absl::InternalError(failure);
      Say(LogLevel::kWarning, JoinText("WARNING: ", failure));
      abandoned_ = true;
      if (feeder_ != nullptr && !draining_) Drain();
    }
  }
  return worker_lost_.ok();
}

void ScanRun::Drain() {
  draining_ = true;
  connections_.GiveUp();
  names_.GiveUp();
  stop_reading_.store(true, std::memory_order_relaxed);
  feeder_->Stop();
  for (Worker* worker : context_.workers) {
    worker->loop()->Post([worker] { worker->Drain(); });
  }
}

// Asks whoever answered before, where nobody does any more, and says so.
void ScanRun::CheckOutage() {
  AskCanaries(&context_, SteadyNs());
  const bool out = connections_.out() || names_.out();
  if (out == told_of_outage_ || draining_) return;
  told_of_outage_ = out;
  if (!out) return Say(LogLevel::kInfo, "The network is back: the scan goes on.");
  Say(LogLevel::kWarning, JoinText("WARNING: nobody answers any more, ",
                                   connections_.out() ? "of many networks" : "of the resolvers",
                                   ": our own network seems to be out. The scan waits, asks those "
                                   "again who answered before, and does again what failed."));
}

void ScanRun::EndCrowds() {
  for (Worker* worker : context_.workers) {
    worker->loop()->Post([worker] { worker->EndCrowds(); });
  }
}

// Shows progress until every target is done, or nobody wants to wait for that.
void ScanRun::AwaitEnd() {
  for (bool done = false; !done && !abandoned_;) {
    done = feeder_->all_done();
    if (!done) std::this_thread::sleep_for(feeder_->ended() ? kEndPollInterval : kPollInterval);
    if (stopping() && !draining_) Drain();
    if (patience_.Step(SteadyNs(), feeder_->only_crowds_left())) EndCrowds();
    abandoned_ = !done && draining_ && stop_now_asked();
    CheckUnbound();
    CheckWorkers();
    CheckLateResolver();
    CheckOutage();
    ShowProgress();
  }
}

void ScanRun::Say(LogLevel level, const std::string& line) {
  if (control_.notice) control_.notice(level, line);
}

void ScanRun::ShowProgress() {
  const uint64_t committed_before = progress_->last().rows_committed;
  const ProgressSnapshot now = Snapshot();
  if (now.rows_committed != committed_before) {
    Say(LogLevel::kDebug, JoinText("Committed: ", FormatCount(now.rows_committed), " rows so far"));
  }
  TellProgress(now);
  if (control_.progress == nullptr) return;
  control_.progress->Update(now);
  if (control_.tell != nullptr && control_.tell->exchange(false)) control_.progress->Tell(now);
}

// To whoever watches from outside: once a second, and what is the last word in any case.
void ScanRun::TellProgress(const ProgressSnapshot& now) {
  const int64_t now_ns = SteadyNs();
  if (!control_.on_progress || (now_ns - told_progress_ns_ < kTellProgressNs)) return;
  told_progress_ns_ = now_ns;
  control_.on_progress(now);
}

void ScanRun::NoteOutages(std::string_view of, const OutageWatch& watch) {
  const int64_t now_ns = SteadyNs();
  const absl::Time now = absl::Now();
  const auto time = [&](int64_t at_ns) { return now - absl::Nanoseconds(now_ns - at_ns); };
  for (const OutageWatch::Outage& outage : watch.outages()) {
    record_.outages.push_back(
        {of, time(outage.began_ns), time(outage.ended_ns), outage.redone, outage.sure});
  }
}

absl::StatusOr<ScanSummary> ScanRun::Finish() {
  // The last epoch, before anything is taken down: an assertion that fails there must not cost it.
  const absl::Status recorded = recorder_->Finish();
  absl::Status status = recorded;
  const ProgressSnapshot at_end = Snapshot();
  if (control_.progress != nullptr) control_.progress->Finish(at_end);
  if (control_.on_progress) control_.on_progress(at_end);
  if (!abandoned_) {
    threads_.clear();
    unbound_.reset();
  }
  if (status.ok()) status = worker_lost_;
  if (status.ok()) status = resolver_lost_;
  ScanSummary summary = recorder_->counts();
  // Being told to stop while reading is no damage to the list.
  if (status.ok() && !reader_->status().ok() && !absl::IsCancelled(reader_->status())) {
    status = absl::Status(reader_->status().code(),
                          JoinText(options_.targets_path, ": ", reader_->status().message()));
  }
  const TargetCounts& counts = reader_->counts();
  summary.elapsed_s = absl::ToDoubleSeconds(absl::Now() - started_at_);
  summary.complete = !draining_ && status.ok();
  // A half's own directory has its name only once it is committed.
  const bool whole = options_.part == ScanPart::kWhole;
  if (directory_ != nullptr && whole) summary.output = options_.output_dir;
  summary.has_domains = options_.part != ScanPart::kProbe;
  summary.has_endpoints = options_.part != ScanPart::kResolve;
  summary.port = context_.settings.port;
  if (record_.resolver_asked && !record_.resolver.validates) summary.note = TellResolver(record_);
  NoteOutages("connections", connections_);
  NoteOutages("resolvers", names_);
  summary.outages =
      static_cast<uint64_t>(std::ranges::count_if(record_.outages, &ScanRecord::Outage::sure));
  summary.input_lines = counts.lines;
  summary.duplicates = counts.duplicates;
  summary.invalid = counts.invalid;
  summary.an_invalid = counts.an_invalid;
  record_.list = mark_();
  if (directory_ != nullptr) {
    const output::ScanState state = !status.ok()       ? output::ScanState::kFailed
                                    : summary.complete ? output::ScanState::kComplete
                                                       : output::ScanState::kStopped;
    const std::string_view word = !status.ok()       ? "failed"
                                  : summary.complete ? "complete"
                                                     : "stopped";
    const absl::Status written = directory_->writer().Finish(
        state,
        DescribeFinishedScan(record_, summary, absl::Now(), word, std::string(status.message())));
    if (status.ok()) status = written;
    if (!recorded.ok() || !written.ok()) {
      // The disk: what is committed is whole, and can be gone on from.
      summary.complete = false;
      summary.failure = std::string(status.message());
      return summary;
    }
  }
  if (!status.ok()) return status;
  return summary;
}

absl::StatusOr<ScanSummary> ScanRun::Run() {
  RaiseDescriptorLimit();
  if (options_.workers == 0) {
    options_.workers = std::min(ChooseWorkers(options_.concurrency), options_.dns_concurrency);
  }
  if (absl::Status status = OpenEarlierRuns(); !status.ok()) return status;
  if (options_.seed == 0) options_.seed = Random<uint64_t>();
  if (absl::Status status = PrepareInputs(); !status.ok()) return status;
  if (absl::Status status = StartUnbound(); !status.ok()) return status;
  if (absl::Status status = StartWorkers(); !status.ok()) return status;
  if (absl::Status status = AskResolver(); !status.ok()) return status;
  if (absl::Status status = OpenSink(); !status.ok()) return status;
  if (absl::Status status = RestoreEarlierRuns(); !status.ok()) return status;
  context_.packed.spill_folder = options_.output_dir;
  patience_ = Patience(options_.patience_ms * kNsPerMs);
  TargetSource* targets = reader_.get();
  if (resumed_source_ != nullptr) targets = resumed_source_.get();
  shuffled_ = std::make_unique<ShuffledSource>(targets, options_.shuffle_window, options_.seed);
  feeder_ = std::make_unique<TargetFeeder>(
      shuffled_.get(), &context_,
      TargetFeeder::Options{
          .most_awaiting_mx = std::max(kLeastAwaitingMx,
                                       kAwaitingMxPerQuestion * int64_t{options_.dns_concurrency}),
          .most_backlog_rows = kMaxBacklogRows},
      absl::Now);
  // What a probe job has of the list are its hosts.
  const bool probe = options_.part == ScanPart::kProbe;
  progress_ = std::make_unique<ProgressMeter>(ProgressMeter::Parts{.threads = &threads_,
                                                                   .recorder = recorder_.get(),
                                                                   .feeder = feeder_.get(),
                                                                   .list = reader_.get(),
                                                                   .resumed = resumed_source_.get(),
                                                                   .patience = &patience_},
                                              probe ? TargetsKind::kHosts : options_.targets_kind,
                                              started_at_, TimeLeftLimitsOf(options_));
  std::thread feeder([this] { Feed(); });
  AwaitEnd();
  feeder.join();
  return Finish();
}

}  // namespace

absl::StatusOr<ScanSummary> RunScan(const ScanOptions& options, ScanControl control) {
  if (absl::Status status = options.Validate(); !status.ok()) return status;
  MXSWEEP_CHECK((options.format == OutputFormat::kCaller) == (control.rows != nullptr));
  auto run = std::make_unique<ScanRun>(options, std::move(control));
  absl::StatusOr<ScanSummary> summary = run->Run();
  if (run->abandoned()) static_cast<void>(run.release());
  return summary;
}

}  // namespace mxsweep::scanner
