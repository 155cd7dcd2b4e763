#include "tools/lab/smtp_texts.h"

#include <array>
#include <span>

#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

constexpr std::string_view kGreetings[] = {" ESMTP Postfix", " ESMTP ready",
                                           " Microsoft ESMTP MAIL Service ready", " ESMTP"};

// Keywords of EHLO by flavour; STARTTLS is put where the servers they look like have it.
constexpr std::string_view kPostfix[] = {"PIPELINING", "SIZE 10240000", "VRFY",
                                         "ETRN",       "STARTTLS",      "ENHANCEDSTATUSCODES",
                                         "8BITMIME",   "DSN",           "CHUNKING"};
constexpr std::string_view kExim[] = {"SIZE 52428800", "8BITMIME", "PIPELINING", "STARTTLS",
                                      "HELP"};
constexpr std::string_view kExchange[] = {"SIZE 157286400",      "PIPELINING", "DSN",
                                          "ENHANCEDSTATUSCODES", "STARTTLS",   "8BITMIME",
                                          "BINARYMIME",          "CHUNKING",   "SMTPUTF8"};
constexpr std::string_view kPlain[] = {"STARTTLS", "SIZE"};
constexpr std::span<const std::string_view> kFlavours[] = {kPostfix, kExim, kExchange, kPlain};

std::string NameAt(const World& world, const Address& address) {
  return address.relayed ? kRelayName : world.HostName(address.owner);
}

}  // namespace

Reply GreetingOf(const World& world, uint32_t index) {
  const Address& address = world.addresses()[index];
  const std::string host = NameAt(world, address);
  switch (address.behaviour) {
    case Behaviour::kMultiLineGreeting:
      return {220, {host + " ESMTP", "We do not accept unsolicited mail.", "Have a nice day."}};
    case Behaviour::kEightBit:
      return {220, {host + " ESMTP Gr\xfc\xdf Gott"}};
    case Behaviour::kGreeting250:
      return {250, {host + " ESMTP"}};
    case Behaviour::kGreeting421:
      return {421, {"4.7.0 " + host + " Too many connections, try again later"}};
    case Behaviour::kGreeting450:
      return {450, {"4.7.1 Try again later"}};
    case Behaviour::kGreeting554:
      return {554, {"5.7.1 No SMTP service here"}};
    case Behaviour::kGreeting354:
      return {354, {"Go ahead"}};
    case Behaviour::kSilentGreeting:
    case Behaviour::kCloseGreeting:
    case Behaviour::kResetGreeting:
    case Behaviour::kGarbageGreeting:
    case Behaviour::kEndlessGreeting:
    case Behaviour::kConnectRefused:
    case Behaviour::kConnectTimeout:
    case Behaviour::kBlocked:
      return {};
    default:
      return {220, {JoinText(host, kGreetings[address.flavour % std::size(kGreetings)])}};
  }
}

Reply EhloReplyOf(const World& world, uint32_t index, bool in_tls) {
  const Address& address = world.addresses()[index];
  switch (address.behaviour) {
    case Behaviour::kHeloOnly:
      return {502, {"5.5.1 Command not implemented"}};
    case Behaviour::kEhloRefused:
      return {550, {"5.7.1 Go away"}};
    case Behaviour::kEhlo421:
      return {421, {"4.3.2 Service shutting down"}};
    case Behaviour::kEhlo451:
      return {451, {"4.3.0 Local error"}};
    case Behaviour::kEhloAfterTls421:
      if (in_tls) return {421, {"4.3.2 Service shutting down"}};
      break;
    case Behaviour::kEhloAfterTlsRefused:
      if (in_tls) return {550, {"5.7.1 Client certificate required"}};
      break;
    case Behaviour::kEhloAfterTlsHelo:
      if (in_tls) return {502, {"5.5.1 Command not implemented"}};
      break;
    case Behaviour::kEhloAfterTlsClose:
      if (in_tls) return {};
      break;
    case Behaviour::kSilentEhlo:
    case Behaviour::kCloseEhlo:
    case Behaviour::kResetEhlo:
    case Behaviour::kEndlessEhlo:
      return {};
    default:
      break;
  }
  Reply reply{250, {NameAt(world, address)}};
  const bool differs = address.behaviour == Behaviour::kEhloDiffers;
  for (const std::string_view keyword : kFlavours[address.flavour % std::size(kFlavours)]) {
    if (keyword != "STARTTLS") {
      reply.lines.emplace_back(keyword);
    } else if (address.behaviour == Behaviour::kXStarttls) {
      reply.lines.emplace_back("XSTARTTLS");
    } else if (!in_tls && address.behaviour != Behaviour::kNoStarttls) {
      reply.lines.emplace_back(keyword);
    }
  }
  if (differs && in_tls) reply.lines.insert(reply.lines.end(), {"AUTH PLAIN LOGIN", "REQUIRETLS"});
  return reply;
}

Reply StarttlsReplyOf(Behaviour behaviour) {
  switch (behaviour) {
    case Behaviour::kStarttls454:
      return {454, {"4.7.0 TLS not available due to temporary reason"}};
    case Behaviour::kStarttls501:
      return {501, {"5.5.4 Syntax error (no parameters allowed)"}};
    case Behaviour::kStarttls502:
      return {502, {"5.5.1 Command not implemented"}};
    case Behaviour::kStarttls421:
      return {421, {"4.3.2 Service shutting down"}};
    case Behaviour::kSilentStarttls:
      return {};
    default:
      return {220, {"2.0.0 Ready to start TLS"}};
  }
}

std::string Format(const Reply& reply, Behaviour behaviour) {
  const std::string_view end = behaviour == Behaviour::kBareLf ? "\n" : "\r\n";
  std::string out;
  for (size_t i = 0; i < reply.lines.size(); ++i) {
    const std::string& line = reply.lines[i];
    out += JoinText(reply.code, i + 1 < reply.lines.size() ? "-" : " ",
                    behaviour == Behaviour::kLowerCase ? ToLower(line) : line, end);
  }
  return out;
}

std::string SctList() {
  // RFC 6962 §3.3: a list of opaque entries, each with its length, as has the list.
  const std::string sct(47, '\x01');
  std::string list;
  for (int i = 0; i < kSctCount; ++i) {
    list += {'\0', static_cast<char>(sct.size())};
    list += sct;
  }
  return std::string{'\0', static_cast<char>(list.size())} + list;
}

}  // namespace mxsweep::lab
