// Feeds hostile mail to the reader of bounces.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "scanner/base/check.h"
#include "scanner/base/sanitize.h"
#include "tools/explain/lines/mail_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using mxsweep::tools::Trouble;
  size_t attached = 0;
  mxsweep::tools::MailReader reader(
      [](const Trouble& trouble) {
        MXSWEEP_CHECK(!trouble.cause.title.empty());
        MXSWEEP_CHECK(mxsweep::SanitizeText(trouble.line, trouble.line.size()) == trouble.line);
        MXSWEEP_CHECK(mxsweep::SanitizeText(trouble.remote.domain, 300) == trouble.remote.domain);
      },
      [&attached](const mxsweep::tools::MailReader::Attachment& attachment) {
        attached += attachment.bytes.size();
      });
  const std::string_view whole(reinterpret_cast<const char*>(data), size);
  mxsweep::tools::LooksLikeMail(whole);
  uint64_t number = 0;
  for (std::string_view rest = whole; !rest.empty();) {
    const size_t end = std::min(rest.find('\n'), rest.size());
    reader.Add(rest.substr(0, end), ++number);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  reader.Finish();
  // Every byte is attached once at most; a line that the input did not end has its end.
  MXSWEEP_CHECK(attached <= size + 1);
  return 0;
}
