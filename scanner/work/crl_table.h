#ifndef MXSWEEP_SCANNER_WORK_CRL_TABLE_H_
#define MXSWEEP_SCANNER_WORK_CRL_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "absl/time/time.h"
#include "scanner/verdict/revocation.h"
#include "tls/revocation/crl.h"

namespace mxsweep::scanner {

// The revocation lists that one worker owns: each is fetched once, whoever asks, and what it says
// of a certificate is told to those who ask later. A list is known by its URL and the key of the
// certificates' issuer, who must have signed it; its owner is chosen by a hash of both.
// Thread-confined.
//
// Memory: see tls::RevocationList.
class CrlTable {
 public:
  using Callback = absl::AnyInvocable<void(CertificateRevocation)>;
  // A list, or a sentence that says why there is none.
  using Outcome = std::variant<tls::RevocationList, std::string>;

  // `issuer`: the DER of the issuer.
  static std::string KeyOf(std::string_view url, std::span<const uint8_t> issuer);

  // Calls `done` with what the list says: at once if it is there, else when Finish is called. True
  // if the caller is the first to ask and must see to it that Finish is called.
  bool Ask(const std::string& key, tls::CrlQuestion question, absl::Time now, Callback done);

  // Tells everybody who asked. `keep`: it also answers those who ask later; where there is no list,
  // for five minutes only, since whatever kept us from it may pass.
  void Finish(const std::string& key, Outcome outcome, absl::Time now, bool keep);
  // The same where the scan was stopped first: nobody learns anything.
  void GiveUp(const std::string& key);

  size_t lists() const { return finished_.size(); }

 private:
  struct Waiting {
    tls::CrlQuestion question;
    Callback done;
  };

  std::vector<Waiting> TakeWaiting(const std::string& key);

  struct Finished {
    Outcome outcome;
    absl::Time forget = absl::InfiniteFuture();
  };
  absl::flat_hash_map<std::string, Finished> finished_;
  absl::flat_hash_map<std::string, std::vector<Waiting>> waiting_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_CRL_TABLE_H_
