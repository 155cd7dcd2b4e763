#include <algorithm>
#include <string>

#include "tools/explain/lines/deliveries_of.h"

namespace mxsweep::tools {
namespace {

// Relays to which a process has open sessions, or had.
constexpr size_t kMaxRelays = 8;

// The value of "name=value, " in a line; values of other fields may hold anything but ", name=".
std::string_view FieldOf(std::string_view text, std::string_view mark) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(", "));
}

Remote RelayOf(std::string_view text) {
  const size_t at = text.find("relay=");
  if (at == std::string_view::npos) return {};
  const std::string_view relay = text.substr(at);
  Remote remote = FindRemote(relay.substr(0, relay.find(", ")));
  remote.domain.clear();
  return remote;
}

bool IsSame(const Remote& one, const Remote& other) {
  if (!one.address.empty() && !other.address.empty()) return one.address == other.address;
  return !one.host.empty() && one.host == other.host;
}

}  // namespace

bool SendmailDeliveries::IsOf(std::string_view text) {
  return text.starts_with("STARTTLS=") || text.starts_with("AUTH=server") ||
         (text.starts_with("to=") && text.find(", stat=Sent") != std::string_view::npos) ||
         (text.starts_with("from=") && text.find(", proto=") != std::string_view::npos);
}

void SendmailDeliveries::Add(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view text = envelope.text;
  if (text.starts_with("to=")) return AddSent(envelope, take);
  if (text.starts_with("from=")) return AddReceived(envelope, take);
  Process& process = processes_.At(SessionKey(envelope, envelope.process));
  if (text.starts_with("AUTH=server")) {
    process.authenticated_from = RelayOf(text).address;
    return;
  }
  // Other lines of STARTTLS tell of errors.
  if (text.find(", version=") == std::string_view::npos) return;
  if (text.starts_with("STARTTLS=server")) {
    process.encrypted_from = RelayOf(text).address;
  } else if (text.starts_with("STARTTLS=client")) {
    if (process.encrypted_to.size() == kMaxRelays) {
      process.encrypted_to.erase(process.encrypted_to.begin());
    }
    process.encrypted_to.push_back(RelayOf(text));
  }
}

void SendmailDeliveries::AddSent(const Envelope& envelope, DeliveryReader::Take& take) {
  // Behind it stands the other side's reply.
  const std::string_view text = envelope.text.substr(0, envelope.text.find(", stat=Sent"));
  const Remote relay = RelayOf(text);
  if (relay.host.empty() && relay.address.empty()) return;
  const Process* const process = processes_.Find(SessionKey(envelope, envelope.process));
  const bool encrypted =
      process != nullptr && std::ranges::any_of(process->encrypted_to, [&](const Remote& known) {
        return IsSame(known, relay);
      });
  // "to=<a@example.test>,<b@example.test>, delay=…": all at one relay.
  std::string_view recipients = text.substr(3, text.find(", ") - 3);
  while (!recipients.empty()) {
    const size_t end = std::min(recipients.find(','), recipients.size());
    Delivery delivery{.flow = Flow::kOutbound,
                      .encryption = encrypted ? Encryption::kEncrypted : Encryption::kNotSeen,
                      .writer = LogWriter::kSendmail,
                      .machine = std::string(envelope.machine),
                      .remote = relay,
                      .time_s = envelope.time_s};
    delivery.remote.domain = DomainOfAddress(recipients.substr(0, end));
    Give(std::move(delivery), take);
    recipients.remove_prefix(std::min(end + 1, recipients.size()));
  }
}

void SendmailDeliveries::AddReceived(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view text = envelope.text;
  const std::string_view protocol = FieldOf(text, ", proto=");
  Delivery delivery{.flow = Flow::kInbound,
                    .writer = LogWriter::kSendmail,
                    .machine = std::string(envelope.machine),
                    .remote = RelayOf(text.substr(std::min(text.rfind(", relay="), text.size()))),
                    .time_s = envelope.time_s};
  const std::string& address = delivery.remote.address;
  // What users hand in; versions differ in whether the protocol tells of it.
  const Process* const process = processes_.Find(SessionKey(envelope, envelope.process));
  if (address.empty() || FieldOf(text, ", daemon=").starts_with("MSA") || protocol.ends_with('A') ||
      (process != nullptr && process->authenticated_from == address)) {
    return;
  }
  if (protocol.ends_with("SMTPS") || (process != nullptr && process->encrypted_from == address)) {
    delivery.encryption = Encryption::kEncrypted;
  }
  Give(std::move(delivery), take);
}

}  // namespace mxsweep::tools
