#ifndef MXSWEEP_TLS_PKI_NAME_MATCH_H_
#define MXSWEEP_TLS_PKI_NAME_MATCH_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mxsweep::tls {

enum class NameMatch : uint8_t { kNone, kSan, kCn };

// "none", "san", "cn".
std::string_view NameMatchName(NameMatch match);

enum class NameMatchMode : uint8_t {
  kSanOrCn,  // SMTP and DANE: the common name counts where the certificate has no DNS-ID (RFC 6125
             // §6.4.4)
  kSanOnly,  // MTA-STS (RFC 8461 §4.1)
};

// Does the leaf's name fit any of the reference identifiers (RFC 6125 §6)? References are A-labels;
// case and their trailing dot don't matter; one in the certificate is no match. A wildcard is the
// whole left-most label and stands for exactly one label, and never for all of a name that would
// leave fewer than two labels fixed
// ("*.org"). IP literals are not names: they match nothing. A certificate that cannot be parsed
// matches nothing.
NameMatch MatchName(std::span<const uint8_t> leaf_der, std::span<const std::string> references,
                    NameMatchMode mode = NameMatchMode::kSanOrCn);

// The identifiers that MatchName would hold against references with kSanOrCn, as the certificate
// spells them, in its order: its DNS-IDs, or, where it has none, its common names. At most
// kMaxPresentedNames. Empty for a certificate that cannot be parsed. Whoever learns of further
// references later can match with these (PresentedNameMatches) and without the certificate.
std::vector<std::string> PresentedNames(std::span<const uint8_t> leaf_der);
inline constexpr size_t kMaxPresentedNames = 1000;

// Does one presented identifier ("*.example.org", "mx.example.org") fit one reference?
bool PresentedNameMatches(std::string_view presented, std::string_view reference);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_NAME_MATCH_H_
