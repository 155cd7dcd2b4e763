// Any bytes as the address of a resolver: what is taken is the same when it is written out.
#include <cstdint>
#include <string_view>

#include "dns/server_address.h"
#include "scanner/base/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto server = mxsweep::dns::ParseServerAddress({reinterpret_cast<const char*>(data), size});
  if (!server.ok()) return 0;
  const auto again = mxsweep::dns::ParseServerAddress(server->ToString());
  MXSWEEP_CHECK(again.ok() && *again == *server);
  return 0;
}
