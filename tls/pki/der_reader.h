// DER through BoringSSL's CBS: what certificates, revocation lists and OCSP responses are read
// with. For the .cc files only: it brings <openssl/bytestring.h> along.
//
// A Take… function reads one element from the front of `from` and says whether it was there. After
// a false, `from` may have moved on.
#ifndef MXSWEEP_TLS_PKI_DER_READER_H_
#define MXSWEEP_TLS_PKI_DER_READER_H_

#include <openssl/bytestring.h>

#include <cstdint>

#include "tls/pki/certificate_der.h"

namespace mxsweep::tls {

inline Bytes BytesOf(const CBS& cbs) { return {CBS_data(&cbs), CBS_len(&cbs)}; }

inline CBS ReaderOf(Bytes bytes) {
  CBS cbs;
  CBS_init(&cbs, bytes.data(), bytes.size());
  return cbs;
}

// The element with its tag and length.
inline bool TakeElement(CBS* from, Bytes* element, AsnTag tag) {
  CBS cbs;
  if (!CBS_get_asn1_element(from, &cbs, tag)) return false;
  *element = BytesOf(cbs);
  return true;
}

inline bool TakeContents(CBS* from, Bytes* contents, AsnTag tag) {
  CBS cbs;
  if (!CBS_get_asn1(from, &cbs, tag)) return false;
  *contents = BytesOf(cbs);
  return true;
}

// The bits of a BIT STRING of whole bytes: what a signature or a public key is.
inline bool TakeBitString(CBS* from, Bytes* bits) {
  CBS cbs;
  uint8_t unused_bits = 0;
  if (!CBS_get_asn1(from, &cbs, CBS_ASN1_BITSTRING) || !CBS_get_u8(&cbs, &unused_bits) ||
      unused_bits != 0) {
    return false;
  }
  *bits = BytesOf(cbs);
  return true;
}

// A UTCTime or GeneralizedTime. Asks for the tag first: a read that fails may have moved on.
inline bool PeekTime(const CBS& from) {
  return CBS_peek_asn1_tag(&from, CBS_ASN1_UTCTIME) ||
         CBS_peek_asn1_tag(&from, CBS_ASN1_GENERALIZEDTIME);
}

inline bool TakeTimeElement(CBS* from, Bytes* time) {
  const bool utc = CBS_peek_asn1_tag(from, CBS_ASN1_UTCTIME);
  return TakeElement(from, time, utc ? CBS_ASN1_UTCTIME : CBS_ASN1_GENERALIZEDTIME);
}

// The same in seconds since the epoch.
inline bool TakeTime(CBS* from, int64_t* time_s) {
  Bytes element;
  if (!TakeTimeElement(from, &element)) return false;
  const std::optional<int64_t> time = ParseTime(element);
  if (!time) return false;
  *time_s = *time;
  return true;
}

}  // namespace mxsweep::tls

#endif  // MXSWEEP_TLS_PKI_DER_READER_H_
