#include "scanner/record/recorder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "scanner/record/row_sinks.h"

namespace mxsweep::scanner {
namespace {

class TestSink final : public RowSink {
 public:
  absl::Status Add(Row&& row) override {
    if (fail_at && rows.size() == *fail_at) return absl::DataLossError("no more");
    rows.push_back(std::move(row));
    return absl::OkStatus();
  }
  absl::Status AfterBatch(const ScanSummary&) override {
    ++batches;
    return fail_batches ? absl::UnavailableError("cannot commit") : absl::OkStatus();
  }
  absl::Status Commit(const ScanSummary&) override {
    rows_at_commit = rows.size();
    return fail_commit ? absl::UnavailableError("cannot commit") : absl::OkStatus();
  }
  uint64_t committed_rows() const override { return rows.size(); }

  std::vector<Row> rows;
  std::optional<size_t> fail_at;
  bool fail_batches = false;
  bool fail_commit = false;
  std::optional<size_t> rows_at_commit;
  size_t batches = 0;
};

output::DomainRow Domain(const std::string& name, uint64_t line = 0) {
  output::DomainRow row;
  row.domain = name;
  row.input_line = line;
  row.mx_status = "mx";
  row.diagnosis = "ok";
  row.dane_status = "none";
  return row;
}

output::EndpointRow Endpoint(const std::string& outcome) {
  output::EndpointRow row;
  row.outcome = outcome;
  row.attempts = 2;
  row.bytes_in = 100;
  row.bytes_out = 10;
  row.tls_version = "TLSv1.3";
  row.cipher = "TLS_AES_128_GCM_SHA256";
  row.leaf_key_type = "rsa";
  row.leaf_key_bits = 2048;
  row.pkix_status = "valid";
  return row;
}

TEST(Recorder, WritesRowsInTheOrderOfEachThread) {
  TestSink sink;
  Recorder recorder(&sink);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&recorder, t] {
      for (uint64_t i = 0; i < 3000; ++i) recorder.Push(Domain(std::to_string(t), i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(recorder.Finish().ok());
  EXPECT_EQ(sink.rows.size(), 12'000u);
  EXPECT_EQ(recorder.backlog(), 0u);
  EXPECT_EQ(recorder.committed_rows(), 12'000u);
  std::map<std::string, uint64_t> next;
  for (const Row& row : sink.rows) {
    const auto& domain = std::get<output::DomainRow>(row);
    ASSERT_EQ(domain.input_line, next[domain.domain]++);
  }
}

TEST(Recorder, CommitsOnceAtTheEndWhatWasAddedWithoutAnError) {
  TestSink sink;
  {
    Recorder recorder(&sink);
    recorder.Push(Domain("a.example"));
    recorder.Push(Domain("b.example"));
    EXPECT_TRUE(recorder.Finish().ok());
  }
  EXPECT_EQ(sink.rows_at_commit, 2u);
  TestSink failing;
  failing.fail_commit = true;
  Recorder cannot(&failing);
  EXPECT_EQ(cannot.Finish().code(), absl::StatusCode::kUnavailable);
  TestSink broken;
  broken.fail_batches = true;
  Recorder unfinished(&broken);
  unfinished.Push(Domain("a.example"));
  EXPECT_FALSE(unfinished.Finish().ok());
  EXPECT_EQ(broken.rows_at_commit, std::nullopt);
}

TEST(Recorder, CountsWhatItWrites) {
  TestSink sink;
  Recorder recorder(&sink);
  recorder.Push(Domain("a.example"));
  recorder.Push(Domain("b.example"));
  recorder.Push(output::MxHostRow{});
  recorder.Push(Endpoint("tls_ok"));
  recorder.Push(Endpoint("tls_ok"));
  recorder.Push(Endpoint("no_starttls"));
  recorder.Push(output::CertificateRow{});
  EXPECT_TRUE(recorder.Finish().ok());
  const ScanSummary& counts = recorder.counts();
  EXPECT_EQ(counts.domains, 2u);
  EXPECT_EQ(counts.hosts, 1u);
  EXPECT_EQ(counts.endpoints, 3u);
  EXPECT_EQ(counts.certificates, 1u);
  EXPECT_EQ(counts.connections, 6u);
  EXPECT_EQ(counts.retries, 3u);
  EXPECT_EQ(counts.bytes_in, 300u);
  EXPECT_EQ(counts.bytes_out, 30u);
  EXPECT_EQ(counts.diagnoses, (ScanSummary::Counts{{"ok", 2}}));
  EXPECT_EQ(counts.outcomes, (ScanSummary::Counts{{"tls_ok", 2}, {"no_starttls", 1}}));
  EXPECT_EQ(counts.tls_versions, (ScanSummary::Counts{{"TLSv1.3", 2}}));
  EXPECT_EQ(counts.groups, (ScanSummary::Counts{{"static RSA", 2}}));
  EXPECT_EQ(counts.leaf_keys, (ScanSummary::Counts{{"rsa 2048", 2}}));
}

TEST(Recorder, AFailureIsTheFirstOneAndEndsTheWriting) {
  TestSink sink;
  sink.fail_at = 5;
  Recorder recorder(&sink);
  for (int i = 0; i < 100; ++i) recorder.Push(Domain("a.example"));
  while (!recorder.failed()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  sink.fail_batches = true;
  recorder.Push(Domain("late.example"));
  const absl::Status status = recorder.Finish();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(sink.rows.size(), 5u);
  EXPECT_EQ(recorder.backlog(), 0u);
}

TEST(Recorder, ACommitThatFailsIsAFailureToo) {
  TestSink sink;
  sink.fail_batches = true;
  Recorder recorder(&sink);
  recorder.Push(Domain("a.example"));
  EXPECT_EQ(recorder.Finish().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(recorder.failed());
}

TEST(Recorder, CommitsWhatIsDueThoughNoRowComes) {
  TestSink sink;
  Recorder recorder(&sink);
  recorder.Push(Domain("a.example"));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  EXPECT_TRUE(recorder.Finish().ok());
  EXPECT_GE(sink.batches, 3u);
}

TEST(NdjsonSink, WritesRowsOfEveryTableAsLinesThatNameIt) {
  char* text = nullptr;
  size_t length = 0;
  std::FILE* stream = open_memstream(&text, &length);
  auto sink = NdjsonSink::Create(stream).value();
  EXPECT_TRUE(sink->Add(Domain("a.example")).ok());
  EXPECT_TRUE(sink->Add(Endpoint("tls_ok")).ok());
  EXPECT_TRUE(sink->Add(output::MxHostRow{}).ok());
  EXPECT_TRUE(sink->Add(output::CertificateRow{}).ok());
  EXPECT_TRUE(sink->AfterBatch({}).ok());
  EXPECT_EQ(sink->committed_rows(), 4u);
  std::fclose(stream);
  const std::string written(text, length);
  free(text);
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 4);
  EXPECT_TRUE(written.starts_with("{\"table\":\"domains\",\"domain\":\"a.example\"")) << written;
  EXPECT_NE(written.find("\n{\"table\":\"endpoints\",\"host\":"), std::string::npos) << written;
  EXPECT_NE(written.find("\"outcome\":\"tls_ok\""), std::string::npos);
  EXPECT_NE(written.find("\n{\"table\":\"mx_hosts\",\"host\":"), std::string::npos);
  EXPECT_NE(written.find("\n{\"table\":\"certificates\",\"sha256\":"), std::string::npos);
}

TEST(NdjsonSink, SaysWhenNobodyReadsAnyMore) {
  std::FILE* stream = std::fopen("/dev/full", "w");
  ASSERT_NE(stream, nullptr);
  auto sink = NdjsonSink::Create(stream).value();
  EXPECT_TRUE(sink->Add(Endpoint("tls_ok")).ok());
  EXPECT_EQ(sink->AfterBatch({}).code(), absl::StatusCode::kUnavailable);
  std::fclose(stream);
}

}  // namespace
}  // namespace mxsweep::scanner
