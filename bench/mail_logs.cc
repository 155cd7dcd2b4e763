#include "bench/mail_logs.h"

#include <algorithm>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace mxsweep::bench {
namespace {

constexpr int64_t kMonday = 1795392000;  // 2026-11-23 00:00 UTC
constexpr double kSeconds = 4 * 86'400;
constexpr uint64_t kDomains = 5'000, kServers = 400, kSchools = 12, kProcesses = 40;
constexpr uint64_t kClearEvery = 33, kFailEvery = 100;

enum class How : uint8_t { kEncrypted, kClear, kFailed };

// One message, in or out.
struct Mail {
  uint64_t number = 0;
  absl::Time time;
  How how = How::kEncrypted;

  std::string id() const { return absl::StrFormat("4XkT%07x", number); }
  uint64_t process() const { return 1000 + number % kProcesses; }
  std::string domain() const {
    return how == How::kClear ? absl::StrCat("school", number % kSchools, ".example")
                              : absl::StrCat("d", number * 2654435761 % kDomains, ".example");
  }
  std::string server() const {
    return how == How::kClear ? absl::StrCat("mail.", domain())
                              : absl::StrCat("mx.p", number * 2654435761 % kServers, ".example");
  }
  std::string address() const { return absl::StrCat("192.0.2.", 1 + number % 200); }
};

class Writer {
 public:
  explicit Writer(const std::string& path) : out_(path) {}

  // What stands at the front of each line from now on.
  void At(std::string front) { front_ = std::move(front); }
  template <typename... Parts>
  void Line(const Parts&... parts) {
    text_.clear();
    absl::StrAppend(&text_, front_, parts..., "\n");
    out_ << text_;
    bytes_ += text_.size();
    ++lines_;
  }
  uint64_t bytes() const { return bytes_; }
  uint64_t lines() const { return lines_; }
  bool Finish() { return static_cast<bool>(out_.flush()); }

