// What the names and servers of the lab can be like, and how often each is drawn ("the mix").
//
// A posture is one word per subject: how a domain's MX answer looks, how an MX host resolves, what
// TLSA records it has, how its TLS is configured, what key and certificate it shows, and how the
// server at an address behaves. Each has a row in postures.cc: its key (used on the command line),
// its weight in the default mix, and what it means. `mxsweep-lab postures` prints those tables.
//
// Thread-safety: plain values; a Mix is immutable once it is made.
#ifndef MXSWEEP_TOOLS_LAB_POSTURES_H_
#define MXSWEEP_TOOLS_LAB_POSTURES_H_

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/lab/draw.h"

namespace mxsweep::lab {

enum class DomainPosture : uint8_t {
  kProvider,
  kOwn,
  kOwnSeveral,
  kOwnWithBackup,
  kVanity,
  kImplicit,
  kNullMx,
  kNullMxBeside,
  kNoMail,
  kNxdomain,
  kServfail,
  kBogus,
  kTimeout,
  kFirstQueryDropped,
  kTruncated,
  kMxIpLiteral,
  kMxSingleLabel,
  kMxNotAHostName,
  kMxNoAddress,
  kMxHostNxdomain,
  kMxHostServfail,
  kMxHostTimeout,
  kMxHostNoA,
  kMxHostNoAaaa,
  kMxHostSlowAaaa,
  kMxHostAaaaInsecure,
  kKeysDiffer,
  kMxCnameSecure,
  kMxCnameInsecure,
  kCount
};

// What many names of a list share, so that a scan may find a crowd there. Drawn by the mix
// `internet` alone; docs/performance.md says where the shares are from.
enum class Crowd : uint8_t {
  kNone,
  kPool,
  kSharedHost,
  kParkedRefusing,
  kParkedDropping,
  kParkedSilent,
  kHostileWide,
  kHostileNames,
  kCount
};

inline bool IsParked(Crowd crowd) {
  return crowd == Crowd::kParkedRefusing || crowd == Crowd::kParkedDropping ||
         crowd == Crowd::kParkedSilent;
}
inline bool IsHostile(Crowd crowd) {
  return crowd == Crowd::kHostileWide || crowd == Crowd::kHostileNames;
}

// How an MX host name resolves. Not drawn: it follows from the domain's posture.
enum class HostNaming : uint8_t {
  kPlain,
  kCnameSecure,
  kCnameInsecure,
  kNoAddress,
  kNxdomain,
  kServfail,
  kTimeout,
  kNoA,           // SERVFAIL for A
  kNoAaaa,        // SERVFAIL for AAAA
  kSlowAaaa,      // no answer for AAAA
  kAaaaInsecure,  // the denial of AAAA is not signed, the A records are
  kPool,          // its name is in the pool's zone: d123-lab.pool1.lab
};

// TLSA records of a host, drawn for hosts in signed zones (kInsecureZone: for unsigned ones).
enum class DanePosture : uint8_t {
  kNone,
  kMatch311,
  kMatch301,
  kMatch312,
  kMatch310,
  kMatch300,
  kMatch201,
  kMatch211,
  kMatch200,
  kMatch210,
  kRolloverKeys,
  kRolloverAnchor,
  kMatchBesideUnusable,
  kMismatch311,
  kMismatchSeveral,
  kMismatch211,
  kOtherCertificate,
  kAgilityTrap,
  kUnusablePkix,
  kUnusableMatchingType,
  kUnusableSelector,
  kUnusableLength,
  kServfail,
  kTimeout,
  kInsecureAnswer,
  kCount
};

enum class TlsPosture : uint8_t {
  kModern,
  // As it, with groups or certificates that not every client knows (hybrid_tls.h).
  kHybridFirst,
  kHybridLast,
  kHybridSeveral,
  kMlKemAlone,
  kHybridDraft,
  kMlDsa,
  kTls13Only,
  kTls13P256,
  kTls13P384,
  kTls13P521,
  kTls12Aes128,
  kTls12Aes256,
  kTls12ChaCha,
  kTls12Cbc,
  kTls12P256,
  kTls12P384,
  kTls12P521,
  kTls12Sha1Signature,
  kTls12StaticRsa,
  kTls10StaticRsa3Des,
  kTls11Only,
  kTls10Only,
  kTls10To12,
  // From here on without BoringSSL (old_tls.h).
  kDheOnly,
  kDheOwnPrime,
  kDheComposite,
  // Only what nobody offers any more; drawn only if the mix says so.
  kSsl3Only,
  kRc4Only,
  kExportOnly,
  kNullOnly,
  kCount
};

enum class KeyKind : uint8_t {
  kP256,
  kP384,
  kEd25519,
  kRsa1024,
  kRsa2048,
  // Weak ones of 2048 bits (rsa_numbers.h).
  kRsaClosePrimes,
  kRsaRoca,
  kRsaSharedPrime,
  kRsaSharedModulus,
  kRsaPattern,
  // Likewise; no library signs with these, so their servers answer by hand.
  kRsaSmallFactor,
  kRsaBadExponent,
  kRsa3072,
  kRsa4096,
  kCount
};

inline bool SignsNothing(KeyKind kind) {
  return kind == KeyKind::kRsaSmallFactor || kind == KeyKind::kRsaBadExponent;
}

enum class CertPosture : uint8_t {
  kValid,
  kOtherWithoutName,
  kValidRsaIssuer,
  kValidWithRoot,
  kWildcard,
  kCommonNameOnly,
  kWrongName,
  kSelfSigned,
  kExpired,
  kNotYetValid,
  kMissingIntermediate,
  kUnknownIssuer,
  kSha1Signed,
  kClientPurpose,
  kExtraCertificate,
  kUnreadableExtra,
  kDual,
  kCount
};

enum class Behaviour : uint8_t {
  kNormal,
  kGreetDelay,
  kStutter,
  kSplitReplies,
  kMultiLineGreeting,
  kLowerCase,
  kBareLf,
  kEightBit,
  kGreeting250,
  kEarlySilence,
  kRequireSni,
  kEhloDiffers,
  kStapled,
  kFirst421,
  kInjectedPlaintext,
  kStuckAfterTls,
  kCloseAfterTls,
  kEhloAfterTls421,
  kEhloAfterTlsRefused,
  kEhloAfterTlsHelo,
  kEhloAfterTlsClose,
  kNoQuitReply,
  kNoStarttls,
  kXStarttls,
  kHeloOnly,
  kStarttls454,
  kStarttls501,
  kStarttls502,
  kStarttls421,
  kGreeting421,
  kGreeting450,
  kGreeting554,
  kEhlo421,
  kEhlo451,
  kEhloRefused,
  kSilentGreeting,
  kSilentEhlo,
  kSilentStarttls,
  kSilentHandshake,
  kCloseGreeting,
  kCloseEhlo,
  kCloseStarttls,
  kCloseHandshake,
  kResetGreeting,
  kResetEhlo,
  kResetStarttls,
  kResetHandshake,
  kGarbageGreeting,
  kGreeting354,
  kEndlessGreeting,
  kEndlessEhlo,
  kTlsGarbage,
  kAlertHandshakeFailure,
  kAlertProtocolVersion,
  kAlertInternalError,
  kConnectRefused,
  kConnectTimeout,
  kBlocked,
  kCount
};

// What a domain with an MTA-STS record (RFC 8461) has of it. Those from kRecordOther to
// kRecordTimeout have no policy that anybody would fetch.
enum class StsPosture : uint8_t {
  kEnforce,
  kTesting,
  kModeNone,
  kWildcard,
  kChunked,
  kDuplicates,
  kEnforceFirstMx,
  kEnforceMxMismatch,
  kTestingMxMismatch,
  kFirstAddressRefuses,
  kRecordAlias,
  kRecordSplit,
  kRecordAmongOthers,
  kRecordOther,
  kRecordMultiple,
  kRecordBadId,
  kRecordNoSemicolon,
  kRecordServfail,
  kRecordTimeout,
  kNotFound,
  kRedirect,
  kWrongType,
  kGzip,
  kOversized,
  kTrickle,
  kSilent,
  kClose,
  kAlert,
  kMalformed,
  kNoMx,
  kBadMode,
  kMaxAgeTooLarge,
  kCertExpired,
  kCertUntrusted,
  kCertSelfSigned,
  kCertWrongName,
  kCertCommonNameOnly,
  kHostMissing,
  kHostServfail,
  kConnectRefused,
  kConnectTimeout,
  kCount
};

// What a domain with a TLS reporting record (RFC 8460) has of it.
enum class TlsRptPosture : uint8_t {
  kMailto,
  kHttps,
  kBoth,
  kMultiple,
  kNoRua,
  kOtherScheme,
  kServfail,
  kCount
};

// One row of a table of postures.
struct PostureRow {
  std::string_view key;
  double weight;
  std::string_view meaning;
};

// One table, its rows in the order of the enumeration. `subject` is the first part of a mix key:
// "behaviour.no_starttls".
struct PostureTable {
  std::string_view subject;
  std::span<const PostureRow> rows;
};

enum class Subject : uint8_t {
  kDomain,
  kDane,
  kTls,
  kKey,
  kCert,
  kBehaviour,
  kSts,
  kTlsRpt,
  kCrowd,
  kCount
};
std::span<const PostureTable> PostureTables();
std::string_view KeyOf(Subject subject, size_t value);

inline std::string_view NameOf(Behaviour value) {
  return KeyOf(Subject::kBehaviour, static_cast<size_t>(value));
}

// The weights of every table.
class Mix {
 public:
  // "default", "tls-only" (every server completes a handshake), "happy" (normal servers with valid
  // P-256 certificates, for benchmarks), "uniform" (every posture as likely as every other, crowds
  // apart), "internet" (the default's servers, and names as unevenly spread over them as those of
  // the Internet), or one of these followed by changes:
  // "default,behaviour.no_starttls=20,dane.none=0". A list without a preset changes the default.
  // kInvalidArgument names what is not understood.
  static absl::StatusOr<Mix> Parse(std::string_view text);

