// Any bytes as what Unbound wrote to its log, and as a file to be added to its configuration.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/resolver/unbound_config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace mxsweep::scanner;  // NOLINT(google-build-using-namespace)
  const std::string text(reinterpret_cast<const char*>(data), size);
  const std::string told = TellUnboundLog(text, 3, "FILE", 500);
  MXSWEEP_CHECK(told.size() <= 500);
  MXSWEEP_CHECK(std::ranges::none_of(
      told, [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }));
  (void)GivesTrustAnchor(text);
  const UnboundConfig config = MakeUnboundConfig({.include_text = text});
  MXSWEEP_CHECK(config.text.ends_with(text) && config.max_questions > 0);
  const auto lines = std::ranges::count(
      std::string_view(config.text).substr(0, config.text.size() - text.size()), '\n');
  MXSWEEP_CHECK(config.include_line == static_cast<size_t>(lines) + 1);
  return 0;
}
