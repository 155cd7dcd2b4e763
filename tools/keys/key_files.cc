#include "tools/keys/key_files.h"

#include <openssl/bytestring.h>
#include <openssl/mem.h>

#include <optional>
#include <string>

#include "scanner/base/sanitize.h"
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

// The certificate in a TRUSTED CERTIFICATE of OpenSSL's, in front of what it is trusted for.
std::optional<Der> CutTrusted(tls::Bytes der) {
  CBS input, certificate;
  CBS_init(&input, der.data(), der.size());
  if (!CBS_get_asn1_element(&input, &certificate, CBS_ASN1_SEQUENCE)) return std::nullopt;
  return Der(CBS_data(&certificate), CBS_data(&certificate) + CBS_len(&certificate));
}

// How a public key comes out of a block of this kind; empty where nothing is known of it.
std::string_view HowToRead(std::string_view kind) {
  if (kind == "CERTIFICATE REQUEST" || kind == "NEW CERTIFICATE REQUEST") {
    return ": openssl req -in FILE -noout -pubkey";
  }
  if (kind == "PKCS7") return ": openssl pkcs7 -in FILE -print_certs";
  if (kind == "OPENSSH PRIVATE KEY") return ": ssh-keygen -e -m PKCS8 -f FILE";
  if (kind.ends_with("PRIVATE KEY")) return ": openssl pkey -in FILE -pubout";
  return "";
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
  if (text.starts_with("ssh-") || text.starts_with("ecdsa-sha2-")) {
    return InvalidArgument("a key of SSH: ssh-keygen -e -m PKCS8 -f FILE makes one that is read");
  }
  return InvalidArgument("no certificate and no public key in it, in PEM or DER");
}

}  // namespace

absl::Status ReadKeyText(std::string_view text,
                         absl::FunctionRef<absl::Status(KeyFileKind, Der)> take) {
  if (text.find("-----BEGIN ") == text.npos) return ReadDer(text, take);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  std::string other;  // the first block that is none of ours
  const absl::StatusOr<size_t> taken = tls::ReadPemBlocks(
      text, "key", [&](std::string_view kind, tls::Bytes der) -> absl::StatusOr<bool> {
        std::optional<Der> key;
        const bool is_trusted = kind == "TRUSTED CERTIFICATE";
        if (is_trusted) {
          key = CutTrusted(der);
        } else if (tls::IsPemCertificate(kind) || kind == "PUBLIC KEY") {
          key.emplace(der.begin(), der.end());
        } else if (kind == "RSA PUBLIC KEY") {
          key = WrapRsa(der);
        }
        if (!key) {
          if (other.empty()) other = kind;
          return false;
        }
        const absl::Status status =
            take(is_trusted || tls::IsPemCertificate(kind) ? KeyFileKind::kCertificate
                                                           : KeyFileKind::kPublicKey,
                 *std::move(key));
        if (!status.ok()) return status;
        return true;
      });
  if (!taken.ok()) return taken.status();
  if (*taken > 0) return absl::OkStatus();
  return InvalidArgument(JoinText("no certificate and no public key among its PEM blocks",
                                  other.empty() ? "" : ", but ", SanitizeText(other, 60),
                                  HowToRead(other)));
}

}  // namespace mxsweep::tools
