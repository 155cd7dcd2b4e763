#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "dns/mx_plan.h"
#include "dns/name.h"
#include "scanner/base/text.h"

namespace mxsweep::dns {
namespace {

LookupStatus ToLookupStatus(ResponseStatus status) {
  switch (status) {
    case ResponseStatus::kOk:
      return LookupStatus::kOk;
    case ResponseStatus::kNoData:
      return LookupStatus::kNoData;
    case ResponseStatus::kNxDomain:
      return LookupStatus::kNxDomain;
    case ResponseStatus::kBogus:
      return LookupStatus::kBogus;
    case ResponseStatus::kTimeout:
      return LookupStatus::kTimeout;
    case ResponseStatus::kServfail:
    case ResponseStatus::kRefused:
    case ResponseStatus::kMalformed:
      return LookupStatus::kServfail;
    case ResponseStatus::kLocalNoDescriptors:
    case ResponseStatus::kLocalError:
      return LookupStatus::kLocalError;
  }
  return LookupStatus::kLocalError;
}

// Which of two families' states stands for both. Addresses are addresses; without them an error
// outweighs a denial, because there might be some.
int Weight(LookupStatus status) {
  switch (status) {
    case LookupStatus::kOk:
      return 6;
    case LookupStatus::kBogus:
      return 5;
    case LookupStatus::kServfail:
      return 4;
    case LookupStatus::kTimeout:
      return 3;
    case LookupStatus::kLocalError:
      return 2;
    case LookupStatus::kNxDomain:
      return 1;
    case LookupStatus::kNoData:
      return 0;
  }
  return 0;
}

// Secure, insecure, error, bogus: from best to worst.
int Badness(DnssecState state) {
  switch (state) {
    case DnssecState::kSecure:
      return 0;
    case DnssecState::kInsecure:
      return 1;
    case DnssecState::kError:
      return 2;
    case DnssecState::kBogus:
      return 3;
  }
  return 3;
}

// What a question without an answer makes of the TLSA records: the DNS' failure is not ours.
TlsaStatus TlsaFailure(ResponseStatus status) {
  return IsLocal(status) ? TlsaStatus::kLocalError : TlsaStatus::kLookupError;
}

DnssecState Worse(DnssecState a, DnssecState b) { return Badness(a) >= Badness(b) ? a : b; }

}  // namespace

class HostLookup::Impl {
 public:
  Impl(Resolver& resolver, std::string_view host, const HostLookupOptions& options,
       Callback callback)
      : resolver_(resolver), host_(host), options_(options), callback_(std::move(callback)) {}
  ~Impl() {
    for (const Resolver::QueryId id : {a_query_, aaaa_query_, next_query_}) {
      if (id != 0) resolver_.Cancel(id);
    }
  }

  void Begin() {
    answer_.name_kind = ClassifyMxHost(host_);
    if (!IsLookedUp(answer_.name_kind)) {
      answer_.error_detail = MxHostProblem(host_);
      timer_ = Timer(resolver_.loop(), std::chrono::nanoseconds(0), [this] { Finish(); });
      return;
    }
    a_query_ = resolver_.Query(host_, RrType::kA, [this](Response response) {
      a_query_ = 0;
      a_ = std::move(response);
      OnAddresses();
    });
    aaaa_query_ = resolver_.Query(host_, RrType::kAaaa, [this](Response response) {
      aaaa_query_ = 0;
      aaaa_ = std::move(response);
      OnAddresses();
    });
  }

 private:
  void OnAddresses() {
    if (a_query_ != 0 || aaaa_query_ != 0) return;
    TakeFamily("A", a_, answer_.a_status, answer_.a_dnssec);
    TakeFamily("AAAA", aaaa_, answer_.aaaa_status, answer_.aaaa_dnssec);
    const LookupStatus a = *answer_.a_status;
    const LookupStatus aaaa = *answer_.aaaa_status;
    answer_.address_status = Weight(a) >= Weight(aaaa) ? a : aaaa;
    answer_.address_dnssec = AddressDnssec();
    const bool a_secure = IsSecure(a_);
    const bool aaaa_secure = IsSecure(aaaa_);
    const Response& secure = a_secure ? a_ : aaaa_;
    if (!secure.cname_chain.empty()) secure_name_ = secure.cname_chain.back();
    a_ = {};
    aaaa_ = {};
    if (answer_.addresses.empty() || !options_.lookup_tlsa) return Finish();
    ChooseTlsaBases(a_secure, aaaa_secure);
  }

  void TakeFamily(std::string_view type, const Response& response,
                  std::optional<LookupStatus>& status, std::optional<DnssecState>& dnssec) {
    status = ToLookupStatus(response.status);
    dnssec = response.dnssec;
    if (!IsAnswer(response.status)) Note(type, response.detail);
    if (!response.cname_chain.empty() && !answer_.is_cname) {
      answer_.is_cname = true;
      answer_.canonical_name = response.cname_chain.back();
    }
    size_t taken = 0;
    for (const ResourceRecord& record : response.records) {
      const auto* address = std::get_if<IpAddress>(&record.data);
      if (address == nullptr) continue;
      const auto& known = answer_.addresses;
      if (std::find(known.begin(), known.end(), *address) != known.end()) continue;
      if (taken++ == kMaxAddressesPerFamily) {
        Note(type, JoinText("more than ", kMaxAddressesPerFamily, " addresses"));
        break;
      }
      answer_.addresses.push_back(*address);
    }
    if (!response.left_out.empty()) Note(type, JoinText("left out: ", response.left_out));
  }

