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
        time_(settings.seed),
        pkix_(tls::TrustStore::FromPem(SimulatedPki().root.pem()).value()),
        sink_(settings.fail_at_row, result),
        recorder_(&sink_, Recorder::RunOn::kCaller),
        context_(settings.slots),
        targets_(world),
        feeder_(&targets_, &context_, settings.feeder, [this] { return time_.wall_now(); }) {
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
    context_.settings.max_addresses = settings.max_addresses;
    context_.settings.max_parked_fetches = settings.max_parked_fetches;
    if (settings.watch_outages) {
      context_.services.connections = &connections_;
      context_.services.names = &names_;
    }
    world.FillNetwork(&network_);
    context_.settings.dialogue.ehlo_name = "scanner.example.net";
    context_.settings.mta_sts = settings.mta_sts;
    context_.settings.dialogue.implicit_tls = settings.implicit_tls;
    context_.settings.attempts.retries = settings.retries;
    context_.settings.attempts.also_without_server_name = settings.also_without_server_name;
    context_.settings.attempts.usual.server_name = tls::SendsServerName(settings.offer);
    context_.settings.attempts.surveys = settings.surveys;
    context_.settings.use_ipv4 = settings.use_ipv4;
    context_.settings.use_ipv6 = settings.use_ipv6;
    context_.settings.hash_key = {settings.seed, 42};
    context_.services.certificates = &certificates_;
    context_.services.pkix = &pkix_;
    if (settings.revocation) context_.services.certificate_rows = &certificate_rows_;
    context_.services.background = &background_;
    context_.services.primes = &primes_;
    context_.services.recorder = &recorder_;
    for (size_t i = 0; i < settings.workers; ++i) {
      SimulatedWorker& own = *workers_.emplace_back(
          std::make_unique<SimulatedWorker>(&time_, &network_, settings.offer));
      world.FillResolver(&own.resolver, settings.seed);
      world.FillMoreTlsa(settings.more_tlsa, &own.resolver);
      own.loop.SetIpv6Route(settings.has_ipv6_route);
      own.resolver.SetDown([this] { return time_.out(); }, std::chrono::seconds(20));
      own.worker = std::make_unique<Worker>(&context_, &own.loop, &own.resolver,
                                            Worker::TlsContexts{own.tls.get(), own.web_tls.get()},
                                            settings.gate, settings.seed + i);
      own.loop.SetIterationHook(
          [this, worker = own.worker.get()] { worker->Admit(settings_.admissions); });
      context_.AddWorker(own.worker.get());
    }
  }

  void Run() {
    // The threads of ScanRun: the main one, the feeder's, the recorder's.
    if (settings_.drain_at_ns && *settings_.drain_at_ns <= time_.now_ns()) Drain();
    time_.AddActor({[this] { return Drain(); },
                    [this] { return !drained_ && settings_.drain_at_ns.has_value(); },
                    settings_.drain_at_ns.value_or(0)});
    time_.AddActor(
        {[this] { return Drain(); }, [this] { return !drained_ && recorder_.failed(); }});
    time_.AddActor({[this] { return RollOver(); },
                    [this] { return !rolled_over_ && settings_.later_tlsa_at_ns.has_value(); },
                    settings_.later_tlsa_at_ns.value_or(0)});
    time_.AddActor({[this] { return Feed(); }, [this] { return !feeder_.ended(); }});
    time_.AddActor({[this] { return Record(); }, [this] { return recorder_.backlog() > 0; }});
    time_.AddActor({[this] {
                      background_.Work();
                      return 2 * kSecond;
                    },
                    [this] { return background_.has_work(); }});
    // What the main thread does while it waits for the end.
    time_.AddActor({[this] { return Watch(); }, [this] { return !feeder_.all_done(); }});
    const int64_t started_ns = time_.now_ns();
    result_->began = time_.wall_now();
    result_->ended = time_.RunUntil([this] { return feeder_.all_done(); }, kDayNs);
    MXSWEEP_CHECK(result_->ended);
    result_->took_ns = time_.now_ns() - started_ns;
    result_->targets_started = feeder_.started();
    result_->outages = connections_.outages();
    for (const OutageWatch::Outage& outage : names_.outages()) result_->outages.push_back(outage);
    result_->connections = network_.ConnectionsByAddress();
    result_->connections_left_open = network_.open();
    result_->documents_asked = network_.documents_asked();
    result_->status = recorder_.Finish();
    result_->complaints.insert(result_->complaints.end(), network_.complaints().begin(),
                               network_.complaints().end());
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
  // What ScanRun does when it is told to stop, or when rows can no longer be written.
  int64_t Drain() {
    drained_ = true;
    connections_.GiveUp();
    names_.GiveUp();
    feeder_.Stop();
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
    if (patience_.Step(time_.now_ns(), feeder_.only_crowds_left())) {
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
    return 500 * kMs;
  }

  int64_t Feed() {
    const bool started = feeder_.Next(std::chrono::milliseconds(0)) == TargetFeeder::Step::kStarted;
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
  ServerNetwork network_;
  tls::CertificateTable certificates_;
  CertificateRows certificate_rows_{&certificates_};
  tls::PkixVerifier pkix_;
  CollectingSink sink_;
  Recorder recorder_;
  SimulatedBackground background_;
  PrimeJudge primes_{&background_};
  ScanContext context_;
  WorldTargets targets_;
  TargetFeeder feeder_;
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
