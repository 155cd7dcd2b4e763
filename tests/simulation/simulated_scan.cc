#include "tests/simulation/simulated_scan.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <random>
#include <utility>

#include "output/json_rows.h"
#include "scanner/base/check.h"
#include "scanner/pace/outage_watch.h"
#include "scanner/pace/patience.h"
#include "scanner/record/row_sinks.h"
#include "scanner/resume/earlier_runs.h"
#include "scanner/resume/epoch_note.h"
#include "scanner/resume/restore.h"
#include "scanner/resume/resumed_source.h"
#include "scanner/targets/list_mark.h"
#include "scanner/targets/shuffled_source.h"
#include "scanner/work/outage_task.h"
#include "scanner/work/prime_judge.h"
#include "scanner/work/target_feeder.h"
#include "scanner/work/worker.h"
#include "tests/simulation/simulated_loop.h"
#include "tls/pki/trust_store.h"
#include "tls/session/handshake.h"

namespace mxsweep::scanner::simulation {
namespace {

constexpr int64_t kDayNs = 86'400 * kSecond;

class CollectingSink final : public RowSink {
 public:
  CollectingSink(std::optional<size_t> fail_at_row, ScanResult* result)
      : fail_at_row_(fail_at_row), result_(result) {}

  absl::Status Add(Row&& row) override {
    if (fail_at_row_ && result_->rows.size() >= *fail_at_row_) {
      return absl::ResourceExhaustedError("the disk is full");
    }
    std::visit([this](const auto& typed) { Format(typed); }, row);
    result_->rows.push_back(std::move(row));
    return absl::OkStatus();
  }
  void OnTarget(const TargetResult& target) override {
    ++result_->targets_told;
    if (!result_->lines_told.insert(target.number + 1).second) {
      result_->complaints.push_back("line " + std::to_string(target.number + 1) + " told twice");
    }
  }
  absl::Status AfterBatch(const ScanSummary&) override { return absl::OkStatus(); }
  uint64_t committed_rows() const override { return result_->rows.size(); }

 private:
  template <typename T>
  void Format(const T& row) {
    output::RowFormatter::Create(output::Table<T>::kId, output::RowFormat::kNdjson)
        .value()
        .AppendRow(row, result_->text);
  }

  std::optional<size_t> fail_at_row_;
  ScanResult* result_;
};

// The targets of a world, in their order.
class WorldTargets final : public TargetSource {
 public:
  explicit WorldTargets(const World& world) : world_(world) {}

  bool Next(Target* target) override {
    if (next_ == world_.targets.size()) return false;
    *target = world_.targets[next_];
    target->number = next_;
    target->input_line = ++next_;
    return true;
  }
  uint64_t bytes_read() const override { return next_; }

 private:
  const World& world_;
  size_t next_ = 0;
};

// Does its work when its turn comes.
class SimulatedBackground final : public Background {
 public:
  void Run(absl::AnyInvocable<void()> job) override { jobs_.push_back(std::move(job)); }
  bool has_work() const { return !jobs_.empty(); }
  void Work() {
    absl::AnyInvocable<void()> job = std::move(jobs_.front());
    jobs_.pop_front();
    job();
  }

 private:
  std::deque<absl::AnyInvocable<void()>> jobs_;
};

// What a scan that writes to a directory has besides: the list, and what earlier runs left. The
// steps are those of ScanRun (scanner/scan.cc), in its order.
class DirectoryParts {
 public:
  DirectoryParts(const DirectoryRun& run, uint64_t seed, SimulatedTime* time)
      : run_(run), seed_(seed), time_(time) {
    auto source = std::make_unique<MarkedSource>(OpenList());
    list_ = source.get();
    reader_ = std::make_unique<TargetReader>(
        std::move(source), TargetReader::Options{.kind = run.kind, .seed = 7, .name_key = {1, 2}});
  }

