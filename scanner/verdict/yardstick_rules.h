// The rules behind yardsticks.h: a table of them for each document.
#ifndef MXSWEEP_SCANNER_VERDICT_YARDSTICK_RULES_H_
#define MXSWEEP_SCANNER_VERDICT_YARDSTICK_RULES_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "scanner/base/text.h"
#include "scanner/verdict/yardsticks.h"
#include "tls/probe/suites.h"

namespace mxsweep::scanner {

// A suite, and its level by each document.
struct GradedSuite {
  const tls::Suite* suite = nullptr;  // null: none that we know
  std::string_view name;
  // Nothing: what the document says of it is not known to us.
  std::array<std::optional<YardstickLevel>, kYardstickCount> levels;  // by Yardstick

  bool is_tls13() const {
    return suite != nullptr && suite->key_exchange == tls::KeyExchange::kTls13Ephemeral;
  }
};
// Worked out once for all suites, since every endpoint has one.
const GradedSuite& GradeSuite(uint16_t wire);

struct YardstickDocument;

// Where the rules of one document put what they find, and what they find it in beside the facts.
class YardstickFindings {
 public:
  // `suites`: those of the facts. Everything is borrowed.
  YardstickFindings(const YardstickDocument& document, std::span<const GradedSuite* const> suites,
                    YardstickVerdict* out)
      : document_(document), suites_(suites), out_(out) {}

  void BeginRule(std::string_view section) { section_ = section; }
  std::span<const GradedSuite* const> suites() const { return suites_; }
  std::optional<YardstickLevel> LevelOf(const GradedSuite& suite) const;

  // A thing of this level was seen. Has it to be said why?
  bool Saw(YardstickLevel level) {
    if (level < out_->at_most) out_->at_most = level;
    return level <= YardstickLevel::kPhaseOut;
  }
  // The same, and says it: `what`, in pieces.
  template <typename... Parts>
  void Finds(YardstickLevel level, const Parts&... what) {
    if (!Saw(level)) return;
    AddReason(has_levels() ? JoinText(section_, " ", YardstickLevelName(level), ": ", what...)
                           : JoinText(section_, ": ", what...));
  }
  template <typename... Parts>
  void Fails(const Parts&... what) {
    Finds(YardstickLevel::kInsufficient, what...);
  }

 private:
  bool has_levels() const;
  void AddReason(std::string reason);

  const YardstickDocument& document_;
  std::span<const GradedSuite* const> suites_;
  std::string_view section_;
  YardstickVerdict* out_;
};

struct YardstickRule {
  std::string_view section;  // of the document
  std::string_view demand;   // what it says, in our words
  std::string_view seen_by;  // what has to be looked at
  void (*judge)(const YardstickFacts& facts, YardstickFindings* findings);
};

struct YardstickDocument {
  Yardstick yardstick;
  std::string_view column;  // of endpoints
  std::string_view title;
  std::string_view source;
  bool has_levels = false;
  // `suite` may be null: GradedSuite.
  std::optional<YardstickLevel> (*grade)(const tls::Suite* suite) = nullptr;
  std::span<const YardstickRule> rules;
};

YardstickDocument NistSp80052r2();
YardstickDocument NcscNl2021();
YardstickDocument NcscNl2025();
YardstickDocument MozillaModern();
YardstickDocument MozillaIntermediate();
YardstickDocument MozillaOld();

// All of them, in the order of Yardstick.
const std::array<YardstickDocument, kYardstickCount>& YardstickDocuments();

// What several documents' rules need.
inline constexpr std::array<std::string_view, 5> kYardstickVersions = {"SSLv3", "TLSv1", "TLSv1.1",
                                                                       "TLSv1.2", "TLSv1.3"};

// The rule about suites.
void JudgeSuites(const YardstickFacts& facts, YardstickFindings* findings);

inline bool NameHas(const tls::Suite& suite, std::string_view part) {
  return suite.name.find(part) != std::string_view::npos;
}
inline bool IsCcm8(const tls::Suite& suite) { return NameHas(suite, "_CCM_8"); }
// AES with GCM or CCM, or ChaCha20 with Poly1305.
inline bool IsGoodAead(const tls::Suite& suite) {
  if (NameHas(suite, "_CHACHA20_")) return true;
  return NameHas(suite, "_AES_") && (NameHas(suite, "_GCM_") || NameHas(suite, "_CCM"));
}

inline bool IsRsa(tls::KeyType type) {
  return type == tls::KeyType::kRsa || type == tls::KeyType::kRsaPss;
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_VERDICT_YARDSTICK_RULES_H_
