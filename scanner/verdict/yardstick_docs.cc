#include <string>

#include "scanner/base/text.h"
#include "scanner/verdict/yardstick_rules.h"

namespace mxsweep::scanner {
namespace {

constexpr char kIntroduction[] =
    R"(# Yardsticks

Which published rules a server fails, as columns of `endpoints`, and why. Made from the rules in
`scanner/verdict/*_yardstick*.cc`; do not edit. To write it anew:
`MXSWEEP_WRITE_GOLDEN=1 scanner_verdict_tests --gtest_filter='YardstickDocs.*'`

- A column is the **list of what was seen and fails**: `§3.1: TLSv1.3 not accepted`, with the section of the document in front.
- **An empty list is no pass.** An ordinary scan sees one session: one version, one suite, one group, one certificate. What was
  not looked at neither fails nor passes; `yardsticks_unseen` says what of it the rules would have asked about:

| word | not known | how to look |
| --- | --- | --- |
| `versions` | whether it accepts each of SSL 3.0 to TLS 1.3 | `--probe legacy` |
| `weak_suites` | whether it accepts RC4, 3DES, NULL, anonymous, static RSA | `--probe legacy` |
| `export_suites` | whether it accepts export suites | `--probe export` |
| `dhe` | whether it accepts finite-field DHE, and its prime | `--probe dhe` |
| `certificates` | which certificates it has beside the one it showed | `--probe certs` |
| `tls12_extensions` | RFC 5746 and RFC 7627 in TLS 1.2 of a server that chose TLS 1.3 | no probe asks |
| `fallback_scsv` | whether it heeds TLS_FALLBACK_SCSV, where that is asked for | `--probe legacy` |

- **Null**: no ServerHello was seen, so nobody knows anything.
- The documents of NCSC-NL give each choice a level. Their lists hold what is `insufficient` or in `phase_out`, and the
  `…_at_most` columns the lowest level of all that was seen: the server is that or worse.
- A suite counts as accepted if the server chose it of some offer, its own handshake's or a probe's; the certificates are those of the
  handshake and of the probes.

## What no rule looks at, and why
- *Suites and groups that the server was never led to choose*: a server that prefers AES-GCM and would take AES-CBC as well shows the first
  alone, as long as both are offered. The probes lead it to RC4, 3DES, NULL, anonymous, static RSA, export and DHE suites.
- *SSL 2.0; PSK, SRP, Kerberos*: never offered.
- *The name of a certificate's curve*, which is told by its size alone: a curve of 256 bits may be P-256 or another one.
- *OCSP stapling* (SP 800-52r2 §3.4.1.5, NCSC-NL 2025-05 §3.4.5, Mozilla `ocsp_staple`): many CAs no longer have OCSP, so that its absence is no fault of the server's.
  `endpoints.ocsp_stapled` and `ocsp_status` say what came.
- *TLS compression, renegotiation by clients, early data, resumption* (SP 800-52r2 §3.6, §3.7; NCSC-NL v2.1 B7-1 to B9-1, 2025-05 §3.4.1 to §3.4.4): nobody tries
  them here. A server without RFC 5746 may refuse every renegotiation, so by NCSC-NL its absence alone is no fault.
- *Extended master secret by NCSC-NL 2025-05* (§4.1): it has no level there.
- *The order of preference* (NCSC-NL v2.1 B2-5, Mozilla `server_preferred_order`), and the hash of key exchange signatures by NCSC-NL v2.1 (table 5), which asks
  whether SHA-2 is *supported*: one session does not show it.
- *What the documents leave open or do not name*: ARIA, SEED, IDEA and DSA by NCSC-NL v2.1; EdDSA and X25519 by SP 800-52r2 (which wants P-256 or P-384 supported,
  and does not forbid others); draft hybrids.
- *Names, trust and revocation of certificates*: `pkix_status`, `name_match`, `dane_status`, `revocation_status` are for that. By SP 800-52r2 the
  leaf alone is judged; `certificate_level` has the whole path.
- *Validated modules, key storage, logging, HSTS*: not visible, or not about mail.
- *What a document says with "should"* (SP 800-52r2: no TLS 1.1 on servers for government alone, TLS 1.2 beside 1.3, P-256 or P-384 in certificates, three years of validity).

## How far the citations were checked
The documents themselves were not at hand when this was last looked through (November 2026). Section, guideline and table numbers, lists and levels were compared with
what others quote of them:
- *NCSC-NL, both*: the explanations and lists of [Internet.nl](https://github.com/internetstandards/Internet.nl), which tests by them, before and after its change to 2025-05.
  All sections above, and the tables of v2.1, are named there, and the lists agree. AES with CCM and Camellia by v2.1 are in none of them: what stands above of these is not confirmed.
- *SP 800-52r2*: the list of its requirements that [rustls](https://github.com/rustls/rustls/issues/1538) made. Seen there: table 3-1 (§3.2.1), the lists of §3.3.1.1, the order and
  the words of §3.4.1.1 to §3.4.1.4 (of §3.4.1.5 its entry in the list). Not seen there, but by the order of its counterpart for clients (§4.4.2): §3.4.2.1 and §3.4.2.2. Not seen: §3.3.1.2, §3.6, §3.7 and appendix D.
- *Mozilla*: the file of guidelines 5.7 itself.
)";

}  // namespace

std::string YardstickDocs() {
  std::string text = kIntroduction;
  for (const YardstickDocument& document : YardstickDocuments()) {
    AppendText(&text, "\n## `", document.column, "`: ", document.title, "\n", document.source,
               "\n\n| section | rule | seen by |\n| --- | --- | --- |\n");
    for (const YardstickRule& rule : document.rules) {
      AppendText(&text, "| ", rule.section, " | ", rule.demand, " | ", rule.seen_by, " |\n");
    }
  }
  return text;
}

}  // namespace mxsweep::scanner
