#include "dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/dns/message_writer.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string ErrorOf(const std::vector<uint8_t>& bytes) {
  const auto message = ParseResponse(bytes);
  return message.ok() ? "" : std::string(message.status().message());
}

TEST(BuildQuery, AsksForRecursionAndAuthenticityWithEdns) {
  const auto query = BuildQuery("Example.org.", RrType::kMx, {.id = 0x1234});
  ASSERT_TRUE(query.ok());
  const std::vector<uint8_t> expected = {
      0x12, 0x34, 0x01, 0x20, 0,    1,   0,   0,   0, 0,   0,   1,                    // Header.
      7,    'e',  'x',  'a',  'm',  'p', 'l', 'e', 3, 'o', 'r', 'g', 0, 0, 15, 0, 1,  // Question.
      0,    0,    41,   0x04, 0xD0, 0,   0,   0,   0, 0,   0};                        // OPT.
  EXPECT_EQ(*query, expected);
}

TEST(BuildQuery, SetsCdAndDoOnlyWhereAsked) {
  const auto query =
      BuildQuery(".", RrType::kDnskey,
                 {.authentic_data = false, .checking_disabled = true, .dnssec_ok = true});
  ASSERT_TRUE(query.ok());
  EXPECT_EQ((*query)[3], 0x10);
  EXPECT_EQ((*query)[query->size() - 4], 0x80);
  const auto plain = BuildQuery(".", RrType::kDnskey, {.edns = false});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->size(), 12u + 1 + 4);
}

TEST(BuildQuery, RefusesWhatIsNoName) {
  for (const std::string& name :
       {std::string(""), std::string("a..b"), std::string(".a"), std::string(64, 'a'),
        std::string("a\\2"), std::string("a\\999"), std::string("a\\"), std::string("..")}) {
    EXPECT_FALSE(BuildQuery(name, RrType::kA, {}).ok()) << name;
  }
  std::string longest;
  for (int i = 0; i < 127; ++i) longest += "a.";
  EXPECT_TRUE(BuildQuery(longest, RrType::kA, {}).ok());
  EXPECT_FALSE(BuildQuery(longest + "a", RrType::kA, {}).ok());
}

TEST(ParseResponse, ReadsHeaderAndQuestion) {
  const auto message = ParseResponse(
      MessageWriter("Example.ORG", RrType::kMx, {.id = 77, .ad = true, .cd = true}).Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->id, 77);
  EXPECT_TRUE(message->authentic_data);
  EXPECT_TRUE(message->checking_disabled);
  EXPECT_TRUE(message->recursion_available);
  EXPECT_FALSE(message->truncated);
  EXPECT_FALSE(message->authoritative);
  EXPECT_EQ(message->rcode, Rcode::kNoError);
  EXPECT_EQ(message->question_name, "example.org");
  EXPECT_EQ(message->question_type, RrType::kMx);
}

TEST(ParseResponse, ReadsEveryTypeInOrder) {
  MessageWriter writer("example.org", RrType::kMx);
  writer.Mx("Example.org", 10, "MX1.example.org");
  writer.Mx("example.org", 0, ".");
  writer.Address("mx1.example.org", "192.0.2.1");
  writer.Address("mx1.example.org", "2001:db8::1");
  writer.Cname("www.example.org", "example.org");
  writer.Tlsa("_25._tcp.mx1.example.org", {3, 1, 1, {0xAA, 0xBB}});
  writer.Txt("example.org", {"v=STSv1; ", "id=1;"});
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  ASSERT_EQ(message->answers.size(), 7u);
  EXPECT_EQ(message->answers[0],
            (ResourceRecord{"example.org", RrType::kMx, 300, MxRecord{10, "mx1.example.org"}}));
  EXPECT_EQ(message->answers[1].data, RecordData(MxRecord{0, "."}));
  EXPECT_EQ(message->answers[2].data, RecordData(*IpAddress::Parse("192.0.2.1")));
  EXPECT_EQ(message->answers[3].data, RecordData(*IpAddress::Parse("2001:db8::1")));
  EXPECT_EQ(message->answers[4].data, RecordData(CnameData{"example.org"}));
  EXPECT_EQ(message->answers[5].data, RecordData(TlsaRecord{3, 1, 1, {0xAA, 0xBB}}));
  EXPECT_EQ(message->answers[6].data, RecordData(TxtData{"v=STSv1; id=1;"}));
}

TEST(ParseResponse, ReadsSoaOfADenial) {
  MessageWriter writer("nothing.example.org", RrType::kTlsa, {.rcode = 3});
  writer.Soa("example.org", 3600, 60);
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->rcode, Rcode::kNxDomain);
  ASSERT_TRUE(message->soa.has_value());
  EXPECT_EQ(std::get<SoaData>(message->soa->data).minimum_ttl_seconds, 60u);
  // RFC 2308 §5: the lesser of the two.
  const auto summary = SummarizeAnswer(*message, "nothing.example.org", RrType::kTlsa);
  ASSERT_TRUE(summary.ok());
  EXPECT_TRUE(summary->records.empty());
  EXPECT_EQ(summary->ttl_seconds, 60u);
}

