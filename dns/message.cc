#include "dns/message.h"

#include <algorithm>

#include "dns/wire_name.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

constexpr size_t kHeaderBytes = 12;
constexpr uint16_t kClassIn = 1;
constexpr uint16_t kOptionExtendedError = 15;  // RFC 8914 §2
constexpr size_t kMaxExtendedErrors = 8;
constexpr size_t kMaxExtendedErrorText = 255;

// Header flags (RFC 1035 §4.1.1, RFC 4035 §3).
constexpr uint16_t kQr = 0x8000;
constexpr uint16_t kAa = 0x0400;
constexpr uint16_t kTc = 0x0200;
constexpr uint16_t kRd = 0x0100;
constexpr uint16_t kRa = 0x0080;
constexpr uint16_t kAd = 0x0020;
constexpr uint16_t kCd = 0x0010;
constexpr uint16_t kDnssecOk = 0x8000;  // In the TTL field of OPT (RFC 3225 §3).

uint16_t ReadU16(std::span<const uint8_t> bytes, size_t offset) {
  return static_cast<uint16_t>(bytes[offset] << 8 | bytes[offset + 1]);
}

uint32_t ReadU32(std::span<const uint8_t> bytes, size_t offset) {
  return uint32_t{ReadU16(bytes, offset)} << 16 | ReadU16(bytes, offset + 2);
}

void AppendU16(uint16_t value, std::vector<uint8_t>& out) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

absl::Status Malformed(absl::string_view what) { return absl::InvalidArgumentError(what); }

// The fixed part of a record, and where its data lies. `message.size() >= data_end` holds.
struct RecordFrame {
  std::string owner;
  RrType type = RrType::kA;
  uint16_t rr_class = 0;
  uint32_t ttl = 0;
  size_t data_begin = 0;
  size_t data_end = 0;
};

absl::StatusOr<RecordFrame> ReadFrame(std::span<const uint8_t> message, size_t offset) {
  absl::StatusOr<DecodedName> owner = ReadWireName(message, offset);
  if (!owner.ok()) return owner.status();
  constexpr size_t kFixedBytes = 10;
  if (message.size() - owner->next < kFixedBytes) return Malformed("record header cut off");
  RecordFrame frame;
  frame.owner = std::move(owner->name);
  frame.type = static_cast<RrType>(ReadU16(message, owner->next));
  frame.rr_class = ReadU16(message, owner->next + 2);
  frame.ttl = ReadU32(message, owner->next + 4);
  frame.data_begin = owner->next + kFixedBytes;
  const size_t length = ReadU16(message, owner->next + 8);
  if (message.size() - frame.data_begin < length) return Malformed("record data cut off");
  frame.data_end = frame.data_begin + length;
  return frame;
}

// A name that must fill the rest of the record's data from `offset` on.
absl::StatusOr<std::string> ReadLastName(std::span<const uint8_t> message, size_t offset,
                                         size_t data_end) {
  absl::StatusOr<DecodedName> name = ReadWireName(message.first(data_end), offset);
  if (!name.ok()) return name.status();
  if (name->next != data_end) return Malformed("name does not fill its record");
  return std::move(name->name);
}

absl::StatusOr<RecordData> ReadAddress(std::span<const uint8_t> data, size_t want) {
  if (data.size() != want) return Malformed("address of the wrong length");
  return *IpAddress::FromBytes(data);
}

absl::StatusOr<RecordData> ReadMx(std::span<const uint8_t> message, const RecordFrame& frame) {
  if (frame.data_end - frame.data_begin < 3) return Malformed("MX record too short");
  absl::StatusOr<std::string> host = ReadLastName(message, frame.data_begin + 2, frame.data_end);
  if (!host.ok()) return host.status();
  return MxRecord{ReadU16(message, frame.data_begin), *std::move(host)};
}

absl::StatusOr<RecordData> ReadTlsa(std::span<const uint8_t> data) {
  if (data.size() < 3) return Malformed("TLSA record too short");
  return TlsaRecord{data[0], data[1], data[2], {data.begin() + 3, data.end()}};
}

absl::StatusOr<RecordData> ReadTxt(std::span<const uint8_t> data) {
  if (data.empty()) return Malformed("TXT record without a string");
  TxtData txt;
  for (size_t offset = 0; offset < data.size();) {
    const size_t length = data[offset++];
    if (data.size() - offset < length) return Malformed("TXT string leads outside its record");
    txt.text.append(reinterpret_cast<const char*>(data.data()) + offset, length);
    offset += length;
  }
  return txt;
}

