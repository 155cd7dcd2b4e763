#include "bench/name_zones.h"

#include <openssl/bn.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/sha.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "scanner/base/check.h"
#include "scanner/base/text.h"

namespace mxsweep::bench {
namespace {

// Types and codes (RFC 1035, 3596, 4034, 5155, 6698, 9824).
constexpr uint16_t kA = 1, kNs = 2, kSoa = 6, kMx = 15, kTxt = 16, kAaaa = 28, kOpt = 41, kDs = 43,
                   kRrsig = 46, kNsec = 47, kDnskey = 48, kNsec3 = 50, kNsec3Param = 51, kTlsa = 52,
                   kNxName = 128;
constexpr uint16_t kInternet = 1;
constexpr uint8_t kEcdsaP256Sha256 = 13;
constexpr size_t kHeaderBytes = 12;
constexpr uint32_t kDay = 86'400;
constexpr uint32_t kDelegationTtl = 2 * kDay;  // as that of large top-level domains
constexpr uint32_t kTtl = 3'600;

void Append16(uint32_t value, Bytes* out) {
  out->push_back(static_cast<uint8_t>(value >> 8));
  out->push_back(static_cast<uint8_t>(value));
}
void Append32(uint32_t value, Bytes* out) {
  Append16(value >> 16, out);
  Append16(value & 0xFFFF, out);
}
void AppendBytes(std::span<const uint8_t> bytes, Bytes* out) {
  out->insert(out->end(), bytes.begin(), bytes.end());
}

// A name of these labels, the leftmost first.
Bytes Name(const std::vector<std::string>& labels) {
  Bytes name;
  for (const std::string& label : labels) {
    name.push_back(static_cast<uint8_t>(label.size()));
    name.insert(name.end(), label.begin(), label.end());
  }
  name.push_back(0);
  return name;
}

Bytes Under(const std::string& label, const Bytes& parent) {
  Bytes name = {static_cast<uint8_t>(label.size())};
  name.insert(name.end(), label.begin(), label.end());
  AppendBytes(parent, &name);
  return name;
}

// A number that looks like chance and is always the same (SplitMix64).
uint32_t Draw(int index, int what, uint32_t below) {
  uint64_t x = (static_cast<uint64_t>(index) << 8) + static_cast<uint64_t>(what);
  x += 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  return static_cast<uint32_t>((x ^ (x >> 31)) % below);
}

bool HasPolicyRecords(int domain) { return Draw(domain, 2, NameZones::kPolicyEvery) == 0; }
bool IsHosted(int domain) { return Draw(domain, 3, 2) == 0; }
bool HasTlsaIfSigned(int domain) { return Draw(domain, 4, 2) == 0; }
int TopLevelOf(int index) { return index % NameZones::kTopLevelDomains; }
// Half of them below the domain's own top-level domain, the others anywhere.
int HosterOf(int domain) {
  const int nearby =
      TopLevelOf(domain) + NameZones::kTopLevelDomains * static_cast<int>(Draw(domain, 5, 10));
  return Draw(domain, 6, 2) == 0 ? nearby : static_cast<int>(Draw(domain, 7, NameZones::kHosters));
}

std::string TopLevelLabel(int index) { return JoinText("t", index); }
std::string ZoneLabel(bool hoster, int index) { return JoinText(hoster ? "h" : "d", index); }
Bytes ZoneName(bool hoster, int index) {
  return Name({ZoneLabel(hoster, index), TopLevelLabel(TopLevelOf(index))});
}
Bytes NameServerName(int which, const Bytes& zone) { return Under(JoinText("ns", which), zone); }
std::array<uint8_t, 4> NameServerAddress(int which, bool hoster, int index) {
  const int first = static_cast<int>(Draw(index, hoster ? 8 : 9, NameZones::kDomainServers));
  return NameZones::DomainServerAddress((first + which - 1) % NameZones::kDomainServers);
}

Bytes AddressData(const std::array<uint8_t, 4>& address) {
  return {address.begin(), address.end()};
}

Rrset SoaOf(const Bytes& zone) {
  Bytes data = NameServerName(1, zone);
  AppendBytes(Under("hostmaster", zone), &data);
  for (const uint32_t number : {2026112801u, 7'200u, 3'600u, 14 * kDay, kTtl}) {
    Append32(number, &data);
  }
  return {zone, kSoa, kTtl, {data}};
}

// RFC 4034 §4.1.2, of types below 256: one window.
Bytes TypeBitmap(const std::vector<uint16_t>& types) {
  constexpr size_t kWindowHead = 2;  // its number and its length
  Bytes bitmap(kWindowHead);
  for (const uint16_t type : types) {
    const size_t at = kWindowHead + type / 8;
    if (bitmap.size() <= at) bitmap.resize(at + 1);
    bitmap[at] |= static_cast<uint8_t>(0x80 >> type % 8);
  }
  bitmap[1] = static_cast<uint8_t>(bitmap.size() - kWindowHead);
  return bitmap;
}

// There is nothing between this name and the next one that there could be (RFC 9824 §3).
Rrset Nsec(const Bytes& name, const std::vector<uint16_t>& types) {
  Bytes data = Under(std::string(1, '\0'), name);
  AppendBytes(TypeBitmap(types), &data);
  return {name, kNsec, kTtl, {data}};
}

// RFC 4648 §7, lower case; 20 bytes make 32 characters and need no padding.
std::string Base32Hex(std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuv";
  std::string text;
  uint32_t buffer = 0;
  int bits = 0;
  for (const uint8_t byte : bytes) {
    buffer = buffer << 8 | byte;
    for (bits += 8; bits >= 5; bits -= 5) text += kDigits[buffer >> (bits - 5) & 31];
  }
  return text;
}

int LabelsIn(const Bytes& name) {
  int labels = 0;
  for (size_t at = 0; name[at] != 0; at += 1 + name[at]) ++labels;
  return labels;
}

Bytes Sha256(std::span<const uint8_t> bytes) {
  Bytes digest(SHA256_DIGEST_LENGTH);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

}  // namespace

ZoneSigner::ZoneSigner() : key_(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1)) {
  MXSWEEP_CHECK(key_ != nullptr && EC_KEY_generate_key(key_.get()) == 1);
  uint8_t* point = nullptr;  // 4, X, Y
  const size_t length =
      EC_KEY_key2buf(key_.get(), POINT_CONVERSION_UNCOMPRESSED, &point, /*ctx=*/nullptr);
  MXSWEEP_CHECK(length == 65);
  Append16(257, &public_key_);  // zone key, secure entry point
  public_key_.insert(public_key_.end(), {3, kEcdsaP256Sha256});
  AppendBytes({point + 1, length - 1}, &public_key_);
  OPENSSL_free(point);
  uint32_t sum = 0;  // RFC 4034, appendix B
  for (size_t i = 0; i < public_key_.size(); ++i) {
    sum += i % 2 == 0 ? uint32_t{public_key_[i]} << 8 : public_key_[i];
  }
  key_tag_ = static_cast<uint16_t>(sum + (sum >> 16));
  const auto now = static_cast<uint32_t>(std::time(nullptr));
  inception_ = now - kDay;
  expiration_ = now + 14 * kDay;
}

Rrset ZoneSigner::Dnskey(const Bytes& zone) const { return {zone, kDnskey, kDay, {public_key_}}; }

Rrset ZoneSigner::Ds(const Bytes& zone) const {
  Bytes hashed = zone;
  AppendBytes(public_key_, &hashed);
  Bytes data;
  Append16(key_tag_, &data);
  data.insert(data.end(), {kEcdsaP256Sha256, 2});
  AppendBytes(Sha256(hashed), &data);
  return {zone, kDs, kDay, {data}};
}

std::string ZoneSigner::DsText(const Bytes& zone) const {
  const Bytes data = Ds(zone).data.front();
  const std::string digest(data.begin() + 4, data.end());
  return JoinText(key_tag_, " 13 2 ", absl::BytesToHexString(digest));
}

const Bytes& ZoneSigner::Rrsig(const Rrset& rrset, const Bytes& zone) {
  std::string id(rrset.owner.begin(), rrset.owner.end());
  id += static_cast<char>(rrset.type);
  Bytes& data = signatures_[id];
  if (!data.empty()) return data;
  Append16(rrset.type, &data);
  data.push_back(kEcdsaP256Sha256);
  data.push_back(static_cast<uint8_t>(LabelsIn(rrset.owner)));
  Append32(rrset.ttl_seconds, &data);
  Append32(expiration_, &data);
  Append32(inception_, &data);
  Append16(key_tag_, &data);
  AppendBytes(zone, &data);
  Bytes signed_bytes = data;
  for (const Bytes& record : rrset.data) {
    AppendBytes(rrset.owner, &signed_bytes);
    Append16(rrset.type, &signed_bytes);
    Append16(kInternet, &signed_bytes);
    Append32(rrset.ttl_seconds, &signed_bytes);
    Append16(static_cast<uint32_t>(record.size()), &signed_bytes);
    AppendBytes(record, &signed_bytes);
  }
  const Bytes digest = Sha256(signed_bytes);
  const bssl::UniquePtr<ECDSA_SIG> signature(
      ECDSA_do_sign(digest.data(), digest.size(), key_.get()));
  MXSWEEP_CHECK(signature != nullptr);
  std::array<uint8_t, 64> numbers;  // RFC 6605 §4
  MXSWEEP_CHECK(BN_bn2bin_padded(numbers.data(), 32, ECDSA_SIG_get0_r(signature.get())) == 1 &&
                BN_bn2bin_padded(numbers.data() + 32, 32, ECDSA_SIG_get0_s(signature.get())) == 1);
  AppendBytes(numbers, &data);
  return data;
}

struct NameZones::Question {
  uint16_t id = 0;
  bool recursion_desired = false;
  bool checking_disabled = false;
  bool edns = false;
  bool dnssec_ok = false;
  uint16_t type = 0;
  Bytes name;
  std::vector<std::string> labels;  // the rightmost first
  size_t section_end = 0;           // of the question section in the query
};

class NameZones::Response {
 public:
  Response(const Question& question, std::span<const uint8_t> query, ZoneSigner* signer, Bytes* out)
      : question_(question), signer_(signer), out_(*out) {
    out_.assign(query.begin(), query.begin() + static_cast<ptrdiff_t>(question.section_end));
    std::fill(out_.begin() + 2, out_.begin() + kHeaderBytes, 0);
    out_[2] = static_cast<uint8_t>(0x80 | (question.recursion_desired ? 1 : 0));
    out_[3] = question.checking_disabled ? 0x10 : 0;
    out_[5] = 1;
  }

