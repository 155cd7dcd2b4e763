#include "tools/explain/input.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "scanner/base/text.h"
#include "tools/explain/lines/delivery_reader.h"
#include "tools/explain/lines/envelope.h"
#include "tools/explain/lines/line_source.h"
#include "tools/explain/lines/log_reader.h"
#include "tools/explain/lines/mail_reader.h"
#include "tools/explain/lines/tls_report.h"
#include "tools/explain/utf16_source.h"

namespace mxsweep::tools {
namespace {

// At the front of a log so many lines are looked at for the time at which it begins.
constexpr uint64_t kMaxFirstLines = 100;
// The time stands at the front of a line.
constexpr size_t kTimeBytes = 64;
// What shows whether an input is a log, mail or a report.
constexpr size_t kStartBytes = 4096;
// RFC 8460 §3 has no limit; the largest senders' reports have some hundred kilobytes.
constexpr size_t kMaxReportBytes = 32 << 20;

// Gives back the first bytes of a source, which had to be read to see what it is.
class Resumed : public scanner::InputSource {
 public:
  Resumed(std::string start, std::unique_ptr<scanner::InputSource> rest)
      : start_(std::move(start)), rest_(std::move(rest)) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer) override {
    if (position_ == start_.size()) return rest_->Read(buffer);
    const size_t count = std::min(buffer.size(), start_.size() - position_);
    std::memcpy(buffer.data(), start_.data() + position_, count);
    position_ += count;
    return count;
  }
  uint64_t bytes_read() const override { return rest_->bytes_read(); }
  uint64_t size_bytes() const override { return rest_->size_bytes(); }

 private:
  std::string start_;
  size_t position_ = 0;
  std::unique_ptr<scanner::InputSource> rest_;
};

// Appends up to `most` bytes of `source`, or until `enough` says so, to `text`.
template <typename Enough>
absl::Status ReadSome(scanner::InputSource& source, size_t most, Enough enough, std::string* text) {
  char block[16 << 10];
  while (text->size() < most && !enough()) {
    const absl::StatusOr<size_t> got = source.Read(
        std::span(reinterpret_cast<uint8_t*>(block), std::min(sizeof(block), most - text->size())));
    if (!got.ok()) return got.status();
    if (*got == 0) break;
    text->append(block, *got);
  }
  return absl::OkStatus();
}

class Reader {
 public:
  Reader(int64_t now_s, InputSink* sink, InputTotals* totals)
      : now_s_(now_s), sink_(sink), totals_(totals) {}

  absl::Status Read(std::unique_ptr<scanner::InputSource> source) {
    std::string start;
    const absl::Status began = ReadSome(
        *source, kStartBytes,
        // Who types a line waits for its answer; a report is told by more than its first line.
        [&start] {
          const size_t begin = start.find_first_not_of("[ \t\r\n");
          const bool may_be_json = begin == std::string::npos || start[begin] == '{';
          return start.find('\n') != std::string::npos && !may_be_json;
        },
        &start);
    if (!began.ok()) return began;
    if (LooksLikeTlsReport(start)) {
      const absl::Status rest = ReadSome(
          *source, kMaxReportBytes, [] { return false; }, &start);
      if (!rest.ok()) return rest;
      return ReadReport(start);
    }
    const bool mail = LooksLikeMail(start);
    Resumed whole(std::move(start), std::move(source));
    return mail ? ReadMail(whole) : ReadLog(whole);
  }

 private:
  void Take(const Trouble& trouble) {
    if (trouble.time_s.has_value()) totals_->span.Include(*trouble.time_s);
    sink_->Take(trouble);
  }

  void Take(const Delivery& delivery) {
    if (delivery.time_s.has_value()) totals_->span.Include(*delivery.time_s);
    sink_->Take(delivery);
  }

