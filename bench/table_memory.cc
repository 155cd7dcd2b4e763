#include "bench/table_memory.h"

#include <malloc.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>

#include "scanner/pace/gate.h"
#include "scanner/targets/name_set.h"
#include "scanner/work/host_table.h"
#include "scanner/work/packed_store.h"
#include "scanner/work/packing.h"
#include "tls/pki/certificate_table.h"

namespace mxsweep::bench {
namespace {

size_t HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// The most that the heap has grown by since it was made.
class HeapGrowth {
 public:
  void Look() { most_ = std::max(most_, HeapBytes()); }
  size_t bytes() const { return most_ - start_; }

 private:
  const size_t start_ = HeapBytes();
  size_t most_ = start_;
};

double Each(size_t bytes, size_t count) {
  return static_cast<double>(bytes) / static_cast<double>(count);
}

double BytesPerName(size_t count) {
  scanner::NameSet names;
  for (size_t i = 0; i < count; ++i) names.Insert("domain" + std::to_string(i) + ".example");
  return Each(sizeof(names) + names.peak_allocated_bytes(), count);
}

double BytesPerHost(size_t count) {
  scanner::HostTable hosts({1, 2});
  scanner::Findings findings;
  findings.endpoints = 1;
  for (size_t i = 0; i < count; ++i) {
    const std::string host = "mx" + std::to_string(i) + ".example";
    hosts.Wait(host, {});
    hosts.Finish(host, findings, /*keep=*/true, [](const scanner::HostWaiter&) {});
  }
  // Nothing else of it grows with the number of hosts (tests/scanner/host_table_test.cc).
  return Each(sizeof(hosts) + hosts.peak_allocated_bytes(), count);
}

double BytesPerAddress(size_t count) {
  constexpr int64_t kBetweenNs = 1'000'000;
  constexpr uint32_t kOpen = 200;
  HeapGrowth heap;
  scanner::Gate gate(scanner::Gate::Options{});
  const auto address = [](size_t i) {
    return scanner::SocketAddress{dns::IpAddress::FromV4(static_cast<uint32_t>(i)), 25};
  };
  for (size_t i = 0; i < count + kOpen; ++i) {
    const int64_t now_ns = static_cast<int64_t>(i) * kBetweenNs;
    if (i < count) gate.Request(address(i), i, now_ns);
    if (i >= kOpen) gate.Release(address(i - kOpen), now_ns, scanner::Gate::Outcome::kOk);
    if (i % 1024 == 0) heap.Look();
  }
  heap.Look();
  return Each(sizeof(gate) + heap.bytes(), count);
}

// A domain with a host of its own, all at one address. What Worker keeps of them is what is packed
// here; the pages of a store are not on the heap.
double BytesPerParked(size_t count) {
  HeapGrowth heap;
  scanner::PackedBudget budget;
  budget.memory_left = INT64_MAX;
  scanner::PackedStore targets(&budget);
  scanner::PackedStore hosts(&budget);
  scanner::Gate gate(scanner::Gate::Options{});
  for (size_t i = 0; i < count; ++i) {
    scanner::WaitingTarget target;
    target.target.kind = scanner::Target::Kind::kDomain;
    target.target.name = "customer" + std::to_string(i) + ".example";
    target.target.input_line = i + 1;
    target.started_us = static_cast<int64_t>(1'000 * i);
    target.mx.status = dns::MxStatus::kMx;
    target.mx.dnssec = dns::DnssecState::kInsecure;
    target.mx.records = {{10, "mail." + target.target.name}};
    target.policies = dns::PolicyRecords{};
    scanner::WaitingHost host;
    host.host = "mail." + target.target.name;
    host.started_us = target.started_us;
    host.answer.emplace().addresses = {dns::IpAddress::FromV4(1)};
    std::string packed(scanner::kTargetHeadBytes, '\0');
    Pack(target, &packed);
    targets.Add(packed);
    packed.assign(scanner::kHostHeadBytes, '\0');
    Pack(host, &packed);
    gate.Request({dns::IpAddress::FromV4(1), 25}, hosts.Add(packed), 0);
    if (i % 1024 == 0) heap.Look();
  }
  heap.Look();
  return Each(heap.bytes() + targets.allocated_bytes() + hosts.allocated_bytes(), count);
}

// Of one more, when as many are known in full as ever will be.
double BytesPerCertificate(size_t count) {
  constexpr size_t kKnown = 4 * tls::CertificateTable::kRemembered;
  tls::CertificateTable table;
  std::optional<HeapGrowth> heap;
  for (size_t i = 0; i < kKnown + count; ++i) {
    if (i == kKnown) heap.emplace();
    // No certificate, but known by its hash like one.
    std::array<uint8_t, sizeof(i)> der;
    std::memcpy(der.data(), &i, sizeof(i));
    table.Intern(der);
    if (heap && i % 1024 == 0) heap->Look();
  }
  heap->Look();
  return Each(heap->bytes(), count);
}

}  // namespace

TableBytes MeasureTableBytes(size_t count) {
  return {.per_name = BytesPerName(count),
          .per_host = BytesPerHost(count),
          .per_address = BytesPerAddress(count),
          .per_parked = BytesPerParked(count),
          .per_certificate = BytesPerCertificate(count)};
}

}  // namespace mxsweep::bench
