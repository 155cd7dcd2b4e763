#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "scanner/base/text.h"
#include "tools/explain/lines/deliveries_of.h"

namespace mxsweep::tools {
namespace {

// RFC 5321 §4.5.3.1.8 asks for 100.
constexpr size_t kMaxRecipients = 1000;

bool StartsWithWord(std::string_view text, std::string_view word) {
  return absl::StartsWithIgnoreCase(ToAbsl(text), ToAbsl(word));
}

}  // namespace

void ExchangeDeliveries::TakeHeader(std::string_view line) {
  if (!line.starts_with("#Log-type:")) return;
  sends_ = line.find("SMTP Send") != std::string_view::npos;
}

void ExchangeDeliveries::AddCommand(std::string_view command, Session* session) {
  ++session->unanswered;
  if (StartsWithWord(command, "MAIL FROM") || StartsWithWord(command, "RSET")) {
    session->domains.clear();
    session->sent = Session::kNothing;
  } else if (StartsWithWord(command, "RCPT TO:")) {
    const size_t begin = command.find('<');
    if (begin == std::string_view::npos || session->domains.size() == kMaxRecipients) return;
    const std::string_view rest = command.substr(begin + 1);
    session->domains.push_back(DomainOfAddress(rest.substr(0, rest.find('>'))));
  } else if (StartsWithWord(command, "DATA")) {
    session->sent = Session::kData;
  } else if (StartsWithWord(command, "BDAT") &&
             absl::EndsWithIgnoreCase(ToAbsl(TrimText(command)), " LAST")) {
    session->sent = Session::kLastChunk;
  } else if (StartsWithWord(command, "EHLO ") || StartsWithWord(command, "HELO ")) {
    session->client = absl::AsciiStrToLower(std::string(TrimText(command.substr(5))));
  }
}

bool ExchangeDeliveries::IsAccepted(std::string_view reply, Session* session) const {
  // A line of a longer reply.
  if (reply.size() > 3 && reply[3] == '-') return false;
  session->unanswered = std::max(0, session->unanswered - 1);
  if (session->sent == Session::kData && reply.starts_with("354")) {
    session->sent = Session::kContent;
    return false;
  }
  const bool is_last = session->sent == Session::kContent ||
                       (session->sent == Session::kLastChunk && session->unanswered == 0);
  if (!is_last) return false;
  session->sent = Session::kNothing;
  return reply.starts_with("250");
}

void ExchangeDeliveries::AddProtocol(const ExchangeRow& row, Delivery delivery,
                                     DeliveryReader::Take& take) {
  delivery.writer = LogWriter::kExchangeProtocol;
  Session& session = sessions_.At(row.session);
  if (row.event == "+") session = {};
  if (row.context.find("TLS") != std::string::npos &&
      row.context.find("negotiation succeeded") != std::string::npos) {
    session.encrypted = true;
  }
  // Commands go out where the log is one of what is sent.
  const std::string_view command = sends_ ? ">" : "<", reply = sends_ ? "<" : ">";
  if (row.event == command) return AddCommand(row.data, &session);
  if (row.event == reply && row.data.starts_with("235")) session.authenticated = true;
  if (row.event == reply && IsAccepted(row.data, &session)) {
    delivery.encryption = session.encrypted ? Encryption::kEncrypted : Encryption::kClear;
    if (sends_) {
      for (const std::string& domain : session.domains) {
        delivery.remote.domain = domain;
        Give(delivery, take);
      }
    } else if (!session.authenticated) {
      delivery.flow = Flow::kInbound;
      delivery.remote.host = FindRemote("host=" + session.client).host;
      Give(std::move(delivery), take);
    }
    session.domains.clear();
  }
  if (row.event == "-") sessions_.Erase(row.session);
}

void ExchangeDeliveries::AddTracking(const ExchangeRow& row, Delivery delivery,
                                     DeliveryReader::Take& take) {
  delivery.writer = LogWriter::kExchangeTracking;
  if (row.context != "SMTP" || (row.event != "SEND" && row.event != "RECEIVE")) return;
  delivery.flow = row.event == "SEND" ? Flow::kOutbound : Flow::kInbound;
  Give(std::move(delivery), take);
}

void ExchangeDeliveries::Add(const ExchangeRow& row, std::optional<int64_t> time_s,
                             DeliveryReader::Take& take) {
  Delivery delivery{.flow = Flow::kOutbound, .remote = row.remote, .time_s = time_s};
  if (row.is_protocol) {
    AddProtocol(row, std::move(delivery), take);
  } else {
    AddTracking(row, std::move(delivery), take);
  }
}

}  // namespace mxsweep::tools
