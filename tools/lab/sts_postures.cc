#include "tools/lab/sts_postures.h"

#include <algorithm>
#include <set>

#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

using P = StsPosture;
using R = TlsRptPosture;
using Kind = TextAnswer::Kind;

constexpr size_t kOversizedBytes = 70'000;  // over 64 KiB

std::string HeadOf(std::string_view status, std::string_view type, std::string_view more) {
  return JoinText("HTTP/1.1 ", status, "\r\nServer: lab\r\nContent-Type: ", type, "\r\n", more,
                  "\r\n");
}

std::string ChunkedOf(std::string_view body) {
  std::string out;
  while (!body.empty()) {
    const std::string_view piece = body.substr(0, 7);
    out += JoinText(piece.size(), "\r\n", piece, "\r\n");  // one digit is the same in any base
    body.remove_prefix(piece.size());
  }
  return out + "0\r\n\r\n";
}

std::string_view ModeOf(P posture) {
  switch (posture) {
    case P::kTesting:
    case P::kTestingMxMismatch:
      return "testing";
    case P::kModeNone:
      return "none";
    default:
      return "enforce";
  }
}

std::string PolicyBody(const World& world, uint32_t zone, P posture) {
  const std::string_view end = posture == P::kEnforce || posture == P::kTesting ? "\r\n" : "\n";
  std::string body = JoinText("version: STSv1", end, "mode: ", ModeOf(posture), end);
  if (posture == P::kBadMode) body = "version: STSv1\nmode: paranoid\n";
  if (posture == P::kMalformed) body = "<!DOCTYPE html>\n<title>It works!</title>\n";
  if (posture == P::kDuplicates) body += "mode: none\nnew_key: whatever: it is\nmax_age: 86400\n";
  if (posture != P::kNoMx) {
    for (const std::string& mx : PolicyMxOf(world, zone)) body += JoinText("mx: ", mx, end);
  }
  const bool too_large = posture == P::kMaxAgeTooLarge || posture == P::kDuplicates;
  body += JoinText("max_age: ", too_large ? 99'999'999 : kPolicyMaxAge, end);
  if (posture == P::kOversized)
    body += JoinText("padding: ", std::string(kOversizedBytes, 'x'), "\n");
  return body;
}

}  // namespace

TextAnswer StsTextOf(const World& world, uint32_t zone) {
  const std::optional<P>& posture = world.zones()[zone].sts;
  if (!posture) return {};
  const std::string record = JoinText("v=STSv1; id=", JoinText("2024010100", zone), ";");
  TextAnswer answer{.kind = Kind::kRecords, .records = {{record}}};
  switch (*posture) {
    case P::kRecordAlias:
      answer.alias = JoinText("_record._sts.", world.ZoneName(zone));
      break;
    case P::kRecordSplit:
      answer.records = {{record.substr(0, 4), "", record.substr(4)}};
      break;
    case P::kRecordAmongOthers:
      answer.records = {{"v=spf1 -all"}, {record}, {"v=STSv2; id=1;"}};
      break;
    case P::kRecordOther:
      answer.records = {{"v=spf1 -all"}};
      break;
    case P::kRecordMultiple:
      answer.records = {{record}, {record}};
      break;
    case P::kRecordBadId:
      answer.records = {{"v=STSv1; id=2024-01-01;"}};
      break;
    case P::kRecordNoSemicolon:
      answer.records = {{"v=STSv1 id=20240101"}};
      break;
    case P::kRecordServfail:
      return {.kind = Kind::kServfail};
    case P::kRecordTimeout:
      return {.kind = Kind::kTimeout};
    default:
      break;
  }
  return answer;
}

