// Writes DNS responses for tests, good ones and bad ones.
#ifndef MXSWEEP_TESTS_DNS_MESSAGE_WRITER_H_
#define MXSWEEP_TESTS_DNS_MESSAGE_WRITER_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dns/message.h"
#include "dns/wire_name.h"

namespace mxsweep::dns {

struct ResponseFlags {
  uint16_t id = 1;
  uint8_t rcode = 0;
  bool tc = false;
  bool ad = false;
  bool cd = false;
  bool ra = true;
  bool aa = false;
};

// Answer records first, then Soa (authority), then Opt (additional): the order is the caller's to
// keep.
class MessageWriter {
 public:
  MessageWriter(std::string_view name, RrType type, const ResponseFlags& flags = {}) {
    U16(flags.id);
    U16(static_cast<uint16_t>(0x8100 | (flags.aa ? 0x0400 : 0) | (flags.tc ? 0x0200 : 0) |
                              (flags.ra ? 0x0080 : 0) | (flags.ad ? 0x0020 : 0) |
                              (flags.cd ? 0x0010 : 0) | (flags.rcode & 0x0F)));
    bytes_.insert(bytes_.end(), {0, 1, 0, 0, 0, 0, 0, 0});
    Name(name);
    U16(static_cast<uint16_t>(type));
    U16(1);
  }

  void set_ttl(uint32_t ttl) { ttl_ = ttl; }

  void Mx(std::string_view owner, uint16_t preference, std::string_view host) {
    std::vector<uint8_t> data = {static_cast<uint8_t>(preference >> 8),
                                 static_cast<uint8_t>(preference)};
    AppendWireName(host, data).IgnoreError();
    RawRecord(owner, RrType::kMx, 1, data);
  }
  void Address(std::string_view owner, std::string_view text) {
    const IpAddress address = IpAddress::Parse(text).value();
    RawRecord(owner, address.is_v6() ? RrType::kAaaa : RrType::kA, 1,
              {address.bytes().begin(), address.bytes().end()});
  }
  void Cname(std::string_view owner, std::string_view target) {
    std::vector<uint8_t> data;
    AppendWireName(target, data).IgnoreError();
    RawRecord(owner, RrType::kCname, 1, data);
  }
  void Tlsa(std::string_view owner, const TlsaRecord& record) {
    std::vector<uint8_t> data = {record.usage, record.selector, record.matching_type};
    data.insert(data.end(), record.data.begin(), record.data.end());
    RawRecord(owner, RrType::kTlsa, 1, data);
  }
  void Txt(std::string_view owner, const std::vector<std::string>& strings) {
    std::vector<uint8_t> data;
    for (const std::string& text : strings) {
      data.push_back(static_cast<uint8_t>(text.size()));
      data.insert(data.end(), text.begin(), text.end());
    }
    RawRecord(owner, RrType::kTxt, 1, data);
  }
  void Soa(std::string_view owner, uint32_t ttl, uint32_t minimum) {
    std::vector<uint8_t> data = {0, 0};  // Primary and mailbox at the root.
    data.resize(data.size() + 16);
    for (int shift = 24; shift >= 0; shift -= 8) {
      data.push_back(static_cast<uint8_t>(minimum >> shift));
    }
    ttl_ = ttl;
    Record(owner, RrType::kSoa, 1, data, /*count_at=*/8);
  }
  void Opt(uint8_t rcode_high, const std::vector<std::pair<uint16_t, std::string>>& errors) {
    std::vector<uint8_t> data;
    for (const auto& [code, text] : errors) {
      const size_t length = text.size() + 2;
      data.insert(data.end(),
                  {0, 15, static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length),
                   static_cast<uint8_t>(code >> 8), static_cast<uint8_t>(code)});
      data.insert(data.end(), text.begin(), text.end());
    }
    ttl_ = uint32_t{rcode_high} << 24;
    Record(".", RrType::kOpt, 1232, data, /*count_at=*/10);
  }
  // An answer record with any data.
  void RawRecord(std::string_view owner, RrType type, uint16_t rr_class,
                 const std::vector<uint8_t>& data) {
    Record(owner, type, rr_class, data, /*count_at=*/6);
  }
  // The same with a compression pointer as owner.
  void RawRecordAt(uint16_t owner_offset, RrType type, const std::vector<uint8_t>& data) {
    U16(static_cast<uint16_t>(0xC000 | owner_offset));
    Rest(type, 1, data, /*count_at=*/6);
  }

  const std::vector<uint8_t>& Done() const { return bytes_; }

 private:
  void U16(uint16_t value) {
    bytes_.push_back(static_cast<uint8_t>(value >> 8));
    bytes_.push_back(static_cast<uint8_t>(value));
  }
  void Name(std::string_view name) { AppendWireName(name, bytes_).IgnoreError(); }
  void Record(std::string_view owner, RrType type, uint16_t rr_class,
              const std::vector<uint8_t>& data, size_t count_at) {
    Name(owner);
    Rest(type, rr_class, data, count_at);
  }
  void Rest(RrType type, uint16_t rr_class, const std::vector<uint8_t>& data, size_t count_at) {
    U16(static_cast<uint16_t>(type));
    U16(rr_class);
    U16(static_cast<uint16_t>(ttl_ >> 16));
    U16(static_cast<uint16_t>(ttl_));
    U16(static_cast<uint16_t>(data.size()));
    bytes_.insert(bytes_.end(), data.begin(), data.end());
    const int count = (bytes_[count_at] << 8 | bytes_[count_at + 1]) + 1;
    bytes_[count_at] = static_cast<uint8_t>(count >> 8);
    bytes_[count_at + 1] = static_cast<uint8_t>(count);
  }

  std::vector<uint8_t> bytes_;
  uint32_t ttl_ = 300;
};

}  // namespace mxsweep::dns

#endif  // MXSWEEP_TESTS_DNS_MESSAGE_WRITER_H_
