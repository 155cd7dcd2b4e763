#include "scanner/smtp/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace mxsweep::scanner {
namespace {

using State = SmtpReplyParser::State;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using std::string_literals::operator""s;

std::span<const uint8_t> Bytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

// The reply that `text` begins with; fails the test if there is none.
SmtpReply Parse(std::string_view text) {
  SmtpReplyParser parser;
  const SmtpReplyParser::Result result = parser.Feed(Bytes(text));
  EXPECT_EQ(result.state, State::kComplete) << parser.error();
  if (result.state != State::kComplete) return {};
  return parser.TakeReply();
}

std::string ErrorOf(std::string_view text) {
  SmtpReplyParser parser;
  const SmtpReplyParser::Result result = parser.Feed(Bytes(text));
  EXPECT_EQ(result.state, State::kError);
  return std::string(parser.error().message().data(), parser.error().message().size());
}

TEST(SmtpReplyParser, ReadsReplyOfOneLine) {
  const SmtpReply reply = Parse("220 mx.example.org ESMTP\r\n");
  EXPECT_EQ(reply.code, 220);
  EXPECT_THAT(reply.lines, ElementsAre("mx.example.org ESMTP"));
  EXPECT_EQ(reply.wire_bytes, 26u);
  EXPECT_TRUE(reply.positive());
}

// RFC 5321 §4.2.1, and §4.2: what servers really send.
TEST(SmtpReplyParser, ReadsReplyOfManyLines) {
  const SmtpReply reply = Parse("250-mx.example.org\r\n250-SIZE 100\r\n250 STARTTLS\r\n");
  EXPECT_EQ(reply.code, 250);
  EXPECT_THAT(reply.lines, ElementsAre("mx.example.org", "SIZE 100", "STARTTLS"));
}

TEST(SmtpReplyParser, AcceptsBareLineFeedAndRepeatedCarriageReturns) {
  EXPECT_THAT(Parse("250-a\n250 b\n").lines, ElementsAre("a", "b"));
  EXPECT_THAT(Parse("250-a\r\r\n250 b\r\r\r\n").lines, ElementsAre("a", "b"));
}

TEST(SmtpReplyParser, AcceptsCodeAlone) {
  EXPECT_THAT(Parse("250\r\n").lines, ElementsAre(""));
  EXPECT_THAT(Parse("250-a\r\n250\r\n").lines, ElementsAre("a", ""));
  EXPECT_THAT(Parse("250\n").lines, ElementsAre(""));
}

TEST(SmtpReplyParser, KeepsEightBitTextAndNulBytes) {
  EXPECT_THAT(Parse("220 caf\xE9 \x80\xFF\r\n").lines, ElementsAre("caf\xE9 \x80\xFF"));
  EXPECT_THAT(Parse("220 a\0b\r\n"s).lines, ElementsAre("a\0b"s));
}

TEST(SmtpReplyParser, GivesTheSameHoweverTheBytesAreSplit) {
  const std::string text = "250-one\r\n250-two\n250-\r\n250 STARTTLS\r\n";
  for (size_t first = 0; first <= text.size(); ++first) {
    for (size_t second = first; second <= text.size(); ++second) {
      SmtpReplyParser parser;
      parser.Feed(Bytes(text.substr(0, first)));
      if (parser.state() == State::kNeedMore)
        parser.Feed(Bytes(text.substr(first, second - first)));
      if (parser.state() == State::kNeedMore) parser.Feed(Bytes(text.substr(second)));
      ASSERT_EQ(parser.state(), State::kComplete) << first << " " << second;
      const SmtpReply reply = parser.TakeReply();
      EXPECT_THAT(reply.lines, ElementsAre("one", "two", "", "STARTTLS"));
      EXPECT_EQ(reply.wire_bytes, text.size());
    }
  }
}

TEST(SmtpReplyParser, ReadsOneByteAtATimeAndConsumesEach) {
  const std::string text = "220-greet\r\n220 delay\r\n";
  SmtpReplyParser parser;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto result = parser.Feed(Bytes(text).subspan(i, 1));
    EXPECT_EQ(result.consumed, 1u);
    EXPECT_EQ(result.state, i + 1 == text.size() ? State::kComplete : State::kNeedMore);
    EXPECT_EQ(parser.in_reply(), i + 1 < text.size());  // a complete one is no part of one
  }
  EXPECT_EQ(parser.reply().lines, (std::vector<std::string>{"greet", "delay"}));
  parser.TakeReply();
  EXPECT_FALSE(parser.in_reply());
}

