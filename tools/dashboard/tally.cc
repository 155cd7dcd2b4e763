#include "tools/dashboard/tally.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "dns/public_suffix.h"
#include "scanner/base/text.h"

namespace mxsweep::tools {
namespace {

constexpr size_t kMaxPlaces = 20'000;
constexpr size_t kMaxCauses = 500;
constexpr size_t kMaxCells = 1'000'000;
// More buckets than that are too many for a chart.
constexpr int64_t kMaxBuckets = 120;
constexpr size_t kMaxHosts = 100'000;  // whose registrable domain is remembered

constexpr int64_t kHour = 3600, kDay = 24 * kHour, kWeek = 7 * kDay;
constexpr int64_t kBucketSeconds[] = {kHour, kDay, kWeek, 4 * kWeek};

int64_t WiderThan(int64_t seconds) {
  for (const int64_t wider : kBucketSeconds) {
    if (wider > seconds) return wider;
  }
  return seconds;
}

bool IsFailure(TroubleKind kind) {
  return kind == TroubleKind::kRefused || kind == TroubleKind::kClear;
}

}  // namespace

Bucket FlowSeries::Total() const {
  Bucket total;
  for (const Bucket& bucket : buckets) {
    total.encrypted += bucket.encrypted;
    total.clear += bucket.clear;
    total.not_told += bucket.not_told;
  }
  return total;
}

Tally::Tally()
    : silence_([this](const LogKey& log, const SilentDelivery& delivery, bool is_clear) {
        if (log.writer == LogWriter::kExchangeTracking && has_exchange_protocol_) return;
        Count(delivery.flow, delivery.place, delivery.time_s, Encryption::kClear, is_clear,
              delivery.count);
      }) {
  for (FlowCounts& flow : flows_) flow.bucket_seconds = kHour;
  // A report is of a day.
  At(Flow::kReported).bucket_seconds = kDay;
  // The place of those that are beyond the first.
  NumberOf("");
  places_.push_back({});
}

uint32_t Tally::NumberOf(std::string_view name) {
  const auto [found, is_new] =
      number_of_name_.try_emplace(std::string(name), static_cast<uint32_t>(names_.size()));
  if (is_new) names_.emplace_back(name);
  return found->second;
}

std::string Tally::NameOf(Flow flow, const Remote& remote) const {
  if (flow == Flow::kReported) return remote.host;
  if (!remote.domain.empty()) return remote.domain;
  return remote.host.empty() ? remote.address : remote.host;
}

uint32_t Tally::ProviderOf(const Remote& remote, std::string_view name) {
  if (remote.host.empty()) return NumberOf(remote.address.empty() ? name : remote.address);
  auto found = registrable_.find(remote.host);
  if (found == registrable_.end()) {
    if (registrable_.size() == kMaxHosts) registrable_.clear();
    std::string domain = dns::RegistrableDomain(remote.host);
    if (domain.empty()) domain = remote.host;
    found = registrable_.emplace(remote.host, std::move(domain)).first;
  }
  return NumberOf(found->second);
}

uint32_t Tally::PlaceOf(Flow flow, const Remote& remote) {
  std::string name = NameOf(flow, remote);
  if (places_.size() >= kMaxPlaces && !number_of_name_.contains(name)) return 0;
  const uint32_t provider = flow == Flow::kReported ? NumberOf(name) : ProviderOf(remote, name);
  // Of clients it is not each host that counts, but who runs it.
  const uint32_t number = flow == Flow::kInbound ? provider : NumberOf(name);
  const uint64_t both = uint64_t{number} << 32 | provider;
  const auto found = place_of_names_.find(both);
  if (found != place_of_names_.end()) return found->second;
  if (places_.size() >= kMaxPlaces) return 0;
  places_.push_back({number, provider});
  const auto place = static_cast<uint32_t>(places_.size() - 1);
  place_of_names_.emplace(both, place);
  return place;
}

void Tally::Widen(FlowCounts* counts) const {
  counts->bucket_seconds = WiderThan(counts->bucket_seconds);
  absl::flat_hash_map<Key, Cell> cells;
  for (const auto& [key, cell] : counts->cells) {
    Cell& wider = cells[{key.of, 0, BinOf(key.bucket, counts->bucket_seconds)}];
    wider.encrypted += cell.encrypted;
    wider.clear += cell.clear;
    wider.not_told += cell.not_told;
    if (!cell.first_clear_s) continue;
    wider.first_clear_s =
        std::min(wider.first_clear_s.value_or(*cell.first_clear_s), *cell.first_clear_s);
  }
  counts->cells = std::move(cells);
  absl::flat_hash_map<Key, uint64_t> failures;
  for (const auto& [key, count] : counts->failures) {
    failures[{key.of, key.cause, BinOf(key.bucket, counts->bucket_seconds)}] += count;
  }
  counts->failures = std::move(failures);
}

void Tally::Count(Flow flow, uint32_t place, std::optional<int64_t> time_s, Encryption encryption,
                  bool is_known, uint64_t count) {
  if (!time_s) {
    without_time_ += count;
    return;
  }
  FlowCounts& counts = At(flow);
  counts.span.Include(*time_s);
  Cell& cell = counts.cells[{place, 0, BinOf(*time_s, counts.bucket_seconds)}];
  if (!is_known) {
    cell.not_told += count;
  } else if (encryption == Encryption::kEncrypted) {
    cell.encrypted += count;
  } else {
    cell.clear += count;
    cell.first_clear_s = std::min(cell.first_clear_s.value_or(*time_s), *time_s);
  }
  if (counts.cells.size() > kMaxCells) Widen(&counts);
}

void Tally::CountFailure(Flow flow, const Trouble& trouble) {
  const Cause& cause = trouble.cause;
  const std::string text = JoinText(cause.id, " ", static_cast<int>(cause.side), " ", cause.title);
  auto found = number_of_cause_.find(text);
  if (found == number_of_cause_.end()) {
    if (causes_.size() == kMaxCauses) return;
    found = number_of_cause_.emplace(text, static_cast<uint32_t>(causes_.size())).first;
    causes_.push_back(cause);
  }
  Remote remote = trouble.remote;
  if (flow == Flow::kReported) remote = {.host = *trouble.reporter};
  const uint32_t name = places_[PlaceOf(flow, remote)].name;
  FlowCounts& counts = At(flow);
  counts.failures[{name, found->second, BinOf(*trouble.time_s, counts.bucket_seconds)}] +=
      trouble.count;
  if (counts.failures.size() > kMaxCells) Widen(&counts);
}

void Tally::Take(const Trouble& trouble) {
  ledger_.Add(trouble);
  if (!IsFailure(trouble.cause.kind)) return;
  // A report's sessions come as deliveries; their failures may overlap.
  const Flow flow = trouble.reporter.has_value()             ? Flow::kReported
                    : trouble.cause.role == TlsRole::kServer ? Flow::kInbound
                                                             : Flow::kOutbound;
  if (trouble.time_s) CountFailure(flow, trouble);
}

void Tally::Take(const Delivery& delivery) {
  if (delivery.writer == LogWriter::kExchangeProtocol) has_exchange_protocol_ = true;
  const uint32_t place = PlaceOf(delivery.flow, delivery.remote);
  const uint32_t provider = places_[place].provider;
  const LogKey log{delivery.writer, delivery.flow, delivery.machine};
  if (delivery.encryption == Encryption::kNotSeen) {
    silence_.AddSilent(log, {.flow = delivery.flow,
                             .place = place,
                             .provider = provider,
                             .time_s = delivery.time_s,
                             .count = delivery.count});
    return;
  }
  if (delivery.encryption == Encryption::kEncrypted) silence_.AddEncrypted(log, provider);
  Count(delivery.flow, place, delivery.time_s, delivery.encryption, /*is_known=*/true,
        delivery.count);
}

void Tally::Finish() {
  dark_ = silence_.Finish();
  if (has_exchange_protocol_) {
    std::erase_if(dark_, [](const DarkStretch& stretch) {
      return stretch.log.writer == LogWriter::kExchangeTracking;
    });
  }
  for (FlowCounts& counts : flows_) {
    while (counts.span.first_s &&
           *counts.span.last_s - *counts.span.first_s > kMaxBuckets * counts.bucket_seconds &&
           WiderThan(counts.bucket_seconds) > counts.bucket_seconds) {
      Widen(&counts);
    }
  }
}

FlowSeries Tally::SeriesOf(Flow flow) const {
  const FlowCounts& counts = At(flow);
  FlowSeries series{.bucket_seconds = counts.bucket_seconds};
  if (!counts.span.first_s) return series;
  const int64_t first = BinOf(*counts.span.first_s, counts.bucket_seconds);
  const int64_t last = BinOf(*counts.span.last_s, counts.bucket_seconds);
  for (int64_t begin = first; begin <= last; begin += counts.bucket_seconds) {
    series.buckets.push_back({.begin_s = begin});
  }
  for (const auto& [key, cell] : counts.cells) {
    Bucket& bucket =
        series.buckets[static_cast<size_t>((key.bucket - first) / counts.bucket_seconds)];
    bucket.encrypted += cell.encrypted;
    bucket.clear += cell.clear;
    bucket.not_told += cell.not_told;
  }
  return series;
}

std::vector<PlaceCounts> Tally::CountsOf(Flow flow, int64_t was_s, int64_t is_s,
                                         int64_t end_s) const {
  const FlowCounts& counts = At(flow);
  std::map<uint32_t, PlaceCounts> places;  // in the order of the input
  std::map<uint32_t, std::vector<uint32_t>> of_name;
  std::map<uint32_t, std::vector<uint64_t>> earlier;  // in clear
  for (const auto& [key, cell] : counts.cells) {
    if (key.bucket < was_s && cell.clear > 0) earlier[key.of].push_back(cell.clear);
    if (key.bucket < was_s || key.bucket >= end_s) continue;
    PlaceCounts& place = places[key.of];
    Split& split = key.bucket < is_s ? place.was : place.is;
    split.yes += cell.encrypted;
    split.no += cell.clear;
    if (cell.clear > 0 && key.bucket < is_s) ++place.clear_buckets_was;
    if (cell.clear > 0) {
      (key.bucket < is_s ? place.clear_before : place.clear_is).push_back(cell.clear);
    }
    if (key.bucket < is_s || !cell.first_clear_s) continue;
    place.first_clear_s =
        std::min(place.first_clear_s.value_or(*cell.first_clear_s), *cell.first_clear_s);
  }
  for (auto& [number, place] : places) {
    place.name = names_[places_[number].name];
    place.provider = names_[places_[number].provider];
    const std::vector<uint64_t>& more = earlier[number];
    place.clear_before.insert(place.clear_before.end(), more.begin(), more.end());
    of_name[places_[number].name].push_back(number);
  }
  for (const auto& [key, count] : counts.failures) {
    const auto found = of_name.find(key.of);
    if (key.bucket < was_s || key.bucket >= end_s || found == of_name.end()) continue;
    for (const uint32_t number : found->second) {
      PlaceCounts& place = places[number];
      (key.bucket < is_s ? place.failures_was : place.failures_is)[key.cause] += count;
    }
  }
  std::vector<PlaceCounts> list;
  for (auto& [number, place] : places) list.push_back(std::move(place));
  return list;
}

}  // namespace mxsweep::tools
