#include "scanner/work/packing.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

constexpr int kVarintBits = 7;
constexpr uint8_t kVarintMore = 0x80;

// Most names have no other characters than these: three of them fit into two bytes, since 40³ is
// less than 2¹⁶.
constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz0123456789-._";
constexpr uint32_t kBase = 40;
constexpr size_t kPerPair = 3;  // characters in two bytes

constexpr std::array<uint8_t, 256> kCodes = [] {
  std::array<uint8_t, 256> codes{};  // 0: not among them
  for (size_t i = 0; i < kAlphabet.size(); ++i) {
    codes[static_cast<uint8_t>(kAlphabet[i])] = static_cast<uint8_t>(i + 1);
  }
  return codes;
}();
uint8_t CodeOf(char c) { return kCodes[static_cast<uint8_t>(c)]; }

class Writer {
 public:
  explicit Writer(std::string* out) : out_(out) {}

  void Byte(uint8_t value) { out_->push_back(static_cast<char>(value)); }
  // Little-endian base 128, the upper bit of a byte says that there is more.
  void Number(uint64_t value) {
    for (; value >= kVarintMore; value >>= kVarintBits) {
      Byte(static_cast<uint8_t>(value | kVarintMore));
    }
    Byte(static_cast<uint8_t>(value));
  }
  void Text(std::string_view text) {
    Number(text.size());
    out_->append(text);
  }
  void Bytes(std::span<const uint8_t> bytes) {
    out_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  // Text that is mostly a name. `mark` is a bit that comes along.
  void Name(std::string_view name, bool mark = false) {
    const bool plain = std::ranges::all_of(name, [](char c) { return CodeOf(c) != 0; });
    Number(name.size() << 2 | (mark ? 2 : 0) | (plain ? 1 : 0));
    if (!plain) {
      out_->append(name);
      return;
    }
    for (size_t i = 0; i < name.size(); i += kPerPair) {
      uint32_t pair = 0;
      for (size_t k = i; k < i + kPerPair; ++k) {
        pair = pair * kBase + (k < name.size() ? CodeOf(name[k]) : 0);
      }
      Byte(static_cast<uint8_t>(pair));
      Byte(static_cast<uint8_t>(pair >> 8));
    }
  }

 private:
  std::string* out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  uint8_t Byte() {
    MXSWEEP_CHECK(!bytes_.empty());
    const auto value = static_cast<uint8_t>(bytes_.front());
    bytes_.remove_prefix(1);
    return value;
  }
  uint64_t Number() {
    uint64_t value = 0;
    for (int shift = 0;; shift += kVarintBits) {
      const uint8_t byte = Byte();
      value |= static_cast<uint64_t>(byte & ~kVarintMore) << shift;
      if ((byte & kVarintMore) == 0) return value;
    }
  }
  std::string_view Piece(size_t size) {
    MXSWEEP_CHECK(size <= bytes_.size());
    const std::string_view piece = bytes_.substr(0, size);
    bytes_.remove_prefix(size);
    return piece;
  }
  std::string Text() { return std::string(Piece(Number())); }
  std::string Name(bool* mark = nullptr) {
    const uint64_t head = Number();
    const size_t size = head >> 2;
    if (mark != nullptr) *mark = (head & 2) != 0;
    if ((head & 1) == 0) return std::string(Piece(size));
    std::string name;
    name.reserve(size + kPerPair);
    while (name.size() < size) {
      const uint32_t low = Byte();
      const uint32_t pair = low | uint32_t{Byte()} << 8;
      for (const uint32_t code : {pair / (kBase * kBase), pair / kBase % kBase, pair % kBase}) {
        if (code != 0) name.push_back(kAlphabet[code - 1]);
      }
    }
    return name;
  }
  std::span<const uint8_t> Bytes(size_t size) {
    const std::string_view piece = Piece(size);
    return {reinterpret_cast<const uint8_t*>(piece.data()), piece.size()};
  }

 private:
  std::string_view bytes_;
};

// An optional enumerator as a number: 0 is none.
template <typename T>
uint8_t Code(const std::optional<T>& value) {
  return value ? static_cast<uint8_t>(static_cast<uint8_t>(*value) + 1) : uint8_t{0};
}
template <typename T>
std::optional<T> FromCode(uint8_t code) {
  if (code == 0) return std::nullopt;
  return static_cast<T>(code - 1);
}

constexpr int kHalf = 4;
constexpr uint8_t kHalfMask = 0xf;
uint8_t Halves(uint8_t low, uint8_t high) { return static_cast<uint8_t>(low | high << kHalf); }
uint8_t Low(uint8_t halves) { return halves & kHalfMask; }
uint8_t High(uint8_t halves) { return halves >> kHalf; }

// `name` without the end that it has in common with `domain`, if that is all of `domain`.
void PackName(std::string_view name, std::string_view domain, Writer* writer) {
  const bool cut = !domain.empty() && name.ends_with(domain);
  writer->Name(cut ? name.substr(0, name.size() - domain.size()) : name, cut);
}

std::string UnpackName(std::string_view domain, Reader* reader) {
  bool cut = false;
  std::string name = reader->Name(&cut);
  if (cut) name += domain;
  return name;
}

// Bits of the byte in front of a target.
enum TargetBit : uint8_t {
  kIsHost = 1 << 0,
  kHasRaw = 1 << 1,
  kNullMxWithOthers = 1 << 2,
  kHasMxTexts = 1 << 3,
  kHasPolicies = 1 << 4,
  kHasPolicyTexts = 1 << 5,
};

void PackMx(const dns::MxAnswer& mx, std::string_view domain, bool texts, Writer* writer) {
  writer->Byte(Halves(static_cast<uint8_t>(mx.status), static_cast<uint8_t>(mx.dnssec)));
  writer->Number(mx.records.size());
  for (const dns::MxRecord& record : mx.records) {
    writer->Number(record.preference);
    PackName(record.host, domain, writer);
  }
  if (!texts) return;
  writer->Text(mx.next_hop_cname);
  writer->Text(mx.error_detail);
  writer->Text(mx.remark);
}

void UnpackMx(std::string_view domain, bool texts, Reader* reader, dns::MxAnswer* mx) {
  const uint8_t states = reader->Byte();
  mx->status = static_cast<dns::MxStatus>(Low(states));
  mx->dnssec = static_cast<dns::DnssecState>(High(states));
  mx->records.resize(reader->Number());
  for (dns::MxRecord& record : mx->records) {
    record.preference = static_cast<uint16_t>(reader->Number());
    record.host = UnpackName(domain, reader);
  }
  if (!texts) return;
  mx->next_hop_cname = reader->Text();
  mx->error_detail = reader->Text();
  mx->remark = reader->Text();
}

bool HasTexts(const dns::PolicyRecords& policies) {
  return !policies.sts.id.empty() || !policies.sts.detail.empty() || !policies.tlsrpt.rua.empty() ||
         !policies.tlsrpt.detail.empty();
}

void PackPolicies(const dns::PolicyRecords& policies, Writer* writer) {
  writer->Byte(Halves(static_cast<uint8_t>(policies.sts.status),
                      static_cast<uint8_t>(policies.tlsrpt.status)));
  if (!HasTexts(policies)) return;
  writer->Text(policies.sts.id);
  writer->Text(policies.sts.detail);
  writer->Number(policies.tlsrpt.rua.size());
  for (const std::string& uri : policies.tlsrpt.rua) writer->Text(uri);
  writer->Text(policies.tlsrpt.detail);
}

void UnpackPolicies(bool texts, Reader* reader, dns::PolicyRecords* policies) {
  const uint8_t states = reader->Byte();
  policies->sts.status = static_cast<dns::PolicyRecordStatus>(Low(states));
  policies->tlsrpt.status = static_cast<dns::PolicyRecordStatus>(High(states));
  if (!texts) return;
  policies->sts.id = reader->Text();
  policies->sts.detail = reader->Text();
  policies->tlsrpt.rua.resize(reader->Number());
  for (std::string& uri : policies->tlsrpt.rua) uri = reader->Text();
  policies->tlsrpt.detail = reader->Text();
}

// Bits of the byte in front of a host.
enum HostBit : uint8_t {
  kHasAnswer = 1 << 0,
  kIsCname = 1 << 1,
  kHasTexts = 1 << 2,
  kHasTlsa = 1 << 3,
  kTlsaLeftOut = 1 << 4,
  kTlsaForIpv4 = 1 << 5,
  kTlsaForIpv6 = 1 << 6,
  kIsIpv6 = 1 << 7,  // the address, without an answer
};

void PackTlsa(const std::vector<dns::TlsaRecord>& records, Writer* writer) {
  writer->Number(records.size());
  for (const dns::TlsaRecord& record : records) {
    writer->Byte(record.usage);
    writer->Byte(record.selector);
    writer->Byte(record.matching_type);
    writer->Number(record.data.size());
    writer->Bytes(record.data);
  }
}

std::vector<dns::TlsaRecord> UnpackTlsa(Reader* reader) {
  std::vector<dns::TlsaRecord> records(reader->Number());
  for (dns::TlsaRecord& record : records) {
    record.usage = reader->Byte();
    record.selector = reader->Byte();
    record.matching_type = reader->Byte();
    const std::span<const uint8_t> data = reader->Bytes(reader->Number());
    record.data.assign(data.begin(), data.end());
  }
  return records;
}

void PackAnswer(const dns::HostAnswer& answer, uint8_t bits, Writer* writer) {
  writer->Byte(Halves(static_cast<uint8_t>(answer.name_kind), Code(answer.address_status)));
  writer->Byte(Halves(Code(answer.a_status), Code(answer.aaaa_status)));
  writer->Byte(Halves(Code(answer.a_dnssec), Code(answer.aaaa_dnssec)));
  writer->Byte(Halves(Code(answer.address_dnssec), Code(answer.tlsa_status)));
  const auto first_v6 = std::ranges::find_if(answer.addresses, &dns::IpAddress::is_v6);
  writer->Number(static_cast<uint64_t>(first_v6 - answer.addresses.begin()));
  writer->Number(static_cast<uint64_t>(answer.addresses.end() - first_v6));
  for (const dns::IpAddress& address : answer.addresses) writer->Bytes(address.bytes());
  if ((bits & kHasTexts) != 0) {
    writer->Text(answer.canonical_name);
    writer->Text(answer.tlsa_base_domain);
    writer->Text(answer.error_detail);
  }
  if ((bits & kHasTlsa) != 0) PackTlsa(answer.tlsa, writer);
}

constexpr size_t kIpv4Bytes = 4;
constexpr size_t kIpv6Bytes = 16;

void UnpackAnswer(uint8_t bits, Reader* reader, dns::HostAnswer* answer) {
  const uint8_t kind = reader->Byte();
  answer->name_kind = static_cast<dns::MxHostKind>(Low(kind));
  answer->address_status = FromCode<dns::LookupStatus>(High(kind));
  const uint8_t statuses = reader->Byte();
  answer->a_status = FromCode<dns::LookupStatus>(Low(statuses));
  answer->aaaa_status = FromCode<dns::LookupStatus>(High(statuses));
  const uint8_t states = reader->Byte();
  answer->a_dnssec = FromCode<dns::DnssecState>(Low(states));
  answer->aaaa_dnssec = FromCode<dns::DnssecState>(High(states));
  const uint8_t both = reader->Byte();
  answer->address_dnssec = FromCode<dns::DnssecState>(Low(both));
  answer->tlsa_status = FromCode<dns::TlsaStatus>(High(both));
  const uint64_t ipv4 = reader->Number();
  const uint64_t ipv6 = reader->Number();
  answer->addresses.reserve(ipv4 + ipv6);
  for (uint64_t i = 0; i < ipv4 + ipv6; ++i) {
    answer->addresses.push_back(
        *dns::IpAddress::FromBytes(reader->Bytes(i < ipv4 ? kIpv4Bytes : kIpv6Bytes)));
  }
  answer->is_cname = (bits & kIsCname) != 0;
  answer->tlsa_left_out = (bits & kTlsaLeftOut) != 0;
  answer->tlsa_for_ipv4 = (bits & kTlsaForIpv4) != 0;
  answer->tlsa_for_ipv6 = (bits & kTlsaForIpv6) != 0;
  if ((bits & kHasTexts) != 0) {
    answer->canonical_name = reader->Text();
    answer->tlsa_base_domain = reader->Text();
    answer->error_detail = reader->Text();
  }
  if ((bits & kHasTlsa) != 0) answer->tlsa = UnpackTlsa(reader);
}

uint8_t BitsOf(const dns::HostAnswer& answer) {
  uint8_t bits = kHasAnswer;
  if (answer.is_cname) bits |= kIsCname;
  if (!answer.canonical_name.empty() || !answer.tlsa_base_domain.empty() ||
      !answer.error_detail.empty()) {
    bits |= kHasTexts;
  }
  if (!answer.tlsa.empty()) bits |= kHasTlsa;
  if (answer.tlsa_left_out) bits |= kTlsaLeftOut;
  if (answer.tlsa_for_ipv4) bits |= kTlsaForIpv4;
  if (answer.tlsa_for_ipv6) bits |= kTlsaForIpv6;
  return bits;
}

}  // namespace

