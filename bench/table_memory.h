#ifndef MXSWEEP_BENCH_TABLE_MEMORY_H_
#define MXSWEEP_BENCH_TABLE_MEMORY_H_

#include <cstddef>

namespace mxsweep::bench {

// What a scan remembers of what it is done with, bytes each: the most that were ever in use, that
// while a table grows included, divided by their number.
struct TableBytes {
  double per_name = 0;     // seen in the list (NameSet)
  double per_host = 0;     // finished (HostTable)
  double per_address = 0;  // finished, and its politeness interval over (Gate)
  // Parked: an endpoint that waits in a crowd, with the host and the target that wait for it. The
  // host's place in the table of hosts, which it keeps when it is done, is per_host.
  double per_parked = 0;
  double per_certificate = 0;  // met and forgotten but for its fingerprint (CertificateTable)
};

// With `count` of each. Names and hosts have an owner each; addresses come at 1,000 a second, 200
// of them open at once. REQUIRES: count > 0; no other thread allocates meanwhile.
TableBytes MeasureTableBytes(size_t count);

}  // namespace mxsweep::bench

#endif  // MXSWEEP_BENCH_TABLE_MEMORY_H_
