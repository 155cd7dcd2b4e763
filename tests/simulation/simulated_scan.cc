#include "tests/simulation/simulated_scan.h"

#include <memory>
#include <random>
#include <utility>

#include "output/json_rows.h"
#include "scanner/base/check.h"
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
  absl::Status AfterBatch() override { return absl::OkStatus(); }
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

// A scan's parts, alive until its result is told.
class SimulatedScan {
 public:
  SimulatedScan(const World& world, const ScanSettings& settings, ScanResult* result)
      : world_(world),
        settings_(settings),
        result_(result),
        loop_(settings.seed, &network_),
        resolver_(loop_.dns_loop()),
        tls_(tls::ClientContext::Create().value()),
        pkix_(tls::TrustStore::FromPem(SimulatedPki().root.pem()).value()),
        sink_(settings.fail_at_row, result),
        recorder_(&sink_) {
    network_.SetLoop(&loop_);
    network_.SetPoliteness(
        {.per_address_concurrency = settings.gate.per_address_concurrency,
         .per_address_interval_ns = settings.gate.per_address_interval_ns,
         .backoff_ns = settings.gate.backoff_initial_ns,
         .concurrency = static_cast<uint32_t>(
             std::min<size_t>(settings.gate.max_concurrency, 1'000'000) * settings.workers)});
    world.FillNetwork(&network_);
    world.FillResolver(&resolver_, settings.seed);
    context_.settings.dialogue.ehlo_name = "scanner.example.net";
    context_.settings.dialogue.implicit_tls = settings.implicit_tls;
    context_.settings.attempts.retries = settings.retries;
    context_.settings.hash_key = {settings.seed, 42};
    context_.services.certificates = &certificates_;
    context_.services.pkix = &pkix_;
    if (settings.revocation) context_.services.certificate_rows = &certificate_rows_;
    context_.services.recorder = &recorder_;
    for (size_t i = 0; i < settings.workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(&context_, &loop_, &resolver_, tls_.get(),
                                                  settings.gate, settings.seed + i));
      context_.workers.push_back(workers_.back().get());
    }
    loop_.SetIterationHook([this] { Hook(); });
  }

  void Run() {
    size_t number = 0;
    for (const Target& target : world_.targets) {
      Worker* worker = context_.workers[number++ % workers_.size()];
      loop_.Post(
          [this, worker, target] { worker->Start(target, [this] { ++result_->targets_done; }); });
    }
    const int64_t started_ns = loop_.now_ns();
    result_->ended =
        loop_.RunUntil([this] { return result_->targets_done == world_.targets.size(); }, kDayNs);
    MXSWEEP_CHECK(result_->ended);
    result_->took_ns = loop_.now_ns() - started_ns;
    result_->connections_left_open = network_.open();
    result_->questions_left = resolver_.outstanding();
    result_->complaints = network_.complaints();
    result_->documents_asked = network_.documents_asked();
    result_->status = recorder_.Finish();
    std::set<std::pair<std::string, dns::RrType>> asked;
    for (const auto& question : resolver_.log()) {
      // A domain that is its own MX host is asked once as either.
      if (question.second == dns::RrType::kA && question.first.starts_with("mx") &&
          !asked.insert(question).second) {
        ++result_->hosts_asked_twice;
      }
    }
  }

 private:
  void Hook() {
    // What ScanRun does when it is told to stop, or when rows can no longer be written.
    const bool stop = settings_.drain_at_ns && loop_.now_ns() >= *settings_.drain_at_ns;
    if ((stop || recorder_.failed()) && !draining_) {
      draining_ = true;
      for (auto& worker : workers_) worker->Drain();
    }
    for (auto& worker : workers_) worker->Admit(settings_.admissions);
  }

  const World& world_;
  const ScanSettings& settings_;
  ScanResult* result_;
  ServerNetwork network_;
  SimulatedLoop loop_;
  dns::FakeResolver resolver_;
  std::unique_ptr<tls::ClientContext> tls_;
  tls::CertificateTable certificates_;
  CertificateRows certificate_rows_{&certificates_};
  tls::PkixVerifier pkix_;
  CollectingSink sink_;
  Recorder recorder_;
  ScanContext context_;
  std::vector<std::unique_ptr<Worker>> workers_;
  bool draining_ = false;
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
  settings.gate.rate_per_s = any(0, 0, 2, 50);
  settings.gate.max_concurrency = static_cast<size_t>(any(1, 4, 1000));
  settings.gate.per_address_concurrency = static_cast<uint32_t>(any(1, 1, 3));
  settings.gate.per_address_interval_ns = static_cast<int64_t>(any(0, 1, 5)) * kSecond;
  return settings;
}

ScanResult Scan(const World& world, const ScanSettings& settings) {
  ScanResult result;
  SimulatedScan(world, settings, &result).Run();
  return result;
}

}  // namespace mxsweep::scanner::simulation