void Pack(const WaitingTarget& target, std::string* out) {
  const dns::MxAnswer& mx = target.mx;
  const bool is_host = target.target.kind == Target::Kind::kHost;
  uint8_t bits = is_host ? kIsHost : 0;
  if (!target.target.raw.empty()) bits |= kHasRaw;
  if (mx.null_mx_with_others) bits |= kNullMxWithOthers;
  if (!mx.next_hop_cname.empty() || !mx.error_detail.empty() || !mx.remark.empty()) {
    bits |= kHasMxTexts;
  }
  if (target.policies) bits |= kHasPolicies;
  if (target.policies && HasTexts(*target.policies)) bits |= kHasPolicyTexts;
  Writer writer(out);
  writer.Byte(bits);
  writer.Number(target.target.input_line);
  // A line names one target at most.
  writer.Number(target.target.input_line - target.target.number);
  writer.Number(static_cast<uint64_t>(target.started_us));
  if (is_host) return;
  writer.Name(target.target.name);
  if ((bits & kHasRaw) != 0) writer.Text(target.target.raw);
  PackMx(mx, target.target.name, (bits & kHasMxTexts) != 0, &writer);
  if (target.policies) PackPolicies(*target.policies, &writer);
}

WaitingTarget UnpackTarget(std::string_view bytes) {
  Reader reader(bytes);
  WaitingTarget target;
  const uint8_t bits = reader.Byte();
  target.target.input_line = reader.Number();
  target.target.number = target.target.input_line - reader.Number();
  target.started_us = static_cast<int64_t>(reader.Number());
  target.target.kind = (bits & kIsHost) != 0 ? Target::Kind::kHost : Target::Kind::kDomain;
  if ((bits & kIsHost) != 0) return target;
  target.target.name = reader.Name();
  if ((bits & kHasRaw) != 0) target.target.raw = reader.Text();
  UnpackMx(target.target.name, (bits & kHasMxTexts) != 0, &reader, &target.mx);
  target.mx.null_mx_with_others = (bits & kNullMxWithOthers) != 0;
  if ((bits & kHasPolicies) != 0) {
    UnpackPolicies((bits & kHasPolicyTexts) != 0, &reader, &target.policies.emplace());
  }
  return target;
}

