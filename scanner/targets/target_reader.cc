#include "scanner/targets/target_reader.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <utility>

#include "dns/name.h"
#include "scanner/base/sanitize.h"
#include "scanner/base/text.h"

namespace mxsweep::scanner {
namespace {

constexpr size_t kBufferBytes = 256 * 1024;
static_assert(kBufferBytes > 2 * kMaxTargetLineBytes);
constexpr size_t kMaxProblemBytes = 255;

// Headings of the target's column, the surest first: a list of domains may have a column of hosts
// or of people's names beside them, one of hosts the domains that they serve.
constexpr std::string_view kDomainHeadings[] = {"domain", "domain_name", "domain name", "fqdn",
                                                "host",   "hostname",    "name"};
constexpr std::string_view kHostHeadings[] = {"host", "hostname", "host_name",   "mx",
                                              "fqdn", "domain",   "domain_name", "name"};
constexpr std::string_view kAddressHeadings[] = {"address", "ip", "ip_address", "addr", "saddr"};

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// What is seen of each kind begins with a byte that no name has; a name is its own key.
constexpr char kIpv4Key = '\x04';
constexpr char kIpv6Key = '\x06';
constexpr char kInvalidKey = '\x01';

void SetAddressKey(const dns::IpAddress& address, std::string* key) {
  key->assign(1, address.is_v6() ? kIpv6Key : kIpv4Key);
  key->append(reinterpret_cast<const char*>(address.bytes().data()), address.bytes().size());
}

bool HasCsvSyntax(std::string_view line) {
  return line.find(',') != std::string_view::npos || line.find('"') != std::string_view::npos;
}

}  // namespace

std::string_view TargetsWord(TargetsKind kind) {
  switch (kind) {
    case TargetsKind::kDomains:
      return "domains";
    case TargetsKind::kHosts:
      return "hosts";
    case TargetsKind::kAddresses:
      return "addresses";
  }
  return "";
}

std::string KeyOf(const Target& target) {
  std::string key;
  switch (target.kind) {
    case Target::Kind::kDomain:
    case Target::Kind::kHost:
    case Target::Kind::kResolvedHost:
      return target.name;
    case Target::Kind::kAddress:
      SetAddressKey(target.address, &key);
      return key.append(target.name);
    case Target::Kind::kInvalid:
      break;
  }
  return key.assign(1, kInvalidKey).append(target.raw);
}

absl::StatusOr<std::unique_ptr<TargetReader>> TargetReader::Open(const std::string& path,
                                                                 const Options& options) {
  absl::StatusOr<std::unique_ptr<InputSource>> source = OpenList(path, options.stop);
  if (!source.ok()) return source.status();
  return std::make_unique<TargetReader>(*std::move(source), options);
}

absl::StatusOr<std::unique_ptr<InputSource>> TargetReader::OpenList(const std::string& path,
                                                                    const std::atomic<bool>* stop) {
  absl::StatusOr<std::unique_ptr<InputSource>> source = OpenFile(path, stop);
  if (!source.ok()) return source.status();
  absl::StatusOr<std::unique_ptr<InputSource>> plain = Decompress(*std::move(source));
  if (plain.ok()) return plain;
  return absl::Status(plain.status().code(), JoinText(path == "-" ? "standard input" : path, ": ",
                                                      MessageOf(plain.status())));
}

TargetReader::TargetReader(std::unique_ptr<InputSource> source, const Options& options)
    : source_(std::move(source)),
      options_(options),
      seen_(options.name_key),
      buffer_(kBufferBytes) {}

bool TargetReader::Next(Target* target) {
  if (!ReadNext(target)) return false;
  target->number = counts_.targets - 1;
  return true;
}

bool TargetReader::ReadNext(Target* target) {
  target->name.clear();
  target->raw.clear();
  target->problem.clear();
  target->address = {};
  if (NextOfExpansion(target)) return true;
  std::string_view line;
  for (Line kind = ReadLine(&line); kind != Line::kEnd; kind = ReadLine(&line)) {
    ++counts_.lines;
    target->input_line = counts_.lines;
    if (kind == Line::kTooLong) {
      if (GiveInvalid(line, JoinText("line longer than ", kMaxTargetLineBytes, " bytes"), target)) {
        return true;
      }
    } else if (ReadTarget(line, target)) {
      return true;
    }
  }
  return false;
}

uint64_t TargetReader::bytes_read() const {
  const uint64_t read = source_->bytes_read();
  if (unpacked_bytes_ == 0) return read;
  double ahead = static_cast<double>(end_ - begin_);
  if (expansion_) {
    const double given =
        static_cast<double>(expansion_->next) / static_cast<double>(expansion_->size);
    ahead += static_cast<double>(expansion_->line_bytes) * (1 - given);
  }
  const double share = 1 - std::min(1.0, ahead / static_cast<double>(unpacked_bytes_));
  return static_cast<uint64_t>(static_cast<double>(read) * share);
}

bool TargetReader::ready() const {
  return expansion_.has_value() || source_ended_ ||
         std::memchr(buffer_.data() + begin_, '\n', end_ - begin_) != nullptr || source_->ready();
}

// Moves what is unread to the front and reads more behind it; false when there is no more.
bool TargetReader::Fill() {
  if (source_ended_) return false;
  std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  absl::StatusOr<size_t> got = source_->Read(std::span(buffer_).subspan(end_));
  if (got.ok() && *got > 0) {
    end_ += *got;
    unpacked_bytes_ += *got;
    return true;
  }
  source_ended_ = true;
  if (!got.ok()) {
    status_ = got.status();
    // A line that may have lost its end is not a target.
    begin_ = end_;
  }
  return false;
}

TargetReader::Line TargetReader::ReadLine(std::string_view* line) {
  size_t scanned = 0;
  bool too_long = false;
  while (true) {
    const char* start = reinterpret_cast<const char*>(buffer_.data()) + begin_;
    const size_t length = end_ - begin_;
    const void* newline = std::memchr(start + scanned, '\n', length - scanned);
    const size_t line_bytes =
        newline == nullptr ? length : static_cast<const char*>(newline) - start;
    if (!too_long && line_bytes > kMaxTargetLineBytes) {
      too_long = true;
      long_line_.assign(start, kMaxTargetRawBytes);
    }
    if (newline != nullptr) {
      begin_ += line_bytes + 1;
      *line = too_long ? std::string_view(long_line_) : std::string_view(start, line_bytes);
      return too_long ? Line::kTooLong : Line::kLine;
    }
    // What of an overlong line was seen need not be kept.
    if (too_long) begin_ = end_;
    scanned = end_ - begin_;
    if (Fill()) continue;
    if (!status_.ok() || (begin_ == end_ && !too_long)) return Line::kEnd;
    *line = too_long ? std::string_view(long_line_)
                     : std::string_view(reinterpret_cast<const char*>(buffer_.data()) + begin_,
                                        end_ - begin_);
    begin_ = end_;
    return too_long ? Line::kTooLong : Line::kLine;
  }
}

bool TargetReader::ReadTarget(std::string_view line, Target* target) {
  if (counts_.lines == 1 && line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    line.remove_prefix(kByteOrderMark.size());
  }
  line = StripLine(line);
  if (line.empty()) return false;
  if (first_row_ || column_.value_or(0) != 0 || HasCsvSyntax(line)) return ReadRow(line, target);
  if (options_.kind == TargetsKind::kAddresses) return ReadAddress(line, {}, line, target);
  return ReadName(line, line, target);
}

bool TargetReader::ReadRow(std::string_view line, Target* target) {
  const std::optional<std::vector<std::string>> fields = SplitCsv(line);
  if (!fields.has_value()) return GiveInvalid(line, "quote is not closed", target);
  if (std::exchange(first_row_, false) && ReadHeader(*fields)) return false;
  const size_t column = column_.value_or(TargetColumn(*fields));
  if (column >= fields->size()) return GiveInvalid(line, "row without the target's column", target);
  const std::string& text = (*fields)[column];
  if (options_.kind != TargetsKind::kAddresses) return ReadName(text, line, target);
  // Without a header the name stands behind the address.
  const size_t name_column =
      column_.has_value() ? name_column_.value_or(fields->size()) : column + 1;
  std::string_view name;
  if (name_column < fields->size()) name = (*fields)[name_column];
  return ReadAddress(text, name, line, target);
}

bool TargetReader::ReadHeader(const std::vector<std::string>& fields) {
  switch (options_.kind) {
    case TargetsKind::kDomains:
      column_ = FindColumn(fields, kDomainHeadings);
      break;
    case TargetsKind::kHosts:
      column_ = FindColumn(fields, kHostHeadings);
      break;
    case TargetsKind::kAddresses:
      column_ = FindColumn(fields, kAddressHeadings);
      name_column_ = FindColumn(fields, kHostHeadings);
      break;
  }
  return column_.has_value();
}

bool TargetReader::ReadName(std::string_view text, std::string_view line, Target* target) {
  absl::StatusOr<std::string> name = dns::NormalizeDomain(text);
  if (!name.ok()) return GiveInvalid(line, MessageOf(name.status()), target);
  if (!IsHere(*name) || !GiveIfNew(*name)) return false;
  target->kind = options_.kind == TargetsKind::kHosts ? Target::Kind::kHost : Target::Kind::kDomain;
  if (*name != text) target->raw = SanitizeText(text, kMaxTargetRawBytes);
  target->name = *std::move(name);
  return true;
}

bool TargetReader::ReadAddress(std::string_view text, std::string_view name, std::string_view line,
                               Target* target) {
  const absl::StatusOr<IpRange> range = ParseIpRange(text);
  if (!range.ok()) return GiveInvalid(line, MessageOf(range.status()), target);
  std::string normal_name;
  if (!name.empty()) {
    absl::StatusOr<std::string> normal = dns::NormalizeDomain(name);
    if (!normal.ok()) return GiveInvalid(line, MessageOf(normal.status()), target);
    normal_name = *std::move(normal);
  }
  if (range->first == range->last) return GiveAddress(range->first, normal_name, target);
  if (!normal_name.empty()) {
    return GiveInvalid(line, "a name goes with a single address, not with a range", target);
  }
  return StartExpansion(*range, line, target);
}

bool TargetReader::StartExpansion(const IpRange& range, std::string_view line, Target* target) {
  const absl::uint128 size = range.Size();
  if (range.first.is_v6() && size > kMaxIpv6RangeAddresses) {
    return GiveInvalid(line,
                       JoinText("IPv6 range of more than ", kMaxIpv6RangeAddresses,
                                " addresses (/112): too large to try each"),
                       target);
  }
  const uint64_t count = static_cast<uint64_t>(size);
  expansion_.emplace(Expansion{range, IndexShuffle(count, options_.seed), 0, count, counts_.lines,
                               line.size() + 1});
  return NextOfExpansion(target);
}

bool TargetReader::NextOfExpansion(Target* target) {
  if (!expansion_.has_value()) return false;
  while (expansion_->next < expansion_->size) {
    const dns::IpAddress address = expansion_->range.At(expansion_->shuffle.At(expansion_->next++));
    if (!IsHere(address)) continue;
    SetAddressKey(address, &key_);
    if (CoveredByRange(address) || seen_.Contains(key_)) {
      ++counts_.duplicates;
      continue;
    }
    ++counts_.targets;
    target->kind = Target::Kind::kAddress;
    target->address = address;
    target->input_line = expansion_->input_line;
    return true;
  }
  RememberRange(expansion_->range);
  expansion_.reset();
  return false;
}

bool TargetReader::GiveAddress(const dns::IpAddress& address, std::string_view name,
                               Target* target) {
  if (!IsHere(address)) return false;
  if (name.empty() && CoveredByRange(address)) {
    ++counts_.duplicates;
    return false;
  }
  SetAddressKey(address, &key_);
  key_.append(name);
  if (!GiveIfNew(key_)) return false;
  target->kind = Target::Kind::kAddress;
  target->address = address;
  target->name = name;
  return true;
}

bool TargetReader::GiveInvalid(std::string_view line, std::string_view problem, Target* target) {
  if (!IsHere(line)) return false;
  key_.assign(1, kInvalidKey).append(line);
  if (!GiveIfNew(key_)) return false;
  ++counts_.invalid;
  counts_.an_invalid = line.substr(0, kMaxTargetRawBytes);
  target->kind = Target::Kind::kInvalid;
  target->raw = SanitizeText(line, kMaxTargetRawBytes);
  target->problem = SanitizeText(problem, kMaxProblemBytes);
  return true;
}

bool TargetReader::CountHash(uint64_t shard_hash) {
  if (options_.shard.Has(shard_hash)) return true;
  ++counts_.elsewhere;
  return false;
}

// Where there is but one shard, nothing is hashed.
bool TargetReader::IsHere(std::string_view text) {
  return options_.shard.count == 1 || CountHash(ShardHash(text));
}

bool TargetReader::IsHere(const dns::IpAddress& address) {
  return options_.shard.count == 1 || CountHash(ShardHashOfAddress(address));
}

bool TargetReader::GiveIfNew(std::string_view key) {
  if (seen_.Insert(key)) {
    ++counts_.targets;
    return true;
  }
  ++counts_.duplicates;
  return false;
}

bool TargetReader::CoveredByRange(const dns::IpAddress& address) const {
  const auto& done = ranges_done_[address.is_v6()];
  const auto after = done.upper_bound(address);
  if (after == done.begin()) return false;
  const auto& [first, last] = *std::prev(after);
  return IpRange{first, last}.Contains(address);
}

void TargetReader::RememberRange(const IpRange& range) {
  auto& done = ranges_done_[range.first.is_v6()];
  IpRange merged = range;
  auto it = done.upper_bound(merged.first);
  if (it != done.begin() && std::prev(it)->second >= merged.first) --it;
  while (it != done.end() && it->first <= merged.last) {
    merged.first = std::min(merged.first, it->first);
    merged.last = std::max(merged.last, it->second);
    it = done.erase(it);
  }
  done.emplace(merged.first, merged.last);
}

}  // namespace mxsweep::scanner
