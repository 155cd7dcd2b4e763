// The readers of one writer's log each, behind DeliveryReader.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERIES_OF_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERIES_OF_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/explain/lines/delivery.h"
#include "tools/explain/lines/delivery_reader.h"
#include "tools/explain/lines/exchange_log.h"
#include "tools/explain/lines/open_sessions.h"

namespace mxsweep::tools {

// Hands on what is no loopback, with names and addresses that are such.
void Give(Delivery delivery, DeliveryReader::Take& take);
// Machine and process, or machine and session.
std::string SessionKey(const Envelope& envelope, std::string_view session);
// In lower case, behind the last '@' of an address; empty where there is none.
std::string DomainOfAddress(std::string_view address);

// smtp(8): a line "… TLS connection established to PEER: …" and then, by the same process, the
// lines "to=<…>, relay=PEER, …, status=sent" of one message. Since 3.11 these say "tls=" as well.
class PostfixClientDeliveries {
 public:
  void Add(const Envelope& envelope, DeliveryReader::Take& take);

 private:
  struct Session {
    std::string peer;     // "mx.example.test[192.0.2.1]:25"
    std::string message;  // its queue id, once it is told
  };
  // Is the session with `relay` the one that the process encrypted for this very message? What it
  // says of another message ends it.
  bool IsOfSession(const std::string& key, std::string_view message, std::string_view relay);
  OpenSessions<Session> sessions_;
};

// smtpd(8): "connect from", "… TLS connection established from", "QUEUEID: client=", and
// "disconnect from" with, since 3.0, the commands of the session ("starttls=1").
class PostfixServerDeliveries {
 public:
  void Add(const Envelope& envelope, DeliveryReader::Take& take);
  void Finish(DeliveryReader::Take& take);

 private:
  struct Session {
    Delivery delivery;
    uint64_t messages = 0;
    bool authenticated = false;
  };
  void AddMessage(const Envelope& envelope, Session* session);
  void Disconnect(std::string_view text, Session* session);
  void Close(Session& session, DeliveryReader::Take& take);
  OpenSessions<Session> sessions_;
};

// The main log: "=> address … H=host [address] X=cipher", "->" likewise, and "<= sender H=…
// P=esmtps".
class EximDeliveries {
 public:
  static bool IsOf(std::string_view text);
  void Add(const Envelope& envelope, DeliveryReader::Take& take);
};

// "STARTTLS=client, relay=…" and then, by the same process, "to=…, relay=…, stat=Sent"; likewise
// "STARTTLS=server" and "from=…, proto=…, relay=…".
class SendmailDeliveries {
 public:
  static bool IsOf(std::string_view text);
  void Add(const Envelope& envelope, DeliveryReader::Take& take);

 private:
  struct Process {
    std::vector<Remote> encrypted_to;  // the latest last
    std::string encrypted_from;        // addresses
    std::string authenticated_from;
  };
  void AddSent(const Envelope& envelope, DeliveryReader::Take& take);
  void AddReceived(const Envelope& envelope, DeliveryReader::Take& take);
  OpenSessions<Process> processes_;
};

// Sessions by their number: "mta connected", "mta tls ciphers=", "mta delivery … result="Ok""; and
// "smtp connected", "smtp tls ciphers=", "smtp message".
class OpenSmtpdDeliveries {
 public:
  static bool IsOf(const Envelope& envelope);
  void Add(const Envelope& envelope, DeliveryReader::Take& take);

 private:
  struct Session {
    Remote remote;
    bool connected = false, encrypted = false, authenticated = false;
  };
  OpenSessions<Session> sessions_;
};

// SMTP protocol logs, a row for each command and reply; message tracking, which does not tell.
class ExchangeDeliveries {
 public:
  void TakeHeader(std::string_view line);
  void Add(const ExchangeRow& row, std::optional<int64_t> time_s, DeliveryReader::Take& take);

 private:
  struct Session {
    bool encrypted = false, authenticated = false;
    std::string client;                // what it called itself
    std::vector<std::string> domains;  // of recipients so far
    int unanswered = 0;                // commands
    enum { kNothing, kData, kContent, kLastChunk } sent = kNothing;
  };
  void AddProtocol(const ExchangeRow& row, Delivery delivery, DeliveryReader::Take& take);
  void AddCommand(std::string_view command, Session* session);
  // The message that a server's reply accepts, if it does.
  bool IsAccepted(std::string_view reply, Session* session) const;
  void AddTracking(const ExchangeRow& row, Delivery delivery, DeliveryReader::Take& take);

  bool sends_ = false;  // the log is one of what is sent
  OpenSessions<Session> sessions_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERIES_OF_H_