TEST(SmtpReplyParser, ReportsBytesBehindTheReplyAsNotConsumed) {
  SmtpReplyParser parser;
  const std::string text = "220 go ahead\r\n250 injected\r\n";
  const auto result = parser.Feed(Bytes(text));
  EXPECT_EQ(result.state, State::kComplete);
  EXPECT_EQ(result.consumed, 14u);
  EXPECT_THAT(parser.TakeReply().lines, ElementsAre("go ahead"));
  const auto next = parser.Feed(Bytes(text).subspan(result.consumed));
  EXPECT_EQ(next.state, State::kComplete);
  EXPECT_THAT(parser.TakeReply().lines, ElementsAre("injected"));
}

// RFC 5321 §4.2.1: a hyphen behind the code, or the reply is over.
TEST(StartTlsBehind, FindsTheLineThatCameTooLate) {
  EXPECT_EQ(StartTlsBehind("250 SIZE 1000\r\n250 STARTTLS\r\n250 HELP\r\n"), "250 STARTTLS");
  EXPECT_EQ(StartTlsBehind("SIZE\r\nstarttls \r\n"), "starttls");
  EXPECT_EQ(StartTlsBehind("250-StartTLS"), "250-StartTLS");
  EXPECT_EQ(StartTlsBehind("250 XSTARTTLS\r\n250 STARTTLSX\r\n250 NO STARTTLS\r\n"), "");
  EXPECT_EQ(StartTlsBehind("2500 STARTTLS\r\n25 STARTTLS\r\n"), "");
  EXPECT_EQ(StartTlsBehind("250\r\n\r\n250"), "");
  EXPECT_EQ(StartTlsBehind(""), "");
}

TEST(SmtpReplyParser, RefusesWhatIsNotAReply) {
  EXPECT_THAT(ErrorOf("SSH-2.0-OpenSSH_9.2\r\n"), HasSubstr("\"SSH-2.0-OpenSSH_9.2\""));
  EXPECT_THAT(ErrorOf("\r\n"), HasSubstr("not an SMTP reply"));
  EXPECT_THAT(ErrorOf("25\r\n"), HasSubstr("not an SMTP reply"));
  EXPECT_THAT(ErrorOf("2500 ok\r\n"), HasSubstr("not an SMTP reply"));
  EXPECT_THAT(ErrorOf("250ok\r\n"), HasSubstr("not an SMTP reply"));
  EXPECT_THAT(ErrorOf("250\rok\r\n"), HasSubstr("not an SMTP reply"));
  EXPECT_THAT(ErrorOf("250-a\r\nHello\r\n"), HasSubstr("not an SMTP reply"));
}

TEST(SmtpReplyParser, RefusesCodesOutsideTwoHundredToFiveHundredNinetyNine) {
  EXPECT_THAT(ErrorOf("120 wait\r\n"), HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf("600 what\r\n"), HasSubstr("out of range"));
  EXPECT_THAT(ErrorOf("020 what\r\n"), HasSubstr("out of range"));
}

TEST(SmtpReplyParser, RefusesBinaryBytesBeforeALineEndComes) {
  // A TLS alert, as a server that expects TLS at once would send.
  EXPECT_THAT(ErrorOf("\x15\x03\x01"), HasSubstr("not an SMTP reply"));
}

// RFC 5321 §4.2.1 forbids it. Postfix 3.7.11 takes the last line's code, Exim 4.96 the first's.
TEST(SmtpReplyParser, KeepsTheFirstAndTheLastCodeWhereTheyDiffer) {
  const SmtpReply reply = Parse("250-a\r\n251-b\r\n550 c\r\n");
  EXPECT_TRUE(reply.codes_differ);
  EXPECT_EQ(reply.first_code, 250);
  EXPECT_EQ(reply.code, 550);
  EXPECT_TRUE(reply.permanent_negative());
  EXPECT_THAT(reply.lines, ElementsAre("a", "b", "c"));
  EXPECT_TRUE(Parse("250-a\r\n251-b\r\n250 c\r\n").codes_differ);
  EXPECT_FALSE(Parse("250-a\r\n250 c\r\n").codes_differ);
  EXPECT_FALSE(Parse("250 a\r\n").codes_differ);
}