absl::StatusOr<RecordData> ReadSoa(std::span<const uint8_t> message, const RecordFrame& frame) {
  const std::span<const uint8_t> record = message.first(frame.data_end);
  absl::StatusOr<DecodedName> primary = ReadWireName(record, frame.data_begin);
  if (!primary.ok()) return primary.status();
  absl::StatusOr<DecodedName> mailbox = ReadWireName(record, primary->next);
  if (!mailbox.ok()) return mailbox.status();
  constexpr size_t kNumbersBytes = 20;
  if (frame.data_end - mailbox->next != kNumbersBytes) return Malformed("SOA of the wrong length");
  return SoaData{std::move(primary->name), ReadU32(message, mailbox->next),
                 ReadU32(message, mailbox->next + 16)};
}

absl::StatusOr<RecordData> ReadData(std::span<const uint8_t> message, const RecordFrame& frame) {
  const std::span<const uint8_t> data =
      message.subspan(frame.data_begin, frame.data_end - frame.data_begin);
  switch (frame.type) {
    case RrType::kA:
      return ReadAddress(data, 4);
    case RrType::kAaaa:
      return ReadAddress(data, 16);
    case RrType::kMx:
      return ReadMx(message, frame);
    case RrType::kCname: {
      absl::StatusOr<std::string> target = ReadLastName(message, frame.data_begin, frame.data_end);
      if (!target.ok()) return target.status();
      return CnameData{*std::move(target)};
    }
    case RrType::kTlsa:
      return ReadTlsa(data);
    case RrType::kTxt:
      return ReadTxt(data);
    case RrType::kSoa:
      return ReadSoa(message, frame);
    default:
      return std::monostate{};
  }
}

absl::Status ReadOpt(std::span<const uint8_t> message, const RecordFrame& frame, Message& out) {
  if (out.has_edns) return Malformed("two OPT records");
  if (frame.owner != ".") return Malformed("OPT record not at the root");
  out.has_edns = true;
  out.rcode = static_cast<Rcode>((frame.ttl >> 24) << 4 | static_cast<uint16_t>(out.rcode));
  for (size_t offset = frame.data_begin; offset < frame.data_end;) {
    if (frame.data_end - offset < 4) return Malformed("EDNS option cut off");
    const uint16_t code = ReadU16(message, offset);
    const size_t length = ReadU16(message, offset + 2);
    offset += 4;
    if (frame.data_end - offset < length) return Malformed("EDNS option leads outside its record");
    if (code == kOptionExtendedError && out.extended_errors.size() < kMaxExtendedErrors) {
      if (length < 2) return Malformed("extended error too short");
      const size_t text_bytes = std::min(length - 2, kMaxExtendedErrorText);
      out.extended_errors.push_back(
          {ReadU16(message, offset),
           std::string(reinterpret_cast<const char*>(message.data()) + offset + 2, text_bytes)});
    }
    offset += length;
  }
  return absl::OkStatus();
}

enum class Section { kAnswer, kAuthority, kAdditional };

bool IsRead(RrType type) {
  return type == RrType::kA || type == RrType::kAaaa || type == RrType::kMx ||
         type == RrType::kCname || type == RrType::kTlsa || type == RrType::kTxt ||
         type == RrType::kSoa;
}

absl::Status ReadRecord(std::span<const uint8_t> message, Section section, size_t& offset,
                        Message& out) {
  absl::StatusOr<RecordFrame> frame = ReadFrame(message, offset);
  if (!frame.ok()) return frame.status();
  offset = frame->data_end;
  if (section == Section::kAdditional) {
    return frame->type == RrType::kOpt ? ReadOpt(message, *frame, out) : absl::OkStatus();
  }
  const bool wanted =
      frame->rr_class == kClassIn &&
      (section == Section::kAnswer ? IsRead(frame->type)
                                   : frame->type == RrType::kSoa && !out.soa.has_value());
  if (!wanted) return absl::OkStatus();
  if (section == Section::kAnswer && out.answers.size() == kMaxAnswerRecords) {
    out.left_out = "too many answer records";
    return absl::OkStatus();
  }
  const bool any_length = frame->type == RrType::kTxt || frame->type == RrType::kTlsa;
  if (any_length && frame->data_end - frame->data_begin > kMaxTextBytes) {
    out.left_out = JoinText(frame->type == RrType::kTlsa ? "TLSA" : "TXT", " record too long");
    return absl::OkStatus();
  }
  absl::StatusOr<RecordData> data = ReadData(message, *frame);
  if (!data.ok()) return data.status();
  // RFC 2181 §8: a TTL with the top bit set is zero.
  const uint32_t ttl = (frame->ttl & 0x80000000u) != 0 ? 0 : frame->ttl;
  ResourceRecord record{std::move(frame->owner), frame->type, ttl, *std::move(data)};
  if (section == Section::kAuthority) {
    out.soa = std::move(record);
    return absl::OkStatus();
  }
  out.answers.push_back(std::move(record));
  return absl::OkStatus();
}

