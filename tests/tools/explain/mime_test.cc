// Parameters and encodings of mail: the examples of the standards, and what senders make of them.
#include "tools/explain/lines/mime.h"

#include <gtest/gtest.h>

#include <string>

namespace mxsweep::tools {
namespace {

TEST(MimeParameter, ReadsTokensAndQuotedText) {
  const std::string value =
      R"(multipart/report; X-Boundary="no"; report-type=tlsrpt ; boundary = "a;b \"c\"";z)";
  EXPECT_EQ(MimeParameter(value, "boundary"), R"(a;b "c")");
  EXPECT_EQ(MimeParameter(value, "report-type"), "tlsrpt");
  EXPECT_EQ(MimeParameter(value, "type"), "");
  EXPECT_EQ(MimeParameter(value, "z"), "");
  EXPECT_EQ(MimeParameter("text/plain; Charset=us-ascii", "charset"), "us-ascii");
  EXPECT_EQ(MimeParameter("boundary=b", "boundary"), "") << "the type is no parameter";
  EXPECT_EQ(MimeParameter("a/b; boundary=\"open", "boundary"), "open");
  EXPECT_EQ(MimeParameter("", "boundary"), "");
}

// RFC 2231 §3 and §4.1, in another order.
TEST(MimeParameter, PutsPiecesTogether) {
  EXPECT_EQ(MimeParameter(
                "message/external-body; access-type=URL; URL*1=\"cs.utk.edu/pub/moore/bulk.tar\"; "
                "URL*0=\"ftp://\"",
                "url"),
            "ftp://cs.utk.edu/pub/moore/bulk.tar");
  EXPECT_EQ(MimeParameter("application/x-stuff; title*0*=us-ascii'en'This%20is%20even%20more%20; "
                          "title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
                          "title"),
            "This is even more ***fun*** isn't it!");
  EXPECT_EQ(MimeParameter("a/b; name*=utf-8''x%2ejson", "name"), "x.json");
  EXPECT_EQ(MimeParameter("a/b; name*x=1; name*999999999999=2; names=3", "name"), "");
}

TEST(DecodeMimeBase64, PassesOverWhatIsNotOfTheAlphabet) {
  std::string bytes;
  // RFC 4648 §10.
  ASSERT_TRUE(DecodeMimeBase64("Zm9v\r\nYg==\n\n-- \nA mailing list's footer.\n", &bytes));
  EXPECT_EQ(bytes, "foob");
  ASSERT_TRUE(DecodeMimeBase64("Zm9vYg", &bytes));
  EXPECT_EQ(bytes, "foob");
  EXPECT_FALSE(DecodeMimeBase64("Zm9vY", &bytes));
}

// RFC 2045 §6.7.
TEST(DecodeQuotedPrintable, DecodesCodesAndJoinsLines) {
  EXPECT_EQ(DecodeQuotedPrintable("{\"a\":=22b=\n c=C3=a9\"}=\r\n\n=3D"),
            "{\"a\":\"b c\xC3\xA9\"}\n=");
  EXPECT_EQ(DecodeQuotedPrintable("a = b =x =4"), "a = b =x =4");
  EXPECT_EQ(DecodeQuotedPrintable("soft=  \nbreak="), "softbreak");
}

}  // namespace
}  // namespace mxsweep::tools
