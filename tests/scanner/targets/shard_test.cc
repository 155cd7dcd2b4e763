#include "scanner/targets/shard.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "scanner/targets/target_reader.h"

namespace mxsweep::scanner {
namespace {

using ::testing::HasSubstr;

// By Python: int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big").
TEST(Shard, HashesAsDocumented) {
  EXPECT_EQ(ShardHash("example.org"), 13811347586094041862u);
  EXPECT_EQ(ShardHash("xn--bcher-kva.example"), 10884257705408538160u);
  EXPECT_EQ(ShardHash(""), 16406829232824261652u);
}

// The same of str(ipaddress.ip_network(address + "/24" or "/64", strict=False)).
TEST(Shard, HashesAnAddressByItsPrefix) {
  const auto hash = [](const char* text) {
    return ShardHashOfAddress(*dns::IpAddress::Parse(text));
  };
  EXPECT_EQ(hash("192.0.2.77"), 16372433336611239222u);
  EXPECT_EQ(hash("192.0.2.1"), hash("192.0.2.255"));
  EXPECT_NE(hash("192.0.2.1"), hash("192.0.3.1"));
  EXPECT_EQ(hash("2001:db8:0:1::25"), 15348752007456518633u);
  EXPECT_EQ(hash("2001:db8:0:1::"), hash("2001:db8:0:1:ffff:ffff:ffff:ffff"));
  EXPECT_NE(hash("2001:db8:0:1::"), hash("2001:db8:0:2::"));
  EXPECT_EQ(hash("::ffff:192.0.2.1"), 14965251558256869483u);
}

TEST(Shard, IsReadAsItIsWritten) {
  EXPECT_EQ(*ParseShard("0/1"), (Shard{0, 1}));
  EXPECT_EQ(*ParseShard("7/8"), (Shard{7, 8}));
  EXPECT_EQ(ShardText({7, 8}), "7/8");
  for (const char* text : {"", "1", "/8", "1/", "-1/8", "1/8 ", "1/-8", "1/x", "a/8", "0/0"}) {
    EXPECT_FALSE(ParseShard(text).ok()) << text;
  }
  EXPECT_THAT(std::string(ParseShard("8/8").status().message()), HasSubstr("the last one is 7/8"));
}

// Every target of a list is in one shard, with its line, and numbered from 0 there.
TEST(Shard, ListsAreSharedOut) {
  std::string list;
  for (int i = 0; i < 300; ++i) list += "d" + std::to_string(i) + ".example\n";
  list += "not a domain\nd7.example\n";
  std::vector<int> seen(300);
  size_t invalid = 0, duplicates = 0;
  for (uint32_t index = 0; index < 4; ++index) {
    TargetReader reader(FromString(list), {.shard = {index, 4}});
    Target target;
    uint64_t number = 0;
    while (reader.Next(&target)) {
      EXPECT_EQ(target.number, number++);
      if (target.kind == Target::Kind::kInvalid) {
        ++invalid;
        EXPECT_EQ(target.input_line, 301u);
        continue;
      }
      EXPECT_EQ(target.name, "d" + std::to_string(target.input_line - 1) + ".example");
      ++seen[target.input_line - 1];
    }
    EXPECT_EQ(reader.counts().lines, 302u);
    EXPECT_EQ(reader.counts().targets + reader.counts().duplicates + reader.counts().elsewhere,
              302u);
    EXPECT_GT(reader.counts().targets, 50u) << "uneven";
    duplicates += reader.counts().duplicates;
  }
  for (const int times : seen) EXPECT_EQ(times, 1);
  EXPECT_EQ(invalid, 1u);
  EXPECT_EQ(duplicates, 1u);
}

// All of a network is one shard's.
TEST(Shard, AddressesAreSharedOutByPrefix) {
  size_t shards = 0;
  for (uint32_t index = 0; index < 8; ++index) {
    TargetReader reader(FromString("192.0.2.0/24\n192.0.2.9\n"),
                        {.kind = TargetsKind::kAddresses, .shard = {index, 8}});
    Target target;
    size_t count = 0;
    while (reader.Next(&target)) ++count;
    EXPECT_TRUE(count == 0 || count == 256) << count;
    shards += count > 0;
  }
  EXPECT_EQ(shards, 1u);
}

}  // namespace
}  // namespace mxsweep::scanner
