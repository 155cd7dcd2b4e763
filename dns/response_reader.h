// From a DNS message to what it says to a question. Inside the room. Pure functions.
#ifndef MXSWEEP_DNS_RESPONSE_READER_H_
#define MXSWEEP_DNS_RESPONSE_READER_H_

#include <string>
#include <string_view>

#include "dns/message.h"
#include "dns/resolver.h"

namespace mxsweep::dns {

// `status` is one for which IsAnswer does not hold.
Response ErrorResponse(ResponseStatus status, std::string detail);

// What `message` says to (name, type). `trusted`: its AD bit is believed. TC is for the caller.
Response ReadResponse(Message message, std::string_view name, RrType type, bool trusted);

}  // namespace mxsweep::dns

#endif  // MXSWEEP_DNS_RESPONSE_READER_H_
