#include "scanner/targets/target_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "scanner/targets/unpack.h"

namespace mxsweep::scanner {
namespace {

using Kind = Target::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

struct Result {
  std::vector<Target> targets;
  TargetCounts counts;
  absl::Status status;

  // "name", "address", "address name", or "!problem" of each.
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const Target& target : targets) {
      switch (target.kind) {
        case Kind::kInvalid:
          texts.push_back("!" + target.problem);
          break;
        case Kind::kAddress:
          texts.push_back(target.address.ToString() +
                          (target.name.empty() ? "" : " " + target.name));
          break;
        default:
          texts.push_back(target.name);
      }
    }
    return texts;
  }
};

Result ReadAll(TargetReader& reader) {
  Result result;
  Target target;
  while (reader.Next(&target)) result.targets.push_back(target);
  EXPECT_FALSE(reader.Next(&target)) << "the end is the end";
  result.counts = reader.counts();
  result.status = reader.status();
  return result;
}

Result Read(std::unique_ptr<InputSource> source, TargetsKind kind) {
  TargetReader reader(std::move(source), {.kind = kind});
  return ReadAll(reader);
}

Result Read(std::string text, TargetsKind kind = TargetsKind::kDomains) {
  return Read(FromString(std::move(text)), kind);
}

// Gives a few bytes at a time.
class TrickleSource : public InputSource {
 public:
  TrickleSource(std::string bytes, size_t step) : bytes_(std::move(bytes)), step_(step) {}
  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    const size_t count = std::min({step_, buffer.size(), bytes_.size() - position_});
    std::copy_n(bytes_.begin() + static_cast<ptrdiff_t>(position_), count, buffer.begin());
    position_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return position_; }
  uint64_t size_bytes() const override { return bytes_.size(); }

 private:
  std::string bytes_;
  size_t step_;
  size_t position_ = 0;
};

std::string Gzip(std::string_view text) {
  z_stream stream = {};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(packed.size() - stream.avail_out);
  deflateEnd(&stream);
  return packed;
}

std::string Zstd(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 3));
  return packed;
}

// Tests may run at the same time, each in a process of its own.
std::string TempPath(const std::string& name) {
  return testing::TempDir() + "target_" + std::to_string(getpid()) + "_" + name;
}

// What `program` (a command line) makes of `text`.
std::string PackWith(const std::string& program, const std::string& text) {
  const std::string path = TempPath("unpacked");
  std::ofstream(path, std::ios::binary) << text;
  FILE* pipe = popen((program + " < " + path).c_str(), "r");
  std::string packed;
  char buffer[4096];
  for (size_t got = 1; got > 0;) {
    got = fread(buffer, 1, sizeof(buffer), pipe);
    packed.append(buffer, got);
  }
  EXPECT_EQ(pclose(pipe), 0) << program;
  std::remove(path.c_str());
  return packed;
}
std::string Xz(const std::string& text) { return PackWith("xz -c", text); }
std::string Bzip2(const std::string& text) { return PackWith("bzip2 -c", text); }
// The archive that holds `text` as a file, in the format that tar writes by default.
std::string Tar(const std::string& text) {
  const std::string path = TempPath("list.txt");
  std::ofstream(path, std::ios::binary) << text;
  std::string archive = PackWith("tar -cPf - " + path, "");
  std::remove(path.c_str());
  return archive;
}

// Unpacks `bytes` as Open would.
Result ReadPacked(const std::string& bytes, size_t step = 1000) {
  auto source = Decompress(std::make_unique<TrickleSource>(bytes, step));
  EXPECT_TRUE(source.ok()) << source.status();
  return Read(*std::move(source), TargetsKind::kDomains);
}

std::string ManyLines(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += "d" + std::to_string(i) + ".example\n";
  return text;
}

TEST(TargetReader, ReadsADomainALine) {
  const Result result = Read("example.org\nexample.net\r\nexample.com");
  EXPECT_THAT(result.Texts(), ElementsAre("example.org", "example.net", "example.com"));
  EXPECT_EQ(result.targets[2].input_line, 3u);
  EXPECT_EQ(result.targets[0].kind, Kind::kDomain);
  EXPECT_TRUE(result.status.ok());
}

TEST(TargetReader, NormalisesNames) {
  EXPECT_THAT(Read("EXAMPLE.org.\nB\xC3\xBC"
                   "cher.example\n")
                  .Texts(),
              ElementsAre("example.org", "xn--bcher-kva.example"));
}

