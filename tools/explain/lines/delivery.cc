#include "tools/explain/lines/delivery.h"

namespace mxsweep::tools {

std::string_view FlowWord(Flow flow) {
  switch (flow) {
    case Flow::kOutbound:
      return "outbound";
    case Flow::kInbound:
      return "inbound";
    case Flow::kReported:
      return "reported";
  }
  return "";
}

std::string_view WriterName(LogWriter writer) {
  switch (writer) {
    case LogWriter::kPostfixClient:
      return "Postfix (smtp)";
    case LogWriter::kPostfixServer:
      return "Postfix (smtpd)";
    case LogWriter::kExim:
      return "Exim";
    case LogWriter::kSendmail:
      return "Sendmail";
    case LogWriter::kOpenSmtpd:
      return "OpenSMTPD";
    case LogWriter::kExchangeProtocol:
      return "Exchange (protocol log)";
    case LogWriter::kExchangeTracking:
      return "Exchange (message tracking)";
    case LogWriter::kTlsReport:
      return "TLS report";
  }
  return "";
}

std::string_view HowToTell(LogWriter writer) {
  switch (writer) {
    case LogWriter::kPostfixClient:
      return "smtp_tls_loglevel = 1 in main.cf";
    case LogWriter::kPostfixServer:
      return "smtpd_tls_loglevel = 1 in main.cf";
    case LogWriter::kExim:
      return "+tls_cipher in log_selector";
    case LogWriter::kSendmail:
      return "LogLevel of 9 or more in sendmail.cf";
    case LogWriter::kOpenSmtpd:
      return "the whole log, with its lines \"tls ciphers=\"";
    case LogWriter::kExchangeProtocol:
      return "ProtocolLoggingLevel Verbose on the connector";
    case LogWriter::kExchangeTracking:
      return "the SMTP protocol logs (ProtocolLoggingLevel Verbose on the connectors)";
    case LogWriter::kTlsReport:
      return "";
  }
  return "";
}

}  // namespace mxsweep::tools
