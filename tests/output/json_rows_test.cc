#include "output/json_rows.h"

#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "output/tables/schema.h"
#include "scanner/base/utf8.h"
#include "tests/output/random_rows.h"

namespace mxsweep::output {
namespace {

using ::testing::HasSubstr;

std::string JsonString(std::string_view text) {
  std::string out;
  AppendJsonString(text, out);
  return out;
}

template <typename Row>
std::string Line(const Row& row, RowFormat format, std::vector<std::string> columns = {}) {
  auto formatter = RowFormatter::Create(Table<Row>::kId, format, columns);
  EXPECT_TRUE(formatter.ok()) << formatter.status();
  std::string out;
  formatter->AppendRow(row, out);
  return out;
}

TEST(AppendJsonString, EscapesWhatJsonDemandsAndWhatATerminalObeys) {
  EXPECT_EQ(JsonString("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(JsonString("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(JsonString(std::string("\0\x1f\x7f", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(JsonString("a\u0080\u009bz\u061c\u202e\u2028\u2069\u00a0"),
            "\"a\\u0080\\u009bz\\u061c\\u202e\\u2028\\u2069\u00a0\"");
  EXPECT_EQ(JsonString("ü€😀"), "\"ü€😀\"");
}

TEST(AppendJsonString, IsReadBackAsItWas) {
  for (char32_t c = 0; c < 0x3000; ++c) {
    std::string text = "<";
    AppendCodePoint(c, text);
    text += ">";
    EXPECT_EQ(nlohmann::json::parse(JsonString(text)).get<std::string>(), text) << uint32_t{c};
  }
}

TEST(RowFormatter, CsvHoldsNothingThatATerminalObeys) {
  CertificateRow row;
  row.subject = "CN=\x1b[2J\u009b2J\u202egro.elpmaxe \xff\u20ac";
  EXPECT_EQ(Line(row, RowFormat::kCsv, {"subject"}),
            "CN=\\u001b[2J\\u009b2J\\u202egro.elpmaxe \xef\xbf\xbd\u20ac\n");
  EXPECT_EQ(Line(row, RowFormat::kSpreadsheet, {"subject"}),
            Line(row, RowFormat::kCsv, {"subject"}));
}

TEST(AppendJsonString, ReplacesInvalidUtf8) {
  EXPECT_EQ(JsonString("a\xff"
                       "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
}

TEST(RowFormatter, NdjsonShowsUnknownAsNullAndEmptyAsEmpty) {
  MxHostRow row{.host = "mx.example.org"};
  row.addresses.emplace();
  row.started_at = absl::FromUnixMicros(1'767'225'599'000'042);
  const std::string line = Line(row, RowFormat::kNdjson);
  EXPECT_THAT(line,
              HasSubstr(R"({"host":"mx.example.org","is_valid_name":true,"name_problem":null,)"));
  EXPECT_THAT(line, HasSubstr(R"("addresses":[],"unasked_address_count":null,"tlsa_status":null)"));
  EXPECT_THAT(line, HasSubstr(R"("started_at":"2025-12-31T23:59:59.000042Z","elapsed_us":0})"));
  EXPECT_EQ(line.back(), '\n');
}

TEST(RowFormatter, NdjsonShowsStructsBinaryAndLargeIntegers) {
  MxHostRow host{.host = "mx"};
  host.tlsa = {{.usage = 3, .selector = 1, .matching_type = 1, .data = "ab", .usable = true}};
  host.elapsed_us = UINT64_MAX;
  EXPECT_EQ(Line(host, RowFormat::kNdjson, {"tlsa", "elapsed_us"}),
            R"({"tlsa":[{"usage":3,"selector":1,"matching_type":1,"data":"ab","usable":true}],)"
            "\"elapsed_us\":18446744073709551615}\n");
  CertificateRow certificate{.der = {std::string("\x30\x82\x00", 3)}};
  EXPECT_EQ(Line(certificate, RowFormat::kNdjson, {"der"}), "{\"der\":\"MIIA\"}\n");
}

TEST(RowFormatter, TimestampsBeforeTheEpochRoundDownAndKeepTheirMicroseconds) {
  CertificateRow row;
  row.not_before = absl::FromUnixMicros(-1);
  row.not_after = absl::FromUnixMicros(253'402'300'799'999'999);
  EXPECT_EQ(Line(row, RowFormat::kNdjson, {"not_before", "not_after"}),
            "{\"not_before\":\"1969-12-31T23:59:59.999999Z\","
            "\"not_after\":\"9999-12-31T23:59:59.999999Z\"}\n");
}

TEST(RowFormatter, EveryRandomRowIsAJsonObjectWithAllColumnsInOrder) {
  RandomRows rows(5);
  for (int i = 0; i < 300; ++i) {
    const auto row = rows.Next<EndpointRow>();
    const auto json = nlohmann::ordered_json::parse(Line(row, RowFormat::kNdjson), nullptr, false);
    ASSERT_TRUE(json.is_object());
    auto at = json.begin();
    Table<EndpointRow>::VisitColumns([&](const auto& column) {
      EXPECT_EQ(at.key(), column.name);
      ++at;
    });
    EXPECT_EQ(at, json.end());
    EXPECT_EQ(json["host"], SanitizeUtf8(row.host));
    EXPECT_EQ(json["bytes_out"], row.bytes_out);
    EXPECT_EQ(json["helo_used"].is_null(), !row.helo_used.has_value());
  }
}

TEST(RowFormatter, CsvTellsNullFromEmptyAndQuotesWhatNeedsIt) {
  DomainRow row{.domain = "a,b", .mx_status = ""};
  row.mx_dnssec = "say \"no\"";
  row.mx = {{.preference = 10, .host = "mx"}};
  EXPECT_EQ(
      Line(row, RowFormat::kCsv, {"domain", "input_name", "mx_status", "mx_dnssec", "mx"}),
      "\"a,b\",,\"\",\"say \"\"no\"\"\",\"[{\"\"preference\"\":10,\"\"host\"\":\"\"mx\"\"}]\"\n");
}

// The lists of OWASP ("CSV Injection") and of the RFC 4180 readers that look for a formula.
TEST(RowFormatter, SpreadsheetCellsThatWouldBeFormulasAreText) {
  EndpointRow row{.host = "mx.example", .error_detail = "-1"};
  for (const char* greeting : {"=HYPERLINK(\"http://example/\")", "+1", "-1", "@SUM(1)", "\t=1"}) {
    row.greeting = greeting;
    const std::string cell = Line(row, RowFormat::kSpreadsheet, {"greeting"});
    EXPECT_TRUE(cell.starts_with("'") || cell.starts_with("\"'")) << cell;
    // CSV itself is exact.
    EXPECT_EQ(Line(row, RowFormat::kCsv, {"greeting"}).find('\''), std::string::npos) << greeting;
  }
  row.greeting = "=1,\"2\"";
  EXPECT_EQ(Line(row, RowFormat::kSpreadsheet, {"host", "greeting", "error_detail"}),
            "mx.example,'-1,\"'=1,\"\"2\"\"\"\n");
  row.greeting = "220 mx.example ready = - + @";
  EXPECT_EQ(Line(row, RowFormat::kSpreadsheet, {"greeting"}), "220 mx.example ready = - + @\n");
}

TEST(RowFormatter, NdjsonOfSeveralTablesNamesTheTableFirst) {
  EXPECT_EQ(Line(DomainRow{.domain = "a.example"}, RowFormat::kTableNdjson, {"domain"}),
            "{\"table\":\"domains\",\"domain\":\"a.example\"}\n");
  // So that no column can be taken for it.
  VisitTables([]<typename Row>(std::type_identity<Row>) {
    EXPECT_FALSE(SchemaOf(Table<Row>::kId).FindColumn("table").has_value());
  });
}

TEST(RowFormatter, CsvHeaderNamesTheChosenColumnsInTheOrderOfTheTable) {
  const std::vector<std::string> columns = {"diagnosis", "domain"};
  auto formatter = RowFormatter::Create(TableId::kDomains, RowFormat::kCsv, columns);
  ASSERT_TRUE(formatter.ok());
  std::string out;
  formatter->AppendHeader(out);
  EXPECT_EQ(out, "domain,diagnosis\n");
}

TEST(RowFormatter, UnknownColumnIsRefusedWithTheNamesThereAre) {
  const std::vector<std::string> columns = {"nonsense"};
  const auto formatter = RowFormatter::Create(TableId::kDomains, RowFormat::kNdjson, columns);
  EXPECT_EQ(formatter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(formatter.status().message()), HasSubstr("'nonsense'"));
  EXPECT_THAT(std::string(formatter.status().message()), HasSubstr("mx_status"));
}

}  // namespace
}  // namespace mxsweep::output