  absl::StatusOr<std::unique_ptr<DirectorySink>> OpenSink() {
    const nlohmann::json scan = nlohmann::json::object();
    auto there = output::ScanDirectory::Open(kScanDirectory, run_.files);
    absl::StatusOr<std::unique_ptr<output::ScanWriter>> writer;
    if (absl::IsNotFound(there.status())) {
      writer = output::ScanWriter::Create(kScanDirectory, scan, run_.writer, run_.files);
    } else {
      auto lock = output::LockScanDirectory(*run_.files, kScanDirectory);
      if (!lock.ok()) return lock.status();
      absl::StatusOr<EarlierRuns> earlier = ReadEarlierRuns(kScanDirectory, run_.files);
      if (!earlier.ok()) return earlier.status();
      earlier_ = *std::move(earlier);
      const std::unique_ptr<InputSource> list = OpenList();
      if (!earlier_->marks.empty()) {
        const absl::StatusOr<bool> same = HoldsMarks(list.get(), earlier_->marks, nullptr);
        if (!same.ok()) return same.status();
        list_changed_ = !*same;
      }
      number_ = earlier_->last_run ? *earlier_->last_run + 1 : 0;
      writer = output::ScanWriter::Resume(kScanDirectory, *std::move(lock), scan, run_.writer,
                                          run_.files);
    }
    if (!writer.ok()) return writer.status();
    return std::make_unique<DirectorySink>(
        *std::move(writer), [this] { return time_->wall_now(); },
        [this](const ScanSummary& so_far) {
          return EpochNoteToJson({.run = number_,
                                  .committed_at = time_->wall_now(),
                                  .list = list_->mark(),
                                  .counts = so_far});
        });
  }

  bool goes_on() const { return earlier_.has_value(); }
  ScanSummary before() const { return earlier_ ? earlier_->counts : ScanSummary{}; }

  // Once there are workers.
  absl::Status Restore(ScanContext* context) {
    TargetSource* source = reader_.get();
    if (earlier_) {
      if (list_changed_) {
        absl::StatusOr<NameSet> names = ReadDoneNames(*earlier_, run_.kind, {3, 4}, run_.files);
        if (!names.ok()) return names.status();
        resumed_ = std::make_unique<ResumedSource>(source, *std::move(names));
      } else {
        resumed_ = std::make_unique<ResumedSource>(source, std::move(earlier_->targets_done));
      }
      source = resumed_.get();
      absl::StatusOr<Restored> restored =
          scanner::Restore(*earlier_, context, time_->wall_now(), run_.files);
      if (!restored.ok()) return restored.status();
      endpoints_ = std::move(restored->endpoints);
      context->services.resumed = endpoints_.get();
    }
    shuffled_ = std::make_unique<ShuffledSource>(source, run_.shuffle_window, seed_);
    return absl::OkStatus();
  }

  TargetSource* targets() { return shuffled_.get(); }

 private:
  std::unique_ptr<InputSource> OpenList() const { return WithLastLineEnded(FromString(run_.list)); }

  const DirectoryRun& run_;
  uint64_t seed_;
  SimulatedTime* time_;
  MarkedSource* list_ = nullptr;  // what reader_ reads
  std::unique_ptr<TargetReader> reader_;
  std::optional<EarlierRuns> earlier_;
  bool list_changed_ = false;
  uint64_t number_ = 0;  // of the run
  std::unique_ptr<ResumedSource> resumed_;
  std::unique_ptr<ShuffledSource> shuffled_;
  std::unique_ptr<ResumedEndpoints> endpoints_;
};

// What a worker has of its own.
struct SimulatedWorker {
  SimulatedWorker(SimulatedTime* time, ServerNetwork* network, tls::ClientProfile offer)
      : loop(time, network),
        resolver(loop.dns_loop()),
        tls(tls::ClientContext::Create({.profile = offer}).value()),
        web_tls(tls::ClientContext::Create(FetchOffer()).value()) {}