void Pack(const WaitingHost& host, std::string* out) {
  Writer writer(out);
  const uint8_t bits = host.answer            ? BitsOf(*host.answer)
                       : host.address.is_v6() ? uint8_t{kIsIpv6}
                                              : uint8_t{0};
  writer.Byte(bits);
  writer.Number(static_cast<uint64_t>(host.started_us));
  writer.Name(host.host, host.target_number.has_value());
  if (host.target_number) writer.Number(*host.target_number);
  if (host.answer) {
    PackAnswer(*host.answer, bits, &writer);
  } else {
    writer.Bytes(host.address.bytes());
  }
}

WaitingHost UnpackHost(std::string_view bytes) {
  Reader reader(bytes);
  WaitingHost host;
  const uint8_t bits = reader.Byte();
  host.started_us = static_cast<int64_t>(reader.Number());
  bool is_target = false;
  host.host = reader.Name(&is_target);
  if (is_target) host.target_number = reader.Number();
  if ((bits & kHasAnswer) != 0) {
    UnpackAnswer(bits, &reader, &host.answer.emplace());
  } else {
    host.address =
        *dns::IpAddress::FromBytes(reader.Bytes((bits & kIsIpv6) != 0 ? kIpv6Bytes : kIpv4Bytes));
  }
  return host;
}

}  // namespace mxsweep::scanner
