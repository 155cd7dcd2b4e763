#include "tools/report/picture.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "output/scan_rows.h"
#include "scanner/base/text.h"
#include "tools/report/breakdowns.h"

namespace mxsweep::tools {
namespace {

using output::CertificateRow;
using output::DomainRow;
using output::EndpointRow;
using scanner::MailFate;

// A breakdown under way.
template <typename Row>
class Counter {
 public:
  explicit Counter(const BreakdownSpec<Row>* spec) : spec_(*spec) {}

  void Add(const Row& row) {
    if (!spec_.counts(row)) return;
    ++whole_;
    ++counts_[spec_.label(row)];
  }

  Breakdown Finish() const {
    Breakdown breakdown{.id = std::string(spec_.id),
                        .title = std::string(spec_.title),
                        .of = std::string(spec_.of),
                        .note = std::string(spec_.note),
                        .whole = whole_};
    for (const auto& [label, count] : counts_) {
      const Tone neutral = label.starts_with(kNotKnown) ? Tone::kUnknown : Tone::kNeutral;
      breakdown.slices.push_back(
          {label, count, spec_.tone != nullptr ? spec_.tone(label) : neutral});
    }
    const auto place = [this](const Slice& slice) {
      const auto& order = spec_.order;
      const size_t fixed =
          static_cast<size_t>(std::ranges::find(order, slice.label) - order.begin());
      const bool is_last = std::string_view(slice.label).starts_with(kNotKnown);
      return std::tuple(is_last, fixed, UINT64_MAX - slice.count, slice.label);
    };
    std::ranges::sort(breakdown.slices,
                      [&](const Slice& a, const Slice& b) { return place(a) < place(b); });
    return breakdown;
  }

 private:
  const BreakdownSpec<Row>& spec_;
  uint64_t whole_ = 0;
  absl::flat_hash_map<std::string, uint64_t> counts_;
};

template <typename Row>
std::vector<Counter<Row>> CountersOf(std::span<const BreakdownSpec<Row>> specs) {
  std::vector<Counter<Row>> counters;
  for (const BreakdownSpec<Row>& spec : specs) counters.emplace_back(&spec);
  return counters;
}

template <typename Row>
std::vector<Breakdown> Finish(const std::vector<Counter<Row>>& counters) {
  std::vector<Breakdown> breakdowns;
  for (const Counter<Row>& counter : counters) breakdowns.push_back(counter.Finish());
  return breakdowns;
}

// One of the durations of a server.
class TimingCollector {
 public:
  TimingCollector(std::string_view id, std::string_view title,
                  std::optional<uint32_t> EndpointRow::*column)
      : id_(id), title_(title), column_(column) {}

  void Add(const EndpointRow& row) {
    ++whole_;
    if (row.*column_) values_.push_back(*(row.*column_));
  }

  Timing Finish() {
    Timing timing{.id = std::string(id_),
                  .title = std::string(title_),
                  .known = values_.size(),
                  .whole = whole_};
    std::ranges::sort(values_);
    timing.p50_us = Quantile(50);
    timing.p90_us = Quantile(90);
    timing.p99_us = Quantile(99);
    values_ = {};
    return timing;
  }

 private:
  uint32_t Quantile(uint64_t hundredths) const {
    if (values_.empty()) return 0;
    const uint64_t rank = (values_.size() * hundredths + 99) / 100;
    return values_[std::max<uint64_t>(rank, 1) - 1];
  }

  std::string_view id_;
  std::string_view title_;
  std::optional<uint32_t> EndpointRow::*column_;
  uint64_t whole_ = 0;
  std::vector<uint32_t> values_;
};

// Keeps the first `top` by `before`.
template <typename T, typename Before>
void KeepTop(std::vector<T>* list, size_t top, Before before) {
  const size_t kept = std::min(top, list->size());
  std::partial_sort(list->begin(), list->begin() + static_cast<ptrdiff_t>(kept), list->end(),
                    before);
  list->resize(kept);
}

class Painter {
 public:
  Painter(const output::ScanDirectory& scan, const ScanPostures& postures,
          const PictureOptions& options)
      : scan_(scan), postures_(postures), options_(options) {}

  absl::StatusOr<Picture> Paint() {
    const scanner::SenderWorld world = WorldOf(scan_);
    picture_.dnssec_known = world.dnssec_known;
    picture_.simulation =
        std::make_unique<Simulation>(scanner::UsualRequirements(), &postures_, world);
    absl::Status status = ReadDomains();
    if (status.ok()) status = ReadServers();
    if (status.ok()) status = ReadCertificates();
    if (!status.ok()) return status;
    picture_.host_count = postures_.hosts();
    TakeGroups();
    TakeOffenders();
    return std::move(picture_);
  }

 private:
  absl::Status ReadDomains() {
    auto counters = CountersOf(DomainBreakdowns());
    std::vector<std::string> columns = PostureColumns();
    columns.insert(columns.end(), DomainBreakdownColumns().begin(), DomainBreakdownColumns().end());
    absl::Status status = output::ForEachRow<DomainRow>(scan_, columns, [&](const DomainRow& row) {
      ++picture_.domain_count;
      for (auto& counter : counters) counter.Add(row);
      AddToGroup(row);
      return absl::OkStatus();
    });
    picture_.domains = Finish(counters);
    return status;
  }

  std::string_view GroupOf(const DomainRow& row) const {
    if (options_.by == GroupBy::kTld) {
      const size_t dot = row.domain.rfind('.');
      return std::string_view(row.domain).substr(dot == row.domain.npos ? 0 : dot + 1);
    }
    if (!row.mx || row.mx->empty()) return "";
    const auto first = std::ranges::min_element(*row.mx, {}, &output::MxEntry::preference);
    return postures_.ProviderOf(first->host);
  }

