// Keys whose private half is public: badkeys' list, as it is published
// (https://github.com/badkeys/badkeys, docs/BLOCKLISTFORMAT.md).
//
//   blocklist.dat     blocks of 16 bytes, sorted: the first 15 of a SHA-256, and a list's number
//   badkeysdata.json  the lists' names, and the SHA-256 of blocklist.dat
//
// What is hashed is a number of the key, big-endian, without leading zeros: an RSA modulus, an EC
// point's x, y of DSA and DH, the bytes of an Ed25519, Ed448 or X25519 key; of ML-DSA the bytes with
// all their zeros. So a key is found however it is written, and an RSA key with whichever exponent.
#ifndef MXSWEEP_TLS_KEYS_BLOCKLIST_H_
#define MXSWEEP_TLS_KEYS_BLOCKLIST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tls {

// Immutable and thread-safe. The file is mapped: it must not be shortened while this is there (one
// that is replaced by a rename is none the worse).
class KeyBlocklist {
 public:
  static constexpr size_t kBlockBytes = 16;

  // `path`: blocklist.dat, or the folder that holds it. Reads all of it once. kNotFound where there
  // is none; kDataLoss for a list that is cut, unsorted, or not the one that badkeysdata.json tells
  // of; kFailedPrecondition for one of another format. The message is a sentence. Without
  // badkeysdata.json lists have numbers in place of names, and a list that was cut between two
  // blocks cannot be told from a whole one.
  static absl::StatusOr<KeyBlocklist> Open(const std::string& path);

  KeyBlocklist(KeyBlocklist&& other) noexcept;
  KeyBlocklist& operator=(KeyBlocklist&&) = delete;
  ~KeyBlocklist();

  // The name of the list that has the key ("debianssl"; "list 7" where it has none); nothing where
  // none has it, or the key cannot be read.
  std::optional<std::string> Find(const PublicKeyFacts& key) const;

  size_t size() const { return blocks_.size() / kBlockBytes; }
  const std::string& path() const { return path_; }
  // When it was published, as badkeysdata.json says; "": unknown.
  const std::string& date() const { return date_; }

 private:
  explicit KeyBlocklist(std::string path) : path_(std::move(path)) {}

  absl::Status Map();
  absl::Status ReadNames();
  absl::Status CheckOrder() const;

  std::string path_;
  std::string date_;
  std::string named_sha256_;  // "": there is no badkeysdata.json
  std::map<int, std::string> names_;
  std::span<const uint8_t> blocks_;  // mapped
};

// Where a list is looked for when nobody says where it is, the first first: badkeys' own
// ($XDG_CACHE_HOME/badkeys, ~/.cache/badkeys), $XDG_DATA_HOME/mxsweep (~/.local/share/mxsweep),
// /usr/share/mxsweep.
std::vector<std::string> BlocklistFolders();

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_KEYS_BLOCKLIST_H_