  // A family without addresses has no say: neither its failure nor its denial, which may be
  // insecure where the zone is signed (NSEC3 with more iterations than the resolver follows).
  DnssecState AddressDnssec() const {
    const bool a = answer_.a_status == LookupStatus::kOk;
    const bool aaaa = answer_.aaaa_status == LookupStatus::kOk;
    if (a != aaaa) return a ? a_.dnssec : aaaa_.dnssec;
    return Worse(a_.dnssec, aaaa_.dnssec);
  }

  bool IsSecure(const Response& response) const {
    return response.status == ResponseStatus::kOk && response.dnssec == DnssecState::kSecure;
  }

  // RFC 7672 §2.2.2–2.2.3: the securely expanded name first, then the original one; intermediate
  // names never. Where the expansion is insecure somewhere, the original name is still worth asking
  // if its own CNAME record is signed, which only a question for that record tells.
  void ChooseTlsaBases(bool a_secure, bool aaaa_secure) {
    if (a_secure || aaaa_secure) {
      // Addresses that anybody could have forged have no part in what the others' records say.
      answer_.tlsa_for_ipv4 = a_secure || answer_.a_status != LookupStatus::kOk;
      answer_.tlsa_for_ipv6 = aaaa_secure || answer_.aaaa_status != LookupStatus::kOk;
      if (!secure_name_.empty()) bases_.push_back(secure_name_);
      bases_.push_back(host_);
      return AskTlsa();
    }
    answer_.tlsa_status = TlsaStatus::kInsecure;
    if (!answer_.is_cname) return Finish();
    next_query_ = resolver_.Query(host_, RrType::kCname, [this](Response response) {
      next_query_ = 0;
      OnInitialCname(response);
    });
  }

  void OnInitialCname(const Response& response) {
    if (!IsAnswer(response.status)) {
      answer_.tlsa_status = TlsaFailure(response.status);
      Note("CNAME", response.detail);
      return Finish();
    }
    if (response.status != ResponseStatus::kOk || response.dnssec != DnssecState::kSecure) {
      return Finish();
    }
    bases_.push_back(host_);
    AskTlsa();
  }

  void AskTlsa() {
    answer_.tlsa_status = TlsaStatus::kNone;
    AskNextTlsa();
  }

  void AskNextTlsa() {
    if (base_index_ == bases_.size()) return Finish();
    const std::string name = JoinText("_", options_.port, "._tcp.", bases_[base_index_]);
    // A name that does not fit cannot exist.
    if (name.size() > kMaxNameLength) {
      ++base_index_;
      return AskNextTlsa();
    }
    next_query_ = resolver_.Query(name, RrType::kTlsa, [this](Response response) {
      next_query_ = 0;
      OnTlsa(std::move(response));
    });
  }

  void OnTlsa(Response response) {
    // RFC 7672 §2.1.1: an error may hide records, so the next name must not be tried instead.
    if (!IsAnswer(response.status)) {
      answer_.tlsa_status = TlsaFailure(response.status);
      Note("TLSA", response.detail);
      return Finish();
    }
    if (response.status == ResponseStatus::kOk) {
      if (response.dnssec == DnssecState::kSecure) return TakeTlsa(response);
      // Insecure records are as good as none (RFC 7672 §2.2), and are told apart from none.
      answer_.tlsa_status = TlsaStatus::kInsecure;
    }
    ++base_index_;
    AskNextTlsa();
  }

  void TakeTlsa(Response& response) {
    answer_.tlsa_status = TlsaStatus::kSecure;
    answer_.tlsa_base_domain = bases_[base_index_];
    for (ResourceRecord& record : response.records) {
      auto* tlsa = std::get_if<TlsaRecord>(&record.data);
      if (tlsa == nullptr) continue;
      if (answer_.tlsa.size() == kMaxTlsaRecords) {
        Note("TLSA", JoinText("more than ", kMaxTlsaRecords, " records"));
        answer_.tlsa_left_out = true;
        break;
      }
      answer_.tlsa.push_back(std::move(*tlsa));
    }
    if (!response.left_out.empty()) {
      Note("TLSA", JoinText("left out: ", response.left_out));
      answer_.tlsa_left_out = true;
    }
    Finish();
  }

  void Note(std::string_view type, std::string_view what) {
    AppendText(&answer_.error_detail, answer_.error_detail.empty() ? "" : "; ", ToAbsl(type), ": ",
               ToAbsl(what));
  }

  // The callback may destroy *this: nothing may follow a call of Finish.
  void Finish() {
    Callback callback = std::move(callback_);
    callback(std::move(answer_));
  }

  Resolver& resolver_;
  const std::string host_;
  const HostLookupOptions options_;
  Callback callback_;
  HostAnswer answer_;
  Response a_;
  Response aaaa_;
  std::string secure_name_;  // What the host securely expands to; empty: it is no CNAME.
  std::vector<std::string> bases_;
  size_t base_index_ = 0;
  Resolver::QueryId a_query_ = 0;
  Resolver::QueryId aaaa_query_ = 0;
  Resolver::QueryId next_query_ = 0;
  Timer timer_;
};

HostLookup::HostLookup(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HostLookup::~HostLookup() = default;

std::unique_ptr<HostLookup> HostLookup::Start(Resolver& resolver, std::string_view host,
                                              const HostLookupOptions& options, Callback callback) {
  auto impl = std::make_unique<Impl>(resolver, host, options, std::move(callback));
  impl->Begin();
  return std::unique_ptr<HostLookup>(new HostLookup(std::move(impl)));
}

}  // namespace mxsweep::dns
