#include "tools/explain/lines/deliveries_of.h"

namespace mxsweep::tools {
namespace {

constexpr std::string_view kHost = " H=";

// The word behind `mark`, up to a blank.
std::string_view WordBehind(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(' '));
}

// From " H=" on, without what the other side or a sender wrote: its confirmation, a subject.
std::string_view FromHost(std::string_view text) {
  const size_t at = text.find(kHost);
  if (at == std::string_view::npos) return {};
  std::string_view rest = text.substr(at);
  for (const std::string_view mark : {" C=\"", " T=\""}) rest = rest.substr(0, rest.find(mark));
  return rest;
}

}  // namespace

bool EximDeliveries::IsOf(std::string_view text) {
  return text.starts_with("=> ") || text.starts_with("-> ") || text.starts_with("<= ");
}

void EximDeliveries::Add(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view from_host = FromHost(envelope.text);
  // Without a host it is a local delivery, or one that was handed in here.
  if (from_host.empty()) return;
  Delivery delivery{.writer = LogWriter::kExim,
                    .machine = std::string(envelope.machine),
                    .remote = FindRemote(from_host.substr(0, from_host.find(']') + 1)),
                    .time_s = envelope.time_s};
  delivery.remote.domain.clear();
  if (envelope.text.starts_with("<= ")) {
    const std::string_view protocol = WordBehind(from_host, " P=");
    // What ends in "a" was authenticated.
    if (protocol.find("smtp") == std::string_view::npos || protocol.ends_with('a')) return;
    delivery.flow = Flow::kInbound;
    delivery.encryption = protocol.ends_with("smtps") ? Encryption::kEncrypted : Encryption::kClear;
  } else {
    delivery.flow = Flow::kOutbound;
    delivery.remote.domain = DomainOfAddress(WordBehind(envelope.text, "> "));
    const bool has_cipher = from_host.find(" X=") != std::string_view::npos;
    delivery.encryption = has_cipher ? Encryption::kEncrypted : Encryption::kNotSeen;
  }
  Give(std::move(delivery), take);
}

}  // namespace mxsweep::tools
