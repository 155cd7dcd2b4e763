#include "tests/interop/certificates.h"

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tests/interop/child_process.h"

namespace mxsweep::interop {
namespace {

constexpr absl::Duration kValidity = absl::Hours(24 * 30);
constexpr absl::Duration kClockSkew = absl::Hours(24);

// What `openssl ca` insists on. unique_subject: an expired certificate may have a brother.
constexpr char kAuthorityConfig[] = R"(
[ca]
default_ca = authority
[authority]
database = %1$s/index.txt
new_certs_dir = %1$s
serial = %1$s/serial
default_md = sha256
policy = any_name
unique_subject = no
[any_name]
commonName = supplied
[req]
distinguished_name = empty
[empty]
)";

constexpr char kCaExtensions[] =
    "basicConstraints = critical, CA:TRUE\nkeyUsage = critical, keyCertSign, cRLSign\n"
    "subjectKeyIdentifier = hash\n";

constexpr char kNoCaExtensions[] =
    "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, keyCertSign\n"
    "subjectKeyIdentifier = hash\n";
constexpr char kNameConstraint[] = "nameConstraints = critical, permitted;DNS:elsewhere.example\n";

std::string LeafExtensions(const LeafRequest& request) {
  std::string extensions =
      "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature";
  if (absl::StartsWith(request.key, "RSA-")) absl::StrAppend(&extensions, ", keyEncipherment");
  absl::StrAppend(&extensions, "\nextendedKeyUsage = ", request.purpose, "\n");
  if (request.common_name_only) return extensions;
  const auto as_name = [](std::string* out, const std::string& host) {
    absl::StrAppend(out, "DNS:", host);
  };
  absl::StrAppend(&extensions, "subjectAltName = ", absl::StrJoin(request.hosts, ",", as_name),
                  "\n");
  return extensions;
}

// "YYYYMMDDHHMMSSZ", as openssl ca takes it.
std::string Timestamp(absl::Time time) {
  return absl::FormatTime("%Y%m%d%H%M%SZ", time, absl::UTCTimeZone());
}

Arguments KeyOptions(const std::string& key) {
  if (absl::StartsWith(key, "RSA-")) {
    return {"-newkey", absl::StrCat("rsa:", absl::StripPrefix(key, "RSA-"))};
  }
  if (absl::StartsWith(key, "Ed")) return {"-newkey", key};
  return {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + key};
}

// When a certificate of this validity ends.
absl::Time EndOf(Validity validity) {
  switch (validity) {
    case Validity::kNow:
      break;
    case Validity::kPast:
      return absl::Now() - kClockSkew;
    case Validity::kFuture:
      return absl::Now() + 2 * kValidity;
  }
  return absl::Now() + kValidity;
}

// When it begins.
absl::Time BeginOf(Validity validity) {
  if (validity == Validity::kFuture) return absl::Now() + kValidity;
  return EndOf(validity) - kValidity - kClockSkew;
}

}  // namespace

absl::StatusOr<CertificateMaker> CertificateMaker::Create(std::string folder) {
  CertificateMaker maker(std::move(folder));
  const std::string config = absl::StrFormat(kAuthorityConfig, maker.folder_);
  if (auto status = WriteFile(maker.folder_ + "/ca.cnf", config); !status.ok()) return status;
  if (auto status = WriteFile(maker.folder_ + "/index.txt", ""); !status.ok()) return status;
  for (const absl::Status& status : {
           maker.MakeAuthority("root", "Interop Root", "", kCaExtensions),
           maker.MakeAuthority(kUntrustedRoot, "Untrusted Root", "", kCaExtensions),
           maker.MakeAuthority(kExpiredRoot, "Expired Root", "", kCaExtensions,
                               {.validity = Validity::kPast}),
           maker.MakeAuthority(kWeakRoot, "Feeble Root", "", kCaExtensions, {.key = "RSA-1024"}),
           maker.MakeAuthority(kWeakAuthority, "Interop Weak Intermediate", "root", kCaExtensions,
                               {.key = "RSA-1024"}),
           maker.MakeAuthority(kStrongAuthority, "Interop Strong Intermediate", "root",
                               kCaExtensions, {.key = "P-521", .digest = "sha512"}),
           maker.MakeAuthority(kSha1Authority, "Interop Aged Intermediate", "root", kCaExtensions,
                               {.digest = "sha1"}),
           maker.MakeAuthority(kIntermediate, "Interop Intermediate", "root", kCaExtensions),
           maker.MakeAuthority(kExpiredIntermediate, "Interop Lapsed Intermediate", "root",
                               kCaExtensions, {.validity = Validity::kPast}),
           maker.MakeAuthority(kNoAuthority, "Interop Pretender", "root", kNoCaExtensions),
           maker.MakeAuthority(kConstrainedAuthority, "Interop Narrow Intermediate", "root",
                               absl::StrCat(kCaExtensions, kNameConstraint)),
       }) {
    if (!status.ok()) return status;
  }
  std::string trusted;
  for (const char* const name : {"root", kWeakRoot}) {
    const auto pem = ReadFile(maker.LeafFile(name));
    if (!pem.ok()) return pem.status();
    absl::StrAppend(&trusted, *pem);
  }
  if (auto status = WriteFile(maker.TrustStore(), trusted); !status.ok()) return status;
  return maker;
}

