// At which security levels OpenSSL makes a handshake: asked of it, one level after the other.
#ifndef MXSWEEP_TESTS_INTEROP_LEVELS_H_
#define MXSWEEP_TESTS_INTEROP_LEVELS_H_

#include <array>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "nlohmann/json.hpp"
#include "tests/interop/openssl_program.h"
#include "tests/interop/s_client.h"

namespace mxsweep::interop {

struct LevelQuestion {
  SClientTarget target;
  Session session;  // nothing else is offered
  OpensslProgram program;
};

// By level: whether the handshake was completed, and whether OpenSSL, verifying nothing, complained
// all the same of a key or digest in the certificates' path.
struct LevelAnswers {
  using ByLevel = std::array<bool, kHighestLevel + 1>;
  ByLevel unverified = {}, verified = {}, too_weak = {};
  const ByLevel& of(bool verifies) const { return verifies ? verified : unverified; }
};

// The answers, in the order of the questions.
absl::StatusOr<std::vector<LevelAnswers>> AskLevels(const SClient& s_client,
                                                    const std::vector<LevelQuestion>& questions);

// The session and the answers that a row of `endpoints` foretells: rules on the session end a
// handshake for everybody, those on certificates for who verifies.
Session SessionOf(const nlohmann::json& endpoint);
LevelAnswers ForetoldLevels(const nlohmann::json& endpoint, const OpensslProgram& program);

// "0 1 2", "-".
std::string LevelsOf(const LevelAnswers::ByLevel& completed);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_LEVELS_H_