  // The zone that all records are of which are added from now on; `is_signed`: with signatures.
  void SetZone(Bytes zone, bool is_signed) {
    zone_ = std::move(zone);
    sign_ = is_signed && question_.dnssec_ok;
  }
  bool signs() const { return sign_; }
  const Bytes& zone() const { return zone_; }
  void SetAuthoritative() { out_[2] |= 4; }
  void SetNxDomain() { out_[3] |= 3; }

  // Sections must be filled in order.
  void Answer(const Rrset& rrset) { Add(rrset, 7, sign_); }
  void Authority(const Rrset& rrset) { Add(rrset, 9, sign_); }
  // What is beyond a zone cut has no signature in this zone (RFC 4035 §2.2).
  void UnsignedAuthority(const Rrset& rrset) { Add(rrset, 9, false); }
  void Additional(const Rrset& rrset) { Add(rrset, 11, false); }
  void Finish() {
    if (!question_.edns) return;
    AppendBytes(
        std::array<uint8_t, 11>{0, 0, kOpt, 0x04, 0xD0, 0, 0,
                                static_cast<uint8_t>(question_.dnssec_ok ? 0x80 : 0), 0, 0, 0},
        &out_);
    ++out_[11];
  }

 private:
  void Add(const Rrset& rrset, size_t count_at, bool sign) {
    for (const Bytes& data : rrset.data) Record(rrset, rrset.type, data, count_at);
    if (sign) Record(rrset, kRrsig, signer_->Rrsig(rrset, zone_), count_at);
  }
  void Record(const Rrset& rrset, uint16_t type, const Bytes& data, size_t count_at) {
    AppendBytes(rrset.owner, &out_);
    Append16(type, &out_);
    Append16(kInternet, &out_);
    Append32(rrset.ttl_seconds, &out_);
    Append16(static_cast<uint32_t>(data.size()), &out_);
    AppendBytes(data, &out_);
    ++out_[count_at];
  }

