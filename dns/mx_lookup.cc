#include <algorithm>
#include <chrono>
#include <utility>

#include "dns/mx_plan.h"
#include "dns/name.h"
#include "dns/public_suffix.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

// The word for a look-up without an answer. Of REFUSED and unreadable answers a sender makes the
// same as of SERVFAIL: try again later.
MxStatus ErrorStatus(ResponseStatus status) {
  if (status == ResponseStatus::kBogus) return MxStatus::kBogus;
  if (status == ResponseStatus::kTimeout) return MxStatus::kTimeout;
  return IsLocal(status) ? MxStatus::kLocalError : MxStatus::kServfail;
}

// Of two failures the one that says more of the domain, and less of the way to it.
int Severity(ResponseStatus status) {
  if (IsAnswer(status)) return 0;
  if (IsLocal(status)) return 1;
  if (status == ResponseStatus::kTimeout) return 2;
  return status == ResponseStatus::kBogus ? 4 : 3;
}

// A zone file in which one dot is missing often lacks the others, too.
constexpr size_t kMaxRemarks = 3;

}  // namespace

class MxLookup::Impl {
 public:
  Impl(Resolver& resolver, Callback callback)
      : resolver_(resolver), callback_(std::move(callback)) {}
  ~Impl() {
    for (const Resolver::QueryId id : {mx_query_, a_query_, aaaa_query_}) {
      if (id != 0) resolver_.Cancel(id);
    }
  }

  void Begin(std::string_view domain) {
    absl::StatusOr<std::string> name = NormalizeDomain(domain, {.allow_single_label = true});
    if (!name.ok()) {
      answer_.status = MxStatus::kInvalidName;
      answer_.error_detail = std::string(name.status().message());
      timer_ = Timer(resolver_.loop(), std::chrono::nanoseconds(0), [this] { Finish(); });
      return;
    }
    domain_ = *std::move(name);
    mx_query_ = resolver_.Query(domain_, RrType::kMx, [this](Response response) {
      mx_query_ = 0;
      OnMx(std::move(response));
    });
  }

 private:
  void OnMx(Response response) {
    answer_.dnssec = response.dnssec;
    if (!response.cname_chain.empty()) answer_.next_hop_cname = response.cname_chain.back();
    switch (response.status) {
      case ResponseStatus::kOk:
        TakeRecords(std::move(response.records));
        if (!response.left_out.empty() && answer_.error_detail.empty()) {
          answer_.error_detail = JoinText("MX: left out: ", response.left_out);
        }
        return Finish();
      case ResponseStatus::kNxDomain:
        answer_.status = MxStatus::kNxDomain;
        return Finish();
      case ResponseStatus::kNoData:
        return AskForAddresses();
      default:
        answer_.status = ErrorStatus(response.status);
        answer_.error_detail = JoinText("MX: ", response.detail);
        return Finish();
    }
  }

  // RFC 5321 §5.1: sorted by preference. RFC 7505 §3: a null MX is ".", and only alone. Its
  // preference should be 0; senders take it whatever it is.
  void TakeRecords(std::vector<ResourceRecord> records) {
    std::vector<MxRecord> sorted;
    sorted.reserve(records.size());
    for (ResourceRecord& record : records) {
      if (auto* mx = std::get_if<MxRecord>(&record.data)) sorted.push_back(std::move(*mx));
    }
    std::stable_sort(sorted.begin(), sorted.end(), [](const MxRecord& a, const MxRecord& b) {
      return a.preference < b.preference;
    });
    bool has_root = false;
    for (MxRecord& record : sorted) {
      // Few enough, even at their cap, to look through.
      const bool is_known = std::any_of(answer_.records.begin(), answer_.records.end(),
                                        [&](const MxRecord& r) { return r.host == record.host; });
      if (is_known) continue;
      if (record.host == ".") has_root = true;
      if (answer_.records.size() == kMaxMxRecords) {
        answer_.error_detail = JoinText("MX: more than ", kMaxMxRecords, " hosts");
        break;
      }
      answer_.records.push_back(std::move(record));
    }
    const bool alone = answer_.records.size() == 1;
    answer_.null_mx_with_others = has_root && !alone;
    answer_.status = has_root && alone ? MxStatus::kNullMx : MxStatus::kMx;
    RemarkOnRecords();
  }

  void RemarkOnRecords() {
    if (answer_.status == MxStatus::kNullMx) {
      const uint16_t preference = answer_.records.front().preference;
      if (preference != 0) {
        Remark(JoinText("a null MX with preference ", preference, ", not 0 (RFC 7505 §3)"));
      }
      return;
    }
    size_t remarks = 0;
    for (const MxRecord& record : answer_.records) {
      const std::string meant = NameBeforeDoubledOrigin(record.host, domain_);
      if (meant.empty()) continue;
      if (++remarks > kMaxRemarks) break;
      Remark(JoinText("the final dot seems to be missing behind ", meant, " in the zone file"));
    }
  }

  void Remark(std::string_view what) {
    AppendText(&answer_.remark, answer_.remark.empty() ? "" : "; ", ToAbsl(what));
  }

  // RFC 5321 §5.1: where there is no MX record, the domain itself is the host, if it has an
  // address.
  void AskForAddresses() {
    a_query_ = resolver_.Query(domain_, RrType::kA, [this](Response response) {
      a_query_ = 0;
      OnAddress("A", std::move(response));
    });
    aaaa_query_ = resolver_.Query(domain_, RrType::kAaaa, [this](Response response) {
      aaaa_query_ = 0;
      OnAddress("AAAA", std::move(response));
    });
  }

  void OnAddress(std::string_view type, Response response) {
    if (response.status == ResponseStatus::kOk) {
      answer_.status = MxStatus::kImplicit;
      answer_.error_detail.clear();
      answer_.records = {{0, domain_}};
      for (Resolver::QueryId* id : {&a_query_, &aaaa_query_}) {
        if (*id != 0) resolver_.Cancel(std::exchange(*id, 0));
      }
      return Finish();
    }
    if (Severity(response.status) > Severity(worst_address_)) {
      worst_address_ = response.status;
      answer_.error_detail = JoinText(std::string(type), ": ", response.detail);
    }
    if (a_query_ != 0 || aaaa_query_ != 0) return;
    answer_.status = IsAnswer(worst_address_) ? MxStatus::kNoMail : ErrorStatus(worst_address_);
    Finish();
  }

  // The callback may destroy *this: nothing may follow a call of Finish.
  void Finish() {
    Callback callback = std::move(callback_);
    callback(std::move(answer_));
  }

  Resolver& resolver_;
  Callback callback_;
  std::string domain_;
  MxAnswer answer_;
  ResponseStatus worst_address_ = ResponseStatus::kNoData;
  Resolver::QueryId mx_query_ = 0;
  Resolver::QueryId a_query_ = 0;
  Resolver::QueryId aaaa_query_ = 0;
  Timer timer_;
};

MxLookup::MxLookup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
MxLookup::~MxLookup() = default;

std::unique_ptr<MxLookup> MxLookup::Start(Resolver& resolver, std::string_view domain,
                                          Callback callback) {
  auto impl = std::make_unique<Impl>(resolver, std::move(callback));
  impl->Begin(domain);
  return std::unique_ptr<MxLookup>(new MxLookup(std::move(impl)));
}

}  // namespace mxsweep::dns
