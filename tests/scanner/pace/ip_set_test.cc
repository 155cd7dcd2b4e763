#include "scanner/pace/ip_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>
#include <string>

namespace mxsweep::scanner {
namespace {

using Verdict = AddressFilter::Verdict;
using ::testing::HasSubstr;

dns::IpAddress Ip(std::string_view text) {
  const auto address = dns::IpAddress::Parse(text);
  EXPECT_TRUE(address.has_value()) << text;
  return address.value_or(dns::IpAddress());
}

IpSet SetOf(std::string_view text) {
  IpSet::Builder builder;
  const absl::Status status = builder.AddText(text, "test");
  EXPECT_TRUE(status.ok()) << status;
  return builder.Build();
}

std::string ErrorOf(std::string_view text) {
  IpSet::Builder builder;
  return std::string(builder.AddText(text, "list.txt").message());
}

TEST(IpRange, IsReadFromAddressPrefixAndPair) {
  const auto one = ParseIpRange("192.0.2.7");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(one->first, one->last);
  const auto prefix = ParseIpRange(" 192.0.2.0/25 ");
  ASSERT_TRUE(prefix.ok());
  EXPECT_EQ(prefix->first, Ip("192.0.2.0"));
  EXPECT_EQ(prefix->last, Ip("192.0.2.127"));
  const auto pair = ParseIpRange("192.0.2.3 - 192.0.2.9");
  ASSERT_TRUE(pair.ok());
  EXPECT_EQ(pair->Size(), 7u);
  EXPECT_EQ(pair->At(6), Ip("192.0.2.9"));
}

TEST(IpRange, KnowsTheLargestAndTheSmallestPrefixes) {
  EXPECT_EQ(ParseIpRange("0.0.0.0/0")->Size(), absl::uint128(1) << 32);
  EXPECT_EQ(ParseIpRange("0.0.0.0/0")->last, Ip("255.255.255.255"));
  EXPECT_EQ(ParseIpRange("192.0.2.1/32")->Size(), 1u);
  EXPECT_EQ(ParseIpRange("::/0")->last, Ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_EQ(ParseIpRange("2001:db8::/64")->Size(), absl::uint128(1) << 64);
  EXPECT_EQ(ParseIpRange("2001:db8::1/128")->Size(), 1u);
}

TEST(IpRange, IsRefusedWhereItIsNotClearWhatIsMeant) {
  for (const char* text :
       {"", "x", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/-1", "192.0.2.0/ 8", "192.0.2.0/8x",
        "192.0.2.1/24", "2001:db8::/129", "2001:db8::1/64", "192.0.2.9-192.0.2.3",
        "192.0.2.9-2001:db8::1", "192.0.2.9-", "192.0.2.0/24-192.0.3.0", "example.org"}) {
    EXPECT_FALSE(ParseIpRange(text).ok()) << text;
  }
  EXPECT_THAT(std::string(ParseIpRange("10.1.2.3/8").status().message()), HasSubstr("10.0.0.0/8?"));
}

TEST(IpSet, IsEmptyByDefault) {
  const IpSet set;
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.Contains(Ip("192.0.2.1")));
  EXPECT_FALSE(set.Contains(Ip("::1")));
}

TEST(IpSet, ContainsBothEndsOfARangeAndNoNeighbour) {
  const IpSet set = SetOf("192.0.2.16/28\n2001:db8:1::/48\n");
  EXPECT_FALSE(set.Contains(Ip("192.0.2.15")));
  EXPECT_TRUE(set.Contains(Ip("192.0.2.16")));
  EXPECT_TRUE(set.Contains(Ip("192.0.2.31")));
  EXPECT_FALSE(set.Contains(Ip("192.0.2.32")));
  EXPECT_FALSE(set.Contains(Ip("2001:db8:0:ffff:ffff:ffff:ffff:ffff")));
  EXPECT_TRUE(set.Contains(Ip("2001:db8:1::")));
  EXPECT_TRUE(set.Contains(Ip("2001:db8:1:ffff:ffff:ffff:ffff:ffff")));
  EXPECT_FALSE(set.Contains(Ip("2001:db8:2::")));
}

TEST(IpSet, KeepsTheFamiliesApart) {
  const IpSet set = SetOf("0.0.0.0/0");
  EXPECT_TRUE(set.Contains(Ip("255.255.255.255")));
  EXPECT_FALSE(set.Contains(Ip("::1")));
}

TEST(IpSet, MergesOverlappingAndNeighbouringRanges) {
  const IpSet set = SetOf(
      "192.0.2.128/25\n192.0.2.0/25\n192.0.2.5\n10.0.0.0-10.0.0.5\n10.0.0.3-10.0.0.9\n"
      "255.255.255.255\n255.255.255.254\n");
  EXPECT_EQ(set.range_count(), 3u);
  EXPECT_TRUE(set.Contains(Ip("10.0.0.9")));
  EXPECT_TRUE(set.Contains(Ip("255.255.255.255")));
}

TEST(IpSet, SkipsCommentsAndBlankLines) {
  const IpSet set = SetOf("# all\r\n\r\n192.0.2.1 # one\r\n192.0.2.3;two\n   \n");
  EXPECT_EQ(set.range_count(), 2u);
}

TEST(IpSet, NamesTheLineThatIsWrongAndAddsNothing) {
  EXPECT_THAT(ErrorOf("192.0.2.1\n# fine\n192.0.2.0/40\n"), HasSubstr("list.txt:3: "));
  IpSet::Builder builder;
  EXPECT_FALSE(builder.AddText("192.0.2.1\nx\n", "list").ok());
  EXPECT_TRUE(builder.Build().empty());
}

TEST(IpSet, ReadsFiles) {
  const std::string path = testing::TempDir() + "ip_set_test.txt";
  std::ofstream(path) << "192.0.2.0/24\n";
  IpSet::Builder builder;
  EXPECT_TRUE(builder.AddFile(path).ok());
  std::ofstream(path, std::ios::trunc).close();
  EXPECT_TRUE(builder.AddFile(path).ok()) << "an empty file is an empty list";
  EXPECT_TRUE(builder.Build().Contains(Ip("192.0.2.77")));
  std::remove(path.c_str());
  EXPECT_FALSE(builder.AddFile(path).ok());
  EXPECT_FALSE(builder.AddFile(testing::TempDir()).ok());
}

TEST(IpSet, AgreesWithALinearSearch) {
  std::mt19937 random(7);
  std::uniform_int_distribution<uint32_t> pick(0, 4000);
  std::vector<IpRange> ranges;
  IpSet::Builder builder;
  for (int i = 0; i < 200; ++i) {
    const uint32_t first = pick(random);
    ranges.push_back(
        {dns::IpAddress::FromV4(first), dns::IpAddress::FromV4(first + pick(random) % 12)});
    builder.Add(ranges.back());
  }
  const IpSet set = builder.Build();
  for (uint32_t value = 0; value < 4100; ++value) {
    const dns::IpAddress address = dns::IpAddress::FromV4(value);
    bool expected = false;
    for (const IpRange& range : ranges) expected |= range.Contains(address);
    ASSERT_EQ(set.Contains(address), expected) << address.ToString();
  }
}

TEST(SpecialPurpose, CoversTheRegistries) {
  for (const char* text :
       {"0.0.0.0",        "10.1.2.3",   "100.64.0.1",      "127.0.0.1",    "127.255.255.255",
        "169.254.1.1",    "172.16.0.1", "172.31.255.255",  "192.0.0.1",    "192.0.2.1",
        "192.168.1.1",    "198.18.0.1", "198.19.255.255",  "198.51.100.1", "203.0.113.1",
        "224.0.0.1",      "240.0.0.1",  "255.255.255.255", "::",           "::1",
        "::ffff:8.8.8.8", "::8.8.8.8",  "64:ff9b:1::1",    "100::1",       "2001::1",
        "2001:db8::1",    "3fff::1",    "fc00::1",         "fdff::1",      "fe80::1",
        "febf::1",        "ff02::1"}) {
    EXPECT_TRUE(SpecialPurpose(Ip(text)).has_value()) << text;
  }
  EXPECT_EQ(SpecialPurpose(Ip("::1")), "loopback");
  EXPECT_EQ(SpecialPurpose(Ip("10.0.0.1")), "private use");
}

TEST(SpecialPurpose, LeavesOutNeighboursAndOrdinaryAddresses) {
  for (const char* text :
       {"1.0.0.0", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255",
        "128.0.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0", "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "2001:200::1", "2001:db9::1", "2a00:1450::1",
        "2606:4700::1111"}) {
    EXPECT_FALSE(SpecialPurpose(Ip(text)).has_value()) << text;
  }
}

TEST(AddressFilter, RefusesSpecialAddressesUnlessAllowed) {
  EXPECT_EQ(AddressFilter().Judge(Ip("127.0.0.1")), Verdict::kSpecialPurpose);
  EXPECT_EQ(AddressFilter().Judge(Ip("9.9.9.9")), Verdict::kAllowed);
  EXPECT_EQ(AddressFilter({}, std::nullopt, true).Judge(Ip("127.0.0.1")), Verdict::kAllowed);
}

TEST(AddressFilter, AsksTheBlocklistFirst) {
  const AddressFilter filter(SetOf("9.9.9.0/24"), SetOf("9.9.9.9\n8.8.8.8"), true);
  EXPECT_EQ(filter.Judge(Ip("9.9.9.9")), Verdict::kBlocklisted);
  EXPECT_EQ(filter.Judge(Ip("8.8.8.8")), Verdict::kAllowed);
  EXPECT_EQ(filter.Judge(Ip("8.8.4.4")), Verdict::kNotAllowlisted);
}

TEST(AddressFilter, AllowlistDoesNotMakeSpecialAddressesOrdinary) {
  const AddressFilter filter({}, SetOf("127.0.0.0/8"));
  EXPECT_EQ(filter.Judge(Ip("127.0.0.1")), Verdict::kSpecialPurpose);
}

TEST(AddressFilter, AllowsNothingWithAnEmptyAllowlist) {
  EXPECT_EQ(AddressFilter({}, IpSet()).Judge(Ip("9.9.9.9")), Verdict::kNotAllowlisted);
}

TEST(AddressFilter, JudgesTheIpv4AddressThatAnIpv6AddressEmbeds) {
  const AddressFilter filter(SetOf("9.9.9.9"), std::nullopt, false);
  EXPECT_EQ(filter.Judge(Ip("64:ff9b::9.9.9.9")), Verdict::kBlocklisted);
  EXPECT_EQ(filter.Judge(Ip("64:ff9b::10.0.0.1")), Verdict::kSpecialPurpose);
  EXPECT_EQ(filter.Judge(Ip("64:ff9b::8.8.8.8")), Verdict::kAllowed);
  EXPECT_EQ(filter.Judge(Ip("2002:909:909::1")), Verdict::kBlocklisted);
  const AddressFilter special_allowed(SetOf("9.9.9.9"), std::nullopt, true);
  EXPECT_EQ(special_allowed.Judge(Ip("::ffff:9.9.9.9")), Verdict::kBlocklisted);
}

TEST(AddressFilter, HasAWordForEachVerdict) {
  EXPECT_EQ(AddressFilter::Word(Verdict::kAllowed), "allowed");
  EXPECT_EQ(AddressFilter::Word(Verdict::kBlocklisted), "blocklist");
  EXPECT_EQ(AddressFilter::Word(Verdict::kNotAllowlisted), "not_on_allowlist");
  EXPECT_EQ(AddressFilter::Word(Verdict::kSpecialPurpose), "special_purpose");
}

}  // namespace
}  // namespace mxsweep::scanner
