#include "bench/scan_run.h"

#include <filesystem>
#include <system_error>

#include "absl/status/status.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

double FolderBytes(const std::string& folder) {
  std::error_code none;
  double bytes = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, none)) {
    if (entry.is_regular_file()) bytes += static_cast<double>(entry.file_size());
  }
  return bytes;
}

}  // namespace

std::vector<std::string> FastScanCommand(const FastScan& scan) {
  return {scan.mxsweep,
          "scan",
          scan.targets,
          "--output",
          scan.output,
          "--port",
          JoinText(scan.port),
          "--trust-store",
          scan.trust_store,
          "--allow-special",
          "--ehlo-name",
          "scanner.example.org",
          "--rate",
          "0",
          "--per-address-interval",
          "0",
          "--per-prefix-rate",
          "0",
          "--per-prefix-concurrency",
          "0",
          "--concurrency",
          JoinText(scan.concurrency),
          "--progress",
          "none"};
}

absl::StatusOr<ScanCost> RunScan(const std::vector<std::string>& command,
                                 const std::string& output) {
  absl::StatusOr<MeasuredProcess> process = MeasuredProcess::Start(command, output + ".log");
  if (!process.ok()) return process.status();
  return WaitForScan(&*process, output);
}

absl::StatusOr<ScanCost> WaitForScan(MeasuredProcess* process, const std::string& output) {
  ScanCost cost;
  cost.usage = process->Wait();
  if (cost.usage.exit_code != 0) {
    return absl::InternalError("the scan failed:\n" + FileText(output + ".log"));
  }
  const auto record = nlohmann::json::parse(FileText(output + "/scan.json"), nullptr, false);
  const auto counts = record.value("counts", nlohmann::json::object());
  cost.domains = counts.value("domains", 0.0);
  cost.endpoints = counts.value("endpoints", 0.0);
  cost.probes = counts.value("probes", 0.0);
  cost.tls_ok = counts.value("outcomes", nlohmann::json::object()).value("tls_ok", 0.0);
  cost.endpoint_table_bytes = FolderBytes(output + "/endpoints");
  cost.output_bytes = FolderBytes(output);
  std::filesystem::remove_all(output);
  return cost;
}

std::string Count(double value) {
  std::string digits = absl::StrFormat("%.0f", value);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) digits.insert(at, ",");
  return digits;
}

std::string Figure(double value) {
  if (value >= 99.95) return Count(value);
  return absl::StrFormat("%.*f", value < 9.995 ? 2 : 1, value);
}

}  // namespace mxsweep::bench
