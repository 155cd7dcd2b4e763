// Feeds hostile lines to the reader of mail logs: what comes out is fit for a terminal, bounded,
// and each trouble has what is to be said of it. No line tells of more deliveries than it has room
// for.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "tools/explain/lines/delivery_reader.h"
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
  uint64_t delivered = 0;
  mxsweep::tools::DeliveryReader deliveries(
      1'795'863'600, [&delivered](const mxsweep::tools::Delivery& delivery) {
        delivered += delivery.count;
        MXSWEEP_CHECK(delivery.count > 0);
        for (const std::string* text :
             {&delivery.remote.domain, &delivery.remote.host, &delivery.remote.address}) {
          MXSWEEP_CHECK(mxsweep::SanitizeText(*text, 300) == *text);
        }
      });
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  while (!rest.empty()) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    reader.Add(rest.substr(0, end), ++lines);
    deliveries.Add(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  reader.Finish();
  deliveries.Finish();
  MXSWEEP_CHECK(deliveries.lines_without_time() <= lines);
  // A line is of one trouble at most.
  MXSWEEP_CHECK(troubles <= lines);
  // A recipient has a byte at least.
  MXSWEEP_CHECK(delivered <= size);
  return 0;
}
