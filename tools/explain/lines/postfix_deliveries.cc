#include <algorithm>
#include <string>

#include "scanner/base/text.h"
#include "tools/explain/lines/deliveries_of.h"

namespace mxsweep::tools {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// What stands between `mark` and `end` in `text`; empty where there is no mark.
std::string_view Between(std::string_view text, std::string_view mark, std::string_view end) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(end));
}

// How often a command succeeded, of a disconnect's counters: 2 of "mail=2", 0 of "starttls=0/1".
int Successes(std::string_view counters, std::string_view mark) {
  int count = 0;
  const std::string_view number = Between(counters, mark, " ");
  ParseDigits(number.substr(0, number.find('/')), &count);
  return count;
}

// smtp_log_tls_feature_status (3.11): the level that was asked for, and behind a colon the one that
// it came to, where that is less. At "may" without one the line of TLS tells.
Encryption OfFeatureStatus(std::string_view status) {
  const std::string_view level = status.substr(0, status.find_first_of("/!?"));
  if (level == "none" || level.ends_with(":none")) return Encryption::kClear;
  const bool demands = level == "encrypt" || level == "verify" || level == "secure" ||
                       level == "fingerprint" || level == "dane" || level == "dane-only" ||
                       level == "half-dane";
  return demands ? Encryption::kEncrypted : Encryption::kNotSeen;
}

}  // namespace

void PostfixClientDeliveries::Add(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view text = envelope.text;
  const std::string key = SessionKey(envelope, envelope.process);
  for (const std::string_view mark :
       {" TLS connection established to ", " TLS connection reused to "}) {
    const std::string_view peer = Between(text, mark, ": ");
    if (peer.empty()) continue;
    sessions_.At(key) = {.peer = std::string(peer)};
    return;
  }
  // Behind it stands the other side's reply.
  const size_t end = text.find(", status=");
  if (end == std::string_view::npos) return;
  const std::string_view head = text.substr(0, end);
  constexpr std::string_view kRelay = ", relay=";
  const size_t relay_at = head.rfind(kRelay);
  if (relay_at == std::string_view::npos) return;
  std::string_view relay = head.substr(relay_at + kRelay.size());
  const std::string_view behind = relay.substr(std::min(relay.find(", "), relay.size()));
  relay = relay.substr(0, relay.find(", "));
  const bool encrypted = IsOfSession(key, envelope.id, relay);
  if (!text.substr(end).starts_with(", status=sent (")) return;
  Delivery delivery{.flow = Flow::kOutbound,
                    .encryption = encrypted ? Encryption::kEncrypted
                                            : OfFeatureStatus(Between(behind, ", tls=", ",")),
                    .writer = LogWriter::kPostfixClient,
                    .machine = std::string(envelope.machine),
                    .remote = FindRemote(relay),
                    .time_s = envelope.time_s};
  delivery.remote.domain = FindRemote(head.substr(0, relay_at)).domain;
  Give(std::move(delivery), take);
}

bool PostfixClientDeliveries::IsOfSession(const std::string& key, std::string_view message,
                                          std::string_view relay) {
  Session* const session = sessions_.Find(key);
  if (session == nullptr) return false;
  if (session->message.empty()) session->message = std::string(message);
  if (session->message != message) {
    sessions_.Erase(key);
    return false;
  }
  return session->peer == relay;
}

void PostfixServerDeliveries::Close(Session& session, DeliveryReader::Take& take) {
  session.delivery.count = session.messages;
  if (session.messages > 0 && !session.authenticated) Give(std::move(session.delivery), take);
  session = {};
}

void PostfixServerDeliveries::AddMessage(const Envelope& envelope, Session* session) {
  Delivery& delivery = session->delivery;
  const std::string_view client = Between(envelope.text, "client=", "\n");
  if (Contains(client, ", sasl_")) session->authenticated = true;
  delivery.flow = Flow::kInbound;
  delivery.writer = LogWriter::kPostfixServer;
  delivery.machine = std::string(envelope.machine);
  delivery.remote = FindRemote(client.substr(0, client.find(", ")));
  if (!delivery.time_s) delivery.time_s = envelope.time_s;
  ++session->messages;
}

void PostfixServerDeliveries::Disconnect(std::string_view text, Session* session) {
  if (!Contains(text, " commands=")) return;
  // Without DATA or BDAT the messages were begun only.
  if (Successes(text, " data=") + Successes(text, " bdat=") == 0) session->messages = 0;
  Encryption& encryption = session->delivery.encryption;
  if (encryption != Encryption::kNotSeen) return;
  encryption = Successes(text, " starttls=") > 0 ? Encryption::kEncrypted : Encryption::kClear;
}

void PostfixServerDeliveries::Add(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view text = envelope.text;
  const bool connects = text.starts_with("connect from ");
  const bool disconnects = text.starts_with("disconnect from ");
  const bool encrypts = Contains(text, " TLS connection established from ");
  // In front of a content filter it has no queue id.
  const bool has_message =
      (text.starts_with("client=") && !envelope.id.empty()) || text.starts_with("NOQUEUE: client=");
  if (!connects && !disconnects && !encrypts && !has_message) return;
  const std::string key = SessionKey(envelope, envelope.process);
  Session& session = sessions_.At(key, [&](Session& old) { Close(old, take); });
  if (connects) Close(session, take);
  if (encrypts) session.delivery.encryption = Encryption::kEncrypted;
  if (has_message) AddMessage(envelope, &session);
  if (disconnects) {
    Disconnect(text, &session);
    Close(session, take);
    sessions_.Erase(key);
  }
}

void PostfixServerDeliveries::Finish(DeliveryReader::Take& take) {
  sessions_.Clear([&](Session& session) { Close(session, take); });
}

}  // namespace mxsweep::tools
