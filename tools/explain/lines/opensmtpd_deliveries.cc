#include <string>

#include "tools/explain/lines/deliveries_of.h"

namespace mxsweep::tools {
namespace {

bool Contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view Between(std::string_view text, std::string_view mark, std::string_view end) {
  const size_t at = text.find(mark);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + mark.size());
  return rest.substr(0, rest.find(end));
}

// "192.0.2.1 (mx.example.test)".
Remote RelayOf(std::string_view relay) {
  Remote remote;
  remote.address = std::string(relay.substr(0, relay.find(' ')));
  remote.host = FindRemote("host=" + std::string(Between(relay, "(", ")"))).host;
  return remote;
}

}  // namespace

bool OpenSmtpdDeliveries::IsOf(const Envelope& envelope) {
  return envelope.id.size() == 16 &&
         (envelope.text.starts_with("mta ") || envelope.text.starts_with("smtp "));
}

void OpenSmtpdDeliveries::Add(const Envelope& envelope, DeliveryReader::Take& take) {
  const std::string_view text = envelope.text;
  const std::string key = SessionKey(envelope, envelope.id);
  Session& session = sessions_.At(key);
  const bool incoming = text.starts_with("smtp ");
  const std::string_view event = text.substr(text.find(' ') + 1);
  if (event.starts_with("connected")) {
    session = {.connected = true};
    if (incoming) {
      session.remote.address = std::string(Between(text, " address=", " "));
      session.remote.host = FindRemote(text).host;
    }
  } else if (event.starts_with("tls ciphers=") || event.starts_with("starttls ciphers=")) {
    session.encrypted = true;
  } else if (event.starts_with("authentication ") && Contains(text, "result=ok")) {
    session.authenticated = true;
  } else if (event.starts_with("disconnected")) {
    sessions_.Erase(key);
  } else if ((incoming && event.starts_with("message ") && !session.authenticated) ||
             (!incoming && event.starts_with("delivery ") && Contains(text, " result=\"Ok\""))) {
    Delivery delivery{.flow = incoming ? Flow::kInbound : Flow::kOutbound,
                      .encryption = session.encrypted   ? Encryption::kEncrypted
                                    : session.connected ? Encryption::kClear
                                                        : Encryption::kNotSeen,
                      .writer = LogWriter::kOpenSmtpd,
                      .machine = std::string(envelope.machine),
                      .remote = session.remote,
                      .time_s = envelope.time_s};
    if (!incoming) {
      delivery.remote = RelayOf(Between(text, " relay=\"", "\""));
      delivery.remote.domain = DomainOfAddress(Between(text, " to=<", ">"));
    }
    Give(std::move(delivery), take);
  }
}

}  // namespace mxsweep::tools
