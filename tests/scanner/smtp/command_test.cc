#include "scanner/smtp/command.h"

#include <gtest/gtest.h>

#include <string>

namespace mxsweep::scanner {
namespace {

TEST(SmtpCommand, EndsWithCrLf) {
  EXPECT_EQ(EhloCommand("scan.example.org"), "EHLO scan.example.org\r\n");
  EXPECT_EQ(HeloCommand("[192.0.2.1]"), "HELO [192.0.2.1]\r\n");
  EXPECT_EQ(kStartTlsCommand, "STARTTLS\r\n");
  EXPECT_EQ(kQuitCommand, "QUIT\r\n");
}

TEST(EhloName, MayBeFullyQualifiedHostName) {
  EXPECT_TRUE(ValidateEhloName("scan.example.org").ok());
  EXPECT_TRUE(ValidateEhloName("a.b").ok());
  EXPECT_TRUE(ValidateEhloName("xn--bcher-kva.example").ok());
  EXPECT_TRUE(ValidateEhloName(std::string(63, 'a') + ".example").ok());
}

TEST(EhloName, MayBeAddressLiteral) {
  EXPECT_TRUE(ValidateEhloName("[192.0.2.1]").ok());
  EXPECT_TRUE(ValidateEhloName("[IPv6:2001:db8::1]").ok());
  EXPECT_TRUE(ValidateEhloName("[ipv6:2001:db8::1]").ok());
}

TEST(EhloName, IsRefusedWhereServersWouldRefuseIt) {
  for (const char* name : {"", "localhost", "scan.example.org.", ".example.org", "a..b",
                           "-a.example", "a-.example", "a_b.example", "192.0.2.1", "[192.0.2.300]",
                           "[2001:db8::1]", "[IPv6:192.0.2.1]", "[", "[]", "[192.0.2.1",
                           "b\xC3\xBC"
                           "cher.example"}) {
    EXPECT_FALSE(ValidateEhloName(name).ok()) << name;
  }
  EXPECT_FALSE(ValidateEhloName(std::string(64, 'a') + ".example").ok());
  std::string overlong = "a";
  while (overlong.size() <= 253) overlong += ".a";
  EXPECT_FALSE(ValidateEhloName(overlong).ok());
}

TEST(EhloName, CannotSmuggleACommand) {
  EXPECT_FALSE(ValidateEhloName("a.example\r\nMAIL FROM:<>").ok());
  EXPECT_FALSE(ValidateEhloName("a.example x").ok());
  EXPECT_FALSE(ValidateEhloName("[192.0.2.1]\r\n]").ok());
  EXPECT_FALSE(ValidateEhloName(std::string("a.example\0b", 11)).ok());
}

TEST(AddressLiteral, IsTaggedForIpv6) {
  EXPECT_EQ(AddressLiteral(*dns::IpAddress::Parse("192.0.2.1")), "[192.0.2.1]");
  EXPECT_EQ(AddressLiteral(*dns::IpAddress::Parse("2001:db8::1")), "[IPv6:2001:db8::1]");
}

TEST(DefaultEhloName, IsAlwaysValid) {
  const std::string name = DefaultEhloName();
  EXPECT_TRUE(ValidateEhloName(name).ok()) << name;
}

}  // namespace
}  // namespace mxsweep::scanner
