#include "tools/explain/lines/delivery_reader.h"

#include <optional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "scanner/base/text.h"
#include "tools/explain/lines/deliveries_of.h"
#include "tools/explain/lines/exchange_log.h"

namespace mxsweep::tools {
namespace {

// "smtpd" of "postfix/mx/smtpd"; empty of what is no service of Postfix.
std::string_view ServiceOf(std::string_view program) {
  const size_t slash = program.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : program.substr(slash + 1);
}

// The services of master.cf that users hand mail in at.
bool IsSubmission(std::string_view program) {
  return program.find("/submission") != std::string_view::npos ||
         program.find("/smtps") != std::string_view::npos;
}

}  // namespace

void Give(Delivery delivery, DeliveryReader::Take& take) {
  Remote& remote = delivery.remote;
  // Not every log has names and addresses where only such can be.
  remote.address = FindRemote(JoinText("[", remote.address, "]")).address;
  remote.host = FindRemote(JoinText("host=", remote.host)).host;
  if (remote.address == "127.0.0.1" || remote.address == "::1") return;
  take(std::move(delivery));
}

std::string SessionKey(const Envelope& envelope, std::string_view session) {
  return JoinText(envelope.machine, " ", envelope.program, " ", session);
}

std::string DomainOfAddress(std::string_view address) {
  const size_t at = address.rfind('@');
  if (at == std::string_view::npos) return {};
  std::string_view domain = address.substr(at + 1);
  domain = domain.substr(0, domain.find_first_of("> ,;\t\""));
  // As FindRemote has names, so that both tell one.
  return FindRemote(JoinText("to=<x@", domain, ">")).domain;
}

class DeliveryReader::Impl {
 public:
  Impl(int64_t now_s, Take take) : now_s_(now_s), take_(std::move(take)) {}

  void Add(std::string_view line) {
    if (line.empty()) return;
    if (line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
    if (line.starts_with('#')) {
      log_.TakeHeader(line);
      exchange_.TakeHeader(line);
      return;
    }
    const Envelope envelope = ParseEnvelope(line, now_s_);
    if (!envelope.time_s) ++lines_without_time_;
    if (const std::optional<ExchangeRow> row = log_.ReadRow(line)) {
      exchange_.Add(*row, envelope.time_s, take_);
    } else {
      AddLine(envelope);
    }
  }

  void Finish() { postfix_server_.Finish(take_); }
  uint64_t lines_without_time() const { return lines_without_time_; }

 private:
  void AddLine(const Envelope& envelope) {
    const std::string_view service = ServiceOf(envelope.program);
    if (service == "smtp") {
      postfix_client_.Add(envelope, take_);
    } else if (service == "smtpd") {
      if (!IsSubmission(envelope.program)) postfix_server_.Add(envelope, take_);
    } else if (!service.empty()) {
      return;
    } else if (OpenSmtpdDeliveries::IsOf(envelope)) {
      opensmtpd_.Add(envelope, take_);
    } else if (EximDeliveries::IsOf(envelope.text)) {
      exim_.Add(envelope, take_);
    } else if (SendmailDeliveries::IsOf(envelope.text)) {
      sendmail_.Add(envelope, take_);
    }
  }

  int64_t now_s_;
  Take take_;
  uint64_t lines_without_time_ = 0;
  ExchangeLog log_;
  PostfixClientDeliveries postfix_client_;
  PostfixServerDeliveries postfix_server_;
  EximDeliveries exim_;
  SendmailDeliveries sendmail_;
  OpenSmtpdDeliveries opensmtpd_;
  ExchangeDeliveries exchange_;
};

DeliveryReader::DeliveryReader(int64_t now_s, Take take)
    : impl_(std::make_unique<Impl>(now_s, std::move(take))) {}
DeliveryReader::~DeliveryReader() = default;

void DeliveryReader::Add(std::string_view line) { impl_->Add(line); }
void DeliveryReader::Finish() { impl_->Finish(); }
uint64_t DeliveryReader::lines_without_time() const { return impl_->lines_without_time(); }

}  // namespace mxsweep::tools
