// What is remembered of sessions while a log is read.
#ifndef MXSWEEP_TOOLS_EXPLAIN_LINES_OPEN_SESSIONS_H_
#define MXSWEEP_TOOLS_EXPLAIN_LINES_OPEN_SESSIONS_H_

#include <iterator>
#include <list>
#include <string>
#include <unordered_map>
#include <utility>

namespace mxsweep::tools {

// Sessions by key, a bounded number of them: where there are more, the longest untouched is let go.
template <typename Session>
class OpenSessions {
 public:
  static constexpr size_t kMaxOpen = 4096;

  // The session of this key, a new one where there is none. `let_go` is called with a session that
  // has to give way. Valid until the next call.
  template <typename LetGo>
  Session& At(const std::string& key, LetGo let_go) {
    if (Session* const known = Find(key)) return *known;
    if (sessions_.size() >= kMaxOpen) {
      let_go(sessions_.front().second);
      by_key_.erase(sessions_.front().first);
      sessions_.pop_front();
    }
    sessions_.emplace_back(key, Session());
    by_key_[key] = std::prev(sessions_.end());
    return sessions_.back().second;
  }
  Session& At(const std::string& key) {
    return At(key, [](Session&) {});
  }

  Session* Find(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return nullptr;
    sessions_.splice(sessions_.end(), sessions_, found->second);
    return &found->second->second;
  }

  void Erase(const std::string& key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    sessions_.erase(found->second);
    by_key_.erase(found);
  }

  // Hands out all, the longest untouched first, and forgets them.
  template <typename LetGo>
  void Clear(LetGo let_go) {
    for (auto& [key, session] : sessions_) let_go(session);
    sessions_.clear();
    by_key_.clear();
  }

 private:
  using List = std::list<std::pair<std::string, Session>>;
  List sessions_;
  std::unordered_map<std::string, typename List::iterator> by_key_;
};

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_EXPLAIN_LINES_OPEN_SESSIONS_H_