TEST(SmtpReplyParser, ForgetsTheCodesOfTheLastReply) {
  SmtpReplyParser parser;
  parser.Feed(Bytes("250-a\r\n550 b\r\n"));
  parser.TakeReply();
  parser.Feed(Bytes("220 c\r\n"));
  const SmtpReply reply = parser.TakeReply();
  EXPECT_FALSE(reply.codes_differ);
  EXPECT_EQ(reply.first_code, 220);
}

TEST(SmtpReplyParser, StaysInErrorAndConsumesNothingMore) {
  SmtpReplyParser parser;
  parser.Feed(Bytes("x\r\n"));
  const auto result = parser.Feed(Bytes("220 late\r\n"));
  EXPECT_EQ(result.state, State::kError);
  EXPECT_EQ(result.consumed, 0u);
}

TEST(SmtpReplyParser, AcceptsLineAsLongAsTheCapAndNoLonger) {
  const std::string longest(kMaxReplyLineBytes - 6, 'x');
  EXPECT_THAT(Parse("220 " + longest + "\r\n").lines, ElementsAre(SizeIs(longest.size())));
  EXPECT_THAT(ErrorOf("220 x" + longest + "\r\n"), HasSubstr("longer than 4096"));
}

TEST(SmtpReplyParser, RefusesLineWithoutEndAsSoonAsItPassesTheCap) {
  SmtpReplyParser parser;
  const std::string piece(100, '2');
  parser.Feed(Bytes("220 "));
  size_t fed = 4;
  while (parser.state() == State::kNeedMore && fed < 2 * kMaxReplyLineBytes) {
    parser.Feed(Bytes(piece));
    fed += piece.size();
  }
  EXPECT_EQ(parser.state(), State::kError);
  EXPECT_LE(fed, kMaxReplyLineBytes + piece.size());
}

TEST(SmtpReplyParser, RefusesTooManyLines) {
  std::string text;
  for (size_t i = 0; i < kMaxReplyLines; ++i) text += "250-\r\n";
  EXPECT_THAT(ErrorOf(text + "250 \r\n"), HasSubstr("more than 512 lines"));
}

TEST(SmtpReplyParser, RefusesTooManyBytes) {
  std::string text;
  while (text.size() <= kMaxReplyBytes) text += "250-" + std::string(4000, 'x') + "\r\n";
  EXPECT_THAT(ErrorOf(text), HasSubstr("longer than 65536"));
}

TEST(SmtpReplyParser, TellsWhatCameOfAnIncompleteReply) {
  SmtpReplyParser parser;
  parser.Feed(Bytes("220-first\r\n220-sec"));
  EXPECT_TRUE(parser.in_reply());
  EXPECT_EQ(parser.PartialText(), "220 first\n220-sec");
  EXPECT_EQ(parser.PartialText(5), "220 f");
}

TEST(ReplyRowText, HasTheEnhancedCodeBehindTheCode) {  // RFC 3463 §2
  EXPECT_EQ(ReplyRowText(Parse("450 4.7.1 greylisted\r\n")), "450 4.7.1 greylisted");
  EXPECT_EQ(ReplyRowText(Parse("550-5.7.25 no PTR\r\n550 5.7.25 see URL\r\n")),
            "550 5.7.25 no PTR\n5.7.25 see URL");
}

TEST(ReplyRowText, JoinsLinesBehindTheCode) {
  EXPECT_EQ(ReplyRowText(Parse("554-no\r\n554 way\r\n")), "554 no\nway");
  EXPECT_EQ(ReplyRowText(Parse("250\r\n")), "250");
}

TEST(ReplyRowText, ReplacesControlCharactersAndWhatIsNotUtf8) {
  EXPECT_EQ(ReplyRowText(Parse("220 a\x1b[31m\tb\x7f\r\n")), "220 a?[31m?b?");
  EXPECT_EQ(ReplyRowText(Parse("220 \xE9 \xC3\xA9\r\n")), "220 \xEF\xBF\xBD \xC3\xA9");
  EXPECT_EQ(ReplyRowText(Parse("220 a\0b\r\n"s)), "220 a?b");
}

