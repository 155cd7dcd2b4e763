// The versions of TLS: their numbers on the wire and their names. There is no other list.
#ifndef MXSWEEP_TLS_SESSION_VERSION_H_
#define MXSWEEP_TLS_SESSION_VERSION_H_

#include <cstdint>
#include <string>

namespace mxsweep::tls {

inline constexpr uint16_t kSsl3 = 0x0300;
inline constexpr uint16_t kTls10 = 0x0301;
inline constexpr uint16_t kTls11 = 0x0302;
inline constexpr uint16_t kTls12 = 0x0303;
inline constexpr uint16_t kTls13 = 0x0304;

// "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", else "0xNNNN": what rows say.
std::string VersionName(uint16_t version);

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_SESSION_VERSION_H_