TEST(TargetReader, SkipsBlankLinesCommentsAndByteOrderMark) {
  const Result result = Read("\xEF\xBB\xBF# list\n\n   \nexample.org # mine\n#x\n");
  EXPECT_THAT(result.Texts(), ElementsAre("example.org"));
  EXPECT_EQ(result.targets[0].input_line, 4u);
  EXPECT_EQ(result.counts.lines, 5u);
}

TEST(TargetReader, ReadsNothingFromNothing) {
  EXPECT_THAT(Read("").Texts(), IsEmpty());
  EXPECT_THAT(Read("\n\n").Texts(), IsEmpty());
  EXPECT_TRUE(Read("").status.ok());
}

TEST(TargetReader, DropsAndCountsRepetitions) {
  const Result result = Read("example.org\nEXAMPLE.ORG\nexample.net\nexample.org.\n");
  EXPECT_THAT(result.Texts(), ElementsAre("example.org", "example.net"));
  EXPECT_EQ(result.counts.duplicates, 2u);
  EXPECT_EQ(result.counts.targets, 2u);
}

TEST(TargetReader, GivesJunkAsInvalidWithLineTextAndReason) {
  const Result result = Read("example.org\nexa mple\nhttp://example.org/\n");
  ASSERT_EQ(result.targets.size(), 3u);
  EXPECT_EQ(result.targets[1].kind, Kind::kInvalid);
  EXPECT_EQ(result.targets[1].raw, "exa mple");
  EXPECT_FALSE(result.targets[1].problem.empty());
  EXPECT_EQ(result.targets[2].input_line, 3u);
  EXPECT_EQ(result.counts.invalid, 2u);
}

TEST(TargetReader, CleansAndCutsTheTextOfJunk) {
  const Result result = Read("a\x1b[2J\xFF b\n" + std::string(1000, '-') + "\n");
  ASSERT_EQ(result.targets.size(), 2u);
  EXPECT_EQ(result.targets[0].raw, "a?[2J\xEF\xBF\xBD b");
  EXPECT_EQ(result.targets[1].raw.size(), kMaxTargetRawBytes);
}

TEST(TargetReader, AccountsForEveryLine) {
  const Result result = Read("a.example\nA.example\n?\n?\n# c\n\nb.example\n");
  EXPECT_EQ(result.counts.lines, 7u);
  EXPECT_EQ(result.counts.targets, 3u);
  EXPECT_EQ(result.counts.invalid, 1u);
  EXPECT_EQ(result.counts.duplicates, 2u);
}

