#ifndef MXSWEEP_SCANNER_WORK_ASK_OWNER_H_
#define MXSWEEP_SCANNER_WORK_ASK_OWNER_H_

#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "scanner/work/worker.h"

namespace mxsweep::scanner {

// Whoever asked is answered with one of these, once, on its own worker's thread.
template <typename Answer>
using Answered = absl::AnyInvocable<void(Answer)>;

// The one way in which a worker asks another for what the other owns: `serve(owner, question,
// answered)` runs on the owner's thread, and whatever it tells `answered`, then or later, reaches
// `answered` on the asker's. A worker that asks itself does so at once, without a message.
//
// The question travels by value: it borrows nothing from the asker's thread. The answer is copied
// or moved on its way back.
template <typename Answer, typename Question, typename Serve>
void AskOwner(Worker* asker, Worker* owner, Question question, Serve serve,
              Answered<Answer> answered) {
  if (owner == asker) return serve(owner, std::move(question), std::move(answered));
  owner->loop()->Post([asker, owner, question = std::move(question), serve,
                       answered = std::move(answered)]() mutable {
    serve(owner, std::move(question),
          Answered<Answer>([asker, answered = std::move(answered)](Answer answer) mutable {
            asker->loop()->Post([answered = std::move(answered),
                                 answer = std::remove_cvref_t<Answer>(std::forward<Answer>(
                                     answer))]() mutable { answered(std::move(answer)); });
          }));
  });
}

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_WORK_ASK_OWNER_H_
