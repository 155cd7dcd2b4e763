#include "tools/lab/dns_answer.h"

#include <algorithm>
#include <array>

#include "scanner/base/text.h"
#include "tools/lab/sts_postures.h"
#include "tools/lab/text.h"
#include "tools/lab/tlsa.h"

namespace mxsweep::lab {
namespace {

enum Type : uint16_t {
  kA = 1,
  kNs = 2,
  kCname = 5,
  kSoa = 6,
  kMx = 15,
  kTxt = 16,
  kAaaa = 28,
  kOpt = 41,
  kDnskey = 48,
  kTlsa = 52,
};
enum Rcode : uint8_t { kNoError = 0, kFormErr = 1, kServfail = 2, kNxdomain = 3, kNotImp = 4 };
enum Flag : uint16_t {
  kQr = 0x8000,
  kOpcodeMask = 0x7800,
  kTc = 0x0200,
  kRd = 0x0100,
  kRa = 0x0080,
  kAd = 0x0020,
  kCd = 0x0010,
};

constexpr size_t kHeaderBytes = 12;
constexpr size_t kMaxNameBytes = 255;
constexpr size_t kPlainUdpBytes = 512;    // RFC 1035 §2.3.4
constexpr size_t kServerUdpBytes = 1232;  // what we send at most, whatever the client allows
constexpr uint32_t kTtl = 300;
constexpr uint16_t kQuestionPointer = 0xc00c;  // the name of the question, behind the header

void Put16(std::string& out, uint16_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

void Put32(std::string& out, uint32_t value) {
  Put16(out, static_cast<uint16_t>(value >> 16));
  Put16(out, static_cast<uint16_t>(value));
}

void PutName(std::string& out, std::string_view name) {
  while (!name.empty()) {
    const size_t dot = std::min(name.find('.'), name.size());
    out += static_cast<char>(dot);
    out += name.substr(0, dot);
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  out += '\0';
}

std::string SoaData() {
  std::string data;
  PutName(data, "ns.lab");
  PutName(data, "hostmaster.lab");
  for (const uint32_t value : {1u, 3600u, 600u, 86400u, kTtl}) Put32(data, value);
  return data;
}

}  // namespace

struct DnsResponder::Question {
  uint16_t id = 0;
  uint16_t flags = 0;
  uint16_t type = 0;
  std::string name;  // lower case, without trailing dot
  size_t end = 0;    // of the question section
  bool edns = false;
  bool dnssec_ok = false;
  size_t udp_bytes = kPlainUdpBytes;
};

struct DnsResponder::Response {
  bool drop = false;
  bool force_truncation = false;
  Rcode rcode = kNoError;
  bool secure = false;
  uint16_t answers = 0;
  std::string records;

  void Add(std::string_view owner, Type type, std::string_view data) {
    if (owner.empty()) {
      Put16(records, kQuestionPointer);
    } else {
      PutName(records, owner);
    }
    Put16(records, type);
    Put16(records, 1);  // IN
    Put32(records, kTtl);
    Put16(records, static_cast<uint16_t>(data.size()));
    records += data;
    ++answers;
  }
};

void DnsCounts::Add(const DnsCounts& other) {
  for (const auto& [type, count] : other.by_type) by_type[type] += count;
  udp += other.udp;
  tcp += other.tcp;
  dropped += other.dropped;
  truncated += other.truncated;
  malformed += other.malformed;
}

bool DnsResponder::ParseQuestion(std::span<const uint8_t> query, Question& question) {
  const auto u16 = [&](size_t at) { return static_cast<uint16_t>(query[at] << 8 | query[at + 1]); };
  if (query.size() < kHeaderBytes) return false;
  question.id = u16(0);
  question.flags = u16(2);
  if ((question.flags & kQr) != 0 || u16(4) != 1 || u16(6) != 0) return false;
  size_t at = kHeaderBytes;
  for (;;) {
    if (at >= query.size()) return false;
    const size_t label = query[at++];
    if (label == 0) break;
    if (label > 63 || at + label > query.size() || question.name.size() + label > kMaxNameBytes) {
      return false;
    }
    if (!question.name.empty()) question.name += '.';
    question.name.append(reinterpret_cast<const char*>(&query[at]), label);
    at += label;
  }
  if (at + 4 > query.size()) return false;
  question.name = ToLower(question.name);
  question.type = u16(at);
  question.end = at + 4;
  // One additional record that matters: OPT, whose name is the root and whose class is a size.
  if (u16(10) >= 1 && query.size() >= question.end + 11 && query[question.end] == 0 &&
      u16(question.end + 1) == kOpt) {
    question.edns = true;
    question.udp_bytes = std::clamp<size_t>(u16(question.end + 3), kPlainUdpBytes, kServerUdpBytes);
    question.dnssec_ok = (query[question.end + 7] & 0x80) != 0;
  }
  return true;
}

void DnsResponder::Answer(std::span<const uint8_t> query, Transport transport, DnsCounts& counts,
                          std::string& out) {
  out.clear();
  ++(transport == Transport::kUdp ? counts.udp : counts.tcp);
  Question question;
  if (!ParseQuestion(query, question)) {
    ++counts.malformed;
    return;
  }
  ++counts.by_type[question.type];
  Response response;
  if ((question.flags & kOpcodeMask) != 0) {
    response.rcode = kNotImp;
  } else {
    Resolve(question, response);
  }
  if (response.drop) {
    ++counts.dropped;
    return;
  }
  const bool wants_ad = (question.flags & kAd) != 0 || question.dnssec_ok;
  uint16_t flags =
      static_cast<uint16_t>(kQr | kRa | (question.flags & (kRd | kCd)) | response.rcode);
  if (response.secure && wants_ad && response.rcode != kServfail) flags |= kAd;
  const size_t opt_bytes = question.edns ? 11 : 0;
  const size_t size = question.end + response.records.size() + opt_bytes;
  if (transport == Transport::kUdp && (response.force_truncation || size > question.udp_bytes)) {
    flags |= kTc;
    response.records.clear();
    response.answers = 0;
    ++counts.truncated;
  }
  // A negative answer has the SOA of the zone as its proof (RFC 2308 §2).
  const bool negative = response.answers == 0 && (flags & kTc) == 0 && response.rcode != kServfail;
  if (negative) {
    response.Add("lab", kSoa, SoaData());
    response.answers = 0;
  }
  Put16(out, question.id);
  Put16(out, flags);
  Put16(out, 1);
  Put16(out, response.answers);
  Put16(out, negative ? 1 : 0);
  Put16(out, question.edns ? 1 : 0);
  out.append(reinterpret_cast<const char*>(&query[kHeaderBytes]), question.end - kHeaderBytes);
  out += response.records;
  if (question.edns) {
    out += '\0';
    Put16(out, kOpt);
    Put16(out, kServerUdpBytes);
    Put32(out, question.dnssec_ok ? 0x8000 : 0);
    Put16(out, 0);
  }
}

void DnsResponder::Resolve(const Question& question, Response& response) {
  const ParsedName name = world_.Parse(question.name);
  if (name.role == NameRole::kRoot && !name.tlsa) return AnswerRoot(question, response);
  if (name.zone == kNothing) {
    response.rcode = kNxdomain;
    response.secure = true;  // "lab" and the root are signed.
    return;
  }
  const Zone& zone = world_.zones()[name.zone];
  response.secure = zone.secure;
  switch (zone.posture) {
    case DomainPosture::kNxdomain:
      response.rcode = kNxdomain;
      return;
    case DomainPosture::kServfail:
      response.rcode = kServfail;
      return;
    case DomainPosture::kTimeout:
      response.drop = true;
      return;
    case DomainPosture::kBogus:
      response.secure = false;
      if ((question.flags & kCd) == 0) {
        response.rcode = kServfail;
        return;
      }
      break;
    default:
      break;
  }
  if (name.tlsa) return AnswerTlsa(question, name, response);
  switch (name.role) {
    case NameRole::kApex:
      return AnswerApex(question, name, response);
    case NameRole::kHost:
    case NameRole::kReal:
    case NameRole::kUnsigned:
      return AnswerHost(question, name, response);
    case NameRole::kMtaSts:
    case NameRole::kTlsRpt:
      return AnswerText(question, name, response);
    case NameRole::kPolicyHost:
      return AnswerPolicyHost(question, name, response);
    default:
      response.rcode = kNxdomain;
  }
}

void DnsResponder::AnswerRoot(const Question& question, Response& response) {
  response.secure = true;
  if (question.type == kSoa) response.Add("", kSoa, SoaData());
  if (question.type == kNs) response.Add("", kNs, std::string("\2ns\3lab\0", 8));
  // Flags 257 (a key-signing key), protocol 3, Ed25519; nobody checks it.
  if (question.type == kDnskey) {
    response.Add("", kDnskey, std::string("\1\1\3\17", 4) + std::string(32, 'k'));
  }
}

void DnsResponder::AnswerApex(const Question& question, const ParsedName& name,
                              Response& response) {
  const Zone& zone = world_.zones()[name.zone];
  if (question.type == kMx) {
    if (zone.posture == DomainPosture::kFirstQueryDropped && DropFirst(name.zone)) {
      response.drop = true;
      return;
    }
    response.force_truncation = zone.posture == DomainPosture::kTruncated;
    for (const MxRecord& mx : world_.MxOf(name.zone)) {
      std::string data;
      Put16(data, mx.preference);
      PutName(data, mx.host);
      response.Add("", kMx, data);
    }
  } else if (question.type == kSoa) {
    response.Add("", kSoa, SoaData());
  } else if (name.host != kNothing) {
    AnswerHost(question, name, response);
  } else if (question.type == kA && zone.posture != DomainPosture::kNoMail) {
    // A web server, say. Nobody listens there: whoever connects took it for an implicit MX, which
    // it is not (RFC 5321 §5.1).
    std::string data;
    Put32(data, world_.options().network);
    response.Add("", kA, data);
  }
}

void DnsResponder::AnswerHost(const Question& question, const ParsedName& name,
                              Response& response) {
  const Host& host = world_.hosts()[name.host];
  std::string owner;  // of the addresses; empty: the name of the question
  switch (host.naming) {
    case HostNaming::kNxdomain:
      response.rcode = kNxdomain;
      return;
    case HostNaming::kServfail:
      response.rcode = kServfail;
      return;
    case HostNaming::kTimeout:
      response.drop = true;
      return;
    case HostNaming::kNoA:
      if (question.type == kA) response.rcode = kServfail;
      return;
    case HostNaming::kNoAaaa:
      if (question.type == kAaaa) response.rcode = kServfail;
      break;
    case HostNaming::kSlowAaaa:
      response.drop = question.type == kAaaa;
      break;
    case HostNaming::kAaaaInsecure:
      if (question.type == kAaaa) response.secure = false;
      break;
    case HostNaming::kCnameSecure:
    case HostNaming::kCnameInsecure:
      if (name.role == NameRole::kHost) {
        owner = world_.CanonicalName(name.host);
        std::string data;
        PutName(data, owner);
        response.Add("", kCname, data);
        if (question.type == kCname) return;
      }
      // The alias itself may be signed, but not what it leads to.
      if (host.naming == HostNaming::kCnameInsecure) response.secure = false;
      break;
    default:
      break;
  }
  for (const uint32_t address : world_.AddressesOf(name.host)) {
    const bool v6 = address == world_.v6_address();
    if (v6 && question.type == kAaaa) {
      response.Add(owner, kAaaa, std::string(15, '\0') + '\1');
    } else if (!v6 && question.type == kA) {
      std::string data;
      Put32(data, world_.addresses()[address].ip);
      response.Add(owner, kA, data);
    }
  }
}

void DnsResponder::AnswerTlsa(const Question& question, const ParsedName& name,
                              Response& response) {
  const Host* host = name.host == kNothing ? nullptr : &world_.hosts()[name.host];
  if (name.role == NameRole::kUnsigned) response.secure = false;
  if (host == nullptr) {
    response.rcode = kNxdomain;
    return;
  }
  const std::string_view full = question.name;
  const std::string base(full.substr(full.find('.', full.find('.') + 1) + 1));
  if (base != TlsaBase(world_, name.host) || question.type != kTlsa) {
    response.rcode = kNxdomain;
    return;
  }
  if (host->dane == DanePosture::kServfail) {
    response.rcode = kServfail;
    return;
  }
  if (host->dane == DanePosture::kTimeout) {
    response.drop = true;
    return;
  }
  if (host->dane == DanePosture::kInsecureAnswer) response.secure = false;
  const std::vector<Tlsa> records = TlsaOf(world_, store_, name.host);
  // Without records there is either nothing of that name or nothing of that type.
  if (records.empty() && name.host % 2 == 0) response.rcode = kNxdomain;
  for (const Tlsa& record : records) {
    response.Add("", kTlsa,
                 std::string{static_cast<char>(record.usage), static_cast<char>(record.selector),
                             static_cast<char>(record.matching_type)} +
                     record.data);
  }
}

void DnsResponder::AnswerText(const Question& question, const ParsedName& name,
                              Response& response) {
  const TextAnswer answer = name.role == NameRole::kMtaSts ? StsTextOf(world_, name.zone)
                                                           : TlsRptTextOf(world_, name.zone);
  switch (answer.kind) {
    case TextAnswer::Kind::kNone:
      response.rcode = kNxdomain;
      return;
    case TextAnswer::Kind::kServfail:
      response.rcode = kServfail;
      return;
    case TextAnswer::Kind::kTimeout:
      response.drop = true;
      return;
    case TextAnswer::Kind::kRecords:
      break;
  }
  if (!answer.alias.empty()) {
    std::string data;
    PutName(data, answer.alias);
    response.Add("", kCname, data);
  }
  if (question.type != kTxt) return;
  for (const std::vector<std::string>& strings : answer.records) {
    std::string data;
    for (const std::string& text : strings) {
      data += JoinText(std::string(1, static_cast<char>(text.size())), text);
    }
    response.Add(answer.alias, kTxt, data);
  }
}

void DnsResponder::AnswerPolicyHost(const Question& question, const ParsedName& name,
                                    Response& response) {
  const std::optional<StsPosture>& posture = world_.zones()[name.zone].sts;
  if (!posture || posture == StsPosture::kHostMissing) {
    response.rcode = kNxdomain;
  } else if (posture == StsPosture::kHostServfail) {
    response.rcode = kServfail;
  } else if (question.type == kA) {
    for (const uint32_t address : world_.PolicyAddressesOf(name.zone)) {
      std::string data;
      Put32(data, address);
      response.Add("", kA, data);
    }
  }
}

bool DnsResponder::DropFirst(uint32_t zone) {
  const std::lock_guard lock(mutex_);
  return dropped_.insert(zone).second;
}

std::string DnsTypeName(uint16_t type) {
  switch (type) {
    case kA:
      return "A";
    case kNs:
      return "NS";
    case kCname:
      return "CNAME";
    case kSoa:
      return "SOA";
    case kMx:
      return "MX";
    case kTxt:
      return "TXT";
    case kAaaa:
      return "AAAA";
    case kDnskey:
      return "DNSKEY";
    case kTlsa:
      return "TLSA";
    default:
      return JoinText("TYPE", type);
  }
}

}  // namespace mxsweep::lab
