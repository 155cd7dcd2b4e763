// Is a fall more than mail to who never encrypts, such as comes now and then? Pure functions.
#ifndef MXSWEEP_TOOLS_DASHBOARD_BATCHES_H_
#define MXSWEEP_TOOLS_DASHBOARD_BATCHES_H_

#include <cstddef>
#include <vector>

#include "tools/dashboard/causes.h"

namespace mxsweep::tools {

// Buckets of a series that have mail: of all of it, before the lower stretch, and in that.
struct StretchBuckets {
  size_t all = 0, before = 0, is = 0;
};

// A mailing to a place without STARTTLS is one event, however many deliveries it has, and the test
// that found the fall took each for itself. So it is made once more (Differ) with mail in clear
// counted by events: of a place in one bucket, one. Each delivery counts where encryption changed:
// the place, its name or its provider encrypts less than before, or TLS failed with it; and where
// the place has much mail in more of the buckets than before, by more than chance: that lasts.
bool IsMoreThanBatches(const std::vector<PlaceCounts>& places, const StretchBuckets& buckets);

}  // namespace mxsweep::tools

#endif  // MXSWEEP_TOOLS_DASHBOARD_BATCHES_H_
