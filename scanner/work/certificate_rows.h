#ifndef MXSWEEP_SCANNER_WORK_CERTIFICATE_ROWS_H_
#define MXSWEEP_SCANNER_WORK_CERTIFICATE_ROWS_H_

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "tls/pki/certificate_table.h"

namespace mxsweep::scanner {

// With --revocation, the row of a certificate waits for its revocation list. Meanwhile others may
// meet the same certificate, and no commit may hold an endpoint whose certificates are not in it or
// an earlier one: they wait here until the row is with the recorder.
//
// Thread-safety: full.
class CertificateRows {
 public:
  // Borrows `table`.
  explicit CertificateRows(tls::CertificateTable* table) : table_(table) {}

  // As CertificateTable::Intern. Whoever gets `first_seen` calls Recorded().
  tls::CertificateTable::Interned Intern(std::span<const uint8_t> der);

  // The row is with the recorder. Those who wait are told, on this thread.
  void Recorded(const tls::Certificate& certificate);

  // False if the row is with the recorder already; else true, and `told` is called when it is, on
  // whichever thread that happens.
  bool Await(const tls::Certificate& certificate, absl::AnyInvocable<void()> told);

 private:
  tls::CertificateTable* table_;
  std::mutex mutex_;  // guards pending_
  absl::flat_hash_map<tls::Sha256, std::vector<absl::AnyInvocable<void()>>> pending_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_CERTIFICATE_ROWS_H_