 private:
  std::ofstream out_;
  std::string front_, text_;
  uint64_t bytes_ = 0, lines_ = 0;
};

constexpr char kCipher[] =
    ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 "
    "server-signature RSA-PSS (2048 bits) server-digest SHA256";

void PostfixOut(const Mail& mail, Writer& out) {
  const std::string smtp = absl::StrCat("postfix/smtp[", mail.process(), "]: ");
  const std::string peer = absl::StrCat(mail.server(), "[", mail.address(), "]:25");
  const std::string to = absl::StrCat(mail.id(), ": to=<ann@", mail.domain(), ">, relay=", peer,
                                      ", delay=1.2, delays=0.1/0.01/0.4/0.7, ");
  out.Line("postfix/qmgr[900]: ", mail.id(),
           ": from=<sender@here.example>, size=4711, nrcpt=1 (queue active)");
  if (mail.how == How::kEncrypted) {
    out.Line(smtp, "Trusted TLS connection established to ", peer, kCipher);
  }
  if (mail.how == How::kFailed) {
    out.Line(smtp, "SSL_connect error to ", peer, ": -1");
    out.Line(smtp,
             "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:../ssl/"
             "statem/statem_clnt.c:2100:");
    out.Line(smtp, to, "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)");
    return;
  }
  out.Line(smtp, to, "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 4Y", mail.number, ")");
  out.Line("postfix/qmgr[900]: ", mail.id(), ": removed");
}

void PostfixIn(const Mail& mail, Writer& out) {
  const std::string smtpd = absl::StrCat("postfix/smtpd[", mail.process(), "]: ");
  const std::string peer = absl::StrCat(mail.server(), "[", mail.address(), "]");
  out.Line(smtpd, "connect from ", peer);
  if (mail.how == How::kEncrypted) {
    out.Line(smtpd, "Anonymous TLS connection established from ", peer, kCipher);
  }
  out.Line(smtpd, mail.id(), "I: client=", peer);
  out.Line("postfix/cleanup[901]: ", mail.id(), "I: message-id=<m", mail.number, "@", mail.domain(),
           ">");
  out.Line(smtpd, "disconnect from ", peer,
           mail.how == How::kEncrypted ? " ehlo=2 starttls=1" : " ehlo=1",
           " mail=1 rcpt=1 data=1 quit=1 commands=7");
}

void EximOut(const Mail& mail, Writer& out) {
  const std::string host =
      absl::StrCat(" R=dnslookup T=remote_smtp", mail.how == How::kFailed ? " defer (-37)" : "",
                   " H=", mail.server(), " [", mail.address(), "]");
  if (mail.how == How::kFailed) {
    out.Line("== ann@", mail.domain(), host,
             ": TLS session: (SSL_connect): error:0A00018A:SSL routines::dh key too small");
    return;
  }
  out.Line("=> ann@", mail.domain(), host,
           mail.how == How::kEncrypted
               ? " X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=yes"
               : "",
           " C=\"250 2.0.0 Ok: queued as 4Y", mail.number, "\"");
  out.Line("Completed");
}

void EximIn(const Mail& mail, Writer& out) {
  out.Line("<= sender@", mail.domain(), " H=", mail.server(), " [", mail.address(), "] P=esmtp",
           mail.how == How::kEncrypted
               ? "s X=TLS1.3:ECDHE_X25519__RSA_PSS_RSAE_SHA256__AES_256_GCM:256 CV=no"
               : "",
           " S=4711 id=m", mail.number, "@", mail.domain());
  out.Line("=> user <user@here.example> R=local_user T=mail_spool");
  out.Line("Completed");
}

void SendmailOut(const Mail& mail, Writer& out) {
  const std::string mta = absl::StrCat("sm-mta[", mail.process(), "]: ");
  const std::string to =
      absl::StrCat(mta, mail.id(), ": to=<ann@", mail.domain(),
                   ">, ctladdr=<sender@here.example> (1000/1000), delay=00:00:01, "
                   "xdelay=00:00:01, mailer=esmtp, pri=120353, relay=",
                   mail.server(), ". [", mail.address(), "], ");
  if (mail.how == How::kEncrypted) {
    out.Line(mta, "STARTTLS=client, relay=", mail.server(),
             "., version=TLSv1.3, verify=OK, cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
  }
  if (mail.how == How::kFailed) {
    out.Line(mta,
             "STARTTLS=client, error: connect failed=-1, reason=dh key too small, SSL_error=1, "
             "errno=0, retry=-1, relay=",
             mail.server(), ".");
    out.Line(to, "dsn=4.0.0, stat=Deferred: 403 4.7.0 TLS handshake failed.");
    return;
  }
  out.Line(to, "dsn=2.0.0, stat=Sent (Ok: queued as 4Y", mail.number, ")");
}

void SendmailIn(const Mail& mail, Writer& out) {
  const std::string mta = absl::StrCat("sm-mta[", mail.process(), "]: ");
  const std::string relay = absl::StrCat("relay=", mail.server(), " [", mail.address(), "]");
  if (mail.how == How::kEncrypted) {
    out.Line(mta, "STARTTLS=server, ", relay,
             ", version=TLSv1.3, verify=NO, cipher=TLS_AES_256_GCM_SHA384, bits=256/256");
  }
  out.Line(mta, mail.id(), "I: from=<sender@", mail.domain(), ">, size=4711, class=0, nrcpts=1, ",
           "msgid=<m", mail.number, "@", mail.domain(), ">, bodytype=8BITMIME, proto=ESMTP",
           mail.how == How::kEncrypted ? "S" : "", ", daemon=MTA-v4, ", relay);
  out.Line(mta, mail.id(), "I: to=<user@here.example>, delay=00:00:01, mailer=local, pri=34000, ",
           "dsn=2.0.0, stat=Sent");
}

void ExchangeOut(const Mail& mail, Writer& out) {
  int step = 0;
  const auto row = [&](std::string_view event, std::string_view data, std::string_view more = "") {
    out.Line("Internet,08DE", mail.id(), ",", step++, ",10.0.0.1:", 1024 + mail.number % 60'000,
             ",", mail.address(), ":25,", absl::string_view(event.data(), event.size()), ",",
             absl::string_view(data.data(), data.size()), ",",
             absl::string_view(more.data(), more.size()));
  };
  row("+", "");
  row("<", absl::StrCat("220 ", mail.server(), " ESMTP"));
  row(">", "EHLO ex.here.example");
  row("<", absl::StrCat("250 ", mail.server(), " PIPELINING SIZE 52428800 8BITMIME"));
  if (mail.how != How::kClear) {
    row(">", "STARTTLS");
    row("<", "220 2.0.0 Ready to start TLS");
  }
  if (mail.how == How::kFailed) {
    row("*", "", "TLS negotiation failed with error AlgorithmMismatch");
    row("-", "", "Local");
    return;
  }
  if (mail.how == How::kEncrypted) {
    row("*", "",
        "\"TLS protocol SP_PROT_TLS1_2_CLIENT negotiation succeeded using bulk encryption "
        "algorithm CALG_AES_256 with strength 256 bits, MAC hash algorithm CALG_SHA_384 with "
        "strength 384 bits and key exchange algorithm CALG_ECDHE with strength 256 bits\"");
    row(">", "EHLO ex.here.example");
    row("<", absl::StrCat("250 ", mail.server(), " PIPELINING SIZE 52428800 8BITMIME"));
  }
  row(">", "MAIL FROM:<sender@here.example>");
  row(">", absl::StrCat("RCPT TO:<ann@", mail.domain(), ">"));
  row("<", "250 2.1.0 Ok");
  row("<", "250 2.1.5 Ok");
  row(">", "DATA");
  row("<", "354 go ahead");
  row("<", absl::StrCat("250 2.0.0 Ok: queued as 4Y", mail.number));
  row(">", "QUIT");
  row("<", "221 2.0.0 Bye");
  row("-", "", "Local");
}

void SetFront(MailLog log, const Mail& mail, Writer& out) {
  const auto formatted = [&mail](const char* format) {
    return absl::FormatTime(format, mail.time, absl::UTCTimeZone());
  };
  switch (log) {
    case MailLog::kPostfix:
      return out.At(formatted("%Y-%m-%dT%H:%M:%SZ mx1 "));
    case MailLog::kExim:
      return out.At(absl::StrCat(
          formatted("%Y-%m-%d %H:%M:%S "),
          absl::StrFormat("1tG%03x-000%05x-2f ", mail.number >> 20, mail.number & 0xfffff)));
    case MailLog::kSendmail:
      return out.At(formatted("%b %d %H:%M:%S mx1 "));
    case MailLog::kExchange:
      return out.At(formatted("%Y-%m-%dT%H:%M:%S.000Z,"));
  }
}

void Send(MailLog log, const Mail& mail, Writer& out) {
  switch (log) {
    case MailLog::kPostfix:
      return PostfixOut(mail, out);
    case MailLog::kExim:
      return EximOut(mail, out);
    case MailLog::kSendmail:
      return SendmailOut(mail, out);
    case MailLog::kExchange:
      return ExchangeOut(mail, out);
  }
}

void Receive(MailLog log, const Mail& mail, Writer& out) {
  switch (log) {
    case MailLog::kPostfix:
      return PostfixIn(mail, out);
    case MailLog::kExim:
      return EximIn(mail, out);
    case MailLog::kSendmail:
      return SendmailIn(mail, out);
    case MailLog::kExchange:
      return;
  }
}

}  // namespace

const char* MailLogName(MailLog log) {
  static constexpr const char* kNames[] = {"Postfix", "Exim", "Sendmail", "Exchange, sent"};
  return kNames[static_cast<size_t>(log)];
}

absl::StatusOr<MailLogFacts> WriteMailLog(MailLog log, const std::string& path, uint64_t bytes) {
  Writer out(path);
  MailLogFacts facts;
  if (log == MailLog::kExchange) {
    out.Line("#Software: Microsoft Exchange Server");
    out.Line("#Log-type: SMTP Send Protocol Log");
    out.Line(
        "#Fields: date-time,connector-id,session-id,sequence-number,local-endpoint,"
        "remote-endpoint,event,data,context");
  }
  Mail mail;
  while (out.bytes() < bytes) {
    const double part = static_cast<double>(out.bytes()) / static_cast<double>(bytes);
    mail.time = absl::FromUnixSeconds(kMonday + static_cast<int64_t>(kSeconds * part));
    mail.how = mail.number % kFailEvery == kFailEvery - 1     ? How::kFailed
               : mail.number % kClearEvery == kClearEvery - 1 ? How::kClear
                                                              : How::kEncrypted;
    SetFront(log, mail, out);
    Send(log, mail, out);
    ++(mail.how == How::kFailed  ? facts.failures
       : mail.how == How::kClear ? facts.outbound_clear
                                 : facts.outbound_encrypted);
    if (log != MailLog::kExchange && mail.how != How::kFailed) {
      Receive(log, mail, out);
      ++(mail.how == How::kClear ? facts.inbound_clear : facts.inbound_encrypted);
    }
    ++mail.number;
  }
  if (!out.Finish()) return absl::UnknownError(absl::StrCat(path, " cannot be written"));
  facts.bytes = out.bytes();
  facts.lines = out.lines();
  return facts;
}

}  // namespace mxsweep::bench
