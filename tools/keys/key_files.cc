#include "tools/keys/key_files.h"

#include <openssl/bytestring.h>
#include <openssl/mem.h>

#include <optional>

#include "scanner/base/text.h"
#include "tls/pki/certificate_der.h"
#include "tls/pki/pem_blocks.h"
#include "tls/pki/public_key.h"

namespace mxsweep::tools {
namespace {

using Der = std::vector<uint8_t>;

bool IsRsaNumbers(tls::Bytes der) {
  CBS input, sequence, modulus, exponent;
  CBS_init(&input, der.data(), der.size());
  return CBS_get_asn1(&input, &sequence, CBS_ASN1_SEQUENCE) &&
         CBS_get_asn1(&sequence, &modulus, CBS_ASN1_INTEGER) &&
         CBS_get_asn1(&sequence, &exponent, CBS_ASN1_INTEGER) && CBS_len(&sequence) == 0 &&
         CBS_len(&input) == 0;
}

// An RSAPublicKey (RFC 8017 §A.1.1) as a SubjectPublicKeyInfo.
std::optional<Der> WrapRsa(tls::Bytes numbers) {
  static constexpr uint8_t kRsaEncryption[] = {0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
                                               0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00};
  bssl::ScopedCBB out;
  CBB sequence, bits;
  uint8_t* data = nullptr;
  size_t size = 0;
  if (!CBB_init(out.get(), numbers.size() + 32) ||
      !CBB_add_asn1(out.get(), &sequence, CBS_ASN1_SEQUENCE) ||
      !CBB_add_bytes(&sequence, kRsaEncryption, sizeof(kRsaEncryption)) ||
      !CBB_add_asn1(&sequence, &bits, CBS_ASN1_BITSTRING) || !CBB_add_u8(&bits, 0) ||
      !CBB_add_bytes(&bits, numbers.data(), numbers.size()) ||
      !CBB_finish(out.get(), &data, &size)) {
    return std::nullopt;
  }
  const bssl::UniquePtr<uint8_t> owner(data);
  return Der(data, data + size);
}

absl::Status ReadDer(std::string_view text,
                     absl::FunctionRef<absl::Status(KeyFileKind, Der)> take) {
  const tls::Bytes bytes(reinterpret_cast<const uint8_t*>(text.data()), text.size());
  if (!tls::CutCertificate(bytes).spki.empty()) {
    return take(KeyFileKind::kCertificate, Der(bytes.begin(), bytes.end()));
  }
  if (!tls::ReadPublicKey(bytes).type_name.empty()) {
    return take(KeyFileKind::kPublicKey, Der(bytes.begin(), bytes.end()));
  }
  if (IsRsaNumbers(bytes)) {
    if (std::optional<Der> wrapped = WrapRsa(bytes)) {
      return take(KeyFileKind::kPublicKey, *std::move(wrapped));
    }
  }
  return InvalidArgument("no certificate and no public key in it, in PEM or DER");
}

}  // namespace

absl::Status ReadKeyText(std::string_view text,
                         absl::FunctionRef<absl::Status(KeyFileKind, Der)> take) {
  if (text.find("-----BEGIN ") == text.npos) return ReadDer(text, take);
  const absl::StatusOr<size_t> taken = tls::ReadPemBlocks(
      text, "key", [&take](std::string_view kind, tls::Bytes der) -> absl::StatusOr<bool> {
        std::optional<Der> key;
        if (tls::IsPemCertificate(kind) || kind == "PUBLIC KEY") {
          key.emplace(der.begin(), der.end());
        } else if (kind == "RSA PUBLIC KEY") {
          key = WrapRsa(der);
        }
        if (!key) return false;
        const absl::Status status =
            take(tls::IsPemCertificate(kind) ? KeyFileKind::kCertificate : KeyFileKind::kPublicKey,
                 *std::move(key));
        if (!status.ok()) return status;
        return true;
      });
  if (!taken.ok()) return taken.status();
  return *taken > 0 ? absl::OkStatus()
                    : InvalidArgument("no certificate and no public key among its PEM blocks");
}

}  // namespace mxsweep::tools