  void AddToGroup(const DomainRow& row) {
    Group* group = nullptr;
    if (row.mx_status == "mx" || row.mx_status == "implicit") {
      group = &groups_[std::string(GroupOf(row))];
      ++group->domains;
      if (row.dane_status == "full") ++group->dane_full;
      if (row.mta_sts_mode == "enforce") ++group->mta_sts_enforced;
    }
    picture_.simulation->Add(row, 0, [&](const JudgedMail& judged) {
      const std::string& word = judged.requirement->word;
      const bool is_tls = word == "tls";
      if (!is_tls && word != "verified") return;
      if (group != nullptr) {
        ++(is_tls ? group->tls : group->verified)[static_cast<size_t>(judged.fate)];
      }
      if (is_tls && judged.fate == MailFate::kLost && !judged.host.empty()) {
        Offender& offender = offenders_[std::string(judged.host)];
        ++offender.domains;
        offender.reason = std::string(SenderReasonWord(judged.reason));
      }
    });
  }

  absl::Status ReadServers() {
    auto counters = CountersOf(ServerBreakdowns());
    std::vector<TimingCollector> timings = {
        {"connect_us", "until connected", &EndpointRow::connect_us},
        {"greeting_us", "from then until the greeting", &EndpointRow::greeting_us},
        {"starttls_us", "from then until STARTTLS was answered", &EndpointRow::starttls_us},
        {"handshake_us", "from then until the handshake was complete", &EndpointRow::handshake_us}};
    size_t number = 0;
    absl::Status status = output::ForEachRow<EndpointRow>(
        scan_, ServerBreakdownColumns(), [&](const EndpointRow& row) {
          if (!postures_.IsLatestEndpoint(number++)) return absl::OkStatus();
          ++picture_.server_count;
          for (auto& counter : counters) counter.Add(row);
          for (TimingCollector& timing : timings) timing.Add(row);
          if (row.inferred) ++picture_.inferred_servers;
          if (WasNotAsked(row)) ++picture_.unasked_servers;
          if (TimedOut(row)) ++picture_.silent_servers;
          return absl::OkStatus();
        });
    picture_.servers = Finish(counters);
    if (IsImplicitTls()) {
      std::erase_if(picture_.servers,
                    [](const Breakdown& breakdown) { return breakdown.id == "server_starttls"; });
    }
    for (TimingCollector& timing : timings) picture_.timings.push_back(timing.Finish());
    return status;
  }

  // TLS from the first byte: nobody was asked for STARTTLS.
  bool IsImplicitTls() const {
    const auto options = scan_.scan().find("options");
    if (options == scan_.scan().end() || !options->is_object()) return false;
    const auto tls = options->find("tls");
    return tls != options->end() && *tls == "implicit";
  }

  absl::Status ReadCertificates() {
    auto counters = CountersOf(CertificateBreakdowns());
    absl::flat_hash_map<std::string, uint64_t> weaknesses;
    uint64_t sound = 0;
    absl::Status status = output::ForEachRow<CertificateRow>(
        scan_, CertificateBreakdownColumns(), [&](const CertificateRow& row) {
          ++picture_.certificate_count;
          for (auto& counter : counters) counter.Add(row);
          if (!row.weak_key || row.weak_key->empty()) {
            ++sound;
            return absl::OkStatus();
          }
          for (const std::string& word : *row.weak_key) ++weaknesses[word];
          return absl::OkStatus();
        });
    picture_.certificates = Finish(counters);
    Breakdown& weak = picture_.certificates.emplace_back(
        Breakdown{.id = "certificate_weak_key",
                  .title = "Weak keys and signatures",
                  .of = "distinct certificates",
                  .note = "One certificate may have several. What no certificate shows by itself "
                          "(primes in common, published keys) mxsweep keys finds.",
                  .whole = picture_.certificate_count,
                  .is_partition = false});
    weak.slices.push_back({"none of these", sound, Tone::kGood});
    for (const auto& [word, count] : weaknesses) weak.slices.push_back({word, count, Tone::kBad});
    std::ranges::sort(weak.slices, [](const Slice& a, const Slice& b) {
      return std::tuple(b.count, a.label) < std::tuple(a.count, b.label);
    });
    return status;
  }

  void TakeGroups() {
    picture_.group_count = groups_.size();
    for (auto& [name, group] : groups_) {
      group.name = name;
      picture_.groups.push_back(group);
    }
    KeepTop(&picture_.groups, options_.top, [](const Group& a, const Group& b) {
      return std::tuple(b.domains, a.name) < std::tuple(a.domains, b.name);
    });
  }

  void TakeOffenders() {
    picture_.offender_count = offenders_.size();
    for (auto& [host, offender] : offenders_) {
      offender.host = host;
      picture_.offenders.push_back(offender);
    }
    KeepTop(&picture_.offenders, options_.top, [](const Offender& a, const Offender& b) {
      return std::tuple(b.domains, a.host) < std::tuple(a.domains, b.host);
    });
  }

  const output::ScanDirectory& scan_;
  const ScanPostures& postures_;
  const PictureOptions& options_;
  Picture picture_;
  absl::flat_hash_map<std::string, Group> groups_;
  absl::flat_hash_map<std::string, Offender> offenders_;
};

}  // namespace

absl::StatusOr<Picture> TakePicture(const output::ScanDirectory& scan, const ScanPostures& postures,
                                    const PictureOptions& options) {
  return Painter(scan, postures, options).Paint();
}

}  // namespace mxsweep::tools
