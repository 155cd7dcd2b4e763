// Mail senders, as data: what each makes of a server's TLS, and how that is known. Nothing here
// judges; sender_policy.cc reads the table. Adding a sender touches senders.cc only.
//
// The words are those of docs/check.md; docs/senders.md shows the whole table and is held to it by
// a test.
#ifndef MXSWEEP_SCANNER_POSTURE_SENDERS_H_
#define MXSWEEP_SCANNER_POSTURE_SENDERS_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace mxsweep::scanner {

// One thing about a sender. Without a value it is not known, and what hangs on it is not judged.
template <typename T>
struct Cell {
  std::optional<T> value;
  std::string_view source;  // a document, a source file with its version, or "tried with VERSION"
};

enum class TlsLibrary : uint8_t {
  kOpenSsl,    // 3.1 and later
  kOpenSsl30,  // whose levels let TLS 1.0 with static RSA pass
  kGnuTls,
  kRustls,
  kGo,
  kJava,
};

// TLS versions, to be compared.
enum class TlsVersion : uint8_t { kTls10, kTls11, kTls12, kTls13 };

// What a sender does where a server is not as it wants it. "Next" is the next server; where none
// takes the mail, it stays in the queue.
enum class Then : uint8_t {
  kGoesOn,          // as if nothing were wrong, encrypted
  kInClear,         // hands the mail over in clear, in this session or at once in another
  kLaterInClear,    // next; at a later attempt in clear
  kLaterEncrypted,  // next; at a later attempt encrypted all the same
  kDefers,          // next
  kRefuses,         // next, since a rule of its own is broken
  kReturns,         // the mail comes back at once (a library: an error), other servers untried
};

// What it demands of a certificate where neither DANE nor MTA-STS do.
enum class Demand : uint8_t { kNothing, kValid };

// When it sends a server name (SNI).
enum class ServerName : uint8_t { kNever, kWithDane, kAlways };

struct Sender {
  std::string_view word;   // "opportunistic"
  std::string_view label;  // for people, short: "opportunistic TLS"
  std::string_view name;   // in a list of who does what; empty: not told there
  // The word of a sender from which this one differs in little: people are told of it only where
  // the two part. Mostly empty.
  std::string_view variant_of;
  std::string_view like;  // the program and its setting: "Postfix, smtp_tls_security_level = may"
  // A kind of sender, told one by one; otherwise a program, of which `check` tells what differs.
  bool is_kind = false;
  // Counts for verdict and exit code.
  bool counts = false;

  // Its TLS.
  Cell<TlsLibrary> library;
  Cell<int> level;                // OpenSSL security level where it need not authenticate
  Cell<int> authenticated_level;  // where it must
  Cell<TlsVersion> min_version;
  Cell<uint32_t> min_rsa_bits;  // of the certificate's key, whether or not it is verified; 0: any
  Cell<bool> offers_dhe;
  Cell<bool> offers_static_rsa;
  Cell<bool> offers_cbc;  // CBC with SHA-1, the only kind that our own ClientHello has
  Cell<bool> offers_3des;
  Cell<bool> needs_rfc5746;  // ends the handshake with a server that does not know RFC 5746
  // Ends the handshake where a certificate of the chain is not strict DER, verified or not.
  Cell<bool> parses_strictly;
  Cell<ServerName> server_name;

  // What it demands.
  Cell<Demand> demand;
  Cell<bool> takes_common_name;  // where the certificate has no DNS names
  Cell<bool> heeds_revocation;   // of a certificate that has to be valid
  Cell<bool> dane;
  Cell<bool> mta_sts;

  // What it does.
  Cell<Then> no_starttls;
  Cell<Then> starttls_4xx;
  Cell<Then> starttls_5xx;
  Cell<Then> must_5xx;       // STARTTLS refused where DANE or MTA-STS demand TLS
  Cell<Then> dane_unusable;  // secure TLSA records, none of which can be used
  Cell<Then> handshake_fails;
  Cell<Then> bad_certificate;      // where it demands a valid one
  Cell<bool> takes_any_2xx;        // to STARTTLS, for 220
  Cell<bool> takes_last_code;      // of a reply whose lines have different codes
  Cell<bool> helo_at_mask;         // says HELO to a greeting of nothing but 2, 0, * and blanks
  Cell<bool> drops_injected;       // clear text behind the answer to STARTTLS; else it is a failure
  Cell<Then> null_mx_with_others;  // a null MX beside other MX records
  Cell<bool> ip_literal;           // delivers to an MX record that names an address
  // After the handshake.
  Cell<bool> helo_in_tls;  // says HELO where EHLO is refused within TLS
  Cell<Then> tls_4xx;      // 421, or another 4xx to both
  Cell<Then> tls_5xx;      // to both
  Cell<Then> tls_closed;   // the connection ends instead of an answer
};

// In the order in which they are shown: kinds first.
std::span<const Sender> Senders();

// One of Senders(). REQUIRES: there is one with this word.
const Sender& SenderOf(std::string_view word);

// "openssl" …; "TLSv1.2" …; and so on, for docs/senders.md.
std::string_view CellWord(TlsLibrary library);
std::string_view CellWord(TlsVersion version);
std::string_view CellWord(Then then);
std::string_view CellWord(Demand demand);
std::string_view CellWord(ServerName server_name);

// visit(name, cell) for each cell of a sender.
template <typename Visitor>
void VisitCells(const Sender& sender, Visitor&& visit) {
  visit("TLS library", sender.library);
  visit("security level, unauthenticated", sender.level);
  visit("security level, authenticated", sender.authenticated_level);
  visit("lowest TLS version", sender.min_version);
  visit("least RSA key, bits", sender.min_rsa_bits);
  visit("offers finite-field DHE", sender.offers_dhe);
  visit("offers static RSA", sender.offers_static_rsa);
  visit("offers CBC with SHA-1", sender.offers_cbc);
  visit("offers 3DES", sender.offers_3des);
  visit("needs RFC 5746", sender.needs_rfc5746);
  visit("parses certificates strictly", sender.parses_strictly);
  visit("sends a server name", sender.server_name);
  visit("demands of the certificate", sender.demand);
  visit("takes a common name", sender.takes_common_name);
  visit("heeds revocation", sender.heeds_revocation);
  visit("DANE", sender.dane);
  visit("MTA-STS", sender.mta_sts);
  visit("no STARTTLS", sender.no_starttls);
  visit("STARTTLS refused, 4xx", sender.starttls_4xx);
  visit("STARTTLS refused, 5xx", sender.starttls_5xx);
  visit("STARTTLS refused, 5xx, where TLS is a must", sender.must_5xx);
  visit("no usable TLSA record", sender.dane_unusable);
  visit("handshake fails", sender.handshake_fails);
  visit("certificate not valid", sender.bad_certificate);
  visit("takes any 2xx to STARTTLS", sender.takes_any_2xx);
  visit("codes differ in a reply: the last one counts", sender.takes_last_code);
  visit("masked greeting: says HELO", sender.helo_at_mask);
  visit("drops clear text behind the 220", sender.drops_injected);
  visit("null MX beside others", sender.null_mx_with_others);
  visit("delivers to an IP literal", sender.ip_literal);
  visit("EHLO refused within TLS: says HELO", sender.helo_in_tls);
  visit("4xx within TLS", sender.tls_4xx);
  visit("5xx within TLS", sender.tls_5xx);
  visit("connection ends within TLS", sender.tls_closed);
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_POSTURE_SENDERS_H_