TEST(ReplyRowText, IsCutBetweenCharacters) {
  const SmtpReply reply = Parse("220 \xC3\xA9\xC3\xA9\r\n");
  EXPECT_EQ(ReplyRowText(reply, 7), "220 \xC3\xA9");
  EXPECT_EQ(ReplyRowText(reply, 2), "22");
  EXPECT_LE(ReplyRowText(Parse("220-" + std::string(3000, 'x') + "\r\n220 y\r\n")).size(), 1024u);
}

TEST(EhloKeywords, AreUpperCasedWithParametersAsTheyCame) {
  const EhloKeywords ehlo = ParseEhloKeywords(Parse(
      "250-mx.example.org Hello\r\n250-size 1000\r\n250-Auth=Login Plain\r\n250-auth  Plain\r\n"
      "250 8bitmime\r\n"));
  EXPECT_EQ(ehlo.server_name, "mx.example.org");
  EXPECT_THAT(ehlo.keywords,
              ElementsAre("SIZE 1000", "AUTH=Login Plain", "AUTH Plain", "8BITMIME"));
  EXPECT_EQ(ehlo.size_limit, 1000u);
  EXPECT_FALSE(ehlo.starttls);
}

TEST(EhloKeywords, FindStartTlsInAnyCaseAsAWholeWordOnly) {
  EXPECT_TRUE(ParseEhloKeywords(Parse("250-a\r\n250-StartTLS\r\n250 X\r\n")).starttls);
  EXPECT_TRUE(ParseEhloKeywords(Parse("250-a\r\n250 STARTTLS \r\n")).starttls);
  EXPECT_FALSE(ParseEhloKeywords(Parse("250-a\r\n250 XSTARTTLS\r\n")).starttls);
  EXPECT_FALSE(ParseEhloKeywords(Parse("250-a\r\n250 STARTTLSX\r\n")).starttls);
  EXPECT_FALSE(ParseEhloKeywords(Parse("250-a\r\n250 X STARTTLS\r\n")).starttls);
}

TEST(EhloKeywords, DoNotIncludeTheFirstLine) {
  EXPECT_FALSE(ParseEhloKeywords(Parse("250 STARTTLS\r\n")).starttls);
  EXPECT_TRUE(ParseEhloKeywords(Parse("250\r\n")).keywords.empty());
}

TEST(EhloKeywords, HaveNoSizeLimitWhereNoneIsGiven) {
  EXPECT_EQ(ParseEhloKeywords(Parse("250-a\r\n250 SIZE\r\n")).size_limit, std::nullopt);
  EXPECT_EQ(ParseEhloKeywords(Parse("250-a\r\n250 SIZE -1\r\n")).size_limit, std::nullopt);
  EXPECT_EQ(ParseEhloKeywords(Parse("250-a\r\n250 SIZE 99999999999999999999\r\n")).size_limit,
            std::nullopt);
  EXPECT_EQ(ParseEhloKeywords(Parse("250-a\r\n250 SIZE 0\r\n")).size_limit, 0u);
}

TEST(EhloKeywords, AreLookedUpAsWholeWords) {
  const EhloKeywords ehlo = ParseEhloKeywords(Parse("250-a\r\n250-REQUIRETLS\r\n250 AUTH X\r\n"));
  EXPECT_TRUE(ehlo.requiretls);
  EXPECT_TRUE(ehlo.Has("AUTH"));
  EXPECT_FALSE(ehlo.Has("AUT"));
}

TEST(EhloKeywords, AreCappedInNumberAndLength) {
  std::string text = "250-a\r\n";
  for (int i = 0; i < 200; ++i) text += "250-X" + std::to_string(i) + "\r\n";
  const EhloKeywords many = ParseEhloKeywords(Parse(text + "250 END\r\n"));
  EXPECT_THAT(many.keywords, SizeIs(kMaxEhloKeywords));
  const EhloKeywords wide =
      ParseEhloKeywords(Parse("250-a\r\n250 X " + std::string(2000, 'y') + "\r\n"));
  EXPECT_THAT(wide.keywords, ElementsAre(SizeIs(kMaxEhloKeywordBytes)));
}

TEST(EhloKeywords, FindStartTlsBehindTheCap) {
  std::string text = "250-a\r\n";
  for (int i = 0; i < 200; ++i) text += "250-X\r\n";
  EXPECT_TRUE(ParseEhloKeywords(Parse(text + "250 STARTTLS\r\n")).starttls);
}

}  // namespace
}  // namespace mxsweep::scanner
