#include "dns/tls_rpt.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace mxsweep::dns {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TlsRptRecord Read(const std::vector<std::string>& texts) { return ReadTlsRptRecords(texts); }

// RFC 8460 §3.1
TEST(TlsRptRecordReader, TakesTheRecordsOfTheStandard) {
  TlsRptRecord record = Read({"v=TLSRPTv1;rua=mailto:reports@example.com"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_THAT(record.rua, ElementsAre("mailto:reports@example.com"));
  record = Read({"v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_THAT(record.rua, ElementsAre("https://reporting.example.com/v1/tlsrpt"));
}

// RFC 8460 §3: several URIs, commas between.
TEST(TlsRptRecordReader, TakesSeveralUris) {
  const TlsRptRecord record = Read(
      {"v=TLSRPTv1; rua=mailto:a@example.com , https://example.com/x?y=1,MAILTO:b@example.com;"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_THAT(record.rua, ElementsAre("mailto:a@example.com", "https://example.com/x?y=1",
                                      "MAILTO:b@example.com"));
  EXPECT_THAT(record.detail, IsEmpty());
}

TEST(TlsRptRecordReader, LeavesOutOtherSchemes) {
  TlsRptRecord record = Read({"v=TLSRPTv1; rua=http://example.com/,mailto:a@example.com"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid);
  EXPECT_THAT(record.rua, ElementsAre("mailto:a@example.com"));
  EXPECT_THAT(record.detail, HasSubstr("http://example.com/"));
  record = Read({"v=TLSRPTv1; rua=http://example.com/"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid);
  EXPECT_THAT(record.rua, IsEmpty());
}

// RFC 8460 §3: records that do not begin with "v=TLSRPTv1;" are discarded, exactly one must be
// left.
TEST(TlsRptRecordReader, WantsExactlyOneRecord) {
  EXPECT_EQ(Read({}).status, PolicyRecordStatus::kNone);
  EXPECT_EQ(Read({"v=spf1 -all", "v=DMARC1; rua=mailto:a@b.c"}).status, PolicyRecordStatus::kNone);
  EXPECT_EQ(Read({"v=spf1 -all", "v=TLSRPTv1; rua=mailto:a@b.c"}).status,
            PolicyRecordStatus::kValid);
  EXPECT_EQ(Read({"v=TLSRPTv1; rua=mailto:a@b.c", "v=TLSRPTv1; rua=mailto:a@b.c"}).status,
            PolicyRecordStatus::kMultiple);
  EXPECT_EQ(Read({"v=TLSRPTv1 rua=mailto:a@b.c"}).status, PolicyRecordStatus::kInvalid);
}

TEST(TlsRptRecordReader, RefusesWhatDoesNotFollowTheGrammar) {
  for (const char* text : {"v=TLSRPTv1;", "v=TLSRPTv1; rua=", "v=TLSRPTv1; rua=mailto:",
                           "v=TLSRPTv1; ruf=mailto:a@b.c", "v=TLSRPTv1; rua=mailto:a@b.c,",
                           "v=TLSRPTv1; rua=mailto:a@b.c!10m", "v=TLSRPTv1; rua=mailto:a b@c.d",
                           "v=TLSRPTv1; rua=mailto:a@b.c; x", "v=TLSRPTv1; rua=mailto:\x01@b.c",
                           "v=TLSRPTv1; rua=a@b.c", "v=TLSRPTv1; rua= mailto:a@b.c",
                           "v=TLSRPTv1; rua=mailto:a@b.c; rua=x"}) {
    const TlsRptRecord record = Read({text});
    EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid) << text;
    EXPECT_THAT(record.rua, IsEmpty()) << text;
    EXPECT_FALSE(record.detail.empty()) << text;
  }
}

TEST(TlsRptRecordReader, PassesOverExtensions) {
  const TlsRptRecord record = Read({"v=TLSRPTv1; x=1; rua=mailto:a@b.c"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_THAT(record.rua, ElementsAre("mailto:a@b.c"));
}

// RFC 8460 §3: tlsrpt-record is 1*(field-delim tlsrpt-field), and "rua" is such a field wherever it
// stands.
TEST(TlsRptRecordReader, TakesTheUrisOfEveryRua) {
  const TlsRptRecord record =
      Read({"v=TLSRPTv1; rua=mailto:a@b.c; x=1; rua=https://b.c/r,http://b.c/; rua=mailto:z@b.c"});
  EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << record.detail;
  EXPECT_THAT(record.rua, ElementsAre("mailto:a@b.c", "https://b.c/r", "mailto:z@b.c"));
  EXPECT_THAT(record.detail, HasSubstr("\"http://b.c/\""));
  // The first need not be one that reports go to.
  EXPECT_THAT(Read({"v=TLSRPTv1; rua=ftp://b.c/; rua=mailto:z@b.c"}).rua,
              ElementsAre("mailto:z@b.c"));
}

// RFC 8460 §3: field-delim is *WSP ";" *WSP.
TEST(TlsRptRecordReader, LetsBlanksStandBeforeTheSemicolonOfALoneRecord) {
  for (const char* text : {"v=TLSRPTv1 ; rua=mailto:a@b.c", "v=TLSRPTv1\t;rua=mailto:a@b.c ;"}) {
    const TlsRptRecord record = Read({text});
    EXPECT_EQ(record.status, PolicyRecordStatus::kValid) << text << ": " << record.detail;
    EXPECT_THAT(record.rua, ElementsAre("mailto:a@b.c"));
  }
  EXPECT_EQ(Read({"v=TLSRPTv1 ; rua=mailto:a@b.c", "v=spf1 -all"}).status,
            PolicyRecordStatus::kInvalid);
}

TEST(TlsRptRecordReader, ShowsARecordThatWasMeantAndIsNone) {
  const std::pair<const char*, const char*> cases[] = {
      {"v=tlsrptv1; rua=mailto:a@b.c", "the version is written \"v=TLSRPTv1\": \"v=tlsrptv1; rua"},
      {"\"v=TLSRPTv1; rua=mailto:a@b.c\"", "quotation marks"},
      {" v=TLSRPTv1; rua=mailto:a@b.c", "a blank before the record"},
      {"\xef\xbb\xbfv=TLSRPTv1; rua=mailto:a@b.c", "a byte order mark"},
      {"v=TLS-RPTv1; rua=mailto:a@b.c", "does not begin with \"v=TLSRPTv1;\""},
      {"v=TLSRPT1; rua=mailto:a@b.c", "does not begin with"},
      {"TLSRPT; rua=mailto:a@b.c", "does not begin with"},
  };
  for (const auto& [text, detail] : cases) {
    for (const std::vector<std::string>& texts :
         {std::vector<std::string>{text}, std::vector<std::string>{"v=spf1 -all", text}}) {
      const TlsRptRecord record = Read(texts);
      EXPECT_EQ(record.status, PolicyRecordStatus::kInvalid) << text;
      EXPECT_THAT(record.detail, HasSubstr(detail));
      EXPECT_THAT(record.rua, IsEmpty());
    }
  }
}

}  // namespace
}  // namespace mxsweep::dns