TextAnswer TlsRptTextOf(const World& world, uint32_t zone) {
  const std::optional<R>& posture = world.zones()[zone].tlsrpt;
  if (!posture) return {};
  const std::string mail = JoinText("mailto:tls-reports@", world.ZoneName(zone));
  const std::string web = JoinText("https://reports.", world.ZoneName(zone), "/v1");
  const auto one = [](const std::string& text) {
    return TextAnswer{.kind = Kind::kRecords, .records = {{text}}};
  };
  switch (*posture) {
    case R::kHttps:
      return one(JoinText("v=TLSRPTv1; rua=", web, ";"));
    case R::kBoth:
      return one(JoinText("v=TLSRPTv1;rua=", mail, " , ", web));
    case R::kMultiple:
      return {.kind = Kind::kRecords,
              .records = {{"v=TLSRPTv1; rua=" + mail}, {"v=TLSRPTv1; rua=" + web}}};
    case R::kNoRua:
      return one("v=TLSRPTv1; ruf=" + mail);
    case R::kOtherScheme:
      return one("v=TLSRPTv1; rua=ftp://reports.example/");
    case R::kServfail:
      return {.kind = Kind::kServfail};
    default:
      return one("v=TLSRPTv1; rua=" + mail);
  }
}

std::string StsIdOf(const World& world, uint32_t zone) {
  return StsStatusOf(world.zones()[zone].sts) == "valid" ? JoinText("2024010100", zone) : "";
}

std::string TlsRptRuaOf(const World& world, uint32_t zone) {
  const std::optional<R>& posture = world.zones()[zone].tlsrpt;
  if (TlsRptStatusOf(posture) != "valid") return "";
  const std::string mail = JoinText("mailto:tls-reports@", world.ZoneName(zone));
  const std::string web = JoinText("https://reports.", world.ZoneName(zone), "/v1");
  return *posture == R::kHttps ? web : *posture == R::kBoth ? JoinText(mail, ",", web) : mail;
}

std::vector<std::string> PolicyMxOf(const World& world, uint32_t zone) {
  const P posture = world.zones()[zone].sts.value();
  std::vector<std::string> names;
  for (const MxRecord& mx : world.MxOf(zone)) {
    if (mx.host_index != kNothing) names.push_back(mx.host);
  }
  if (names.empty()) names.push_back(world.ZoneName(zone));  // an implicit MX, or none that counts
  switch (posture) {
    case P::kModeNone:
      return {};
    case P::kEnforceMxMismatch:
    case P::kTestingMxMismatch:
      // One label too many for the star, and somebody else's host.
      return {"*.lab", "mx.someone-else.lab"};
    case P::kEnforceFirstMx:
      return {names.front()};
    case P::kWildcard: {
      std::vector<std::string> patterns;
      std::set<std::string> seen;
      for (const std::string& name : names) {
        const std::string pattern =
            name.starts_with("mx") ? JoinText("*", name.substr(name.find('.'))) : name;
        if (seen.insert(pattern).second) patterns.push_back(pattern);
      }
      return patterns;
    }
    default:
      return names;
  }
}

PolicyAnswer PolicyAnswerOf(const World& world, uint32_t zone) {
  using Manner = PolicyAnswer::Manner;
  const P posture = world.zones()[zone].sts.value_or(P::kNotFound);
  if (!world.zones()[zone].sts) {
    return {.head = HeadOf("404 Not Found", "text/plain", "Content-Length: 0\r\n")};
  }
  const std::string body = PolicyBody(world, zone, posture);
  const std::string length = JoinText("Content-Length: ", body.size(), "\r\n");
  switch (posture) {
    case P::kNotFound:
      return {.head = HeadOf("404 Not Found", "text/html", "Content-Length: 9\r\n"),
              .body = "not found"};
    case P::kRedirect:
      return {.head = HeadOf("301 Moved Permanently", "text/html",
                             "Location: https://www.someone-else.lab/\r\nContent-Length: 0\r\n")};
    case P::kWrongType:
      return {.head = HeadOf("200 OK", "text/html; charset=utf-8", length), .body = body};
    case P::kGzip:
      return {
          .head = HeadOf("200 OK", "text/plain", JoinText("Content-Encoding: gzip\r\n", length)),
          .body = body};
    case P::kChunked:
      return {
          .head = HeadOf("200 OK", "text/plain; charset=utf-8", "Transfer-Encoding: chunked\r\n"),
          .body = ChunkedOf(body)};
    case P::kOversized:  // and it does not say so
      return {.head = HeadOf("200 OK", "text/plain", "Connection: close\r\n"), .body = body};
    case P::kTrickle:
      return {.manner = Manner::kTrickle,
              .head = HeadOf("200 OK", "text/plain", "Content-Length: 60000\r\n")};
    case P::kSilent:
      return {.manner = Manner::kSilent};
    case P::kClose:
      return {.manner = Manner::kClose};
    default:
      return {.head = HeadOf("200 OK", "text/plain", length), .body = body};
  }
}