TEST(ParseResponse, ReadsExtendedErrorsAndTheUpperBitsOfTheCode) {
  MessageWriter writer("example.org", RrType::kMx, {.rcode = 2});
  writer.Opt(/*rcode_high=*/0, {{6, "signature expired"}, {22, ""}});
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_TRUE(message->has_edns);
  EXPECT_THAT(message->extended_errors,
              ElementsAre(ExtendedError{6, "signature expired"}, ExtendedError{22, ""}));

  MessageWriter bad_version("example.org", RrType::kMx);
  bad_version.Opt(/*rcode_high=*/1, {});
  const auto second = ParseResponse(bad_version.Done());
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(second->rcode, Rcode::kBadVers);
}

TEST(ParseResponse, EscapesOddBytesInNames) {
  MessageWriter writer("example.org", RrType::kMx);
  writer.RawRecord("example.org", RrType::kMx, 1, {0, 5, 5, 'a', '.', '\\', ' ', 0xFF, 1, 'B', 0});
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  const std::string host = std::get<MxRecord>(message->answers[0].data).host;
  EXPECT_EQ(host, "a\\.\\\\\\032\\255.b");
  // What is read can be asked for.
  EXPECT_TRUE(BuildQuery(host, RrType::kA, {}).ok());
}

// RFC 2181 §8.
TEST(ParseResponse, TakesTtlsWithTheTopBitForZero) {
  MessageWriter writer("example.org", RrType::kA);
  writer.set_ttl(0x80000001u);
  writer.Address("example.org", "192.0.2.1");
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->answers[0].ttl_seconds, 0u);
}

TEST(ParseResponse, PassesOverOtherClassesAndTypes) {
  MessageWriter writer("example.org", RrType::kA);
  writer.RawRecord("example.org", static_cast<RrType>(46), 1, {1, 2, 3});  // RRSIG, not read.
  writer.RawRecord("example.org", RrType::kA, /*rr_class=*/3, {1});        // CHAOS.
  writer.Address("example.org", "192.0.2.1");
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->answers.size(), 1u);
}

TEST(ParseResponse, RefusesQueriesAndWrongQuestionCounts) {
  std::vector<uint8_t> bytes = MessageWriter("example.org", RrType::kA).Done();
  bytes[2] &= 0x7F;
  EXPECT_EQ(ErrorOf(bytes), "a query, not a response");
  bytes = MessageWriter("example.org", RrType::kA).Done();
  bytes[5] = 0;
  EXPECT_EQ(ErrorOf(bytes), "not exactly one question");
  bytes[5] = 2;
  EXPECT_EQ(ErrorOf(bytes), "not exactly one question");
}

TEST(ParseResponse, RefusesRecordsThatAreNotOfTheirForm) {
  struct {
    RrType type;
    std::vector<uint8_t> data;
    const char* error;
  } cases[] = {
      {RrType::kA, {1, 2, 3}, "address of the wrong length"},
      {RrType::kA, {1, 2, 3, 4, 5}, "address of the wrong length"},
      {RrType::kAaaa, {1, 2, 3, 4}, "address of the wrong length"},
      {RrType::kMx, {0, 1}, "MX record too short"},
      {RrType::kMx, {0, 1, 1, 'a'}, "name leads outside"},
      {RrType::kMx, {0, 1, 5, 'a', 0}, "label leads outside"},
      {RrType::kMx, {0, 1, 1, 'a', 0, 9}, "name does not fill its record"},
      {RrType::kCname, {}, "name leads outside"},
      {RrType::kTlsa, {3, 1}, "TLSA record too short"},
      {RrType::kTxt, {}, "TXT record without a string"},
      {RrType::kTxt, {4, 'a', 'b'}, "TXT string leads outside its record"},
      {RrType::kSoa, {0, 0, 1, 2, 3}, "SOA of the wrong length"},
  };
  for (const auto& [type, data, error] : cases) {
    MessageWriter writer("example.org", type);
    writer.RawRecord("example.org", type, 1, data);
    EXPECT_EQ(ErrorOf(writer.Done()), std::string("answer record 1: ") + error);
  }
}

TEST(ParseResponse, RefusesEverythingCutOffAnywhere) {
  MessageWriter writer("example.org", RrType::kMx);
  writer.Mx("example.org", 10, "mx1.example.org");
  writer.Txt("example.org", {"abc"});
  writer.Tlsa("example.org", {3, 1, 1, {1, 2, 3}});
  writer.Soa("example.org", 1, 2);
  writer.Opt(0, {{6, "x"}});
  const std::vector<uint8_t> whole = writer.Done();
  ASSERT_TRUE(ParseResponse(whole).ok());
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(ParseResponse({whole.data(), length}).ok()) << length;
  }
}