absl::Status CertificateMaker::MakeRequest(const std::string& name, const std::string& key,
                                           const std::string& common_name) {
  Arguments arguments = {"openssl", "req", "-new", "-nodes", "-config", folder_ + "/ca.cnf"};
  for (std::string& option : KeyOptions(key)) arguments.push_back(std::move(option));
  for (const std::string& option :
       {std::string("-subj"), "/CN=" + common_name, std::string("-keyout"),
        folder_ + "/" + name + ".key", std::string("-out"), folder_ + "/" + name + ".csr"}) {
    arguments.push_back(option);
  }
  return RunSuccessfully(arguments).status();
}

absl::Status CertificateMaker::Sign(const LeafRequest& request, const std::string& extensions) {
  const std::string base = folder_ + "/" + request.name;
  if (auto status = WriteFile(base + ".ext", extensions); !status.ok()) return status;
  const bool is_own_issuer = request.issuer == kItself;
  const std::string issuer = folder_ + "/" + (is_own_issuer ? request.name : request.issuer);
  Arguments arguments = {"openssl",
                         "ca",
                         "-batch",
                         "-notext",
                         "-rand_serial",
                         "-config",
                         folder_ + "/ca.cnf",
                         "-md",
                         request.digest,
                         "-in",
                         base + ".csr",
                         "-out",
                         base + ".crt",
                         "-extfile",
                         base + ".ext",
                         "-startdate",
                         Timestamp(BeginOf(request.validity)),
                         "-enddate",
                         Timestamp(EndOf(request.validity)),
                         "-keyfile",
                         issuer + ".key"};
  if (is_own_issuer) {
    arguments.push_back("-selfsign");
  } else {
    arguments.insert(arguments.end(), {"-cert", issuer + ".crt"});
  }
  return RunSuccessfully(arguments).status();
}

absl::Status CertificateMaker::MakeAuthority(const std::string& name,
                                             const std::string& common_name,
                                             const std::string& issuer,
                                             const std::string& extensions,
                                             const AuthorityOptions& options) {
  // Roots are strong, lest they limit what OpenSSL says of the chains below them.
  const std::string strong = issuer.empty() ? "P-521" : "P-256";
  const std::string& key = options.key.empty() ? strong : options.key;
  if (auto status = MakeRequest(name, key, common_name); !status.ok()) return status;
  return Sign(
      {.name = name, .issuer = issuer, .validity = options.validity, .digest = options.digest},
      extensions);
}

absl::Status CertificateMaker::MakeLeaf(const LeafRequest& request) {
  auto status = MakeRequest(request.name, request.key, request.hosts.front());
  if (!status.ok()) return status;
  status = Sign(request, LeafExtensions(request));
  if (!status.ok()) return status;
  std::vector<std::string> parts = {KeyFile(request.name), LeafFile(request.name)};
  if (request.sent_with) {
    for (const std::string& name : *request.sent_with) parts.push_back(LeafFile(name));
  } else if (request.issuer != kItself) {
    parts.push_back(LeafFile(request.issuer));
  }
  std::string chain;
  for (const std::string& part : parts) {
    const absl::StatusOr<std::string> pem = ReadFile(part);
    if (!pem.ok()) return pem.status();
    absl::StrAppend(&chain, *pem);
  }
  return WriteFile(ChainFile(request.name), chain);
}

absl::StatusOr<std::string> TlsaData(const std::string& certificate_file, int selector,
                                     int matching_type) {
  // Several records may be made of one certificate.
  const std::string der = absl::StrCat(certificate_file, ".", selector, ".der");
  if (selector == 0) {
    const Arguments convert = {"openssl",  "x509", "-in",  certificate_file,
                               "-outform", "DER",  "-out", der};
    if (auto status = RunSuccessfully(convert).status(); !status.ok()) return status;
  } else {
    const Arguments extract = {"openssl", "x509",    "-in",  certificate_file,
                               "-noout",  "-pubkey", "-out", der + ".pem"};
    if (auto status = RunSuccessfully(extract).status(); !status.ok()) return status;
    const Arguments convert = {"openssl",  "pkey", "-pubin", "-in", der + ".pem",
                               "-outform", "DER",  "-out",   der};
    if (auto status = RunSuccessfully(convert).status(); !status.ok()) return status;
  }
  if (matching_type == 0) {
    const auto bytes = ReadFile(der);
    if (!bytes.ok()) return bytes.status();
    return absl::BytesToHexString(*bytes);
  }
  const auto digest =
      RunSuccessfully({"openssl", "dgst", matching_type == 1 ? "-sha256" : "-sha512", "-r", der});
  if (!digest.ok()) return digest.status();
  return std::string(absl::StripAsciiWhitespace(digest->substr(0, digest->find(' '))));
}

}  // namespace mxsweep::interop
