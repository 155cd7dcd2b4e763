#include "scanner/engine/frame_pool.h"

#include <array>
#include <new>

namespace mxsweep::scanner {
namespace {

// Clang says it in a way of its own.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MXSWEEP_ADDRESS_SANITIZER 1
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define MXSWEEP_ADDRESS_SANITIZER 1
#endif

constexpr size_t kClassBytes = 64;
#if defined(MXSWEEP_ADDRESS_SANITIZER)
constexpr size_t kClasses = 1;  // none: AddressSanitizer sees what is touched after its release
#else
constexpr size_t kClasses = 128;  // frames under 8 KiB are pooled
#endif
constexpr size_t kMaxFreePerClass = 4096;

struct FreeFrame {
  FreeFrame* next;
};

struct FreeLists {
  struct List {
    FreeFrame* head = nullptr;
    size_t count = 0;
  };
  std::array<List, kClasses> lists;

  ~FreeLists() {
    for (List& list : lists) {
      while (list.head != nullptr) {
        FreeFrame* next = list.head->next;
        ::operator delete(list.head);
        list.head = next;
      }
      list.count = kMaxFreePerClass;  // a frame released after this goes back to the allocator
    }
  }
};

thread_local FreeLists free_lists;

size_t ClassOf(size_t size_bytes) { return (size_bytes + kClassBytes - 1) / kClassBytes; }

}  // namespace

void* FramePool::Allocate(size_t size_bytes) {
  const size_t size_class = ClassOf(size_bytes);
  if (size_class >= kClasses) return ::operator new(size_bytes);
  FreeLists::List& list = free_lists.lists[size_class];
  if (list.head == nullptr) return ::operator new(size_class* kClassBytes);
  FreeFrame* frame = list.head;
  list.head = frame->next;
  --list.count;
  return frame;
}

void FramePool::Release(void* memory, size_t size_bytes) {
  const size_t size_class = ClassOf(size_bytes);
  if (size_class >= kClasses || free_lists.lists[size_class].count >= kMaxFreePerClass) {
    ::operator delete(memory);
    return;
  }
  FreeLists::List& list = free_lists.lists[size_class];
  auto* frame = static_cast<FreeFrame*>(memory);
  frame->next = list.head;
  list.head = frame;
  ++list.count;
}

}  // namespace mxsweep::scanner