TEST(ParseResponse, KeepsWhatIsCompleteOfATruncatedMessage) {
  MessageWriter writer("example.org", RrType::kA, {.tc = true});
  writer.Address("example.org", "192.0.2.1");
  writer.Address("example.org", "192.0.2.2");
  std::vector<uint8_t> bytes = writer.Done();
  bytes.resize(bytes.size() - 2);
  const auto message = ParseResponse(bytes);
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_TRUE(message->truncated);
  EXPECT_EQ(message->answers.size(), 1u);
}

TEST(ParseResponse, FollowsCompressionPointers) {
  MessageWriter writer("example.org", RrType::kMx);
  // Owner: the question's name. Host: "mx" and again the question's name, at offset 12.
  writer.RawRecordAt(12, RrType::kMx, {0, 10, 2, 'm', 'x', 0xC0, 12});
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->answers[0].owner, "example.org");
  EXPECT_EQ(message->answers[0].data, RecordData(MxRecord{10, "mx.example.org"}));
}

TEST(ParseResponse, RefusesCompressionThatDoesNotLeadBackwards) {
  // Where the record's data begins: header, question, a pointer as owner, ten bytes.
  const size_t data_at = 12 + 13 + 4 + 2 + 10;
  for (const size_t target : {data_at + 2, data_at + 4, size_t{0x3FFF}}) {
    MessageWriter writer("example.org", RrType::kMx);
    writer.RawRecordAt(
        12, RrType::kMx,
        {0, 10, 1, 'a', static_cast<uint8_t>(0xC0 | target >> 8), static_cast<uint8_t>(target)});
    EXPECT_THAT(ErrorOf(writer.Done()), HasSubstr("does not lead backwards")) << target;
  }
}

TEST(ParseResponse, RefusesCircularCompression) {
  // Two pointers in the data of one record that lead to each other.
  const uint8_t data_at = 12 + 13 + 4 + 2 + 10;
  MessageWriter writer("example.org", RrType::kCname);
  writer.RawRecordAt(12, static_cast<RrType>(99),
                     {0xC0, static_cast<uint8_t>(data_at + 2), 0xC0, data_at});
  writer.RawRecordAt(data_at, RrType::kA, {1, 2, 3, 4});
  EXPECT_THAT(ErrorOf(writer.Done()), HasSubstr("does not lead backwards"));
}

TEST(ParseResponse, CapsCompressionPointersAndNameLength) {
  // A ladder of pointers, each leading to the one before it.
  MessageWriter ladder("example.org", RrType::kA);
  std::vector<uint8_t> rungs = {0xC0, 12};
  const size_t data_at = 12 + 13 + 4 + 2 + 10;
  for (size_t i = 0; i < kMaxCompressionPointers; ++i) {
    const size_t previous = data_at + rungs.size() - 2;
    rungs.push_back(static_cast<uint8_t>(0xC0 | previous >> 8));
    rungs.push_back(static_cast<uint8_t>(previous));
  }
  const size_t top = data_at + rungs.size() - 2;
  ladder.RawRecordAt(12, static_cast<RrType>(99), rungs);
  ladder.RawRecordAt(static_cast<uint16_t>(top), RrType::kA, {1, 2, 3, 4});
  EXPECT_THAT(ErrorOf(ladder.Done()), HasSubstr("too many compression pointers"));

  MessageWriter longest("example.org", RrType::kMx);
  std::vector<uint8_t> data = {0, 1};
  for (int i = 0; i < 4; ++i) {
    data.push_back(63);
    data.insert(data.end(), 63, 'a');
  }
  data.push_back(0);
  longest.RawRecord("example.org", RrType::kMx, 1, data);
  EXPECT_THAT(ErrorOf(longest.Done()), HasSubstr("name longer than 255 bytes"));
}

TEST(ParseResponse, RefusesUnknownLabelTypes) {
  for (const uint8_t length : {0x40, 0x80}) {
    MessageWriter writer("example.org", RrType::kMx);
    writer.RawRecord("example.org", RrType::kMx, 1, {0, 1, length, 0});
    EXPECT_THAT(ErrorOf(writer.Done()), HasSubstr("unknown label type"));
  }
}

