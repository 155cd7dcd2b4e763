// How fast endpoint rows become a Parquet file, whole and column by column, and how many bytes each
// takes: rows as a scan of a lab meets them (hosts with two addresses, shared certificates, a few
// providers, words from small sets, times that differ).
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "benchmark/benchmark.h"
#include "output/json_rows.h"
#include "output/parquet_reader.h"
#include "output/parquet_writer.h"

namespace mxsweep::output {
namespace {

// What a row group holds.
constexpr int64_t kRowGroupRows = ParquetOptions{}.row_group_rows;

// Takes the bytes and keeps them for reading back.
class BytesSink : public WritableFile {
 public:
  explicit BytesSink(std::string& bytes) : bytes_(bytes) {}
  absl::Status Append(std::string_view bytes) override {
    bytes_.append(bytes);
    return absl::OkStatus();
  }
  absl::Status Sync() override { return absl::OkStatus(); }
  absl::Status Close() override { return absl::OkStatus(); }

 private:
  std::string& bytes_;
};

class LabRows {
 public:
  explicit LabRows(uint64_t seed) : random_(seed) {
    for (int i = 0; i < 4'000; ++i) certificates_.push_back(Sha256());
    for (int i = 0; i < 20; ++i) intermediates_.push_back(Sha256());
  }

  EndpointRow Next() {
    if (number_++ % 2 == 0) NewHost();
    EndpointRow row;
    row.host = host_;
    row.address = absl::StrFormat("127.%d.%d.%d", Below(250), Below(250), 1 + Below(250));
    row.provider = provider_;
    row.attempts = 1;
    row.started_at =
        absl::FromUnixMicros(1'769'000'000'000'000 + static_cast<int64_t>(number_) * 200);
    row.connect_us = static_cast<uint32_t>(200 + Below(2'000));
    row.greeting_code = 220;
    row.greeting = host_ + " ESMTP Postfix";
    row.helo_used = false;
    row.ehlo_keywords = {"PIPELINING", "SIZE 52428800", "STARTTLS", "ENHANCEDSTATUSCODES",
                         "8BITMIME"};
    row.size_limit = 52'428'800;
    row.greeting_us = static_cast<uint32_t>(500 + Below(3'000));
    row.elapsed_us = 5'000 + Below(20'000);
    row.bytes_in = 3'000 + Below(1'500);
    row.bytes_out = 700 + Below(60);
    if (Below(10) == 0) {
      row.outcome = row.stage = "no_starttls";
      row.rpt_result = "starttls-not-supported";
    } else {
      AddTls(row);
    }
    return row;
  }

 private:
  uint64_t Below(uint64_t bound) { return random_() % bound; }

  std::string Sha256() {
    return absl::StrFormat("%016x%016x%016x%016x", random_(), random_(), random_(), random_());
  }

  void NewHost() {
    provider_ = absl::StrFormat("provider%d.example", Below(5'000));
    host_ = absl::StrFormat("mx%d.%s", Below(30), provider_);
    certificate_ = certificates_[Below(certificates_.size())];
  }

  void AddTls(EndpointRow& row) {
    const bool tls13 = Below(3) != 0;
    row.outcome = "tls_ok";
    row.stage = "done";
    row.rpt_result = "success";
    row.starttls_code = 220;
    row.starttls_reply = "2.0.0 Ready to start TLS";
    row.injected_plaintext_bytes = 0;
    row.ehlo_after_tls = {"PIPELINING", "SIZE 52428800", "ENHANCEDSTATUSCODES", "8BITMIME"};
    row.requiretls = false;
    row.server_name = host_;
    row.tls_version = tls13 ? "TLSv1.3" : "TLSv1.2";
    row.cipher = tls13 ? "TLS_AES_256_GCM_SHA384" : "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256";
    row.cipher_bits = tls13 ? 256 : 128;
    row.group = Below(4) == 0 ? "P-256" : "X25519";
    row.group_bits = 253;
    row.signature_algorithm = "rsa_pss_rsae_sha256";
    row.ocsp_stapled = false;
    row.sct_count = 0;
    row.extended_master_secret = true;
    row.secure_renegotiation = true;
    row.leaf_key_type = "RSA";
    row.leaf_key_bits = Below(5) == 0 ? 4096 : 2048;
    row.leaf_signature_algorithm = "sha256WithRSAEncryption";
    row.security_level = 2;
    row.chain_sha256 = {certificate_, intermediates_[certificate_[0] % intermediates_.size()]};
    row.pkix_status = Below(6) == 0 ? "untrusted" : "valid";
    row.name_match = "san";
    row.not_after =
        absl::FromUnixSeconds(1'770'000'000 + static_cast<int64_t>(certificate_[1]) * 86'400);
    row.dane_status = Below(5) == 0 ? "match" : "none";
    row.starttls_us = static_cast<uint32_t>(300 + Below(900));
    row.handshake_us = static_cast<uint32_t>(900 + Below(4'000));
  }

  std::mt19937_64 random_;
  uint64_t number_ = 0;
  std::vector<std::string> certificates_;
  std::vector<std::string> intermediates_;
  std::string host_;
  std::string provider_;
  std::string certificate_;
};

const std::vector<EndpointRow>& Rows(size_t count) {
  static auto* const rows = new std::vector<EndpointRow>();
  if (rows->size() != count) {
    LabRows lab(1);
    rows->clear();
    for (size_t i = 0; i < count; ++i) rows->push_back(lab.Next());
  }
  return *rows;
}

std::string WriteRows(const std::vector<EndpointRow>& rows) {
  std::string bytes;
  ParquetWriter writer(SchemaOf(TableId::kEndpoints), ParquetOptions(),
                       std::make_unique<BytesSink>(bytes));
  for (const EndpointRow& row : rows) {
    if (!writer.Add(row).ok()) return "";
  }
  if (!writer.Finish().ok()) return "";
  return bytes;
}

// One column of a row group, from its values to the bytes of its chunk: a few words, for which a
// dictionary pays; strings of which every second differs; numbers that all differ.
void BM_WriteColumn(benchmark::State& state, const char* name) {
  const TableSchema& schema = SchemaOf(TableId::kEndpoints);
  const LeafSpec& leaf = schema.leaves[schema.columns[*schema.FindColumn(name)].first_leaf];
  const auto& rows = Rows(kRowGroupRows);
  const ParquetOptions options;
  ColumnBuffer column(leaf, options);
  ColumnChunkEncoder encoder(options);
  const std::string_view which = name;
  size_t chunk_bytes = 0;
  for (auto _ : state) {
    column.Clear();
    for (const EndpointRow& row : rows) {
      if (which == "outcome") {
        column.AppendBytes(row.outcome, 0);
      } else if (which == "host") {
        column.AppendBytes(row.host, 0);
      } else {
        column.AppendInteger(static_cast<uint64_t>(absl::ToUnixMicros(row.started_at)), 0);
      }
    }
    column.Settle();
    const auto chunk = encoder.Encode(column, 0);
    if (!chunk.ok()) {
      state.SkipWithError("cannot encode");
      break;
    }
    chunk_bytes = chunk->bytes.size();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
  state.counters["bytes_per_row"] =
      static_cast<double>(chunk_bytes) / static_cast<double>(rows.size());
}
BENCHMARK_CAPTURE(BM_WriteColumn, outcome, "outcome")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteColumn, host, "host")->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(BM_WriteColumn, started_at, "started_at")->Unit(benchmark::kMillisecond);

void BM_WriteEndpoints(benchmark::State& state) {
  const auto& rows = Rows(static_cast<size_t>(state.range(0)));
  size_t file_bytes = 0;
  for (auto _ : state) {
    file_bytes = WriteRows(rows).size();
    if (file_bytes == 0) state.SkipWithError("cannot write");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
  state.counters["bytes_per_row"] =
      static_cast<double>(file_bytes) / static_cast<double>(rows.size());
}
BENCHMARK(BM_WriteEndpoints)->ArgName("rows")->Arg(kRowGroupRows)->Unit(benchmark::kMillisecond);

void BM_ReadEndpoints(benchmark::State& state) {
  const auto& rows = Rows(static_cast<size_t>(state.range(0)));
  const std::string bytes = WriteRows(rows);
  size_t read = 0;
  for (auto _ : state) {
    const auto reader = ParquetReader::Open(FileFromBytes(bytes), TableId::kEndpoints);
    if (!reader.ok()) state.SkipWithError("cannot open");
    for (size_t group = 0; reader.ok() && group < reader->row_group_count(); ++group) {
      const auto count = [&](const EndpointRow&) { return ++read > 0; };
      if (!reader->ReadRowGroup(group, {}, count).ok()) state.SkipWithError("cannot read");
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(read));
}
BENCHMARK(BM_ReadEndpoints)->ArgName("rows")->Arg(kRowGroupRows)->Unit(benchmark::kMillisecond);

void BM_NdjsonEndpoints(benchmark::State& state) {
  const auto& rows = Rows(static_cast<size_t>(state.range(0)));
  const auto formatter = RowFormatter::Create(TableId::kEndpoints, RowFormat::kNdjson);
  std::string out;
  for (auto _ : state) {
    for (const EndpointRow& row : rows) {
      out.clear();
      formatter->AppendRow(row, out);
      benchmark::DoNotOptimize(out.data());
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
}
BENCHMARK(BM_NdjsonEndpoints)->ArgName("rows")->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace mxsweep::output
