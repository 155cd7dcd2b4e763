// Any bytes as a list of known keys: the first two say how many of them are badkeysdata.json, the
// rest is blocklist.dat. Files, since they are mapped.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "scanner/base/check.h"
#include "tls/keys/blocklist.h"

namespace {

class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mxsweep_fuzz_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  void Write(const char* name, const uint8_t* data, size_t size) const {
    std::ofstream(path_ + "/" + name, std::ios::binary | std::ios::trunc)
        .write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const Folder folder;
  const size_t names = std::min<size_t>(data[0] << 8 | data[1], size - 2);
  folder.Write("badkeysdata.json", data + 2, names);
  folder.Write("blocklist.dat", data + 2 + names, size - 2 - names);
  const auto list = mxsweep::tls::KeyBlocklist::Open(folder.path());
  if (!list.ok()) return 0;
  MXSWEEP_CHECK(list->size() == (size - 2 - names) / mxsweep::tls::KeyBlocklist::kBlockBytes);
  return 0;
}