TEST(TargetReader, GivesAnOverlongLineAsOneInvalidTarget) {
  for (size_t length : {kMaxTargetLineBytes + 1, size_t{1'000'000}}) {
    const Result result = Read("a.example\n" + std::string(length, 'x') + "\nb.example\n");
    ASSERT_EQ(result.targets.size(), 3u);
    EXPECT_THAT(result.targets[1].problem, HasSubstr("longer than 4096 bytes"));
    EXPECT_EQ(result.targets[1].raw, std::string(kMaxTargetRawBytes, 'x'));
    EXPECT_EQ(result.targets[2].name, "b.example");
    EXPECT_EQ(result.targets[2].input_line, 3u);
  }
  EXPECT_THAT(Read(std::string(500'000, 'x')).Texts(), ElementsAre(HasSubstr("longer than")));
}

TEST(TargetReader, GivesTheSameHoweverTheInputIsSplit) {
  const std::string text = "a.example\r\n1,b.example\n\"2\",\"c.example\"\n" +
                           std::string(5000, 'x') + "\n# d\ne.example";
  const std::vector<std::string> expected = Read(text).Texts();
  ASSERT_EQ(expected.size(), 5u);
  for (size_t step : {1, 2, 3, 7, 4096, 4097}) {
    EXPECT_EQ(Read(std::make_unique<TrickleSource>(text, step), TargetsKind::kDomains).Texts(),
              expected)
        << step;
  }
}

TEST(TargetReader, ReadsRankedLists) {
  EXPECT_THAT(Read("1,example.org\n2,example.net\n").Texts(),
              ElementsAre("example.org", "example.net"));
  EXPECT_THAT(Read("\"1\",\"example.org\"\r\n\"2\",\"example.net\"\r\n").Texts(),
              ElementsAre("example.org", "example.net"));
}

TEST(TargetReader, FindsTheColumnThatAHeaderNames) {
  EXPECT_THAT(Read("rank,domain\n1,example.org\n2,163.com\n").Texts(),
              ElementsAre("example.org", "163.com"));
  EXPECT_THAT(Read("TLD,Domain,Rank\norg,example.org,1\n").Texts(), ElementsAre("example.org"));
  EXPECT_THAT(Read("GlobalRank,TldRank,Domain,TLD\n1,1,example.org,org\n").Texts(),
              ElementsAre("example.org"));
  EXPECT_THAT(Read("domain\nexample.org\n").Texts(), ElementsAre("example.org"));
}

// Columns of lists as people have them: the heading that says most goes before one that stands
// first.
TEST(TargetReader, TakesTheColumnThatFitsWhatTheListHoldsWhereverItStands) {
  EXPECT_THAT(Read("name,domain\nExample Inc,example.org\n").Texts(), ElementsAre("example.org"));
  EXPECT_THAT(Read("domain,name\nexample.org,Example Inc\n").Texts(), ElementsAre("example.org"));
  const std::string both = "host,name,domain\nwww.example.org,Example Inc,example.org\n";
  EXPECT_THAT(Read(both).Texts(), ElementsAre("example.org"));
  EXPECT_THAT(Read(both, TargetsKind::kHosts).Texts(), ElementsAre("www.example.org"));
  EXPECT_THAT(
      Read("domain,host,ip\nexample.org,mx.example.org,192.0.2.1\n", TargetsKind::kAddresses)
          .Texts(),
      ElementsAre("192.0.2.1 mx.example.org"));
  EXPECT_THAT(Read("Company,Domain Name\nExample Inc,example.org\n").Texts(),
              ElementsAre("example.org"));
  // Where there is nothing better, the name is taken.
  EXPECT_THAT(Read("rank,name\n1,example.org\n").Texts(), ElementsAre("example.org"));
}

TEST(TargetReader, ReportsRowsThatLackTheColumnOrAQuote) {
  EXPECT_THAT(Read("rank,domain\n1\n2,\"example.org\n").Texts(),
              ElementsAre("!row without the target's column", "!quote is not closed"));
}

TEST(TargetReader, ReadsHosts) {
  const Result result = Read("mx.example.org\n", TargetsKind::kHosts);
  ASSERT_EQ(result.targets.size(), 1u);
  EXPECT_EQ(result.targets[0].kind, Kind::kHost);
  EXPECT_EQ(result.targets[0].name, "mx.example.org");
}

TEST(TargetReader, ReadsAddressesWithAndWithoutNames) {
  EXPECT_THAT(Read("192.0.2.1\n2001:DB8:0::1\n192.0.2.1,MX.example.org\n192.0.2.1,mx.example.org\n"
                   "1,192.0.2.9\n",
                   TargetsKind::kAddresses)
                  .Texts(),
              ElementsAre("192.0.2.1", "2001:db8::1", "192.0.2.1 mx.example.org", "192.0.2.9"));
}

TEST(TargetReader, ReadsAddressColumnsByHeader) {
  EXPECT_THAT(Read("ip,asn,host\n192.0.2.1,64500,mx.example.org\n192.0.2.2,64500,\n",
                   TargetsKind::kAddresses)
                  .Texts(),
              ElementsAre("192.0.2.1 mx.example.org", "192.0.2.2"));
}

TEST(TargetReader, ExpandsRangesInShuffledOrderEachAddressOnce) {
  const Result result = Read("192.0.2.0/24\n", TargetsKind::kAddresses);
  ASSERT_EQ(result.targets.size(), 256u);
  std::set<dns::IpAddress> addresses;
  bool ascending = true;
  for (size_t i = 0; i < result.targets.size(); ++i) {
    addresses.insert(result.targets[i].address);
    ascending &= i == 0 || result.targets[i - 1].address < result.targets[i].address;
    EXPECT_EQ(result.targets[i].input_line, 1u);
  }
  EXPECT_EQ(addresses.size(), 256u);
  EXPECT_EQ(*addresses.begin(), *dns::IpAddress::Parse("192.0.2.0"));
  EXPECT_FALSE(ascending);
}

TEST(TargetReader, ExpandsIpv6RangesAndPairs) {
  EXPECT_EQ(Read("2001:db8::/112\n", TargetsKind::kAddresses).targets.size(), 65'536u);
  EXPECT_EQ(Read("192.0.2.250-192.0.3.5\n", TargetsKind::kAddresses).targets.size(), 12u);
}

TEST(TargetReader, GivesOverlappingRangesAndAddressesOnce) {
  const Result result = Read(
      "192.0.2.5\n192.0.2.0/28\n192.0.2.8-192.0.2.19\n192.0.2.3\n2001:db8::/127\n192.0.2.0/27\n",
      TargetsKind::kAddresses);
  std::set<dns::IpAddress> addresses;
  for (const Target& target : result.targets) {
    EXPECT_TRUE(addresses.insert(target.address).second) << target.address.ToString();
  }
  EXPECT_EQ(addresses.size(), 34u);
  EXPECT_EQ(result.counts.duplicates, 1u + 8 + 1 + 20);
}

TEST(TargetReader, RefusesHugeIpv6RangesAndNamesForRanges) {
  EXPECT_THAT(Read("2001:db8::/64\n192.0.2.0/24,mx.example.org\nexample.org\n192.0.2.1/24\n",
                   TargetsKind::kAddresses)
                  .Texts(),
              ElementsAre(HasSubstr("!IPv6 range of more than"), HasSubstr("!a name goes with"),
                          HasSubstr("is not an address"), HasSubstr("bits set behind")));
}

TEST(TargetReader, BeginsToGiveAHugeRangeAtOnce) {
  TargetReader reader(FromString("0.0.0.0/0\n"), {.kind = TargetsKind::kAddresses});
  Target target;
  std::set<dns::IpAddress> addresses;
  for (int i = 0; i < 1000; ++i) {
    ASSERT_TRUE(reader.Next(&target));
    addresses.insert(target.address);
  }
  EXPECT_EQ(addresses.size(), 1000u);
  EXPECT_EQ(reader.seen().size(), 0u) << "what a range gives is not remembered one by one";
}

TEST(TargetReader, UnpacksGzipZstdXzAndBzip2) {
  const std::string text = ManyLines(20'000);
  const std::vector<std::string> expected = Read(text).Texts();
  for (const std::string& packed : {Gzip(text), Zstd(text), Xz(text), Bzip2(text), text}) {
    for (size_t step : {1, 3, 1000, 1'000'000}) {
      const Result result = ReadPacked(packed, step);
      EXPECT_EQ(result.Texts(), expected) << step;
      EXPECT_TRUE(result.status.ok()) << result.status;
    }
  }
  EXPECT_THAT(ReadPacked(Gzip("")).Texts(), IsEmpty());
  EXPECT_TRUE(ReadPacked(Zstd("")).status.ok());
  for (const std::string& packed : {Xz(""), Bzip2("")}) {
    const Result result = ReadPacked(packed);
    EXPECT_THAT(result.Texts(), IsEmpty());
    EXPECT_TRUE(result.status.ok()) << result.status;
  }
}

TEST(TargetReader, UnpacksSeveralMembersAndFrames) {
  for (const std::string& packed :
       {Gzip("a.example\n") + Gzip("b.example\n") + std::string(512, '\0'),
        Zstd("a.example\n") + Zstd("b.example\n"), Xz("a.example\n") + Xz("b.example\n"),
        Xz("a.example\n") + std::string(8, '\0') + Xz("b.example\n"),
        Bzip2("a.example\n") + Bzip2("b.example\n") + std::string(200'000, '\0')}) {
    const Result result = ReadPacked(packed);
    EXPECT_THAT(result.Texts(), ElementsAre("a.example", "b.example"));
    EXPECT_TRUE(result.status.ok()) << result.status;
  }
}

TEST(TargetReader, ReportsPackedInputThatIsCutShortAfterWhatWasWhole) {
  const std::string text = ManyLines(100'000);
  for (std::string packed : {Gzip(text), Zstd(text), Xz(text), PackWith("bzip2 -1 -c", text)}) {
    packed.resize(packed.size() / 2);
    const Result result = ReadPacked(packed);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr("ends early"));
    EXPECT_GT(result.targets.size(), 1000u);
    EXPECT_LT(result.targets.size(), 100'000u);
    for (size_t i = 0; i < result.targets.size(); ++i) {
      ASSERT_EQ(result.targets[i].name, "d" + std::to_string(i) + ".example");
    }
  }
}

TEST(TargetReader, ReportsEveryTruncation) {
  const std::string text = ManyLines(10);
  for (const std::string& packed : {Gzip(text), Zstd(text), Xz(text), Bzip2(text)}) {
    // Of fewer bytes nobody could say what they are.
    size_t length = PackingOf(packed) == Packing::kXz      ? 6
                    : PackingOf(packed) == Packing::kBzip2 ? 10
                                                           : 4;
    for (; length < packed.size(); ++length) {
      EXPECT_EQ(ReadPacked(packed.substr(0, length)).status.code(), absl::StatusCode::kDataLoss)
          << length << " of " << packed.size();
    }
  }
}

TEST(TargetReader, ReportsDamagedInput) {
  std::string gzip = Gzip(ManyLines(50'000));
  gzip[gzip.size() / 2] ^= 0x55;
  EXPECT_EQ(ReadPacked(gzip).status.code(), absl::StatusCode::kDataLoss);
  std::string zstd = Zstd(ManyLines(50'000));
  zstd[20] ^= 0x55;
  EXPECT_EQ(ReadPacked(zstd).status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(ReadPacked(Gzip("a.example\n") + "trailing").status.code(),
            absl::StatusCode::kDataLoss);
  const std::string text = ManyLines(10'000);
  for (const std::string& whole : {Zstd(text), Xz(text), Bzip2(text)}) {
    for (const std::string& packed :
         {whole + "trailing", whole + std::string(300'000, '\0') + "x", whole + whole + "x",
          whole.substr(0, whole.size() / 2) + std::string(1, '\0') +
              whole.substr(whole.size() / 2)}) {
      const Result result = ReadPacked(packed);
      EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
    }
  }
}

// A flipped bit may well give text that looks whole: only the check sum knows.
TEST(TargetReader, ChecksTheSumsOfPackedInput) {
  const std::string text = ManyLines(100);
  std::string gzip = Gzip(text);
  gzip[gzip.size() - 8] ^= 1;  // CRC-32 and length end a member (RFC 1952 §2.3.1)
  std::string zstd = PackWith("zstd -qc --check", text);
  zstd[zstd.size() - 1] ^= 1;  // the content's check sum ends a frame (RFC 8878 §3.1.1)
  std::string bzip2 = Bzip2(text);
  bzip2[10] ^= 1;  // the block's CRC follows its six bytes of magic
  std::string xz = Xz(text);
  const size_t index = xz.size() - 12 - 8;  // in what comes before the footer
  xz[index] ^= 1;
  for (const std::string& packed : {gzip, zstd, bzip2, xz}) {
    const Result result = ReadPacked(packed);
    EXPECT_EQ(result.status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr("damaged"));
  }
}

// Whatever its files are: one list is meant, and a guess at which would not be one's own.
TEST(TargetReader, DoesNotUnpackAnArchive) {
  const std::string tar = Tar("a.example\n");
  for (const std::string& bytes : {tar, Gzip(tar), Zstd(tar), Xz(tar), Bzip2(tar)}) {
    for (size_t step : {1, 100'000}) {
      const Result result = ReadPacked(bytes, step);
      EXPECT_THAT(result.Texts(), IsEmpty());
      EXPECT_EQ(result.status.code(), absl::StatusCode::kUnimplemented);
      EXPECT_THAT(std::string(result.status.message()), HasSubstr("tar archive"));
    }
  }
}

TEST(TargetReader, DoesNotTakeWhatIsWithinAPackingForText) {
  const std::pair<std::string, std::string> cases[] = {{Gzip(Xz("a.example\n")), "twice"},
                                                       {Xz(Gzip("a.example\n")), "twice"},
                                                       {Bzip2("PK\x03\x04......"), "zip"}};
  for (const auto& [bytes, word] : cases) {
    const Result result = ReadPacked(bytes);
    EXPECT_THAT(result.Texts(), IsEmpty());
    EXPECT_EQ(result.status.code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(result.status.message()), HasSubstr(word));
  }
}

TEST(TargetReader, SaysWhatToDoWithOtherPackings) {
  const std::pair<std::string, std::string> cases[] = {
      {"PK\x03\x04......", "zip"},
      {std::string("\xFF\xFE"
                   "e\0x\0",
                   6),
       "UTF-16"},
  };
  for (const auto& [bytes, word] : cases) {
    const auto source = Decompress(FromString(bytes));
    EXPECT_EQ(source.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(source.status().message()), HasSubstr(word));
  }
  EXPECT_TRUE(Decompress(FromString("BZhello.example\n")).ok());
}

TEST(TargetReader, OpensFilesAndKnowsHowFarItIs) {
  const std::string path = TempPath("list.gz");
  const std::string text = ManyLines(1000);
  for (const std::string& packed : {Gzip(text), Zstd(text), Xz(text), Bzip2(text)}) {
    std::ofstream(path, std::ios::binary) << packed;
    auto reader = TargetReader::Open(path, {});
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->size_bytes(), packed.size());
    EXPECT_EQ(ReadAll(**reader).targets.size(), 1000u);
    EXPECT_EQ((*reader)->bytes_read(), packed.size());
    std::remove(path.c_str());
  }
}

// The progress line's ETA: a list of megabytes must not be read ahead of what is given out.
TEST(TargetReader, ReadsPackedInputAsItIsNeeded) {
  std::string text;
  for (uint32_t i = 0; i < 120'000; ++i) {
    text += std::to_string(i * 2654435761u) + "x" + std::to_string(i * 40503u) + ".example\n";
  }
  for (const std::string& packed : {Gzip(text), Zstd(text), Xz(text), Bzip2(text)}) {
    ASSERT_GT(packed.size(), 600'000u);
    auto source = Decompress(std::make_unique<TrickleSource>(packed, 1'000'000));
    ASSERT_TRUE(source.ok());
    TargetReader reader(*std::move(source), {});
    Target target;
    ASSERT_TRUE(reader.Next(&target));
    EXPECT_LT(reader.bytes_read(), packed.size() * 3 / 4);
  }
}

TEST(TargetReader, SaysWhyAFileCannotBeRead) {
  const auto missing = TargetReader::Open(TempPath("missing"), {});
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.status().message()), HasSubstr("No such file"));
  const auto directory = TargetReader::Open(testing::TempDir(), {});
  EXPECT_THAT(std::string(directory.status().message()), HasSubstr("is a directory"));
}

TEST(TargetReader, StopsWaitingForAPipeWhenTold) {
  const std::string path = TempPath("fifo");
  std::remove(path.c_str());
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::atomic<bool> stop = false;
  // Holds the pipe open and silent after one line that is longer than any file signature.
  std::thread writer([&] {
    std::ofstream pipe(path);
    pipe << "example.org\nexam" << std::flush;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop = true;
    while (stop) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  });
  auto reader = TargetReader::Open(path, {.stop = &stop});
  ASSERT_TRUE(reader.ok()) << reader.status();
  Target target;
  EXPECT_TRUE((*reader)->Next(&target));
  EXPECT_FALSE((*reader)->Next(&target));
  EXPECT_EQ((*reader)->status().code(), absl::StatusCode::kCancelled);
  stop = false;
  writer.join();
  std::remove(path.c_str());
}

// How fast is printed only; were it quadratic, the test would run out of its time.
TEST(TargetReader, ReadsHalfAMillionLines) {
  const std::string text = ManyLines(500'000);
  TargetReader reader(FromString(text), {});
  Target target;
  const auto begin = std::chrono::steady_clock::now();
  uint64_t count = 0;
  while (reader.Next(&target)) ++count;
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  EXPECT_EQ(count, 500'000u);
  std::printf("%.2f million lines a second\n", static_cast<double>(count) / seconds / 1e6);
}

// For the time that is left: the whole of a short list is in memory when its first line is given.
TEST(TargetReader, CountsAsReadWhatLiesBehindTheTargetsGiven) {
  std::string list;
  for (int i = 0; i < 100; ++i) list += "d" + std::to_string(100 + i) + ".example\n";
  TargetReader reader(FromString(list), {});
  Target target;
  for (uint64_t given = 1; given <= 100; ++given) {
    ASSERT_TRUE(reader.Next(&target));
    EXPECT_NEAR(static_cast<double>(reader.bytes_read()),
                static_cast<double>(list.size() * given) / 100, 1.0);
  }
}

TEST(TargetReader, ARangeIsNotReadBeforeItsAddressesAreGiven) {
  const std::string list = "5.0.0.0/24\n";
  TargetReader reader(FromString(list), {.kind = TargetsKind::kAddresses});
  Target target;
  for (int i = 0; i < 128; ++i) ASSERT_TRUE(reader.Next(&target));
  EXPECT_NEAR(static_cast<double>(reader.bytes_read()), static_cast<double>(list.size()) / 2, 1.0);
}

}  // namespace
}  // namespace mxsweep::scanner
