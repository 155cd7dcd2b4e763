#include "tools/diff/place_servers.h"

#include <algorithm>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <tuple>
#include <utility>

namespace mxsweep::tools {
namespace {

bool IsTlsKnown(Dialogue dialogue) {
  return dialogue == Dialogue::kEncrypts || dialogue == Dialogue::kNoStartTls ||
         dialogue == Dialogue::kStartTlsRefused || dialogue == Dialogue::kHandshakeFails;
}

// What many servers show from one place: a name, or a certificate (by its hash).
struct Shown {
  uint64_t servers = 0;
  Unrelated operators;
  std::set<std::string_view> other_names;  // that they show the other place
  std::set<uint64_t> other_leaves;
};

// From one place.
struct ShownThere {
  std::map<std::string_view, Shown> names;
  std::map<uint64_t, Shown> leaves;
};

// One tenth of the operators at least: else it is not the way to all of them.
constexpr uint64_t kLeastShareOfStripped = 10;

class ServerComparer {
 public:
  ServerComparer(const ScanFacts& a, const ScanFacts& b, TakeServerByPlace take, SameServers* out)
      : a_(a), b_(b), take_(take), out_(*out) {}

  absl::Status Run() {
    for (const uint32_t number : InOrder()) {
      const Server& from_a = a_.servers()[number];
      const Host& host = a_.hosts()[from_a.host];
      const uint32_t host_b = b_.FindHost(host.name);
      const Server* from_b =
          host_b == ScanFacts::kNone ? nullptr : b_.FindServer(host_b, from_a.address);
      if (from_b == nullptr || from_a.ending != Ending::kAnswers ||
          from_b->ending != Ending::kAnswers) {
        continue;
      }
      absl::Status status = Add({&from_a, from_b});
      if (!status.ok()) return status;
    }
    Finish();
    return absl::OkStatus();
  }

 private:
  using Pair = ByPlace<const Server*>;

  // By operator, name and address: in the same order whatever files a scan consists of.
  std::vector<uint32_t> InOrder() const {
    std::vector<uint32_t> order(a_.servers().size());
    std::iota(order.begin(), order.end(), 0u);
    std::ranges::sort(order, {}, [this](uint32_t number) {
      const Server& server = a_.servers()[number];
      const Host& host = a_.hosts()[server.host];
      return std::tuple(std::string_view(a_.providers()[host.provider]),
                        std::string_view(host.name), a_.AddressOf(server), server.port);
    });
    return order;
  }

  absl::Status Add(const Pair& pair) {
    const Host& host = a_.hosts()[pair.a->host];
    const std::string_view provider = a_.providers()[host.provider];
    ServerByPlace server{
        .host = host.name,
        .address = a_.AddressOf(*pair.a),
        .provider = provider,
        .port = pair.a->port,
        .dialogues = {pair.a->dialogue, pair.b->dialogue},
        .versions = {pair.a->version, pair.b->version},
        .greeters = {a_.greeters()[pair.a->greeter], b_.greeters()[pair.b->greeter]}};
    ++out_.both_answer;
    ServerGroup& group = groups_[provider];
    ++group.servers;
    for (const PlaceOfTwo place : kBothPlaces) {
      AddTls(pair, place, server);
      AddShown(pair, place, server);
    }
    Judge(pair, &server, &group);
    return server.difference == ServerDifference::kNone ? absl::OkStatus() : take_(server);
  }

  void Judge(const Pair& pair, ServerByPlace* server, ServerGroup* group) {
    const bool a = pair.a->dialogue == Dialogue::kEncrypts;
    const bool b = pair.b->dialogue == Dialogue::kEncrypts;
    if (a && b) {
      ++out_.both_encrypt;
      if (pair.a->leaf != 0 && pair.b->leaf != 0 && pair.a->leaf != pair.b->leaf) {
        server->difference = ServerDifference::kCertificate;
        ++out_.certificate;
        ++group->certificate;
      } else if (pair.a->version != pair.b->version && pair.a->version != Version::kNotKnown &&
                 pair.b->version != Version::kNotKnown) {
        server->difference = ServerDifference::kVersion;
        ++out_.version;
        ++group->version;
      }
      return;
    }
    if (a == b || !IsTlsKnown(pair.a->dialogue) || !IsTlsKnown(pair.b->dialogue)) return;
    server->difference = ServerDifference::kNoTls;
    server->lacks = a ? PlaceOfTwo::kB : PlaceOfTwo::kA;
    ++group->without_tls[server->lacks];
  }

