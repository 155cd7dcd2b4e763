#include "tools/cli/log.h"

#include <spdlog/details/null_mutex.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>

#include <cstdio>
#include <utility>

namespace mxsweep::tools {
namespace {

class StandardErrorSink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit StandardErrorSink(std::function<void()> make_room) : make_room_(std::move(make_room)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t text;
    formatter_->format(message, text);
    make_room_();
    std::fwrite(text.data(), 1, text.size(), stderr);
  }
  void flush_() override { std::fflush(stderr); }

  std::function<void()> make_room_;
};

spdlog::level::level_enum LevelOf(scanner::LogLevel level) {
  switch (level) {
    case scanner::LogLevel::kDebug:
      return spdlog::level::debug;
    case scanner::LogLevel::kInfo:
      return spdlog::level::info;
    case scanner::LogLevel::kWarning:
      return spdlog::level::warn;
    case scanner::LogLevel::kError:
      return spdlog::level::err;
    case scanner::LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::info;
}

}  // namespace

Log::Log(scanner::LogLevel least, std::function<void()> make_room)
    : logger_(std::make_unique<spdlog::logger>(
          "mxsweep", std::make_shared<StandardErrorSink>(std::move(make_room)))) {
  logger_->set_level(LevelOf(least));
  logger_->flush_on(spdlog::level::trace);
  logger_->set_pattern(least == scanner::LogLevel::kDebug ? "%Y-%m-%dT%H:%M:%S.%eZ %l: %v" : "%v",
                       spdlog::pattern_time_type::utc);
}

Log::~Log() = default;

void Log::Say(scanner::LogLevel level, std::string_view line) {
  logger_->log(LevelOf(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace mxsweep::tools
