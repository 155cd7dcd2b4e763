#include "dns/policy_lookup.h"

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "dns/name.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

std::vector<std::string> TextsOf(const Response& response) {
  std::vector<std::string> texts;
  for (const ResourceRecord& record : response.records) {
    if (const auto* txt = std::get_if<TxtData>(&record.data)) texts.push_back(txt->text);
  }
  return texts;
}

// What a response comes to, with `read` for the records. Record is StsRecord or TlsRptRecord.
template <typename Record>
Record FromResponse(const Response& response, Record (*read)(std::span<const std::string>)) {
  Record record;
  if (IsAnswer(response.status)) {
    record = read(TextsOf(response));
    if (response.left_out.empty()) return record;
    // One that counts may be among those that were not read.
    if (record.status == PolicyRecordStatus::kNone) {
      record.status = PolicyRecordStatus::kLookupError;
    }
    if (record.detail.empty()) record.detail = JoinText("TXT: left out: ", response.left_out);
    return record;
  }
  record.status =
      IsLocal(response.status) ? PolicyRecordStatus::kLocalError : PolicyRecordStatus::kLookupError;
  record.detail = JoinText("TXT: ", response.detail);
  return record;
}

}  // namespace

class PolicyLookup::Impl {
 public:
  Impl(Resolver& resolver, Callback callback)
      : resolver_(resolver), callback_(std::move(callback)) {}
  ~Impl() {
    for (const Resolver::QueryId id : {sts_query_, tlsrpt_query_}) {
      if (id != 0) resolver_.Cancel(id);
    }
  }

  void Begin(std::string_view domain) {
    sts_query_ = Ask(JoinText("_mta-sts.", ToAbsl(domain)), [this](const Response& response) {
      sts_query_ = 0;
      records_.sts = FromResponse(response, ReadStsRecords);
      FinishIfAnswered();
    });
    tlsrpt_query_ = Ask(JoinText("_smtp._tls.", ToAbsl(domain)), [this](const Response& response) {
      tlsrpt_query_ = 0;
      records_.tlsrpt = FromResponse(response, ReadTlsRptRecords);
      FinishIfAnswered();
    });
    if (sts_query_ == 0) records_.sts.status = PolicyRecordStatus::kNone;
    if (tlsrpt_query_ == 0) records_.tlsrpt.status = PolicyRecordStatus::kNone;
    if (sts_query_ == 0 && tlsrpt_query_ == 0) {
      timer_ = Timer(resolver_.loop(), std::chrono::nanoseconds(0), [this] { FinishIfAnswered(); });
    }
  }

 private:
  // 0 for a name that cannot exist.
  template <typename OnResponse>
  Resolver::QueryId Ask(const std::string& name, OnResponse on_response) {
    if (name.size() > kMaxNameLength) return 0;
    return resolver_.Query(name, RrType::kTxt, std::move(on_response));
  }

  // The callback may destroy *this: nothing may follow it.
  void FinishIfAnswered() {
    if (sts_query_ != 0 || tlsrpt_query_ != 0) return;
    Callback callback = std::move(callback_);
    callback(std::move(records_));
  }

  Resolver& resolver_;
  Callback callback_;
  PolicyRecords records_;
  Resolver::QueryId sts_query_ = 0;
  Resolver::QueryId tlsrpt_query_ = 0;
  Timer timer_;
};

PolicyLookup::PolicyLookup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
PolicyLookup::~PolicyLookup() = default;

std::unique_ptr<PolicyLookup> PolicyLookup::Start(Resolver& resolver, std::string_view domain,
                                                  Callback callback) {
  auto impl = std::make_unique<Impl>(resolver, std::move(callback));
  impl->Begin(domain);
  return std::unique_ptr<PolicyLookup>(new PolicyLookup(std::move(impl)));
}

}  // namespace mxsweep::dns
