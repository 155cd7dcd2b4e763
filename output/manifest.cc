#include "output/manifest.h"

#include <charconv>
#include <system_error>
#include <utility>

#include "absl/status/status.h"
#include "nlohmann/json.hpp"
#include "output/tables/schema.h"
#include "scanner/base/text.h"

namespace mxsweep::output {
namespace {

constexpr std::string_view kFormat = "mxsweep-manifest";
constexpr size_t kNumberDigits = 6;
// No list has more targets.
constexpr uint64_t kMostTargets = uint64_t{1} << 40;

std::string Padded(uint64_t number) {
  std::string digits = JoinText(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return digits;
}

std::optional<uint64_t> Unsigned(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_number_unsigned()) return std::nullopt;
  return found->get<uint64_t>();
}

std::optional<std::string> Text(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_string()) return std::nullopt;
  return found->get<std::string>();
}

nlohmann::json RunsToJson(const std::vector<NumberRun>& runs) {
  nlohmann::json lengths = nlohmann::json::array();
  uint64_t at = 0;
  for (const NumberRun& run : runs) {
    lengths.push_back(run.first - at);
    lengths.push_back(run.count);
    at = run.first + run.count;
  }
  return lengths;
}

std::optional<std::vector<NumberRun>> ParseRuns(const nlohmann::json& lengths) {
  if (!lengths.is_array() || lengths.size() % 2 != 0) return std::nullopt;
  std::vector<NumberRun> runs;
  runs.reserve(lengths.size() / 2);
  uint64_t at = 0;
  for (size_t i = 0; i < lengths.size(); i += 2) {
    if (!lengths[i].is_number_unsigned() || !lengths[i + 1].is_number_unsigned()) {
      return std::nullopt;
    }
    const auto gap = lengths[i].get<uint64_t>();
    const auto count = lengths[i + 1].get<uint64_t>();
    // Runs that touch would be one.
    if (gap > kMostTargets || count > kMostTargets || count == 0 || (gap == 0 && i > 0)) {
      return std::nullopt;
    }
    runs.push_back({at + gap, count});
    at += gap + count;
    if (at > kMostTargets) return std::nullopt;
  }
  return runs;
}

std::optional<PartInfo> ParsePart(const nlohmann::json& object, uint64_t epoch) {
  if (!object.is_object()) return std::nullopt;
  const auto table = TableFromName(Text(object, "table").value_or(""));
  const auto rows = Unsigned(object, "rows");
  const auto bytes = Unsigned(object, "bytes");
  if (!table.ok() || !rows || !bytes) return std::nullopt;
  if (Text(object, "file") != PartFile(*table, epoch)) return std::nullopt;
  return PartInfo{.table = *table,
                  .file = PartFile(*table, epoch),
                  .epoch = epoch,
                  .rows = *rows,
                  .bytes = *bytes};
}

}  // namespace

std::string ManifestFile(uint64_t epoch) { return JoinText("manifest/", Padded(epoch), ".json"); }

std::string PartFile(TableId table, uint64_t epoch) {
  return JoinText(TableName(table), "/part-", Padded(epoch), ".parquet");
}

std::string HiddenPartFile(const std::string& part_file) {
  const size_t slash = part_file.rfind('/');
  return JoinText(part_file.substr(0, slash), "/.", part_file.substr(slash + 1), ".tmp");
}

std::optional<uint64_t> EpochOfManifestName(std::string_view name) {
  uint64_t epoch = 0;
  const auto result = std::from_chars(name.data(), name.data() + name.size(), epoch);
  if (result.ec != std::errc() || JoinText("manifest/", name) != ManifestFile(epoch)) {
    return std::nullopt;
  }
  return epoch;
}

std::string SerializeManifest(const Manifest& manifest) {
  nlohmann::json parts = nlohmann::json::array();
  for (const PartInfo& part : manifest.parts) {
    parts.push_back({{"table", std::string(TableName(part.table))},
                     {"file", part.file},
                     {"rows", part.rows},
                     {"bytes", part.bytes}});
  }
  const nlohmann::json json = {
      {"format", std::string(kFormat)}, {"schema_version", kSchemaVersion},
      {"scan_id", manifest.scan_id},    {"epoch", manifest.epoch},
      {"parts", std::move(parts)},      {"targets_done", RunsToJson(manifest.targets_done)},
      {"scan", manifest.scan}};
  return JoinText(json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), "\n");
}

absl::StatusOr<Manifest> ParseManifest(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || Text(json, "format") != kFormat) {
    return absl::DataLossError("it is not a manifest");
  }
  const auto version = Unsigned(json, "schema_version");
  const auto epoch = Unsigned(json, "epoch");
  const auto scan_id = Text(json, "scan_id");
  const auto parts = json.find("parts");
  if (!version || !epoch || !scan_id || parts == json.end() || !parts->is_array() ||
      parts->size() > kTableCount) {
    return absl::DataLossError("the manifest lacks a field");
  }
  if (*version > kSchemaVersion) {
    return absl::FailedPreconditionError(JoinText("written by a newer mxsweep: schema version ",
                                                  *version, ", this one knows ", kSchemaVersion));
  }
  Manifest manifest{.scan_id = *scan_id, .epoch = *epoch};
  for (const auto& entry : *parts) {
    auto part = ParsePart(entry, *epoch);
    if (!part) return absl::DataLossError("the manifest names a part that cannot be one");
    manifest.parts.push_back(*std::move(part));
  }
  // Before version 5 there was neither.
  if (const auto lengths = json.find("targets_done"); lengths != json.end()) {
    auto runs = ParseRuns(*lengths);
    if (!runs) return absl::DataLossError("the manifest's targets_done cannot be read");
    manifest.targets_done = *std::move(runs);
  }
  if (const auto scan = json.find("scan"); scan != json.end()) manifest.scan = *scan;
  return manifest;
}

}  // namespace mxsweep::output
