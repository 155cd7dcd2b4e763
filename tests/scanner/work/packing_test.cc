// Records of what waits: what goes in comes out, in as few bytes as is promised.
#include "scanner/work/packing.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "scanner/work/packed_store.h"

namespace mxsweep::scanner {
namespace {

class Maker {
 public:
  explicit Maker(uint64_t seed) : random_(seed) {}

  uint64_t Number(uint64_t most) { return random_() % (most + 1); }
  bool Maybe() { return Number(1) == 0; }
  // Any bytes, or a name.
  std::string Text(uint64_t most) {
    const bool name = Maybe();
    std::string text(Number(most), '\0');
    for (char& c : text) {
      c = name ? "abcxyz0189-._"[Number(12)] : static_cast<char>(Number(255));
    }
    return text;
  }
  template <typename T>
  std::optional<T> MaybeOf(uint64_t last) {
    if (Maybe()) return std::nullopt;
    return static_cast<T>(Number(last));
  }
  dns::IpAddress Address(bool v6) {
    std::vector<uint8_t> bytes(v6 ? 16 : 4);
    for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(Number(255));
    return *dns::IpAddress::FromBytes(bytes);
  }

  WaitingTarget Target() {
    WaitingTarget waiting;
    waiting.target.input_line = Number(uint64_t{1} << Number(40));
    waiting.target.number = waiting.target.input_line / 2;
    waiting.started_us = static_cast<int64_t>(Number(uint64_t{1} << Number(50)));
    if (Number(9) == 0) {
      waiting.target.kind = Target::Kind::kHost;
      return waiting;
    }
    waiting.target.kind = Target::Kind::kDomain;
    waiting.target.name = Text(60);
    if (Maybe()) waiting.target.raw = Text(60);
    dns::MxAnswer& mx = waiting.mx;
    mx.status = static_cast<dns::MxStatus>(Number(9));
    mx.dnssec = static_cast<dns::DnssecState>(Number(3));
    mx.null_mx_with_others = Maybe();
    for (uint64_t i = Number(Maybe() ? 3 : 256); i > 0; --i) {
      mx.records.push_back({static_cast<uint16_t>(Number(65535)),
                            Text(20) + (Maybe() ? waiting.target.name : std::string())});
    }
    if (Maybe()) mx.next_hop_cname = Text(30);
    if (Maybe()) mx.error_detail = Text(300);
    if (Maybe()) mx.remark = Text(300);
    if (Maybe()) {
      dns::PolicyRecords& policies = waiting.policies.emplace();
      policies.sts.status = static_cast<dns::PolicyRecordStatus>(Number(5));
      policies.tlsrpt.status = static_cast<dns::PolicyRecordStatus>(Number(5));
      if (Maybe()) policies.sts.id = Text(32);
      if (Maybe()) policies.sts.detail = Text(100);
      for (uint64_t i = Number(3); i > 0; --i) policies.tlsrpt.rua.push_back(Text(100));
      if (Maybe()) policies.tlsrpt.detail = Text(100);
    }
    return waiting;
  }