absl::Status ReadSections(std::span<const uint8_t> message, size_t offset, Message& out) {
  static constexpr struct {
    Section section;
    const char* name;
    size_t count_at;
  } kSections[] = {{Section::kAnswer, "answer", 6},
                   {Section::kAuthority, "authority", 8},
                   {Section::kAdditional, "additional", 10}};
  size_t walked = 0;
  for (const auto& [section, name, count_at] : kSections) {
    const size_t count = ReadU16(message, count_at);
    for (size_t i = 0; i < count; ++i) {
      if (++walked > kMaxMessageRecords) {
        out.left_out = "too many records";
        return absl::OkStatus();
      }
      absl::Status status = ReadRecord(message, section, offset, out);
      if (status.ok()) continue;
      // A truncated message is not an answer but a call to ask again over TCP (RFC 2181 §9).
      if (out.truncated) return absl::OkStatus();
      return Malformed(JoinText(name, " record ", i + 1, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

void ReadFlags(uint16_t flags, Message& out) {
  out.authoritative = (flags & kAa) != 0;
  out.truncated = (flags & kTc) != 0;
  out.recursion_available = (flags & kRa) != 0;
  out.authentic_data = (flags & kAd) != 0;
  out.checking_disabled = (flags & kCd) != 0;
  out.rcode = static_cast<Rcode>(flags & 0x000F);
}

}  // namespace

absl::StatusOr<std::vector<uint8_t>> BuildQuery(std::string_view name, RrType type,
                                                const QueryOptions& options) {
  std::vector<uint8_t> out;
  out.reserve(kHeaderBytes + name.size() + 2 + 4 + 11);
  AppendU16(options.id, out);
  AppendU16((options.recursion_desired ? kRd : 0) | (options.authentic_data ? kAd : 0) |
                (options.checking_disabled ? kCd : 0),
            out);
  AppendU16(1, out);
  AppendU16(0, out);
  AppendU16(0, out);
  AppendU16(options.edns ? 1 : 0, out);
  if (absl::Status status = AppendWireName(name, out); !status.ok()) return status;
  AppendU16(static_cast<uint16_t>(type), out);
  AppendU16(kClassIn, out);
  if (options.edns) {
    out.push_back(0);  // The root.
    AppendU16(static_cast<uint16_t>(RrType::kOpt), out);
    AppendU16(options.udp_payload_size, out);
    AppendU16(0, out);  // Upper bits of the code, version.
    AppendU16(options.dnssec_ok ? kDnssecOk : 0, out);
    AppendU16(0, out);  // No options.
  }
  return out;
}

absl::StatusOr<Message> ParseResponse(std::span<const uint8_t> bytes) {
  if (bytes.size() < kHeaderBytes) return Malformed("header cut off");
  const uint16_t flags = ReadU16(bytes, 2);
  if ((flags & kQr) == 0) return Malformed("a query, not a response");
  if (ReadU16(bytes, 4) != 1) return Malformed("not exactly one question");
  Message message;
  message.id = ReadU16(bytes, 0);
  ReadFlags(flags, message);
  absl::StatusOr<DecodedName> question = ReadWireName(bytes, kHeaderBytes);
  if (!question.ok()) return Malformed(JoinText("question: ", question.status().message()));
  if (bytes.size() - question->next < 4) return Malformed("question cut off");
  message.question_name = std::move(question->name);
  message.question_type = static_cast<RrType>(ReadU16(bytes, question->next));
  if (ReadU16(bytes, question->next + 2) != kClassIn) return Malformed("question not in class IN");
  if (absl::Status status = ReadSections(bytes, question->next + 4, message); !status.ok()) {
    return status;
  }
  return message;
}

bool MeansBogus(const ExtendedError& error) { return error.code >= 6 && error.code <= 12; }

std::string RcodeName(Rcode rcode) {
  switch (rcode) {
    case Rcode::kNoError:
      return "NOERROR";
    case Rcode::kFormErr:
      return "FORMERR";
    case Rcode::kServfail:
      return "SERVFAIL";
    case Rcode::kNxDomain:
      return "NXDOMAIN";
    case Rcode::kNotImp:
      return "NOTIMP";
    case Rcode::kRefused:
      return "REFUSED";
    case Rcode::kBadVers:
      return "BADVERS";
  }
  return JoinText("RCODE", static_cast<uint16_t>(rcode));
}

}  // namespace mxsweep::dns
