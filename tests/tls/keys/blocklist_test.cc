// badkeys' list: found in it, and refused where it is not whole. The hashes are what badkeys itself
// computes (badkeys/allkeys/block.py) of the same numbers.
#include "tls/keys/blocklist.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tests/tls/keys/weak_numbers.h"
#include "tls/pki/certificate.h"

namespace mxsweep::tls {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kP256[] = "1.2.840.10045.3.1.7";
constexpr char kEd25519Hash[] = "21fe31dfa154a261626bf854046fd2";  // of RFC 8032 §7.1, test 1
constexpr char kP256Hash[] = "10985c901b9bc6c098258f3ae43e4f";     // of RFC 6979 §A.2.5
constexpr char kRsaHash[] = "359a198592b622762c97c867537cf3";      // of 2^2047 + 12345
constexpr char kLeadingZerosHash[] = "ad1f983954580afadc3760a1894da7";
constexpr char kMlDsaHash[] = "84072bb9fec9ab1759bf9077270610";  // of MlDsaKey()

std::string FromHex(std::string_view hex) {
  std::string bytes;
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    bytes.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

std::vector<uint8_t> BytesFromHex(std::string_view hex) {
  const std::string bytes = FromHex(hex);
  return {bytes.begin(), bytes.end()};
}

std::vector<uint8_t> RsaKey() {
  Integer modulus(12345);
  mpz_setbit(modulus.get(), 2047);
  return testing::RsaSpki(modulus, Integer(65537));
}

// As long as one of ML-DSA-44 (FIPS 204, table 2): 0, 7, 14 …
std::vector<uint8_t> MlDsaKey() {
  std::vector<uint8_t> key(1312);
  for (size_t i = 0; i < key.size(); ++i) key[i] = static_cast<uint8_t>(7 * i);
  return key;
}

constexpr char kX[] = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
constexpr char kY[] = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";

class BlocklistTest : public ::testing::Test {
 protected:
  BlocklistTest() {
    std::string pattern = ::testing::TempDir() + "mxsweep_blocklist_XXXXXX";
    folder_ = mkdtemp(pattern.data());
    // The keys, and a thousand others before, between and behind them.
    blocks_ = {FromHex(kEd25519Hash) + '\x01', FromHex(kP256Hash) + '\x02',
               FromHex(kRsaHash) + '\x03', FromHex(kLeadingZerosHash) + '\x02',
               FromHex(kMlDsaHash) + '\x01'};
    for (uint32_t i = 0; i < 1000; ++i) {
      const auto hash = HashSha256({reinterpret_cast<const uint8_t*>(&i), sizeof(i)});
      blocks_.push_back(std::string(hash.begin(), hash.begin() + 15) + '\x07');
    }
    std::ranges::sort(blocks_);
    WriteList();
  }
  ~BlocklistTest() override { std::filesystem::remove_all(folder_); }

  void WriteFile(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ + "/" + name, std::ios::binary) << content;
  }
  std::string Text() const {
    std::string text;
    for (const std::string& block : blocks_) text += block;
    return text;
  }
  void WriteList() const { WriteFile("blocklist.dat", Text()); }
  void WriteNames(const std::string& sha256, int format = 0) const {
    WriteFile("badkeysdata.json",
              "{\"bkformat\": " + std::to_string(format) + ", \"blocklist_sha256\": \"" + sha256 +
                  "\", \"date\": \"2026-10-01T00:00:00+00:00\", \"blocklists\": [{\"id\": 1, "
                  "\"name\": \"rfc\"}, {\"id\": 2, \"name\": \"documentation\"}]}");
  }
  std::string Sha256OfList() const {
    const std::string text = Text();
    return HexLower(HashSha256({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
  }
  absl::Status OpenStatus() const { return KeyBlocklist::Open(folder_).status(); }
  static std::string Find(const KeyBlocklist& list, const std::vector<uint8_t>& spki) {
    return list.Find(ReadPublicKey(spki)).value_or("nothing");
  }

  std::string folder_;
  std::vector<std::string> blocks_;
};

TEST_F(BlocklistTest, FindsKeysOfEveryKindHoweverTheyAreWritten) {
  const auto list = KeyBlocklist::Open(folder_);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->size(), 1005u);
  EXPECT_EQ(Find(*list, testing::Ed25519Spki(BytesFromHex(
                            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))),
            "list 1");
  const std::string x(kX);
  EXPECT_EQ(Find(*list, testing::EcSpki(kP256, BytesFromHex("04" + x + kY))), "list 2");
  EXPECT_EQ(Find(*list, testing::EcSpki(kP256, BytesFromHex("03" + x))), "list 2");
  EXPECT_EQ(Find(*list, RsaKey()), "list 3");
  Integer modulus(12345);
  mpz_setbit(modulus.get(), 2047);
  EXPECT_EQ(Find(*list, testing::RsaSpki(modulus, Integer(3))), "list 3");
  EXPECT_EQ(Find(*list, testing::Ed25519Spki(BytesFromHex(
                            "00000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"))),
            "list 2");
}

// Of these the bytes count, with a leading zero (badkeys, docs/BLOCKLISTFORMAT.md).
TEST_F(BlocklistTest, FindsKeysOfMlDsaByTheirBytes) {
  const auto list = KeyBlocklist::Open(folder_);
  ASSERT_TRUE(list.ok()) << list.status();
  std::vector<uint8_t> key = MlDsaKey();
  EXPECT_EQ(Find(*list, testing::MlDsa44Spki(key)), "list 1");
  key.back() ^= 1;
  EXPECT_EQ(Find(*list, testing::MlDsa44Spki(key)), "nothing");
}

TEST_F(BlocklistTest, FindsEveryBlockAndNothingElse) {
  for (size_t count : {1u, 2u, 3u, 1005u}) {
    const std::vector<std::string> all = blocks_;
    blocks_.resize(count);
    WriteList();
    const auto list = KeyBlocklist::Open(folder_ + "/blocklist.dat");
    ASSERT_TRUE(list.ok()) << list.status();
    const bool has_rsa = std::ranges::find(blocks_, FromHex(kRsaHash) + '\x03') != blocks_.end();
    EXPECT_EQ(Find(*list, RsaKey()), has_rsa ? "list 3" : "nothing") << count;
    blocks_ = all;
  }
  WriteList();
  const auto list = KeyBlocklist::Open(folder_);
  ASSERT_TRUE(list.ok());
  Integer other(12347);
  mpz_setbit(other.get(), 2047);
  EXPECT_EQ(Find(*list, testing::RsaSpki(other, Integer(65537))), "nothing");
  EXPECT_EQ(Find(*list, {}), "nothing");
}

TEST_F(BlocklistTest, NamesOfListsComeFromBesideIt) {
  WriteNames(Sha256OfList());
  const auto list = KeyBlocklist::Open(folder_);
  ASSERT_TRUE(list.ok()) << list.status();
  EXPECT_EQ(list->date(), "2026-10-01T00:00:00+00:00");
  EXPECT_EQ(Find(*list, testing::EcSpki(kP256, BytesFromHex(std::string("02") + kX))),
            "documentation");
  EXPECT_EQ(Find(*list, RsaKey()), "list 3");
}

TEST_F(BlocklistTest, RefusesAListThatIsCutUnsortedOrOfAnotherDay) {
  WriteNames(Sha256OfList());
  ASSERT_TRUE(OpenStatus().ok());
  // Cut between two blocks, which only the sum shows; and within one.
  std::filesystem::resize_file(folder_ + "/blocklist.dat", 16 * 1000);
  EXPECT_EQ(OpenStatus().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(OpenStatus().message()), HasSubstr("tells of"));
  std::filesystem::resize_file(folder_ + "/blocklist.dat", 16 * 1000 - 1);
  EXPECT_EQ(OpenStatus().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(OpenStatus().message()), HasSubstr("it is cut"));
  std::filesystem::resize_file(folder_ + "/blocklist.dat", 0);
  EXPECT_THAT(std::string(OpenStatus().message()), HasSubstr("empty"));
  std::filesystem::remove(folder_ + "/badkeysdata.json");
  std::swap(blocks_[500], blocks_[501]);
  WriteList();
  EXPECT_EQ(OpenStatus().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(OpenStatus().message()), HasSubstr("block 501"));
  std::swap(blocks_[500], blocks_[501]);
  std::swap(blocks_[1003], blocks_[1004]);
  WriteList();
  EXPECT_THAT(std::string(OpenStatus().message()), HasSubstr("unsorted"));
}

TEST_F(BlocklistTest, RefusesAnotherFormatAndSaysWhereNothingIs) {
  WriteNames(Sha256OfList(), 1);
  EXPECT_EQ(OpenStatus().code(), absl::StatusCode::kFailedPrecondition);
  WriteFile("badkeysdata.json", "nonsense");
  EXPECT_EQ(OpenStatus().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(KeyBlocklist::Open(folder_ + "/missing").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(KeyBlocklist::Open("/dev/null").status().code(), absl::StatusCode::kNotFound);
}

TEST(BlocklistFolders, FollowTheEnvironment) {
  setenv("HOME", "/home/a", 1);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("XDG_DATA_HOME");
  EXPECT_THAT(
      BlocklistFolders(),
      ElementsAre("/home/a/.cache/badkeys", "/home/a/.local/share/mxsweep", "/usr/share/mxsweep"));
  setenv("XDG_CACHE_HOME", "/c", 1);
  setenv("XDG_DATA_HOME", "relative", 1);  // to be ignored, says the XDG specification
  EXPECT_THAT(BlocklistFolders(),
              ElementsAre("/c/badkeys", "/home/a/.local/share/mxsweep", "/usr/share/mxsweep"));
}

}  // namespace
}  // namespace mxsweep::tls