  // All reports in a text; the first error, where one cannot be read.
  absl::Status ReadReport(std::string_view text) {
    absl::Status status;
    for (const std::string_view report : SplitReports(text)) {
      status.Update(ReadTlsReport(
          report, [this](const Trouble& trouble) { Take(trouble); },
          [this](const Delivery& delivery) { Take(delivery); }, &totals_->known_reports,
          &totals_->reports));
    }
    return status;
  }

  // What is attached and no report is nobody's trouble; what says that it is one and cannot be read
  // is told of.
  void ReadAttachment(MailReader::Attachment attachment) {
    const bool is_read = ReadsAsReport(std::move(attachment.bytes));
    if (!is_read && attachment.is_labelled) ++totals_->reports.not_read;
  }

  bool ReadsAsReport(std::string bytes) {
    absl::StatusOr<std::unique_ptr<scanner::InputSource>> plain =
        scanner::Decompress(scanner::FromString(std::move(bytes)));
    if (!plain.ok()) return false;
    std::string text;
    const absl::Status status = ReadSome(
        **plain, kMaxReportBytes, [] { return false; }, &text);
    return status.ok() && LooksLikeTlsReport(text) && ReadReport(text).ok();
  }

  absl::Status ReadMail(scanner::InputSource& source) {
    MailReader mail(
        [this](const Trouble& trouble) { Take(trouble); },
        [this](MailReader::Attachment attachment) { ReadAttachment(std::move(attachment)); });
    const absl::Status status = ForEachLine(source, [&](std::string_view line, uint64_t number) {
      ++totals_->lines;
      mail.Add(line, number);
    });
    mail.Finish();
    return status;
  }

  bool NoteTime(std::string_view line) {
    const Envelope envelope = ParseEnvelope(line, now_s_);
    if (envelope.time_s.has_value()) totals_->span.Include(*envelope.time_s);
    return envelope.time_s.has_value();
  }

  absl::Status ReadLog(scanner::InputSource& source) {
    LogReader log(now_s_, [this](const Trouble& trouble) { sink_->Take(trouble); });
    DeliveryReader deliveries(now_s_, [this](const Delivery& delivery) { Take(delivery); });
    const bool wants_deliveries = sink_->wants_deliveries();
    bool begun = false;
    std::string last;
    const absl::Status status = ForEachLine(source, [&](std::string_view line, uint64_t number) {
      ++totals_->lines;
      if (!begun && number <= kMaxFirstLines) begun = NoteTime(line);
      if (!line.empty()) last.assign(line.substr(0, kTimeBytes));
      log.Add(line, number);
      if (wants_deliveries) deliveries.Add(line);
    });
    log.Finish();
    deliveries.Finish();
    totals_->lines_without_time += deliveries.lines_without_time();
    NoteTime(last);
    return status;
  }

  int64_t now_s_;
  InputSink* sink_;
  InputTotals* totals_;
};

class LedgerSink : public InputSink {
 public:
  explicit LedgerSink(Ledger* ledger) : ledger_(ledger) {}
  void Take(const Trouble& trouble) override { ledger_->Add(trouble); }

 private:
  Ledger* ledger_;
};

}  // namespace

absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, InputSink* sink,
                       InputTotals* totals) {
  std::string start;
  const absl::Status began = ReadSome(
      *source, /*most=*/2, [] { return false; }, &start);
  if (!began.ok()) return began;
  const bool is_utf16 = IsUtf16(start);
  source = std::make_unique<Resumed>(std::move(start), std::move(source));
  absl::StatusOr<std::unique_ptr<scanner::InputSource>> plain =
      is_utf16 ? FromUtf16(std::move(source)) : scanner::Decompress(std::move(source));
  if (!plain.ok()) return plain.status();
  ++totals->inputs;
  return Reader(now_s, sink, totals).Read(*std::move(plain));
}

absl::Status ReadInput(std::unique_ptr<scanner::InputSource> source, int64_t now_s, Ledger* ledger,
                       InputTotals* totals) {
  LedgerSink sink(ledger);
  return ReadInput(std::move(source), now_s, &sink, totals);
}

}  // namespace mxsweep::tools