std::string_view StsStatusOf(const std::optional<StsPosture>& posture) {
  if (!posture) return "none";
  switch (*posture) {
    case P::kRecordOther:
      return "none";
    case P::kRecordMultiple:
      return "multiple";
    case P::kRecordBadId:
    case P::kRecordNoSemicolon:
      return "invalid";
    case P::kRecordServfail:
    case P::kRecordTimeout:
      return "lookup_error";
    default:
      return "valid";
  }
}

std::string_view TlsRptStatusOf(const std::optional<TlsRptPosture>& posture) {
  if (!posture) return "none";
  switch (*posture) {
    case R::kMultiple:
      return "multiple";
    case R::kNoRua:
    case R::kOtherScheme:
      return "invalid";
    case R::kServfail:
      return "lookup_error";
    default:
      return "valid";
  }
}

PolicyTruth PolicyTruthOf(StsPosture posture) {
  const auto fetch_error = [](std::string_view status, int http_status = 0) {
    return PolicyTruth{status, http_status, "", "sts-policy-fetch-error"};
  };
  switch (posture) {
    case P::kNotFound:
      return fetch_error("http_status", 404);
    case P::kRedirect:
      return fetch_error("redirect", 301);
    case P::kWrongType:
      return fetch_error("not_text_plain", 200);
    case P::kGzip:
      return fetch_error("http_protocol_error", 200);
    case P::kOversized:
      return fetch_error("too_large", 200);
    case P::kTrickle:
      return fetch_error("timeout", 200);
    case P::kSilent:
      return fetch_error("timeout");
    case P::kClose:
      return fetch_error("closed_early");
    case P::kAlert:
      return fetch_error("tls_failed");
    case P::kHostMissing:
      return fetch_error("host_not_found");
    case P::kHostServfail:
      return fetch_error("host_lookup_error");
    case P::kConnectRefused:
      return fetch_error("connect_refused");
    case P::kConnectTimeout:
      return fetch_error("connect_timeout");
    case P::kMalformed:
    case P::kNoMx:
    case P::kBadMode:
    case P::kMaxAgeTooLarge:
      return {"invalid", 200, "", "sts-policy-invalid"};
    case P::kCertExpired:
    case P::kCertUntrusted:
    case P::kCertSelfSigned:
    case P::kCertWrongName:
    case P::kCertCommonNameOnly:
      return {"webpki_invalid", 200, "", "sts-webpki-invalid"};
    default:
      return {"valid", 200, ModeOf(posture), ""};
  }
}

CertPosture PolicyCertOf(StsPosture posture) {
  switch (posture) {
    case P::kCertExpired:
      return CertPosture::kExpired;
    case P::kCertUntrusted:
      return CertPosture::kUnknownIssuer;
    case P::kCertSelfSigned:
      return CertPosture::kSelfSigned;
    case P::kCertWrongName:
      return CertPosture::kWrongName;
    case P::kCertCommonNameOnly:
      return CertPosture::kCommonNameOnly;
    default:
      return CertPosture::kValid;
  }
}

}  // namespace mxsweep::lab
