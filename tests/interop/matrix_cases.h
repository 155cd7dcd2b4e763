// The matrix: which servers there are, which domains point to them, and what is to be found out of
// each. All of it is data; what is done with it stands in matrix_names, network and matrix_test.
#ifndef MXSWEEP_TESTS_INTEROP_MATRIX_CASES_H_
#define MXSWEEP_TESTS_INTEROP_MATRIX_CASES_H_

#include <span>
#include <string>
#include <vector>

#include "tests/interop/certificates.h"

namespace mxsweep::interop {

enum class Software {
  kPostfix,       // OpenSSL
  kExim,          // GnuTLS
  kOpenSmtpd,     // OpenSSL
  kOldOpenSmtpd,  // 6.8, which offers STARTTLS and cannot do it
};

// A certificate file that does not exist: Exim offers STARTTLS, and answers 454.
inline constexpr char kMissingFile[] = "missing";

struct MatrixServer {
  const char* name;
  Software software;
  const char* certificates;  // of MatrixLeaves(), with commas between; "": no STARTTLS
  // Postfix: "parameter=value;…". Exim: GnuTLS priorities. "reject" makes Exim refuse all clients.
  const char* settings = "";
};

// Where the names of a case are, and what is wrong with their zones. Zones are signed where nothing
// else is said.
enum class Placement {
  kSigned,
  kHashed,          // the host's zone proves absence by NSEC3
  kUnsignedDomain,  // the MX record is in an unsigned zone
  kUnsignedHost,
  kAlias,            // the MX host is a CNAME; address and TLSA records are at its end
  kAliasOwnRecords,  // … the TLSA records are at the alias
  kAliasToUnsigned,  // … and the end of it is in an unsigned zone
  kUnsignedAlias,    // the CNAME itself is in an unsigned zone
  kTlsaAlias,        // _25._tcp.HOST is a CNAME
  kUnsignedTlsa,     // the TLSA records are in an unsigned zone of their own
  kLameTlsa,         // … which no server serves
  kTamperedTlsa,     // a TLSA record was changed after it was signed
  kStrippedTlsa,     // the TLSA records' signatures are missing
  kStaleHost,        // all signatures of the host's zone have expired
  kSeveredHost,      // the DS records of the host's zone are wrong
  kStaleDomain,      // all signatures of the domain's zone have expired
  kNullMx,
  kMissingDomain,
};

struct MatrixCase {
  const char* name;    // a DNS label
  const char* server;  // of MatrixServers()
  // TLSA records, "3 1 1 p256; 3 1 2 #00ff": of a certificate of MatrixLeaves() or an authority, or
  // hex digits as they are.
  const char* records;
  // What mxsweep has to say. The version, or in what way the dialogue ended.
  const char* tls;
  // endpoints.pkix_status, or "name" where the chain is valid and the name is not; "-": null.
  const char* pkix;
  const char* dane;         // endpoints.dane_status; "-": null
  const char* domain_dane;  // domains.dane_status; "-": null
  Placement placement = Placement::kSigned;
};

enum class Reference { kPosttlsFinger, kOpenssl, kGnutls };
enum class Aspect { kTls, kPkix, kDane, kDomain };

// A reference says something else than mxsweep, and rightly or wrongly so for a known reason.
struct ExplainedDifference {
  const char* name;  // of the case
  Reference reference;
  Aspect aspect;
  const char* says;  // what the reference says, in the words of references.h
  const char* why;   // key of Explanations()
};

struct Explanation {
  const char* key;
  const char* text;  // begins with what decides
};

std::vector<LeafRequest> MatrixLeaves();
std::span<const MatrixServer> MatrixServers();
std::span<const MatrixCase> MatrixCases();
std::span<const ExplainedDifference> ExplainedDifferences();
std::span<const Explanation> Explanations();

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MATRIX_CASES_H_
