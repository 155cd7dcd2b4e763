#include "scanner/verdict/packed_findings.h"

#include <openssl/bytestring.h>

#include <memory>
#include <utility>

#include "scanner/base/check.h"

namespace mxsweep::scanner {
namespace {

// Another layout gets another number.
constexpr uint8_t kVersion = 1;
// Bits of the second byte.
constexpr uint8_t kPasses = 1;
constexpr uint8_t kHasNames = 2;
// Bits of Summary::flags that a summary may have.
constexpr uint32_t kSummaryFlags = (Summary::kNotProbed << 1) - 1;

uint8_t Nibbles(uint8_t low, uint8_t high) { return static_cast<uint8_t>(low | high << 4); }

void Add(bool added) { MXSWEEP_CHECK(added); }

bool ReadNames(CBS* cbs, MisnamedLeaves* leaves) {
  uint8_t leaf_count = 0;
  if (!CBS_get_u8(cbs, &leaf_count) || leaf_count == 0 || leaf_count > kMaxMisnamedLeaves) {
    return false;
  }
  size_t total = 0;
  for (uint8_t i = 0; i < leaf_count; ++i) {
    uint16_t count = 0;
    if (!CBS_get_u16(cbs, &count) || count > CBS_len(cbs)) return false;
    std::vector<std::string>& names = leaves->emplace_back();
    for (uint16_t k = 0; k < count; ++k) {
      CBS name;
      if (!CBS_get_u16_length_prefixed(cbs, &name)) return false;
      total += CBS_len(&name);
      if (total > kMaxMisnamedBytes) return false;
      names.emplace_back(reinterpret_cast<const char*>(CBS_data(&name)), CBS_len(&name));
    }
  }
  return true;
}

}  // namespace

std::string Pack(const PackedFindings& packed) {
  const Findings& findings = packed.findings;
  bssl::ScopedCBB cbb;
  CBB* out = cbb.get();
  Add(CBB_init(out, 32));
  Add(CBB_add_u8(out, kVersion));
  const bool has_names = findings.misnamed != nullptr && !findings.misnamed->empty();
  Add(CBB_add_u8(
      out, static_cast<uint8_t>((packed.passes ? kPasses : 0) | (has_names ? kHasNames : 0))));
  Add(CBB_add_u16(out, findings.endpoints));
  Add(CBB_add_u16(out, findings.starttls));
  Add(CBB_add_u16(out, findings.completed));
  Add(CBB_add_u16(out, findings.verified));
  Add(CBB_add_u32(out, findings.flags));
  Add(CBB_add_u8(out, Nibbles(findings.min_version, findings.max_version)));
  Add(CBB_add_u8(out, findings.unknown));
  Add(CBB_add_u8(out, findings.inferred));
  Add(CBB_add_u8(out, Nibbles(findings.weakest_session_level, findings.weakest_certificate_level)));
  if (has_names) {
    Add(CBB_add_u8(out, static_cast<uint8_t>(findings.misnamed->size())));
    for (const std::vector<std::string>& names : *findings.misnamed) {
      Add(CBB_add_u16(out, static_cast<uint16_t>(names.size())));
      for (const std::string& name : names) {
        CBB text;
        Add(CBB_add_u16_length_prefixed(out, &text));
        Add(CBB_add_bytes(&text, reinterpret_cast<const uint8_t*>(name.data()), name.size()));
        Add(CBB_flush(out));
      }
    }
  }
  return std::string(reinterpret_cast<const char*>(CBB_data(out)), CBB_len(out));
}

std::optional<PackedFindings> UnpackFindings(std::string_view bytes) {
  CBS cbs;
  CBS_init(&cbs, reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
  PackedFindings packed;
  Findings& findings = packed.findings;
  uint8_t version = 0;
  uint8_t bits = 0;
  uint8_t versions = 0;
  uint8_t levels = 0;
  if (!CBS_get_u8(&cbs, &version) || version != kVersion || !CBS_get_u8(&cbs, &bits) ||
      (bits & ~(kPasses | kHasNames)) != 0 || !CBS_get_u16(&cbs, &findings.endpoints) ||
      !CBS_get_u16(&cbs, &findings.starttls) || !CBS_get_u16(&cbs, &findings.completed) ||
      !CBS_get_u16(&cbs, &findings.verified) || !CBS_get_u32(&cbs, &findings.flags) ||
      (findings.flags & ~kSummaryFlags) != 0 || !CBS_get_u8(&cbs, &versions) ||
      !CBS_get_u8(&cbs, &findings.unknown) || !CBS_get_u8(&cbs, &findings.inferred) ||
      !CBS_get_u8(&cbs, &levels)) {
    return std::nullopt;
  }
  packed.passes = (bits & kPasses) != 0;
  findings.min_version = versions & 0xf;
  findings.max_version = versions >> 4;
  findings.weakest_session_level = levels & 0xf;
  findings.weakest_certificate_level = levels >> 4;
  if ((bits & kHasNames) != 0) {
    MisnamedLeaves leaves;
    if (!ReadNames(&cbs, &leaves)) return std::nullopt;
    findings.misnamed = std::make_shared<const MisnamedLeaves>(std::move(leaves));
  }
  if (CBS_len(&cbs) != 0) return std::nullopt;
  return packed;
}

}  // namespace mxsweep::scanner
