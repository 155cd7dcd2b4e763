#include "tests/interop/certificates.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
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

std::string LeafExtensions(const std::vector<std::string>& hosts) {
  return absl::StrCat(
      "basicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature, "
      "keyEncipherment\nextendedKeyUsage = serverAuth\nsubjectAltName = ",
      absl::StrJoin(
          hosts, ",",
          [](std::string* out, const std::string& host) { absl::StrAppend(out, "DNS:", host); }),
      "\n");
}

// "YYYYMMDDHHMMSSZ", as openssl ca takes it.
std::string Timestamp(absl::Time time) {
  return absl::FormatTime("%Y%m%d%H%M%SZ", time, absl::UTCTimeZone());
}

Arguments KeyOptions(const std::string& key) {
  if (absl::StartsWith(key, "RSA-")) {
    return {"-newkey", absl::StrCat("rsa:", absl::StripPrefix(key, "RSA-"))};
  }
  return {"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:" + key};
}

}  // namespace

absl::StatusOr<CertificateMaker> CertificateMaker::Create(std::string folder) {
  CertificateMaker maker(std::move(folder));
  const std::string config = absl::StrFormat(kAuthorityConfig, maker.folder_);
  if (auto status = WriteFile(maker.folder_ + "/ca.cnf", config); !status.ok()) return status;
  if (auto status = WriteFile(maker.folder_ + "/index.txt", ""); !status.ok()) return status;
  if (auto status = maker.MakeRoot("root", "Interop Root"); !status.ok()) return status;
  if (auto status = maker.MakeRoot("stranger", "Untrusted Root"); !status.ok()) return status;
  if (auto status = maker.MakeIntermediate(); !status.ok()) return status;
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

absl::Status CertificateMaker::Sign(const std::string& name, const std::string& issuer,
                                    const std::string& extensions, bool is_expired) {
  const std::string base = folder_ + "/" + name;
  if (auto status = WriteFile(base + ".ext", extensions); !status.ok()) return status;
  const absl::Time end = absl::Now() + (is_expired ? -kClockSkew : kValidity);
  Arguments arguments = {"openssl",
                         "ca",
                         "-batch",
                         "-notext",
                         "-rand_serial",
                         "-config",
                         folder_ + "/ca.cnf",
                         "-in",
                         base + ".csr",
                         "-out",
                         base + ".crt",
                         "-extfile",
                         base + ".ext",
                         "-startdate",
                         Timestamp(end - kValidity - kClockSkew),
                         "-enddate",
                         Timestamp(end),
                         "-keyfile",
                         folder_ + "/" + issuer + ".key"};
  if (issuer == name) {
    arguments.push_back("-selfsign");
  } else {
    arguments.push_back("-cert");
    arguments.push_back(folder_ + "/" + issuer + ".crt");
  }
  return RunSuccessfully(arguments).status();
}

absl::Status CertificateMaker::MakeRoot(const std::string& name, const std::string& common_name) {
  // Strong, for it is not in the chains that mxsweep sees, and must not limit what OpenSSL says.
  if (auto status = MakeRequest(name, "P-521", common_name); !status.ok()) return status;
  return Sign(name, name, kCaExtensions, false);
}

absl::Status CertificateMaker::MakeIntermediate() {
  if (auto status = MakeRequest("intermediate", "P-256", "Interop Intermediate"); !status.ok()) {
    return status;
  }
  return Sign("intermediate", "root", kCaExtensions, false);
}

absl::Status CertificateMaker::MakeLeaf(const LeafRequest& request) {
  if (auto status = MakeRequest(request.name, request.key, request.hosts.front()); !status.ok()) {
    return status;
  }
  const std::string issuer = request.issuer == Issuer::kIntermediate    ? "intermediate"
                             : request.issuer == Issuer::kUntrustedRoot ? "stranger"
                                                                        : request.name;
  auto status = Sign(request.name, issuer, LeafExtensions(request.hosts), request.is_expired);
  if (!status.ok()) return status;
  std::vector<std::string> parts = {folder_ + "/" + request.name + ".key", LeafFile(request.name)};
  if (request.send_issuer && issuer != request.name) parts.push_back(LeafFile(issuer));
  std::string chain;
  for (const std::string& part : parts) {
    const absl::StatusOr<std::string> pem = ReadFile(part);
    if (!pem.ok()) return pem.status();
    absl::StrAppend(&chain, *pem);
  }
  return WriteFile(ChainFile(request.name), chain);
}

absl::StatusOr<std::string> TlsaSha256(const std::string& certificate_file, int selector) {
  const std::string der = certificate_file + ".tlsa";
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
  const auto digest = RunSuccessfully({"openssl", "dgst", "-sha256", "-r", der});
  if (!digest.ok()) return digest.status();
  return std::string(absl::StripAsciiWhitespace(digest->substr(0, digest->find(' '))));
}

}  // namespace mxsweep::interop
