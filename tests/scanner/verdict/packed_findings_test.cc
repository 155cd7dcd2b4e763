#include "scanner/verdict/packed_findings.h"

#include <memory>
#include <random>
#include <string>

#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

Findings RandomFindings(std::mt19937& random) {
  Findings findings;
  findings.endpoints = static_cast<uint16_t>(random());
  findings.starttls = static_cast<uint16_t>(random());
  findings.completed = static_cast<uint16_t>(random());
  findings.verified = static_cast<uint16_t>(random());
  findings.flags = random() & ((Summary::kOverBudget << 1) - 1);
  findings.min_version = random() & 0xf;
  findings.max_version = random() & 0xf;
  findings.unknown = static_cast<uint8_t>(random());
  findings.inferred = static_cast<uint8_t>(random());
  findings.weakest_session_level = random() & 0xf;
  findings.weakest_certificate_level = random() & 0xf;
  if (random() % 4 == 0) {
    MisnamedLeaves leaves(1 + random() % kMaxMisnamedLeaves);
    for (auto& names : leaves) {
      names.resize(random() % 4);
      for (std::string& name : names) name.assign(random() % 60, static_cast<char>(random()));
    }
    findings.misnamed = std::make_shared<const MisnamedLeaves>(std::move(leaves));
  }
  return findings;
}

TEST(PackedFindings, ComeBackAsTheyWere) {
  std::mt19937 random(1);
  for (int i = 0; i < 2'000; ++i) {
    const PackedFindings in{RandomFindings(random), random() % 2 == 0};
    const auto out = UnpackFindings(Pack(in));
    ASSERT_TRUE(out.has_value());
    EXPECT_EQ(out->passes, in.passes);
    EXPECT_EQ(out->findings.endpoints, in.findings.endpoints);
    EXPECT_EQ(out->findings.starttls, in.findings.starttls);
    EXPECT_EQ(out->findings.completed, in.findings.completed);
    EXPECT_EQ(out->findings.verified, in.findings.verified);
    EXPECT_EQ(out->findings.flags, in.findings.flags);
    EXPECT_EQ(out->findings.min_version, in.findings.min_version);
    EXPECT_EQ(out->findings.max_version, in.findings.max_version);
    EXPECT_EQ(out->findings.unknown, in.findings.unknown);
    EXPECT_EQ(out->findings.inferred, in.findings.inferred);
    EXPECT_EQ(out->findings.weakest_session_level, in.findings.weakest_session_level);
    EXPECT_EQ(out->findings.weakest_certificate_level, in.findings.weakest_certificate_level);
    ASSERT_EQ(out->findings.misnamed == nullptr, in.findings.misnamed == nullptr);
    if (in.findings.misnamed != nullptr) {
      EXPECT_EQ(*out->findings.misnamed, *in.findings.misnamed);
    }
  }
}

TEST(PackedFindings, NothingComesOfOtherBytes) {
  std::mt19937 random(2);
  EXPECT_FALSE(UnpackFindings("").has_value());
  for (int i = 0; i < 500; ++i) {
    const std::string whole = Pack({RandomFindings(random), false});
    const size_t cut = random() % whole.size();
    EXPECT_FALSE(UnpackFindings(whole.substr(0, cut)).has_value()) << i << " " << cut;
    EXPECT_FALSE(UnpackFindings(whole + "x").has_value());
    std::string other_version = whole;
    other_version[0] = 2;
    EXPECT_FALSE(UnpackFindings(other_version).has_value());
  }
  // A flag that no summary has is HostTable's.
  std::string flag = Pack({});
  flag[10] = static_cast<char>(0x80);
  EXPECT_FALSE(UnpackFindings(flag).has_value());
}

}  // namespace
}  // namespace mxsweep::scanner