  SimulatedLoop loop;
  dns::FakeResolver resolver;
  std::unique_ptr<tls::ClientContext> tls;
  std::unique_ptr<tls::ClientContext> web_tls;
  std::unique_ptr<Worker> worker;
};

// A scan's parts, alive until its result is told.
class SimulatedScan {
 public:
  SimulatedScan(const World& world, const ScanSettings& settings, ScanResult* result)
      : world_(world),
        settings_(settings),
        result_(result),
        time_(TimeOf(settings)),
        network_(settings.directory != nullptr ? *settings.directory->network : own_network_),
        pkix_(tls::TrustStore::FromPem(SimulatedPki().root.pem()).value()),
        sink_(MakeSink()),
        recorder_(sink_.get(), Recorder::RunOn::kCaller,
                  directory_ ? directory_->before() : ScanSummary{}),
        context_(settings.slots),
        targets_(world) {
    network_.SetTime(&time_);
    network_.SetPoliteness(
        {.per_address_concurrency = settings.gate.per_address_concurrency,
         .per_address_interval_ns = settings.gate.per_address_interval_ns,
         .backoff_ns = settings.gate.backoff_initial_ns,
         .concurrency = static_cast<uint32_t>(
             std::min<size_t>(settings.gate.max_concurrency, 1'000'000) * settings.workers),
         .per_prefix_concurrency = settings.gate.per_prefix_concurrency,
         .per_prefix_interval_ns =
             settings.gate.per_prefix_rate_per_s > 0
                 ? static_cast<int64_t>(1e9 / settings.gate.per_prefix_rate_per_s)
                 : 0});
    for (const auto& [from_ns, until_ns] : settings.outages) time_.AddOutage(from_ns, until_ns);
    context_.settings.infer = settings.infer;
    context_.settings.max_hosts = settings.max_hosts;
    context_.settings.addresses.max_addresses = settings.max_addresses;
    context_.settings.max_parked_fetches = settings.max_parked_fetches;
    if (settings.watch_outages) {
      context_.services.connections = &connections_;
      context_.services.names = &names_;
    }
    if (settings.directory == nullptr) world.FillNetwork(&network_);
    context_.settings.dialogue.ehlo_name = "scanner.example.net";
    context_.settings.mta_sts = settings.mta_sts;
    context_.settings.dialogue.implicit_tls = settings.implicit_tls;
    context_.settings.attempts.retries = settings.retries;
    context_.settings.attempts.also_without_server_name = settings.also_without_server_name;
    context_.settings.attempts.usual.server_name = tls::SendsServerName(settings.offer);
    context_.settings.attempts.surveys = settings.surveys;
    context_.settings.addresses.use_ipv4 = settings.use_ipv4;
    context_.settings.addresses.use_ipv6 = settings.use_ipv6;
    context_.settings.hash_key = {settings.seed, 42};
    context_.services.certificates = &certificates_;
    context_.services.pkix = &pkix_;
    if (settings.revocation) context_.services.certificate_rows = &certificate_rows_;
    context_.services.background = &background_;
    context_.services.primes = &primes_;
    context_.services.recorder = &recorder_;
    Gate::Options gate = settings.gate;
    gate.goes_on = directory_ && directory_->goes_on();
    for (size_t i = 0; i < settings.workers; ++i) {
      SimulatedWorker& own = *workers_.emplace_back(
          std::make_unique<SimulatedWorker>(&time_, &network_, settings.offer));
      world.FillResolver(&own.resolver, settings.seed);
      world.FillMoreTlsa(settings.more_tlsa, &own.resolver);
      own.loop.SetIpv6Route(settings.has_ipv6_route);
      own.resolver.SetFaults([this] { return FaultOfQuestion(); });
      own.worker = std::make_unique<Worker>(&context_, &own.loop, &own.resolver,
                                            Worker::TlsContexts{own.tls.get(), own.web_tls.get()},
                                            gate, settings.seed + i);
      own.loop.SetIterationHook(
          [this, worker = own.worker.get()] { worker->Admit(settings_.admissions); });
      context_.AddWorker(own.worker.get());
    }
    TargetSource* targets = &targets_;
    if (directory_) {
      if (result_->status.ok()) result_->status = directory_->Restore(&context_);
      if (result_->status.ok()) targets = directory_->targets();
    }
    feeder_ = std::make_unique<TargetFeeder>(targets, &context_, settings.feeder,
                                             [this] { return time_.wall_now(); });
  }

