// The words of a comparison by place, for people and for programs.
#ifndef MXSWEEP_TOOLS_DIFF_PLACE_WORDS_H_
#define MXSWEEP_TOOLS_DIFF_PLACE_WORDS_H_

#include <string>
#include <string_view>

#include "tools/diff/facts.h"
#include "tools/diff/place.h"
#include "tools/diff/place_domains.h"
#include "tools/diff/place_names.h"

namespace mxsweep::tools {

// "connect_refused", "no_reply" …
std::string_view EndingWord(Ending ending);
// Of addresses: "refuse the connection"; of kNotKnown: "fail in several ways".
std::string_view EndingTitle(Ending ending);

// "encrypts", "no_starttls" …
std::string_view DialogueWord(Dialogue dialogue);
// "TLSv1.3"; empty where it is not known.
std::string_view VersionWord(Version version);

// "addresses of other networks"; `alone`: the name of the place that is given more.
std::string NameAnswerTitle(NameAnswer answer, std::string_view alone);

// "no server answers NAME, and one answers OTHER".
std::string DomainCauseTitle(const DomainCause& cause, const ByPlace<std::string>& names);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DIFF_PLACE_WORDS_H_