  const Question& question_;
  ZoneSigner* signer_;
  Bytes& out_;
  Bytes zone_;
  bool sign_ = false;
};

NameZones::NameZones(int domains, bool is_signed)
    : domains_(domains), is_signed_(is_signed), hashes_(kTopLevelDomains) {
  for (int i = 0; i < kTopLevelDomains; ++i) {
    const Bytes zone = Name({TopLevelLabel(i)});
    hashes_[i].push_back(HashOf(zone));
    hashes_[i].push_back(HashOf(NameServerName(1, zone)));
  }
  for (int i = 0; i < domains; ++i) {
    if (IsSigned(i)) hashes_[TopLevelOf(i)].push_back(HashOf(ZoneName(false, i)));
  }
  for (std::vector<Hash>& hashes : hashes_) std::sort(hashes.begin(), hashes.end());
}

std::string NameZones::DomainName(int index) {
  return JoinText(ZoneLabel(false, index), ".", TopLevelLabel(TopLevelOf(index)));
}

bool NameZones::IsSigned(int domain) const {
  return is_signed_ && Draw(domain, 1, kSignedEvery) == 0;
}

int NameZones::signed_domains() const {
  size_t count = 0;
  for (const std::vector<Hash>& hashes : hashes_) count += hashes.size() - 2;
  return static_cast<int>(count);
}

int NameZones::domains_with_policy_records() const {
  int count = 0;
  for (int i = 0; i < domains_; ++i) count += HasPolicyRecords(i) ? 1 : 0;
  return count;
}

std::array<uint8_t, 4> NameZones::TopLevelAddress(int index) {
  return {127, 53, 1, static_cast<uint8_t>(index + 1)};
}

std::array<uint8_t, 4> NameZones::DomainServerAddress(int index) {
  return {127, 53, 2, static_cast<uint8_t>(index + 1)};
}

std::string NameZones::TrustAnchor() const { return JoinText(". IN DS ", signer_.DsText({0})); }

NameZones::Hash NameZones::HashOf(const Bytes& name) {
  Hash hash;
  SHA1(name.data(), name.size(), hash.data());
  return hash;
}

Rrset NameZones::Nsec3For(int top_level, const Hash& hash) const {
  const std::vector<Hash>& all = hashes_[static_cast<size_t>(top_level)];
  // The last one that is not behind it; before the first comes the last.
  const auto behind = std::upper_bound(all.begin(), all.end(), hash);
  const Hash& owner = behind == all.begin() ? all.back() : *(behind - 1);
  const Hash& next = behind == all.end() ? all.front() : *behind;
  const Bytes zone = Name({TopLevelLabel(top_level)});
  std::vector<uint16_t> types = {kNs, kDs, kRrsig};
  if (owner == HashOf(zone)) types = {kNs, kSoa, kRrsig, kDnskey, kNsec3Param};
  if (owner == HashOf(NameServerName(1, zone))) types = {kA, kRrsig};
  Bytes data = {1, 1, 0, 0, 0, static_cast<uint8_t>(next.size())};  // SHA-1, opt-out
  AppendBytes(next, &data);
  AppendBytes(TypeBitmap(types), &data);
  return {Under(Base32Hex(owner), zone), kNsec3, kTtl, {data}};
}

bool NameZones::Answer(NameLevel level, std::span<const uint8_t> query, Bytes* out) {
  out->clear();
  if (query.size() < kHeaderBytes || (query[2] & 0xF8) != 0 || query[5] != 1) return false;
  Question question;
  question.id = static_cast<uint16_t>(query[0] << 8 | query[1]);
  question.recursion_desired = (query[2] & 1) != 0;
  question.checking_disabled = (query[3] & 0x10) != 0;
  size_t at = kHeaderBytes;
  while (at < query.size() && query[at] != 0) {
    const size_t length = query[at];
    if (length > 63 || at + 1 + length >= query.size()) return false;
    std::string label(query.begin() + static_cast<ptrdiff_t>(at) + 1,
                      query.begin() + static_cast<ptrdiff_t>(at + 1 + length));
    for (char& c : label) c = absl::ascii_tolower(static_cast<unsigned char>(c));
    question.labels.push_back(std::move(label));
    at += 1 + length;
  }
  if (at + 5 > query.size()) return false;
  question.name = Name(question.labels);
  std::reverse(question.labels.begin(), question.labels.end());
  question.type = static_cast<uint16_t>(query[at + 1] << 8 | query[at + 2]);
  question.section_end = at + 5;
  // An OPT record is the only one that follows in a query (RFC 6891 §6.1.2).
  if (query[11] == 1 && at + 16 <= query.size() && query[at + 7] == kOpt) {
    question.edns = true;
    question.dnssec_ok = (query[at + 12] & 0x80) != 0;
  }
  Response response(question, query, &signer_, out);
  bool known = false;
  switch (level) {
    case NameLevel::kRoot:
      known = AnswerRoot(question, &response);
      break;
    case NameLevel::kTopLevel:
      known = AnswerTopLevel(question, &response);
      break;
    case NameLevel::kDomain:
      known = AnswerDomain(question, &response);
      break;
  }
  response.Finish();
  return known;
}

namespace {

// "t7" → 7 where it is below `count`; else -1.
int IndexIn(const std::string& label, char kind, int count) {
  int index = -1;
  if (label.size() < 2 || label[0] != kind || !absl::SimpleAtoi(label.substr(1), &index)) return -1;
  return index >= 0 && index < count ? index : -1;
}

}  // namespace

void NameZones::ReferToTopLevel(int index, Response* response) {
  const Bytes zone = Name({TopLevelLabel(index)});
  const Bytes server = NameServerName(1, zone);
  response->UnsignedAuthority({zone, kNs, kDelegationTtl, {server}});
  if (response->signs()) response->Authority(signer_.Ds(zone));
  response->Additional({server, kA, kDelegationTtl, {AddressData(TopLevelAddress(index))}});
}

bool NameZones::AnswerRoot(const Question& question, Response* response) {
  const Bytes root = {0};
  const Bytes server = Name({"ns", "root"});
  const Rrset address = {server, kA, kDelegationTtl, {AddressData(RootAddress())}};
  response->SetZone(root, /*is_signed=*/true);
  if (question.labels.empty() || question.name == server) {
    response->SetAuthoritative();
    if (question.name == server && question.type == kA) {
      response->Answer(address);
    } else if (question.name == server) {
      response->Authority(SoaOf(root));
      if (response->signs()) response->Authority(Nsec(server, {kA, kRrsig, kNsec}));
    } else if (question.type == kNs) {
      response->Answer({root, kNs, kDelegationTtl, {server}});
      response->Additional(address);
    } else if (question.type == kDnskey) {
      response->Answer(signer_.Dnskey(root));
    } else if (question.type == kSoa) {
      response->Answer(SoaOf(root));
    } else {
      response->Authority(SoaOf(root));
      return false;
    }
    return true;
  }
  const int index = IndexIn(question.labels[0], 't', kTopLevelDomains);
  if (question.labels.size() == 1 && question.labels[0] == "root") {
    // Above the name server, and with nothing of its own.
    response->SetAuthoritative();
    response->Authority(SoaOf(root));
    if (response->signs()) response->Authority(Nsec(question.name, {kRrsig, kNsec}));
    return true;
  }
  if (index < 0) {
    response->SetAuthoritative();
    response->SetNxDomain();
    response->Authority(SoaOf(root));
    // How a validator tells the root which anchors it has (RFC 8145 §5).
    return question.labels[0].starts_with("_ta-");
  }
  if (question.labels.size() == 1 && question.type == kDs) {
    response->SetAuthoritative();
    response->Answer(signer_.Ds(question.name));
  } else {
    ReferToTopLevel(index, response);
  }
  return true;
}

void NameZones::ReferToDomain(int top_level, bool hoster, int index, Response* response) {
  const Bytes zone = ZoneName(hoster, index);
  const bool hosted = !hoster && IsHosted(index);
  const int holder = hosted ? HosterOf(index) : index;
  const Bytes holder_zone = ZoneName(hosted || hoster, holder);
  Rrset servers = {zone, kNs, kDelegationTtl, {}};
  for (const int which : {1, 2}) servers.data.push_back(NameServerName(which, holder_zone));
  response->UnsignedAuthority(servers);
  if (response->signs()) {
    if (!hoster && IsSigned(index)) {
      response->Authority(signer_.Ds(zone));
    } else {
      // No DS record: the zone itself is the closest there is, and opted out is what follows.
      response->Authority(Nsec3For(top_level, HashOf(response->zone())));
      response->Authority(Nsec3For(top_level, HashOf(zone)));
    }
  }
  if (TopLevelOf(holder) != top_level) return;
  for (const int which : {1, 2}) {
    response->Additional({NameServerName(which, holder_zone),
                          kA,
                          kDelegationTtl,
                          {AddressData(NameServerAddress(which, hosted || hoster, holder))}});
  }
}

bool NameZones::AnswerTopLevel(const Question& question, Response* response) {
  const int top_level =
      question.labels.empty() ? -1 : IndexIn(question.labels[0], 't', kTopLevelDomains);
  if (top_level < 0) return false;
  const Bytes zone = Name({TopLevelLabel(top_level)});
  const Bytes server = NameServerName(1, zone);
  response->SetZone(zone, is_signed_);
  if (question.labels.size() == 1 || question.name == server) {
    response->SetAuthoritative();
    if (question.name == server && question.type == kA) {
      response->Answer({server, kA, kDelegationTtl, {AddressData(TopLevelAddress(top_level))}});
    } else if (is_signed_ && question.name == zone && question.type == kDnskey) {
      response->Answer(signer_.Dnskey(zone));
    } else if (question.name == zone && question.type == kSoa) {
      response->Answer(SoaOf(zone));
    } else if (question.name == zone && question.type == kNs) {
      response->Answer({zone, kNs, kDelegationTtl, {server}});
    } else {
      response->Authority(SoaOf(zone));
      if (response->signs()) response->Authority(Nsec3For(top_level, HashOf(question.name)));
    }
    return true;
  }
  const int domain = IndexIn(question.labels[1], 'd', domains_);
  const int hoster = IndexIn(question.labels[1], 'h', kHosters);
  const int index = std::max(domain, hoster);
  if (index < 0 || TopLevelOf(index) != top_level) return false;
  if (question.labels.size() > 2 || question.type != kDs) {
    ReferToDomain(top_level, hoster >= 0, index, response);
    return true;
  }
  response->SetAuthoritative();
  if (domain >= 0 && IsSigned(domain)) {
    response->Answer(signer_.Ds(question.name));
    return true;
  }
  response->Authority(SoaOf(zone));
  if (response->signs()) {
    response->Authority(Nsec3For(top_level, HashOf(zone)));
    response->Authority(Nsec3For(top_level, HashOf(question.name)));
  }
  return true;
}

namespace {

// All that a domain's zone, or a hoster's, has, but for its key.
std::vector<Rrset> RecordsOf(bool hoster, int index, bool is_signed) {
  const Bytes zone = ZoneName(hoster, index);
  const bool hosted = !hoster && IsHosted(index);
  const Bytes holder_zone = hosted ? ZoneName(true, HosterOf(index)) : zone;
  std::vector<Rrset> records = {
      SoaOf(zone),
      {zone, kNs, kTtl, {NameServerName(1, holder_zone), NameServerName(2, holder_zone)}}};
  if (!hosted) {
    for (const int which : {1, 2}) {
      records.push_back({NameServerName(which, zone),
                         kA,
                         kTtl,
                         {AddressData(NameServerAddress(which, hoster, index))}});
    }
  }
  if (hoster) return records;
  const Bytes host = Under("mx", zone);
  Bytes exchange = {0, 10};
  AppendBytes(host, &exchange);
  records.push_back({zone, kMx, kTtl, {exchange}});
  const auto high = static_cast<uint8_t>(index >> 16), middle = static_cast<uint8_t>(index >> 8),
             low = static_cast<uint8_t>(index);
  records.push_back({host, kA, kTtl, {{127, static_cast<uint8_t>(128 + high), middle, low}}});
  // Of the block for documentation (RFC 3849).
  records.push_back({host,
                     kAaaa,
                     kTtl,
                     {{0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, high, middle, low}}});
  const auto text = [&](const Bytes& name, std::string_view value) {
    Bytes data = {static_cast<uint8_t>(value.size())};
    data.insert(data.end(), value.begin(), value.end());
    records.push_back({name, kTxt, kTtl, {data}});
  };
  if (HasPolicyRecords(index)) {
    text(Under("_mta-sts", zone), "v=STSv1; id=20261128");
    text(Under("_smtp", Under("_tls", zone)), "v=TLSRPTv1; rua=mailto:tls@example.org");
  }
  if (is_signed && HasTlsaIfSigned(index)) {
    Bytes data = {3, 1, 1};
    AppendBytes(Sha256(host), &data);
    records.push_back({Under("_25", Under("_tcp", host)), kTlsa, kTtl, {data}});
  }
  return records;
}

bool IsAtOrBelow(const Bytes& name, const Bytes& ancestor) {
  return name.size() >= ancestor.size() &&
         std::equal(ancestor.rbegin(), ancestor.rend(), name.rbegin());
}

}  // namespace

bool NameZones::AnswerDomain(const Question& question, Response* response) {
  if (question.labels.size() < 2) return false;
  const int top_level = IndexIn(question.labels[0], 't', kTopLevelDomains);
  const int domain = IndexIn(question.labels[1], 'd', domains_);
  const int hoster = IndexIn(question.labels[1], 'h', kHosters);
  const int index = std::max(domain, hoster);
  if (index < 0 || TopLevelOf(index) != top_level) return false;
  const Bytes zone = ZoneName(hoster >= 0, index);
  const bool is_signed = domain >= 0 && IsSigned(domain);
  std::vector<Rrset> records = RecordsOf(hoster >= 0, index, is_signed);
  if (is_signed) records.push_back(signer_.Dnskey(zone));
  response->SetZone(zone, is_signed);
  response->SetAuthoritative();
  bool exists = false;
  std::vector<uint16_t> types;
  for (const Rrset& rrset : records) {
    exists |= IsAtOrBelow(rrset.owner, question.name);
    if (rrset.owner != question.name) continue;
    types.push_back(rrset.type);
    if (rrset.type != question.type) continue;
    response->Answer(rrset);
    return true;
  }
  response->Authority(SoaOf(zone));
  if (!is_signed) {
    if (!exists) response->SetNxDomain();
    return true;
  }
  types.insert(types.end(), {kRrsig, kNsec});
  if (!exists) types.push_back(kNxName);
  if (response->signs()) response->Authority(Nsec(question.name, types));
  return true;
}

}  // namespace mxsweep::bench