  void Run() {
    if (!result_->status.ok()) {
      // The directory could not be opened, or not be read.
      KeepDiskIfCrashed();
      feeder_->Stop();
      feeder_->Next(std::chrono::milliseconds(0));
      while (!time_.RunUntil([this] { return MessagesRead(); }, time_.now_ns() + kDayNs)) {
      }
      recorder_.Finish().IgnoreError();
      return TellEnd();
    }
    // The threads of ScanRun: the main one, the feeder's, the recorder's.
    if (settings_.drain_at_ns && *settings_.drain_at_ns <= time_.now_ns()) Drain();
    time_.AddActor({[this] { return Drain(); },
                    [this] { return !drained_ && settings_.drain_at_ns.has_value(); },
                    settings_.drain_at_ns.value_or(0)});
    time_.AddActor(
        {[this] { return Drain(); }, [this] { return !drained_ && recorder_.failed(); }});
    // Without its resolver a scan ends.
    time_.AddActor({[this] { return Drain(); },
                    [this] { return !drained_ && settings_.resolver.abandoned_at_ns.has_value(); },
                    settings_.resolver.abandoned_at_ns.value_or(0)});
    time_.AddActor({[this] { return RollOver(); },
                    [this] { return !rolled_over_ && settings_.later_tlsa_at_ns.has_value(); },
                    settings_.later_tlsa_at_ns.value_or(0)});
    time_.AddActor({[this] { return Feed(); }, [this] { return !feeder_->ended(); }});
    time_.AddActor({[this] { return Record(); }, [this] { return recorder_.backlog() > 0; }});
    time_.AddActor({[this] {
                      background_.Work();
                      return 2 * kSecond;
                    },
                    [this] { return background_.has_work(); }});
    // What the main thread does while it waits for the end.
    time_.AddActor({[this] { return Watch(); }, [this] { return !feeder_->all_done(); }});
    const int64_t started_ns = time_.now_ns();
    result_->began = time_.wall_now();
    if (settings_.directory != nullptr) AddDirectoryActors(*settings_.directory);
    const int64_t limit_ns = started_ns + kDayNs;
    result_->ended =
        time_.RunUntil([this] { return CheckStep() || feeder_->all_done(); }, limit_ns);
    MXSWEEP_CHECK(result_->ended);
    KeepDiskIfCrashed();
    if (result_->crashed) Bury();
    result_->took_ns = time_.now_ns() - started_ns;
    result_->targets_started = feeder_->started();
    result_->outages = connections_.outages();
    for (const OutageWatch::Outage& outage : names_.outages()) result_->outages.push_back(outage);
    result_->connections = network_.ConnectionsByAddress();
    result_->connections_left_open = network_.open();
    result_->documents_asked = network_.documents_asked();
    result_->status = recorder_.Finish();
    if (directory_sink_ != nullptr && !result_->crashed) Finish();
    TellEnd();
    // (Of a network that stays, the caller asks for those of all runs.)
    if (settings_.directory == nullptr) {
      result_->complaints.insert(result_->complaints.end(), network_.complaints().begin(),
                                 network_.complaints().end());
    }
    std::set<std::pair<std::string, dns::RrType>> asked;
    for (const auto& own : workers_) {
      result_->questions_left += own->resolver.outstanding();
      for (const auto& question : own->resolver.log()) {
        // A domain that is its own MX host is asked once as either.
        if (question.second == dns::RrType::kA && question.first.starts_with("mx") &&
            !asked.insert(question).second && !MayBeAskedAgain(question.first)) {
          ++result_->hosts_asked_twice;
        }
      }
    }
  }

 private:
  static SimulatedTime TimeOf(const ScanSettings& settings) {
    if (settings.directory == nullptr) return SimulatedTime(settings.seed);
    return SimulatedTime(settings.seed, settings.directory->began_ns, settings.directory->slept_ns);
  }

  std::unique_ptr<RowSink> MakeSink() {
    if (settings_.directory != nullptr) {
      directory_.emplace(*settings_.directory, settings_.seed, &time_);
      auto sink = directory_->OpenSink();
      result_->status = sink.status();
      if (sink.ok()) {
        directory_sink_ = sink->get();
        return *std::move(sink);
      }
    }
    return std::make_unique<CollectingSink>(settings_.fail_at_row, result_);
  }

  dns::FakeResolver::Fault FaultOfQuestion() {
    using std::chrono::nanoseconds;
    constexpr nanoseconds kDeadline(20 * kSecond);
    constexpr int64_t kAttemptNs = 3 * kSecond;  // until the next server is asked
    constexpr int kAttempts = 4;
    const ResolverFaults& faults = settings_.resolver;
    const int64_t now_ns = time_.now_ns();
    if (faults.abandoned_at_ns && now_ns >= *faults.abandoned_at_ns) {
      return {.error = dns::ResponseStatus::kLocalError};
    }
    const bool dead = std::ranges::any_of(faults.dead, [now_ns](const auto& times) {
      return now_ns >= times.first && now_ns < times.second;
    });
    if (dead || time_.out()) return {kDeadline, dns::ResponseStatus::kTimeout};
    nanoseconds delay(faults.most_delay_ns > 0 ? time_.Random(faults.most_delay_ns) : 0);
    if (faults.lost_percent > 0) {
      int lost = 0;
      while (lost < kAttempts && IsDrawn(faults.lost_percent)) ++lost;
      if (lost == kAttempts) return {kDeadline, dns::ResponseStatus::kTimeout};
      delay += nanoseconds(lost * kAttemptNs);
    }
    if (faults.truncated_percent > 0 && IsDrawn(faults.truncated_percent)) {
      delay += nanoseconds(time_.Random(kSecond));
      if (time_.Random(3) == 0) return {delay, dns::ResponseStatus::kMalformed};
    }
    return {.delay = delay};
  }