  void AddTls(const Pair& pair, PlaceOfTwo place, const ServerByPlace& server) {
    const Server& here = *pair[place];
    if (pair[OtherThan(place)]->dialogue != Dialogue::kEncrypts || !IsTlsKnown(here.dialogue)) {
      return;
    }
    PlaceTls& out = out_.places[place];
    ++out.compared;
    operators_[place].Add(server.provider, server.address);
    if (here.dialogue == Dialogue::kEncrypts) return;
    without_[place].Add(server.provider, server.address);
    if (here.dialogue == Dialogue::kStartTlsRefused) ++out.starttls_refused;
    if (here.dialogue == Dialogue::kHandshakeFails) ++out.handshake_fails;
    if (here.dialogue != Dialogue::kNoStartTls) return;
    ++out.no_starttls;
    if (here.masks_keywords) ++out.masked;
  }

  void AddShown(const Pair& pair, PlaceOfTwo place, const ServerByPlace& server) {
    const PlaceOfTwo other = OtherThan(place);
    const auto add = [&](Shown& shown) {
      ++shown.servers;
      shown.operators.Add(server.provider, server.address);
      shown.other_names.insert(server.greeters[other]);
      shown.other_leaves.insert(pair[other]->leaf);
    };
    const std::string_view name = server.greeters[place], other_name = server.greeters[other];
    if (!name.empty() && !other_name.empty() && name != other_name) add(shown_[place].names[name]);
    const uint64_t leaf = pair[place]->leaf, other_leaf = pair[other]->leaf;
    if (leaf != 0 && other_leaf != 0 && leaf != other_leaf) add(shown_[place].leaves[leaf]);
  }

  void Finish() {
    for (const PlaceOfTwo place : kBothPlaces) {
      PlaceTls& out = out_.places[place];
      out.operators = operators_[place].count();
      out.operators_without = without_[place].count();
      out.is_stripped = IsManyMore(out.operators_without, without_[OtherThan(place)].count()) &&
                        kLeastShareOfStripped * out.operators_without >= out.operators;
      FindInterceptions(shown_[place], &out.interceptions);
    }
    for (auto& [provider, group] : groups_) {
      if (group.differ() == 0) continue;
      group.provider = provider;
      out_.providers.push_back(std::move(group));
    }
    std::ranges::stable_sort(out_.providers, std::greater<>(), &ServerGroup::differ);
  }

  static void FindInterceptions(const ShownThere& shown, std::vector<Interception>* found) {
    const auto add = [found](const Shown& one, bool is_certificate, std::string_view name,
                             size_t others) {
      if (one.operators.count() < kFewestOperators || others < kFewestOperators) return;
      found->push_back({is_certificate, std::string(name), one.servers, one.operators.count()});
    };
    for (const auto& [name, one] : shown.names) add(one, false, name, one.other_names.size());
    for (const auto& [leaf, one] : shown.leaves) add(one, true, "", one.other_leaves.size());
    std::ranges::stable_sort(*found, std::greater<>(), &Interception::servers);
  }

  const ScanFacts& a_;
  const ScanFacts& b_;
  TakeServerByPlace take_;
  SameServers& out_;
  ByPlace<Unrelated> operators_, without_;
  ByPlace<ShownThere> shown_;
  std::map<std::string_view, ServerGroup> groups_;
};

}  // namespace

std::string_view ServerDifferenceWord(ServerDifference difference) {
  switch (difference) {
    case ServerDifference::kNone:
      return "none";
    case ServerDifference::kNoTls:
      return "no_tls";
    case ServerDifference::kCertificate:
      return "certificate";
    case ServerDifference::kVersion:
      return "version";
  }
  return "";
}

absl::Status CompareSameServers(const ScanFacts& a, const ScanFacts& b, TakeServerByPlace take,
                                SameServers* servers) {
  return ServerComparer(a, b, take, servers).Run();
}

}  // namespace mxsweep::tools
