// For LD_PRELOAD: a disk that fails. MXSWEEP_DISK_FAILS is "CALL ERRNO N DIRECTORY": the N-th call
// of write, fsync, rename, flock or open (for writing) within the directory fails with that error,
// and so does every one of any kind after it.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdlib>
#include <cstring>

namespace {

struct Order {
  char call[16] = "";
  int error = 0;
  int after = 0;
  char directory[PATH_MAX] = "";
};

const Order& TheOrder() {
  static const Order order = [] {
    Order read;
    const char* text = std::getenv("MXSWEEP_DISK_FAILS");
    if (text == nullptr || std::sscanf(text, "%15s %d %d %4095s", read.call, &read.error,
                                       &read.after, read.directory) != 4) {
      read.call[0] = '\0';
    }
    return read;
  }();
  return order;
}

std::atomic<int> calls{0};
std::atomic<bool> failing{false};

bool FailsNow(const char* call, const char* path) {
  const Order& order = TheOrder();
  if (order.call[0] == '\0' || std::strstr(path, order.directory) == nullptr) return false;
  if (std::strcmp(call, order.call) == 0 && calls.fetch_add(1) + 1 >= order.after) failing = true;
  if (!failing) return false;
  errno = order.error;
  return true;
}

bool FailsNow(const char* call, int fd) {
  char link[64];
  char path[PATH_MAX] = "";
  std::snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
  return readlink(link, path, sizeof(path) - 1) > 0 && FailsNow(call, path);
}

template <typename Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  static auto* const real = Real<ssize_t(int, const void*, size_t)>("write");
  return FailsNow("write", fd) ? -1 : real(fd, bytes, size);
}

extern "C" int fsync(int fd) {
  static auto* const real = Real<int(int)>("fsync");
  return FailsNow("fsync", fd) ? -1 : real(fd);
}

extern "C" int rename(const char* from, const char* to) noexcept {
  static auto* const real = Real<int(const char*, const char*)>("rename");
  return FailsNow("rename", to) ? -1 : real(from, to);
}

extern "C" int flock(int fd, int operation) {
  static auto* const real = Real<int(int, int)>("flock");
  return FailsNow("flock", fd) ? -1 : real(fd, operation);
}

extern "C" int open(const char* path, int flags, ...) {
  static auto* const real = Real<int(const char*, int, ...)>("open");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if ((flags & O_ACCMODE) != O_RDONLY && FailsNow("open", path)) return -1;
  return real(path, flags, mode);
}