  bool IsDrawn(uint32_t percent) { return time_.Random(99) < percent; }

  void AddDirectoryActors(const DirectoryRun& run) {
    for (const auto& [at_ns, for_ns] : run.suspensions) {
      auto slept = std::make_shared<bool>(false);
      time_.AddActor({[this, slept, for_ns = for_ns] {
                        *slept = true;
                        time_.Sleep(for_ns);
                        return int64_t{0};
                      },
                      [slept] { return !*slept; }, at_ns});
    }
    if (!run.low_disk_at_ns) return;
    auto low = std::make_shared<bool>(false);
    time_.AddActor({[files = run.files, low] {
                      *low = true;
                      files->set_free_bytes(1 << 20);
                      return int64_t{0};
                    },
                    [low] { return !*low; }, *run.low_disk_at_ns});
  }

  bool crashes_now() const {
    const DirectoryRun* run = settings_.directory;
    return run != nullptr && ((run->crash_at_ns && time_.now_ns() >= *run->crash_at_ns) ||
                              (run->crash_at_step && run->files->steps() > *run->crash_at_step));
  }

  bool CheckStep() {
    if (settings_.directory != nullptr && settings_.directory->after_step) {
      settings_.directory->after_step();
    }
    return crashes_now();
  }

  void KeepDiskIfCrashed() {
    if (!crashes_now()) return;
    result_->crashed = true;
    result_->at_crash = std::make_shared<output::MemoryFiles>(settings_.directory->files->Copy());
  }

  // The scan is dead. What it was made of is taken down in an orderly way, which nobody sees:
  // nothing reaches the network any more, and nothing the disk that goes on.
  void Bury() {
    network_.ForgetClient();
    const size_t complaints = network_.complaints().size();
    time_.AddOutage(time_.now_ns(), INT64_MAX);
    const int64_t died_ns = time_.now_ns();
    const int64_t slept_ns = time_.slept_ns();
    if (!drained_) Drain();
    MXSWEEP_CHECK(time_.RunUntil([this] { return feeder_->all_done(); }, time_.now_ns() + kDayNs));
    network_.ForgetComplaintsFrom(complaints);
    result_->ended_ns = died_ns;
    result_->slept_ns = slept_ns;
  }

  // What Restore has told the workers.
  bool MessagesRead() const {
    return std::ranges::all_of(workers_, [](const auto& own) { return own->loop.idle(); });
  }

  void Finish() {
    result_->complete = !drained_ && result_->status.ok();
    const output::ScanState state = !result_->status.ok() ? output::ScanState::kFailed
                                    : result_->complete   ? output::ScanState::kComplete
                                                          : output::ScanState::kStopped;
    const absl::Status written = directory_sink_->writer().Finish(state, nlohmann::json::object());
    result_->status.Update(written);
    result_->complete = result_->complete && written.ok();
    result_->epochs = directory_sink_->writer().committed_epochs();
    CheckStep();
    KeepDiskIfCrashed();  // in the last steps
  }

  void TellEnd() {
    if (result_->ended_ns == 0) {
      result_->ended_ns = time_.now_ns();
      result_->slept_ns = time_.slept_ns();
    }
    for (const auto& own : workers_) {
      result_->waiting_left +=
          own->worker->waiting_targets().records() + own->worker->waiting_hosts().records();
    }
  }

  // What ScanRun does when it is told to stop, or when rows can no longer be written.
  int64_t Drain() {
    drained_ = true;
    connections_.GiveUp();
    names_.GiveUp();
    feeder_->Stop();
    for (Worker* worker : context_.workers) {
      worker->loop()->Post([worker] { worker->Drain(); });
    }
    return 0;
  }

  int64_t RollOver() {
    rolled_over_ = true;
    for (const auto& own : workers_) world_.FillLaterTlsa(&own->resolver);
    return 0;
  }

  int64_t Watch() {
    AskCanaries(&context_, time_.now_ns());
    if (patience_.Step(time_.now_ns(), feeder_->only_crowds_left())) {
      for (Worker* worker : context_.workers) {
        worker->loop()->Post([worker] { worker->EndCrowds(); });
      }
    }
    uint64_t waiting = 0;
    uint64_t bytes = 0;
    for (Worker* worker : context_.workers) {
      waiting += worker->waiting_targets().records() + worker->waiting_hosts().records();
      bytes += worker->waiting_targets().used_bytes() + worker->waiting_hosts().used_bytes();
    }
    result_->most_waiting_bytes = std::max(result_->most_waiting_bytes, bytes);
    result_->most_waiting_records = std::max(result_->most_waiting_records, waiting);
    if (settings_.on_watch) settings_.on_watch(Snapshot());
    return 500 * kMs;
  }

