// What a line of a log says of TLS: the form it is of, and by the rules that hold for every line
// who refused and whose key or setting it is about.
#ifndef MXSWEEP_TOOLS_EXPLAIN_FORMS_CLASSIFY_H_
#define MXSWEEP_TOOLS_EXPLAIN_FORMS_CLASSIFY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/forms/form.h"

namespace mxsweep::tools {

// Who ended it. "Us" is whoever's program wrote the line.
enum class Side : uint8_t {
  kUnknown,
  kUsAsClient,
  kThemAsServer,
  kThemAsClient,
  kUsAsServer,
  kUs,    // in which role is not told
  kPeer,  // likewise
  kOurSetup,
  kNobody,
  kUsIfVerifying,    // nobody at an opportunistic level; us where verification is demanded
  kSender,           // the sending client, as it tells others
  kReceivingServer,  // a reply that stands alone: whether the server is ours is not told
};
// "us_as_client", "them_as_server" …: words that stay.
std::string_view SideWord(Side side);
// "us, as the client (our own program ended it)": for people.
std::string_view SideText(Side side);

// The latter two where the line does not tell which of them we are.
enum class Owner : uint8_t { kOurs, kTheirs, kReceivers, kSenders };
// "ours", "theirs", "receiving_server", "sending_client".
std::string_view OwnerWord(Owner owner);

struct Cause {
  std::string id;
  bool known = true;  // false: the form is not known; what is told follows from the rules alone
  TroubleKind kind = TroubleKind::kRefused;
  Strength strength = Strength::kSummary;
  Side side = Side::kUnknown;
  TlsRole role = TlsRole::kUnknown;  // ours
  std::vector<Owner> owners;         // of the key or setting, the likeliest first; empty: not told
  std::string title;
  std::string means;
  std::string ours;    // what to change on our side (or the sending client's); empty: nothing
  std::string theirs;  // on theirs (or the receiving server's)
  std::string not_this;
};

// "refused", "in_clear", "note", "not_tls".
std::string_view KindWord(TroubleKind kind);

// Where in a line the program repeats what its peer said ("said: 454 …"), in which "us" is the
// peer.
inline constexpr size_t kNotQuoted = std::string_view::npos;

struct LineRole {
  TlsRole role = TlsRole::kUnknown;
  size_t quoted_from = kNotQuoted;
};

// By the program's name and by the words of the line (lower case): smtp or smtpd, SSL_connect or
// SSL_accept, statem_clnt.c or statem_srvr.c.
LineRole RoleOfLine(std::string_view line, std::string_view program);

// The cause that `text` tells, the strongest where it tells several; nothing where it is not about
// TLS, or tells of no trouble. `text` is a line, or what stands in one behind time and program.
std::optional<Cause> Classify(std::string_view text, std::string_view program);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_FORMS_CLASSIFY_H_
