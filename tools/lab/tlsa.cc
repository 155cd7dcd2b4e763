#include "tools/lab/tlsa.h"

#include <openssl/sha.h>

#include "scanner/base/text.h"
#include "tools/lab/text.h"

namespace mxsweep::lab {
namespace {

std::string Sha512(std::string_view data) {
  std::string out(SHA512_DIGEST_LENGTH, '\0');
  SHA512(reinterpret_cast<const uint8_t*>(data.data()), data.size(),
         reinterpret_cast<uint8_t*>(out.data()));
  return out;
}

Tlsa Record(uint8_t usage, uint8_t selector, uint8_t matching_type, const Certificate& of) {
  const std::string& selected = selector == 0 ? of.der : of.key->spki;
  return {usage, selector, matching_type,
          matching_type == 0   ? selected
          : matching_type == 1 ? Sha256(selected)
                               : Sha512(selected)};
}

// A digest of something that no server of the lab shows.
Tlsa Stale(uint8_t usage, uint8_t selector, uint8_t matching_type, uint32_t host) {
  const std::string old = JoinText("a key of host ", host, " that is no longer used");
  return {usage, selector, matching_type, matching_type == 1 ? Sha256(old) : Sha512(old)};
}

Tlsa Unusable(Tlsa record) {
  record.usable = false;
  return record;
}

// The anchor that 2 0 1 and 2 1 1 name: what follows the leaf in the chain.
Tlsa AnchorInChain(uint8_t selector, const Chain& chain, uint32_t host) {
  if (chain.certificates.size() < 2) return Stale(2, selector, 1, host);
  return Record(2, selector, 1, *chain.certificates[1]);
}

}  // namespace

std::vector<Tlsa> TlsaOf(const World& world, CertificateStore& store, uint32_t host_index) {
  const Host& host = world.hosts()[host_index];
  if (host.dane == DanePosture::kNone || host.dane == DanePosture::kServfail ||
      host.dane == DanePosture::kTimeout) {
    return {};
  }
  const std::shared_ptr<const Chain> chain = store.ChainOf(host.cert_owner);
  const Certificate& leaf = *chain->certificates[0];
  // A self-signed leaf leads to no root; any will do for records that then don't match.
  const Certificate& root = chain->root ? *chain->root : store.ec_root();
  switch (host.dane) {
    case DanePosture::kMatch311:
    case DanePosture::kInsecureAnswer:
      return {Record(3, 1, 1, leaf)};
    case DanePosture::kMatch301:
      return {Record(3, 0, 1, leaf)};
    case DanePosture::kMatch312:
      return {Record(3, 1, 2, leaf)};
    case DanePosture::kMatch310:
      return {Record(3, 1, 0, leaf)};
    case DanePosture::kMatch300:
      return {Record(3, 0, 0, leaf)};
    case DanePosture::kMatch201:
      return {AnchorInChain(0, *chain, host_index)};
    case DanePosture::kMatch211:
      return {AnchorInChain(1, *chain, host_index)};
    case DanePosture::kMatch200:
      return {Record(2, 0, 0, root)};
    case DanePosture::kMatch210:
      return {Record(2, 1, 0, root)};
    case DanePosture::kRolloverKeys:
      return {Record(3, 1, 1, leaf), Stale(3, 1, 1, host_index)};
    case DanePosture::kRolloverAnchor:
      return {Record(3, 1, 1, leaf), AnchorInChain(1, *chain, host_index)};
    case DanePosture::kMatchBesideUnusable:
      return {Unusable(Record(1, 0, 1, leaf)), Record(3, 1, 1, leaf)};
    case DanePosture::kMismatch311:
      return {Stale(3, 1, 1, host_index)};
    case DanePosture::kMismatchSeveral:
      return {Stale(3, 1, 1, host_index), Stale(3, 0, 1, host_index)};
    case DanePosture::kOtherCertificate:
      return {chain->for_rsa ? Record(3, 1, 1, *chain->for_rsa->certificates[0])
                             : Stale(3, 1, 1, host_index)};
    case DanePosture::kMismatch211:
      return {Stale(2, 1, 1, host_index)};
    case DanePosture::kAgilityTrap:
      return {Record(3, 1, 1, leaf), Stale(3, 1, 2, host_index)};
    case DanePosture::kUnusablePkix:
      return {Unusable(Record(0, 0, 1, root)), Unusable(Record(1, 1, 1, leaf))};
    case DanePosture::kUnusableMatchingType: {
      Tlsa record = Unusable(Record(3, 1, 1, leaf));
      record.matching_type = 3;
      return {record};
    }
    case DanePosture::kUnusableSelector: {
      Tlsa record = Unusable(Record(3, 1, 1, leaf));
      record.selector = 2;
      return {record};
    }
    case DanePosture::kUnusableLength: {
      Tlsa record = Unusable(Record(3, 1, 1, leaf));
      record.data.pop_back();
      return {record};
    }
    default:
      return {};
  }
}

std::string TlsaBase(const World& world, uint32_t host_index) {
  const Host& host = world.hosts()[host_index];
  const bool at_canonical_name = host.naming == HostNaming::kCnameSecure && host_index % 2 == 0;
  return at_canonical_name ? world.CanonicalName(host_index) : world.HostName(host_index);
}

}  // namespace mxsweep::lab