  WaitingHost Host() {
    WaitingHost waiting;
    waiting.host = Text(80);
    waiting.started_us = static_cast<int64_t>(Number(uint64_t{1} << Number(50)));
    if (Number(9) == 0) {
      waiting.target_number = Number(1'000'000'000);
      waiting.address = Address(Maybe());
      return waiting;
    }
    dns::HostAnswer& answer = waiting.answer.emplace();
    answer.name_kind = static_cast<dns::MxHostKind>(Number(6));
    for (uint64_t i = Number(Maybe() ? 2 : 64); i > 0; --i) {
      answer.addresses.push_back(Address(false));
    }
    for (uint64_t i = Number(Maybe() ? 2 : 64); i > 0; --i) {
      answer.addresses.push_back(Address(true));
    }
    answer.address_status = MaybeOf<dns::LookupStatus>(6);
    answer.a_status = MaybeOf<dns::LookupStatus>(6);
    answer.aaaa_status = MaybeOf<dns::LookupStatus>(6);
    answer.address_dnssec = MaybeOf<dns::DnssecState>(3);
    answer.a_dnssec = MaybeOf<dns::DnssecState>(3);
    answer.aaaa_dnssec = MaybeOf<dns::DnssecState>(3);
    answer.tlsa_status = MaybeOf<dns::TlsaStatus>(4);
    answer.is_cname = Maybe();
    answer.tlsa_left_out = Maybe();
    answer.tlsa_for_ipv4 = Maybe();
    answer.tlsa_for_ipv6 = Maybe();
    if (Maybe()) answer.canonical_name = Text(80);
    if (Maybe()) answer.tlsa_base_domain = Text(80);
    if (Maybe()) answer.error_detail = Text(200);
    for (uint64_t i = Maybe() ? 0 : Number(5); i > 0; --i) {
      dns::TlsaRecord record{.usage = static_cast<uint8_t>(Number(255)),
                             .selector = static_cast<uint8_t>(Number(255)),
                             .matching_type = static_cast<uint8_t>(Number(255))};
      record.data.resize(Number(600), 7);
      answer.tlsa.push_back(std::move(record));
    }
    return waiting;
  }

 private:
  std::mt19937_64 random_;
};

TEST(Packing, GivesTargetsBackAsTheyWere) {
  Maker maker(1);
  for (int i = 0; i < 2'000; ++i) {
    const WaitingTarget in = maker.Target();
    std::string bytes = "head";
    Pack(in, &bytes);
    const WaitingTarget out = UnpackTarget(std::string_view(bytes + "tail").substr(4));
    EXPECT_EQ(out.target.kind, in.target.kind);
    EXPECT_EQ(out.target.input_line, in.target.input_line);
    EXPECT_EQ(out.target.number, in.target.number);
    EXPECT_EQ(out.target.name, in.target.name);
    EXPECT_EQ(out.target.raw, in.target.raw);
    EXPECT_EQ(out.started_us, in.started_us);
    if (in.target.kind == Target::Kind::kHost) continue;
    EXPECT_EQ(out.mx.status, in.mx.status);
    EXPECT_EQ(out.mx.dnssec, in.mx.dnssec);
    EXPECT_EQ(out.mx.records, in.mx.records);
    EXPECT_EQ(out.mx.null_mx_with_others, in.mx.null_mx_with_others);
    EXPECT_EQ(out.mx.next_hop_cname, in.mx.next_hop_cname);
    EXPECT_EQ(out.mx.error_detail, in.mx.error_detail);
    EXPECT_EQ(out.mx.remark, in.mx.remark);
    ASSERT_EQ(out.policies.has_value(), in.policies.has_value());
    if (!in.policies) continue;
    EXPECT_EQ(out.policies->sts.status, in.policies->sts.status);
    EXPECT_EQ(out.policies->sts.id, in.policies->sts.id);
    EXPECT_EQ(out.policies->sts.detail, in.policies->sts.detail);
    EXPECT_EQ(out.policies->tlsrpt.status, in.policies->tlsrpt.status);
    EXPECT_EQ(out.policies->tlsrpt.rua, in.policies->tlsrpt.rua);
    EXPECT_EQ(out.policies->tlsrpt.detail, in.policies->tlsrpt.detail);
  }
}

TEST(Packing, GivesHostsBackAsTheyWere) {
  Maker maker(2);
  for (int i = 0; i < 2'000; ++i) {
    const WaitingHost in = maker.Host();
    std::string bytes;
    Pack(in, &bytes);
    const WaitingHost out = UnpackHost(bytes + "tail");
    EXPECT_EQ(out.host, in.host);
    EXPECT_EQ(out.started_us, in.started_us);
    ASSERT_EQ(out.answer.has_value(), in.answer.has_value());
    if (!in.answer) {
      EXPECT_EQ(out.target_number, in.target_number);
      EXPECT_EQ(out.address, in.address);
      continue;
    }
    EXPECT_EQ(out.answer->name_kind, in.answer->name_kind);
    EXPECT_EQ(out.answer->addresses, in.answer->addresses);
    EXPECT_EQ(out.answer->address_status, in.answer->address_status);
    EXPECT_EQ(out.answer->a_status, in.answer->a_status);
    EXPECT_EQ(out.answer->aaaa_status, in.answer->aaaa_status);
    EXPECT_EQ(out.answer->address_dnssec, in.answer->address_dnssec);
    EXPECT_EQ(out.answer->a_dnssec, in.answer->a_dnssec);
    EXPECT_EQ(out.answer->aaaa_dnssec, in.answer->aaaa_dnssec);
    EXPECT_EQ(out.answer->tlsa_status, in.answer->tlsa_status);
    EXPECT_EQ(out.answer->is_cname, in.answer->is_cname);
    EXPECT_EQ(out.answer->tlsa_left_out, in.answer->tlsa_left_out);
    EXPECT_EQ(out.answer->tlsa_for_ipv4, in.answer->tlsa_for_ipv4);
    EXPECT_EQ(out.answer->tlsa_for_ipv6, in.answer->tlsa_for_ipv6);
    EXPECT_EQ(out.answer->canonical_name, in.answer->canonical_name);
    EXPECT_EQ(out.answer->tlsa_base_domain, in.answer->tlsa_base_domain);
    EXPECT_EQ(out.answer->error_detail, in.answer->error_detail);
    EXPECT_EQ(out.answer->tlsa, in.answer->tlsa);
  }
}

// What the members of these structs are is what is packed: whoever adds one learns of it here.
TEST(Packing, KnowsEveryMember) {
  EXPECT_EQ(sizeof(dns::MxAnswer), 136u);
  EXPECT_EQ(sizeof(dns::HostAnswer), 192u);
  EXPECT_EQ(sizeof(dns::PolicyRecords), 136u);
}

TEST(PackedStore, GivesRecordsBackAndTheirRoomToOthers) {
  PackedBudget budget;
  PackedStore store(&budget);
  std::mt19937_64 random(3);
  struct Kept {
    PackedStore::Handle handle;
    std::string bytes;
  };
  std::vector<Kept> kept;
  uint64_t most_bytes = 0;
  uint64_t bytes = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (kept.size() < 3'000 || random() % 2 == 0) {
      const size_t size = 1 + random() % (random() % 50 == 0 ? 70'000 : 120);
      std::string text(size, static_cast<char>(random()));
      bytes += size;
      kept.push_back({store.Add(text), std::move(text)});
    }
    if (kept.size() < 2'000) continue;
    std::swap(kept[random() % kept.size()], kept.back());
    const Kept& last = kept.back();
    ASSERT_EQ(
        std::string_view(reinterpret_cast<const char*>(store.At(last.handle)), last.bytes.size()),
        last.bytes);
    store.Remove(last.handle, last.bytes.size());
    bytes -= last.bytes.size();
    kept.pop_back();
    most_bytes = std::max(most_bytes, bytes);
  }
  EXPECT_EQ(store.records(), kept.size());
  // Rounded up to a power of two where they are large.
  EXPECT_LT(store.allocated_bytes(), 4 * most_bytes + (4 << 20));
  for (const Kept& one : kept) store.Remove(one.handle, one.bytes.size());
  EXPECT_EQ(store.used_bytes(), 0u);
}

TEST(PackedStore, PutsOnTheDiskWhatIsBeyondItsBudget) {
  PackedBudget budget;
  budget.memory_left = 4 << 20;
  budget.spill_folder = ::testing::TempDir();
  PackedStore store(&budget);
  std::vector<PackedStore::Handle> handles;
  const auto text = [](int i) { return "record " + std::to_string(i) + std::string(50, '.'); };
  for (int i = 0; i < 200'000; ++i) handles.push_back(store.Add(text(i)));
  EXPECT_GE(budget.spilled_bytes.load(), 6u << 20);
  for (int i = 0; i < 200'000; ++i) {
    const std::string wanted = text(i);
    ASSERT_EQ(std::string_view(reinterpret_cast<const char*>(store.At(handles[i])), wanted.size()),
              wanted);
  }
}

// A folder that is not there: it stays in memory.
TEST(PackedStore, GoesOnWithoutADisk) {
  PackedBudget budget;
  budget.memory_left = 0;
  budget.spill_folder = "/nowhere/at/all";
  PackedStore store(&budget);
  const PackedStore::Handle handle = store.Add("hello");
  EXPECT_EQ(store.At(handle)[0], 'h');
  EXPECT_EQ(budget.spilled_bytes.load(), 0u);
}

// A domain of its own with a host of its own at a crowded address: what it takes beside its place
// in the gate's queue.
TEST(Packing, TakesAHundredBytesForATargetAndItsHost) {
  PackedBudget budget;
  PackedStore targets(&budget);
  PackedStore hosts(&budget);
  uint64_t bytes = 0;
  for (int i = 0; i < 1'000; ++i) {
    WaitingTarget target;
    target.target.kind = Target::Kind::kDomain;
    target.target.name = "customer" + std::to_string(100'000 + i) + ".example";
    target.target.input_line = static_cast<uint64_t>(1'000'000 + i);
    target.started_us = 1'800'000'000 + i;
    target.mx.status = dns::MxStatus::kMx;
    target.mx.dnssec = dns::DnssecState::kInsecure;
    target.mx.records = {{10, "mail." + target.target.name}};
    target.policies = dns::PolicyRecords{{dns::PolicyRecordStatus::kNone, "", ""},
                                         {dns::PolicyRecordStatus::kNone, {}, ""}};
    WaitingHost host;
    host.host = "mail." + target.target.name;
    host.started_us = target.started_us + 90'000;
    host.answer.emplace().addresses = {dns::IpAddress::FromV4(0x0a000001)};
    std::string packed_target(kTargetHeadBytes, '\0');
    std::string packed_host(kHostHeadBytes, '\0');
    Pack(target, &packed_target);
    Pack(host, &packed_host);
    targets.Add(packed_target);
    hosts.Add(packed_host);
    bytes += packed_target.size() + packed_host.size();
  }
  const double each = static_cast<double>(targets.used_bytes() + hosts.used_bytes()) / 1'000;
  std::printf("  bytes of a waiting target and its host: %.1f packed, %.1f kept\n",
              static_cast<double>(bytes) / 1'000, each);
  EXPECT_LE(each, 100.0);
}

}  // namespace
}  // namespace mxsweep::scanner
