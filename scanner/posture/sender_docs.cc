#include "scanner/posture/sender_docs.h"

#include <type_traits>

#include "scanner/base/text.h"
#include "scanner/posture/senders.h"

namespace mxsweep::scanner {
namespace {

constexpr char kIntroduction[] =
    "# The senders of `mxsweep check`\n\n"
    "What is known of each sender, and from where. Made from `scanner/posture/senders.cc`; do not "
    "edit. To write it anew:\n"
    "`MXSWEEP_WRITE_GOLDEN=1 scanner_posture_tests --gtest_filter='SenderDocs.*'`\n\n"
    "A cell of which nothing is known says `?`: what hangs on it is told as `unknown`. \"Next "
    "server\" means that the sender goes on to the next one, and what follows holds where none "
    "takes the mail. Where TLSA records or an enforced MTA-STS policy demand TLS, a sender that "
    "heeds them refuses instead of going on in clear. \"Tried\" means: the program itself was run "
    "against servers made for the purpose, on loopback.\n";

template <typename T>
std::string ValueText(const Cell<T>& cell) {
  if (!cell.value) return "?";
  if constexpr (std::is_same_v<T, bool>) {
    return *cell.value ? "yes" : "no";
  } else if constexpr (std::is_integral_v<T>) {
    return JoinText(*cell.value);
  } else {
    return std::string(CellWord(*cell.value));
  }
}

}  // namespace

std::string SenderDocs() {
  std::string text = kIntroduction;
  for (const Sender& sender : Senders()) {
    AppendText(&text, "\n## `", sender.word, "`: ", sender.label, "\n", sender.like, ". ",
               sender.counts    ? "Counts for the exit code.\n"
               : sender.is_kind ? "Does not count for the exit code.\n"
                                : "A program: told where it differs, and does not count.\n",
               "\n| | | source |\n| --- | --- | --- |\n");
    VisitCells(sender, [&text](std::string_view name, const auto& cell) {
      AppendText(&text, "| ", name, " | ", ValueText(cell), " | ", cell.source, " |\n");
    });
  }
  return text;
}

}  // namespace mxsweep::scanner
