#include "scanner/work/chain_recorder.h"

#include <gtest/gtest.h>
#include <openssl/pool.h>

#include <set>
#include <string>
#include <thread>
#include <vector>

#include "scanner/record/row_sinks.h"

namespace mxsweep::scanner {
namespace {

// In the order of writing.
class OrderSink final : public RowSink {
 public:
  absl::Status Add(Row&& row) override {
    if (const auto* certificate = std::get_if<output::CertificateRow>(&row)) {
      certificates_.insert(certificate->sha256);
    } else if (const auto* endpoint = std::get_if<output::EndpointRow>(&row)) {
      for (const std::string& sha256 : *endpoint->chain_sha256) {
        too_early_ += !certificates_.contains(sha256);
      }
      ++endpoints_;
    }
    return absl::OkStatus();
  }
  absl::Status AfterBatch(const ScanSummary&) override { return absl::OkStatus(); }
  uint64_t committed_rows() const override { return 0; }

  size_t certificates() const { return certificates_.size(); }
  size_t endpoints() const { return endpoints_; }
  size_t too_early() const { return too_early_; }

 private:
  std::set<std::string> certificates_;
  size_t endpoints_ = 0;
  size_t too_early_ = 0;
};

// Two workers that meet the same certificates at the same time: a commit may lie between any two
// rows, and must hold an endpoint's certificates.
TEST(ChainRecorder, ACertificatesRowComesBeforeEveryEndpointThatShowsIt) {
  constexpr int kCertificates = 3000;
  OrderSink sink;
  Recorder recorder(&sink);
  tls::CertificateTable certificates;
  const ScanContext::Services services{.certificates = &certificates, .recorder = &recorder};
  const auto work = [&services] {
    const bssl::UniquePtr<CRYPTO_BUFFER_POOL> pool(CRYPTO_BUFFER_POOL_new());
    ChainRecorder chains(&services);
    for (int i = 0; i < kCertificates; ++i) {
      const std::string bytes = "certificate " + std::to_string(i);
      EndpointFacts facts;
      facts.handshake.emplace().chain.push_back(tls::DerHandle::Pooled(
          {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, pool.get()));
      output::EndpointRow row;
      row.chain_sha256.emplace();
      for (const tls::CertificateRef& certificate : chains.Intern(facts, nullptr)) {
        row.chain_sha256->push_back(tls::HexLower(certificate->sha256));
      }
      services.recorder->Push(std::move(row));
    }
  };
  std::thread other(work);
  work();
  other.join();
  EXPECT_TRUE(recorder.Finish().ok());
  EXPECT_EQ(sink.certificates(), size_t{kCertificates});
  EXPECT_EQ(sink.endpoints(), size_t{2 * kCertificates});
  EXPECT_EQ(sink.too_early(), 0u);
}

}  // namespace
}  // namespace mxsweep::scanner