  // Names and addresses are spread as those of the Internet: a few providers have most domains, and
  // few servers share a /24.
  bool skewed() const { return skewed_; }
  bool HasCrowds() const { return HasWeight(Subject::kCrowd, 1); }

  template <typename Posture>
  Posture Pick(Subject subject, Draw& draw) const {
    return static_cast<Posture>(PickIndex(static_cast<size_t>(subject), draw));
  }

 private:
  Mix();
  void SetSubject(Subject subject, double weight);
  void SetOnly(Subject subject, std::span<const size_t> values);
  absl::Status Apply(std::string_view assignment);
  void SetWeights(Subject subject, std::initializer_list<std::pair<size_t, double>> weights);
  void MakeInternet();
  size_t PickIndex(size_t subject, Draw& draw) const;
  // Of a posture from `first` on.
  bool HasWeight(Subject subject, size_t first) const;
  void Accumulate();

  std::vector<std::vector<double>> weights_;
  std::vector<std::vector<double>> cumulative_;
  bool skewed_ = false;
};

// How a dialogue with a server of a behaviour ends, as docs/outcomes.md words it. `attempts` is 2
// where the outcome is one that is tried again.
struct BehaviourOutcome {
  std::string_view outcome;
  std::string_view stage;
  uint32_t attempts;
};
BehaviourOutcome OutcomeOf(Behaviour behaviour);

}  // namespace mxsweep::lab

#endif  // MXSWEEP_TOOLS_LAB_POSTURES_H_
