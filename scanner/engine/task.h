#ifndef MXSWEEP_SCANNER_ENGINE_TASK_H_
#define MXSWEEP_SCANNER_ENGINE_TASK_H_

#include <coroutine>
#include <cstddef>
#include <cstdlib>
#include <optional>
#include <utility>

#include "scanner/engine/frame_pool.h"

namespace mxsweep::scanner {

// Task<T> is a coroutine that starts when it is awaited and resumes its awaiter when it returns.
// Spawn() starts one that nobody awaits.
//
// A task belongs to one event loop and is resumed on that loop's thread only. It owns its frame: a
// task that is destroyed takes its frame along, so whatever the frame waits for must be cancellable
// (see Stream and Timer) or must have ended.
//
// Traps, kept out by habit: no lambda coroutines with captures; parameters are values, or pointers
// to objects that outlive the task and say so; and co_await stands alone or at the right of one
// assignment, never in a condition (`if (!co_await …)`), which GCC 12 miscompiles without a word.
template <typename T = void>
class [[nodiscard]] Task;

namespace internal {

// Coroutine frames come from a free list per size and thread instead of malloc.
struct PooledFrame {
  static void* operator new(size_t size) { return FramePool::Allocate(size); }
  static void operator delete(void* frame, size_t size) { FramePool::Release(frame, size); }
};

struct FinalAwaiter {
  bool detached;
  // A coroutine that nobody awaits goes on to its end, and frees itself there.
  bool await_ready() const noexcept { return detached; }
  template <typename Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
    return ended.promise().awaiter;
  }
  void await_resume() const noexcept {}
};

struct PromiseBase : PooledFrame {
  std::coroutine_handle<> awaiter;  // null: detached, once it runs

  std::suspend_always initial_suspend() noexcept { return {}; }
  FinalAwaiter final_suspend() noexcept { return {.detached = !awaiter}; }
  // Nothing of ours throws; what a library throws (out of memory) ends the process.
  void unhandled_exception() noexcept { std::abort(); }
};

template <typename T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  void return_value(T result) { value.emplace(std::move(result)); }
  T Take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void Take() {}
};

}  // namespace internal

template <typename T>
class [[nodiscard]] Task {
 public:
  using promise_type = internal::Promise<T>;
  using Handle = std::coroutine_handle<promise_type>;

  explicit Task(Handle handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  Task& operator=(Task&&) = delete;
  ~Task() {
    if (handle_) handle_.destroy();
  }

  // Gives the frame up to the coroutine itself. REQUIRES: it is resumed, and never awaited.
  Handle Detach() && { return std::exchange(handle_, nullptr); }

  auto operator co_await() && {
    struct Awaiter {
      Handle handle;
      bool await_ready() const { return false; }
      std::coroutine_handle<> await_suspend(std::coroutine_handle<> awaiter) {
        handle.promise().awaiter = awaiter;
        return handle;
      }
      T await_resume() { return handle.promise().Take(); }
    };
    return Awaiter{handle_};
  }

 private:
  Handle handle_;
};

namespace internal {

template <typename T>
Task<T> Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise<T>>::from_promise(*this));
}

inline Task<void> Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise<void>>::from_promise(*this));
}

}  // namespace internal

// Runs `task` until its first suspension; from there on it lives by what it waits for.
inline void Spawn(Task<void> task) { std::move(task).Detach().resume(); }

// A place for one coroutine to wait until somebody calls Set(). Set may come first. One thread.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  void Set() {
    set_ = true;
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  auto operator co_await() {
    struct Awaiter {
      Event* event;
      bool await_ready() const { return event->set_; }
      void await_suspend(std::coroutine_handle<> waiter) { event->waiter_ = waiter; }
      void await_resume() const {}
    };
    return Awaiter{this};
  }

 private:
  bool set_ = false;
  std::coroutine_handle<> waiter_;
};

// Counts what is under way and lets one coroutine wait until nothing is. One thread.
class Join {
 public:
  void Add() { ++open_; }
  void Done() {
    if (--open_ == 0 && waiter_) std::exchange(waiter_, nullptr).resume();
  }

  auto operator co_await() {
    struct Awaiter {
      Join* join;
      bool await_ready() const { return join->open_ == 0; }
      void await_suspend(std::coroutine_handle<> waiter) { join->waiter_ = waiter; }
      void await_resume() const {}
    };
    return Awaiter{this};
  }

 private:
  size_t open_ = 0;
  std::coroutine_handle<> waiter_;
};

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_ENGINE_TASK_H_
