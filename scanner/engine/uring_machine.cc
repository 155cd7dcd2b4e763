#include "scanner/engine/uring_machine.h"

#include <liburing.h>

#include <utility>

#include "scanner/base/text.h"
#include "scanner/engine/uring_ring.h"

namespace mxsweep::scanner {
namespace {

// Each with those that it needs.
constexpr std::pair<std::string_view, unsigned> kFlags[] = {
    {"SINGLE_ISSUER", IORING_SETUP_SINGLE_ISSUER},
    {"DEFER_TASKRUN", IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_SINGLE_ISSUER},
    {"COOP_TASKRUN", IORING_SETUP_COOP_TASKRUN},
    {"SUBMIT_ALL", IORING_SETUP_SUBMIT_ALL},
};

// Those of UringRing::Restrict.
constexpr std::pair<std::string_view, int> kOperations[] = {
    {"READ", IORING_OP_READ},
    {"POLL_ADD", IORING_OP_POLL_ADD},
    {"ASYNC_CANCEL", IORING_OP_ASYNC_CANCEL},
    {"SOCKET", IORING_OP_SOCKET},
    {"CONNECT", IORING_OP_CONNECT},
    {"RECV", IORING_OP_RECV},
    {"SEND", IORING_OP_SEND},
    {"CLOSE", IORING_OP_CLOSE},
};

bool Takes(unsigned flags) {
  io_uring ring{};
  io_uring_params params{};
  params.flags = flags;
  if (io_uring_queue_init_params(4, &ring, &params) != 0) return false;
  io_uring_queue_exit(&ring);
  return true;
}

void ExamineOperations(UringMachine* machine) {
  io_uring_probe* probe = io_uring_get_probe();
  if (probe == nullptr) return;
  for (const auto& [name, operation] : kOperations) {
    if (io_uring_opcode_supported(probe, operation) == 0) {
      machine->missing_operations.emplace_back(name);
    }
  }
  io_uring_free_probe(probe);
}

}  // namespace

UringMachine ExamineUring() {
  UringMachine machine;
  machine.usable = UringRing::Create({.submission_entries = 8,
                                      .completion_entries = 16,
                                      .max_descriptors = 8,
                                      .receive_buffers = 8,
                                      .receive_buffer_bytes = 1024})
                       .status();
  for (const auto& [name, flags] : kFlags) {
    (Takes(flags) ? machine.fast_flags : machine.missing_flags).emplace_back(name);
  }
  ExamineOperations(&machine);
  return machine;
}

std::string TellUring(const UringMachine& machine) {
  if (!machine.usable.ok()) return std::string(MessageOf(machine.usable));
  std::string text;
  for (const std::string& flag : machine.fast_flags) {
    AppendText(&text, text.empty() ? "" : ", ", flag);
  }
  return text.empty() ? "none of the fast set-up flags" : text;
}

}  // namespace mxsweep::scanner
