#include "dns/resolver.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "absl/strings/str_join.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

// They cannot exist. Two, as one SERVFAIL may be chance.
constexpr std::array<std::string_view, 2> kNoNames = {"mxsweep-a.invalid", "mxsweep-b.invalid"};

// Shared by the callbacks of one probe; goes with the last of them.
struct Probe {
  explicit Probe(Resolver& asked) : resolver(asked) {}

  Resolver& resolver;
  ResolverState state;
  size_t unanswered = 0;
  absl::AnyInvocable<void(ResolverState)> callback;
};

std::string Names(const std::vector<ServerState>& servers, bool (*fits)(const ServerState&)) {
  std::vector<std::string> names;
  for (const ServerState& server : servers) {
    if (fits(server)) names.push_back(server.server);
  }
  return absl::StrJoin(names, ", ");
}

bool IsSilent(const ServerState& s) { return !s.answers; }
bool IsBlind(const ServerState& s) { return s.answers && !s.validates; }
bool IsDistrusted(const ServerState& s) { return s.answers && s.validates && !s.trusted; }
bool CannotDeny(const ServerState& s) { return s.answers && !s.denies; }

void Conclude(ResolverState& state) {
  const auto& servers = state.servers;
  state.answers = !std::all_of(servers.begin(), servers.end(), IsSilent);
  const std::string silent = Names(servers, IsSilent);
  const std::string blind = Names(servers, IsBlind);
  const std::string distrusted = Names(servers, IsDistrusted);
  const std::string without_denials = Names(servers, CannotDeny);
  state.denies = without_denials.empty();
  state.validates = state.answers && blind.empty() && distrusted.empty() && state.denies;
  if (!state.answers) {
    state.detail = JoinText("No resolver answers (", silent, "): ", servers.front().error, ".");
    return;
  }
  std::vector<std::string> sentences;
  if (state.validates) sentences.push_back("The resolver validates DNSSEC.");
  if (!blind.empty()) {
    sentences.push_back(JoinText(blind, " does not validate DNSSEC: nothing it says can be ",
                                 "called secure, and no DANE verdict can be given."));
  }
  if (!distrusted.empty()) {
    sentences.push_back(JoinText(distrusted, " validates DNSSEC, but is not on a loopback ",
                                 "address, so that its AD bit is not believed."));
  }
  if (!state.denies) {
    sentences.push_back(JoinText(without_denials, " does not say NXDOMAIN of a name that cannot ",
                                 "exist (RFC 6761): names without records look broken, or like ",
                                 "names with some, and no DANE verdict can be given."));
  }
  if (!silent.empty()) sentences.push_back(JoinText(silent, " does not answer."));
  state.detail = absl::StrJoin(sentences, " ");
}

// A server has been asked all.
void FinishServer(Probe& probe) {
  if (--probe.unanswered > 0) return;
  Conclude(probe.state);
  auto done = std::move(probe.callback);
  done(std::move(probe.state));
}

// Only what a denial never looks like counts against a server: not its silence, nor a refusal.
void AskForDenial(const std::shared_ptr<Probe>& probe, size_t server, size_t ask) {
  probe->resolver.QueryServer(server, kNoNames[ask], RrType::kA,
                              [probe, server, ask](const Response& response) {
                                const bool failed = response.status == ResponseStatus::kServfail ||
                                                    response.status == ResponseStatus::kBogus ||
                                                    response.status == ResponseStatus::kOk;
                                if (failed && ask + 1 < kNoNames.size())
                                  return AskForDenial(probe, server, ask + 1);
                                probe->state.servers[server].denies = !failed;
                                FinishServer(*probe);
                              });
}

}  // namespace

std::string_view Word(ResponseStatus status) {
  switch (status) {
    case ResponseStatus::kOk:
      return "ok";
    case ResponseStatus::kNoData:
      return "nodata";
    case ResponseStatus::kNxDomain:
      return "nxdomain";
    case ResponseStatus::kServfail:
      return "servfail";
    case ResponseStatus::kBogus:
      return "bogus";
    case ResponseStatus::kTimeout:
      return "timeout";
    case ResponseStatus::kRefused:
      return "refused";
    case ResponseStatus::kMalformed:
      return "malformed";
    case ResponseStatus::kLocalNoDescriptors:
      return "local_no_descriptors";
    case ResponseStatus::kLocalError:
      return "local_error";
  }
  return "local_error";
}

void ProbeResolver(Resolver& resolver, const ProbeOptions& options,
                   absl::AnyInvocable<void(ResolverState)> callback) {
  auto probe = std::make_shared<Probe>(resolver);
  probe->callback = std::move(callback);
  probe->unanswered = resolver.server_count();
  probe->state.servers.resize(resolver.server_count());
  for (size_t i = 0; i < resolver.server_count(); ++i) {
    ServerState& server = probe->state.servers[i];
    server.server = resolver.server_name(i);
    server.trusted = resolver.server_trusted(i);
    resolver.QueryServer(i, options.name, options.type, [probe, i](Response response) {
      ServerState& state = probe->state.servers[i];
      // Whatever the DNS says of the name, it has spoken. SERVFAIL and REFUSED are of no use to a
      // scan.
      state.answers = IsAnswer(response.status);
      state.validates = state.answers && response.authentic_data;
      if (state.answers) return AskForDenial(probe, i, /*ask=*/0);
      state.error = response.detail;
      FinishServer(*probe);
    });
  }
}

}  // namespace mxsweep::dns
