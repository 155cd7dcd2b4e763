#include "tools/check/domain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace mxsweep::tools {
namespace {

using ::testing::HasSubstr;

TEST(ReadDomain, TakesWhatPeoplePaste) {
  const std::pair<std::string, std::string> cases[] = {
      {"example.org", "example.org"},
      {"Example.ORG.", "example.org"},
      {"  example.org\n", "example.org"},
      {"bücher.example", "xn--bcher-kva.example"},
      {"ann@example.org", "example.org"},
      {"Ann Ex <ann@example.org>", "example.org"},
      {"mailto:ann@example.org?subject=hi", "example.org"},
      {"\"a@b\"@example.org", "example.org"},
      {"https://example.org/contact?x=@y", "example.org"},
      {"http://user:pw@example.org:8080", "example.org"},
  };
  for (const auto& [given, name] : cases) {
    const absl::StatusOr<scanner::CheckedDomain> domain = ReadDomain(given);
    ASSERT_TRUE(domain.ok()) << given << ": " << domain.status();
    EXPECT_EQ(domain->name, name) << given;
  }
  EXPECT_EQ(ReadDomain(" Example.org.")->asked_as, "Example.org.");
}

TEST(ReadDomain, SaysWhatIsWrongWithTheRest) {
  const std::pair<std::string, std::string> cases[] = {
      {"", "empty"},
      {"192.0.2.1", "IP address"},
      {"localhost", "single label"},
      {"two words.org", "white space"},
      {"ann@", "empty"},
      {"https://", "empty"},
      {"ann@[192.0.2.1]", "IP address"},
  };
  for (const auto& [given, reason] : cases) {
    const absl::StatusOr<scanner::CheckedDomain> domain = ReadDomain(given);
    ASSERT_FALSE(domain.ok()) << given;
    EXPECT_TRUE(absl::IsInvalidArgument(domain.status()));
    EXPECT_THAT(std::string(domain.status().message()), HasSubstr(reason));
  }
}

TEST(ReadDomain, LetsNoControlCharacterIntoItsComplaint) {
  EXPECT_THAT(std::string(ReadDomain("a\033[31m").status().message()), HasSubstr("a?[31m"));
}

}  // namespace
}  // namespace mxsweep::tools
