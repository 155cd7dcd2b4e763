// Mail logs and TLS reports of which it is known what is in them.
#ifndef MXSWEEP_TESTS_TOOLS_DASHBOARD_MADE_UP_MAIL_H_
#define MXSWEEP_TESTS_TOOLS_DASHBOARD_MADE_UP_MAIL_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"

namespace mxsweep::tools::testing {

// 2026-11-23 00:00 UTC, a Monday.
inline constexpr int64_t kMonday = 1795392000;
inline constexpr int64_t kHour = 3600, kDay = 86'400;

enum class How { kEncrypted, kClear, kHandshakeFailed };

// A log of Postfix with smtp_tls_loglevel = 1, line by line.
class PostfixLog {
 public:
  // To `count` recipients of `domain`, each with a message and a session of its own, within the
  // minute from `time_s` on. Where the handshake fails, each is first deferred, then sent in clear.
  void Send(int64_t time_s, std::string_view domain, std::string_view mx, How how, int count = 1) {
    for (int i = 0; i < count; ++i) {
      ++message_;
      const std::string peer =
          absl::StrCat(std::string(mx), "[192.0.2.", 1 + message_ % 200, "]:25");
      const std::string id = absl::StrCat("4Xk", message_);
      const std::string to = absl::StrCat(id, ": to=<a@", std::string(domain), ">, relay=", peer,
                                          ", delay=1, delays=0/0/0/1, ");
      if (how == How::kEncrypted) {
        Line(time_s, "smtp",
             absl::StrCat("Untrusted TLS connection established to ", peer,
                          ": TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)"));
      }
      if (how == How::kHandshakeFailed) {
        Line(time_s, "smtp", absl::StrCat("SSL_connect error to ", peer, ": -1"));
        Line(time_s, "smtp",
             "warning: TLS library problem: error:0A00018A:SSL routines::dh key too small:ssl/"
             "statem/statem_clnt.c:2086:");
        Line(time_s, "smtp",
             absl::StrCat(to, "dsn=4.7.5, status=deferred (Cannot start TLS: handshake failure)"));
      }
      Line(time_s, "smtp", absl::StrCat(to, "dsn=2.0.0, status=sent (250 2.0.0 Ok)"));
    }
  }

  void Receive(int64_t time_s, std::string_view client, How how, int count = 1) {
    for (int i = 0; i < count; ++i) {
      ++message_;
      const std::string peer =
          absl::StrCat(std::string(client), "[198.51.100.", 1 + message_ % 200, "]");
      Line(time_s, "smtpd", absl::StrCat("connect from ", peer));
      Line(time_s, "smtpd", absl::StrCat("4Xk", message_, ": client=", peer));
      Line(time_s, "smtpd",
           absl::StrCat("disconnect from ", peer, " ehlo=2 ",
                        how == How::kEncrypted ? "starttls=1 " : "",
                        "mail=1 rcpt=1 data=1 quit=1 commands=7"));
    }
  }

  void Line(int64_t time_s, std::string_view service, std::string_view text) {
    absl::StrAppend(
        &text_,
        absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixSeconds(time_s), absl::UTCTimeZone()),
        " mx1 postfix/", std::string(service), "[", 1 + message_ % 7, "]: ", std::string(text),
        "\n");
  }

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  int message_ = 0;
};

// A report of one day.
inline std::string TlsReport(std::string_view reporter, int64_t day_s, int successes, int failures,
                             std::string_view type = "certificate-expired") {
  const std::string day =
      absl::FormatTime("%Y-%m-%d", absl::FromUnixSeconds(day_s), absl::UTCTimeZone());
  return absl::StrCat(
      R"({"organization-name":")", std::string(reporter), R"(","date-range":{"start-datetime":")",
      day, R"(T00:00:00Z","end-datetime":")", day,
      R"(T23:59:59Z"},"report-id":"x","policies":[{"policy":{"policy-type":"sts",)",
      R"("policy-domain":"here.test"},"summary":{"total-successful-session-count":)", successes,
      R"(,"total-failure-session-count":)", failures, "}",
      failures == 0 ? ""
                    : absl::StrCat(R"(,"failure-details":[{"result-type":")", std::string(type),
                                   R"(","receiving-mx-hostname":"mx.here.test",)",
                                   R"("failed-session-count":)", failures, "}]"),
      "}]}");
}

}  // namespace mxsweep::tools::testing

#endif  // MXSWEEP_TESTS_TOOLS_DASHBOARD_MADE_UP_MAIL_H_