TEST(ParseResponse, CapsRecords) {
  MessageWriter writer("example.org", RrType::kA);
  for (size_t i = 0; i <= kMaxAnswerRecords; ++i) {
    writer.RawRecordAt(12, RrType::kA, {1, 2, 3, 4});
    if (i + 1 == kMaxAnswerRecords) {
      const auto full = ParseResponse(writer.Done());
      ASSERT_TRUE(full.ok());
      EXPECT_EQ(full->left_out, "");
    }
  }
  const auto over = ParseResponse(writer.Done());
  ASSERT_TRUE(over.ok()) << over.status();
  EXPECT_EQ(over->answers.size(), kMaxAnswerRecords);
  EXPECT_EQ(over->left_out, "too many answer records");
  MessageWriter unread("example.org", RrType::kA);
  for (size_t i = 0; i <= kMaxMessageRecords; ++i) {
    unread.RawRecordAt(12, static_cast<RrType>(99), {});
  }
  const auto endless = ParseResponse(unread.Done());
  ASSERT_TRUE(endless.ok()) << endless.status();
  EXPECT_EQ(endless->left_out, "too many records");
}

TEST(ParseResponse, LeavesOutWhatIsTooLongAndSaysSo) {
  MessageWriter writer("example.org", RrType::kTxt);
  writer.Txt("example.org", std::vector<std::string>(70, std::string(255, 'x')));
  writer.Tlsa("example.org", {3, 0, 0, std::vector<uint8_t>(kMaxTextBytes, 1)});
  writer.Txt("example.org", {"short"});
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok()) << message.status();
  EXPECT_EQ(message->left_out, "TLSA record too long");
  ASSERT_EQ(message->answers.size(), 1u);
  EXPECT_EQ(message->answers[0].data, RecordData(TxtData{"short"}));
}

TEST(ParseResponse, RefusesASecondOptAndOptElsewhereThanAtTheRoot) {
  MessageWriter twice("example.org", RrType::kA);
  twice.Opt(0, {});
  twice.Opt(0, {});
  EXPECT_THAT(ErrorOf(twice.Done()), HasSubstr("two OPT records"));
}

TEST(SummarizeAnswer, FollowsCnamesInAnyOrder) {
  MessageWriter writer("a.example", RrType::kA);
  writer.Address("c.example", "192.0.2.1");
  writer.Cname("b.example", "c.example");
  writer.Cname("a.example", "b.example");
  writer.Address("unrelated.example", "192.0.2.9");
  const auto message = ParseResponse(writer.Done());
  ASSERT_TRUE(message.ok());
  const auto summary = SummarizeAnswer(*message, "A.example.", RrType::kA);
  ASSERT_TRUE(summary.ok()) << summary.status();
  EXPECT_THAT(summary->cname_chain, ElementsAre("b.example", "c.example"));
  ASSERT_EQ(summary->records.size(), 1u);
  EXPECT_EQ(summary->records[0].data, RecordData(*IpAddress::Parse("192.0.2.1")));
}

TEST(SummarizeAnswer, FollowsNothingForCnameItself) {
  MessageWriter writer("a.example", RrType::kCname);
  writer.Cname("a.example", "b.example");
  const auto message = ParseResponse(writer.Done());
  const auto summary = SummarizeAnswer(*message, "a.example", RrType::kCname);
  ASSERT_TRUE(summary.ok());
  EXPECT_TRUE(summary->cname_chain.empty());
  ASSERT_EQ(summary->records.size(), 1u);
}

TEST(SummarizeAnswer, RefusesLoopsAndLongChains) {
  MessageWriter loop("a.example", RrType::kA);
  loop.Cname("a.example", "b.example");
  loop.Cname("b.example", "a.example");
  EXPECT_FALSE(SummarizeAnswer(*ParseResponse(loop.Done()), "a.example", RrType::kA).ok());
  MessageWriter self("a.example", RrType::kA);
  self.Cname("a.example", "a.example");
  EXPECT_FALSE(SummarizeAnswer(*ParseResponse(self.Done()), "a.example", RrType::kA).ok());

  MessageWriter chain("n0.example", RrType::kA);
  for (size_t i = 0; i < kMaxCnameChain; ++i) {
    chain.Cname("n" + std::to_string(i) + ".example", "n" + std::to_string(i + 1) + ".example");
  }
  EXPECT_TRUE(SummarizeAnswer(*ParseResponse(chain.Done()), "n0.example", RrType::kA).ok());
  chain.Cname("n" + std::to_string(kMaxCnameChain) + ".example", "end.example");
  EXPECT_FALSE(SummarizeAnswer(*ParseResponse(chain.Done()), "n0.example", RrType::kA).ok());
}

TEST(ExtendedError, MeansBogusOnlyForTheValidationCodes) {
  for (const uint16_t code : {6, 7, 8, 9, 10, 11, 12}) EXPECT_TRUE(MeansBogus({code, ""}));
  for (const uint16_t code : {0, 1, 2, 3, 5, 13, 22, 23}) EXPECT_FALSE(MeansBogus({code, ""}));
}

}  // namespace
}  // namespace mxsweep::dns