  // As ScanRun (scanner/scan.cc) makes it, as far as the time that is left depends on it.
  ProgressSnapshot Snapshot() const {
    ProgressSnapshot now;
    now.elapsed_s = absl::ToDoubleSeconds(time_.wall_now() - result_->began);
    now.targets_done = recorder_.targets_done();
    now.targets_started = feeder_->started();
    now.targets_total = feeder_->ended() ? feeder_->started() : world_.targets.size();
    for (Worker* worker : context_.workers) {
      now.queued += worker->counters().queued.load();
      now.waiting += worker->counters().parked.load();
      for (const Crowd& crowd : worker->crowds().largest) {
        now.largest_crowd = std::max<uint64_t>(now.largest_crowd, crowd.waiting);
      }
    }
    if (patience_.counting()) now.patience_left_s = static_cast<double>(patience_.left_ns()) / 1e9;
    return now;
  }

  int64_t Feed() {
    const bool started =
        feeder_->Next(std::chrono::milliseconds(0)) == TargetFeeder::Step::kStarted;
    return started ? kMs / 10 : 500 * kMs;
  }

  int64_t Record() {
    recorder_.WriteWaiting();
    return 100 * kMs;
  }

  bool MayBeAskedAgain(const std::string& name) const {
    const auto host = std::ranges::find(world_.hosts, name, &WorldHost::name);
    return host != world_.hosts.end() && (host->lookup_fails || host->passing_failures > 0);
  }

  const World& world_;
  const ScanSettings& settings_;
  ScanResult* result_;
  SimulatedTime time_;
  ServerNetwork own_network_;
  ServerNetwork& network_;
  tls::CertificateTable certificates_;
  CertificateRows certificate_rows_{&certificates_};
  tls::PkixVerifier pkix_;
  std::optional<DirectoryParts> directory_;
  DirectorySink* directory_sink_ = nullptr;  // sink_, where it is one
  std::unique_ptr<RowSink> sink_;
  Recorder recorder_;
  SimulatedBackground background_;
  PrimeJudge primes_{&background_};
  ScanContext context_;
  WorldTargets targets_;
  std::unique_ptr<TargetFeeder> feeder_;
  OutageWatch connections_;
  OutageWatch names_;
  Patience patience_{settings_.patience_ns};
  std::vector<std::unique_ptr<SimulatedWorker>> workers_;
  bool drained_ = false;
  bool rolled_over_ = false;
};

}  // namespace

ScanSettings ScanSettings::Random(uint64_t seed) {
  std::mt19937_64 random(seed * 7919 + 1);
  const auto any = [&random](auto... values) {
    const double all[] = {static_cast<double>(values)...};
    return all[random() % sizeof...(values)];
  };
  ScanSettings settings;
  settings.seed = seed;
  settings.workers = static_cast<size_t>(any(1, 2, 3));
  settings.retries = static_cast<uint32_t>(any(0, 1, 2));
  settings.admissions = static_cast<uint32_t>(any(1, 3, 64));
  settings.slots = static_cast<uint32_t>(any(1, 5, 1000));
  settings.feeder.most_awaiting_mx = static_cast<int64_t>(any(1, 1000));
  settings.feeder.most_backlog_rows = static_cast<uint64_t>(any(0, 10, 1000));
  settings.gate.rate_per_s = any(0, 0, 2, 50);
  settings.gate.max_concurrency = static_cast<size_t>(any(1, 4, 1000));
  settings.gate.per_address_concurrency = static_cast<uint32_t>(any(1, 1, 3));
  settings.gate.per_address_interval_ns = static_cast<int64_t>(any(0, 1, 5)) * kSecond;
  settings.gate.per_prefix_concurrency = static_cast<uint32_t>(any(0, 0, 1, 3));
  settings.gate.per_prefix_rate_per_s = any(0, 0, 1, 8);
  settings.gate.per_provider_concurrency = static_cast<uint32_t>(any(0, 0, 2));
  settings.gate.per_provider_rate_per_s = any(0, 0, 4);
  return settings;
}

ScanResult Scan(const World& world, const ScanSettings& settings) {
  ScanResult result;
  SimulatedScan(world, settings, &result).Run();
  return result;
}

}  // namespace mxsweep::scanner::simulation
