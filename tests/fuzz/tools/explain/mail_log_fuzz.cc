// Feeds hostile lines to the reader of mail logs: what comes out is fit for a terminal, bounded,
// and each trouble has what is to be said of it.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "tools/explain/lines/log_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::tools::Trouble;
  uint64_t lines = 0;
  uint64_t troubles = 0;
  mxsweep::tools::LogReader reader(1'795'863'600, [&troubles](const Trouble& trouble) {
    ++troubles;
    MXSWEEP_CHECK(!trouble.cause.id.empty() && !trouble.cause.title.empty());
    for (const std::string* text : {&trouble.line, &trouble.remote.domain, &trouble.remote.host,
                                    &trouble.remote.address, &trouble.cause.title}) {
      MXSWEEP_CHECK(mxsweep::SanitizeText(*text, text->size()) == *text);
    }
  });
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    reader.Add(rest.substr(0, end), ++lines);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  reader.Finish();
  // A line is of one trouble at most.
  MXSWEEP_CHECK(troubles <= lines);
  return 0;
}
