// Reads from mail logs what was handed over, out and in, and whether it was encrypted.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_READER_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_READER_H_

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "tools/explain/lines/delivery.h"

namespace mxsweep::tools {

// One log, line by line, of any of the formats that LogWriter names. What goes over loopback
// (content filters) is no delivery. What is open is bounded, whatever the log holds.
class DeliveryReader {
 public:
  using Take = absl::AnyInvocable<void(Delivery)>;

  // `now_s`: for times without a year.
  DeliveryReader(int64_t now_s, Take take);
  ~DeliveryReader();
  DeliveryReader(const DeliveryReader&) = delete;
  DeliveryReader& operator=(const DeliveryReader&) = delete;

  // A line without its end.
  void Add(std::string_view line);
  // Hands out what is open.
  void Finish();

  // Lines that cannot be put in time: with text, and without a time that is known here.
  uint64_t lines_without_time() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_DELIVERY_READER_H_
