#include "tools/keys/report.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kColumns = 80;
constexpr size_t kIndent = 6;
constexpr size_t kShownNames = 3;
constexpr size_t kShownDigits = 16;
constexpr size_t kMaxNameBytes = 60;

std::string Grouped(uint64_t number) {
  std::string digits = JoinText(number);
  for (size_t i = digits.size(); i > 3;) digits.insert(i -= 3, ",");
  return digits;
}

std::string Several(uint64_t count, std::string_view one, std::string_view many = "") {
  return JoinText(Grouped(count), " ",
                  count == 1     ? std::string(one)
                  : many.empty() ? JoinText(one, "s")
                                 : std::string(many));
}

// Words in lines of at most kColumns, each indented.
void AppendWrapped(std::string_view text, std::string* out) {
  size_t column = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    std::string_view word = text.substr(at, end - at);
    at = end + 1;
    if (column != 0 && column + 1 + word.size() > kColumns) {
      out->push_back('\n');
      column = 0;
    }
    if (column == 0) {
      out->append(kIndent, ' ');
      column = kIndent;
    } else {
      out->push_back(' ');
      ++column;
    }
    word = word.substr(0, kColumns - column);
    out->append(word);
    column += word.size();
  }
  out->push_back('\n');
}

std::string Names(const std::vector<std::string>& names, uint64_t count) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < kShownNames; ++i) {
    AppendText(&text, i == 0 ? "" : ", ", SanitizeText(names[i], kMaxNameBytes));
  }
  if (count > kShownNames) AppendText(&text, " and ", Grouped(count - kShownNames), " more");
  return text;
}

std::string KeyName(const output::WeakKeyRow& row) {
  const std::string type = SanitizeText(row.key_type.value_or("?"), kMaxNameBytes);
  if (row.curve) return JoinText(type, " ", SanitizeText(*row.curve, kMaxNameBytes));
  return row.key_bits ? JoinText(type, " ", *row.key_bits) : type;
}

std::string Joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) AppendText(&text, text.empty() ? "" : ", ", word);
  return text;
}

void AppendKey(const output::WeakKeyRow& row, std::string* out) {
  AppendText(out, "\n  ", row.spki_sha256.substr(0, kShownDigits), "...  ", KeyName(row),
             row.private_key_follows ? "  ANYBODY CAN USE IT" : "", "\n");
  AppendWrapped(Joined(row.weaknesses), out);
  if (row.detail) AppendWrapped(SanitizeText(*row.detail, 300), out);
  if (row.known_key_list) {
    AppendWrapped(JoinText("its private key is published: ",
                           SanitizeText(*row.known_key_list, kMaxNameBytes)),
                  out);
  }
  if (row.shared_prime_count.value_or(0) > 0) {
    AppendWrapped(
        JoinText("has a prime in common with ", Several(*row.shared_prime_count, "other key")),
        out);
  }
  std::string where = Several(row.certificate_count, "certificate");
  if (row.endpoint_count > 0) {
    std::vector<std::string> hosts;
    for (const output::WeakKeyEndpoint& endpoint : row.endpoints) {
      if (std::ranges::find(hosts, endpoint.host) == hosts.end()) hosts.push_back(endpoint.host);
    }
    AppendText(&where, ", ", Several(row.endpoint_count, "endpoint"), ", ",
               Several(row.provider_count, "provider"), ": ", Names(hosts, row.host_count));
  }
  AppendWrapped(where, out);
  if (row.domain_count > 0) {
    AppendWrapped(JoinText("mail of ", Several(row.domain_count, "domain"), ": ",
                           Names(row.domains, row.domain_count)),
                  out);
  }
}

}  // namespace

std::string RenderKeys(const KeyReport& report) {
  const SurveyResult& result = *report.result;
  std::string out = JoinText(Several(result.certificates, "certificate"), ", ",
                             Several(result.keys, "distinct key"), ", ",
                             Several(result.moduli, "modulus", "moduli"), ", from ",
                             Several(report.inputs, "input"), "\n");
  if (result.unreadable > 0) {
    AppendText(&out, "not read   ", Several(result.unreadable, "key"),
               " of no form that is known\n");
  }
  uint64_t unchecked = 0;
  std::vector<std::string> kinds;
  for (const auto& [kind, number] : result.unchecked) {
    unchecked += number;
    kinds.push_back(kind);
  }
  if (unchecked > 0) {
    AppendText(&out, "unchecked  ", Several(unchecked, "key"),
               " of kinds without a check here: ", Names(kinds, kinds.size()), "\n");
  }
  if (report.blocklist != nullptr) {
    AppendText(&out, "blocklist  ", Several(report.blocklist->size(), "known private key"),
               report.blocklist->date().empty() ? "" : JoinText(", of ", report.blocklist->date()),
               "\n");
  } else {
    AppendText(&out, "blocklist  none: known private keys are not looked for (--help says more)\n");
  }
  if (result.has_store) {
    AppendText(&out, "store      ", Several(result.stored_before, "modulus", "moduli"), " before, ",
               Grouped(result.stored_added), " added\n");
  }
  if (result.rows.empty()) return out + "\nNothing was found.\n";

  absl::StrAppendFormat(&out, "\n%-24s%14s%14s%14s%14s\n", "What was found", "keys", "certificates",
                        "endpoints", "domains");
  for (size_t i = 0; i < kWeaknesses; ++i) {
    const WeaknessCount& count = result.counts[i];
    if (count.keys == 0) continue;
    absl::StrAppendFormat(&out, "  %-22s%14s%14s%14s%14s\n", ToAbsl(WeaknessName(i)),
                          Grouped(count.keys), Grouped(count.certificates),
                          result.has_scans ? Grouped(count.endpoints) : "-",
                          result.has_scans ? Grouped(count.domains) : "-");
  }
  const bool added_up =
      std::ranges::any_of(result.counts, [](const WeaknessCount& count) { return count.keys > 1; });
  if (added_up && result.has_scans) {
    out.append("An endpoint or a domain with several of the keys is counted once for each.\n");
  }
  const size_t shown = std::min(report.shown, result.rows.size());
  if (shown > 0) {
    AppendText(&out, "\nKeys, the worst first (", shown, " of ", Grouped(result.rows.size()),
               ")\n");
  }
  for (size_t i = 0; i < shown; ++i) AppendKey(result.rows[i], &out);
  return out;
}

}  // namespace mxsweep::tools
