// What several resolve jobs have heard of one host. Pure.
#ifndef MXSWEEP_SCANNER_FLEET_HOST_ANSWERS_H_
#define MXSWEEP_SCANNER_FLEET_HOST_ANSWERS_H_

#include "dns/facts.h"

namespace mxsweep::scanner {

// Takes from `other` what `answer` lacks: a family that was answered there and not here, addresses
// that only that job was told (zones that take turns), TLSA records where the look-up failed here.
// What both know stays as it is here: so jobs are to be taken in their order.
void TakeAnswer(const dns::HostAnswer& other, dns::HostAnswer* answer);

}  // namespace mxsweep::scanner

#endif  // MXSWEEP_SCANNER_FLEET_HOST_ANSWERS_H_
