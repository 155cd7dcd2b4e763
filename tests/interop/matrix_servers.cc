#include "tests/interop/matrix_servers.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "tests/interop/matrix_names.h"

namespace mxsweep::interop {
namespace {

constexpr char kServerWithNames[] = "by-name";
constexpr char kNamedCertificate[] = "p256";
constexpr char kRejects[] = "reject";

// "FILE,FILE", and "" for no certificates.
std::string ChainFiles(const CertificateMaker& certificates, const std::string& names) {
  std::vector<std::string> files;
  const std::vector<std::string> wanted = absl::StrSplit(names, ',', absl::SkipEmpty());
  for (const std::string& name : wanted) {
    files.push_back(certificates.ChainFile(name));
  }
  return absl::StrJoin(files, ",");
}

PostfixListener AsPostfix(const MatrixServer& server, const std::string& address,
                          const std::string& chain, const MatrixFiles& files) {
  PostfixListener listener = {.address = address, .chain_file = chain, .parameters = {}};
  const std::string text = absl::StrReplaceAll(
      server.settings, {{"$sni_map", files.sni_map}, {"$dh1024", files.dh1024}});
  const std::vector<std::string> settings = absl::StrSplit(text, ';', absl::SkipEmpty());
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    listener.parameters.emplace_back(setting.substr(0, equals), setting.substr(equals + 1));
  }
  return listener;
}

EximListener AsExim(const MatrixServer& server, const std::string& address,
                    const std::string& chain) {
  const bool rejects = server.settings == std::string(kRejects);
  return {.address = address,
          .chain_file = chain,
          .priorities = rejects ? "NORMAL" : server.settings,
          .rejects_all = rejects};
}

}  // namespace

std::map<std::string, std::string> MatrixAddresses() {
  std::map<std::string, std::string> addresses;
  for (const MatrixServer& server : MatrixServers()) {
    addresses[server.name] = absl::StrCat("127.25.16.", addresses.size() + 1);
  }
  return addresses;
}

MatrixListeners ListenersOfMatrix(const CertificateMaker& certificates, const MatrixFiles& files) {
  MatrixListeners listeners;
  const std::map<std::string, std::string> addresses = MatrixAddresses();
  for (const MatrixServer& server : MatrixServers()) {
    const std::string& address = addresses.at(server.name);
    const std::string chain = ChainFiles(certificates, server.certificates);
    const OpenSmtpdListener opensmtpd = {
        .address = address,
        .chain_file = chain,
        .key_file = chain.empty() ? "" : certificates.KeyFile(server.certificates)};
    switch (server.software) {
      case Software::kPostfix:
        listeners.postfix.push_back(AsPostfix(server, address, chain, files));
        break;
      case Software::kExim:
        listeners.exim.push_back(AsExim(server, address, chain));
        break;
      case Software::kOpenSmtpd:
        listeners.opensmtpd.push_back(opensmtpd);
        break;
      case Software::kOldOpenSmtpd:
        listeners.old_opensmtpd.push_back(opensmtpd);
        break;
    }
  }
  return listeners;
}

std::string MatrixSniMap(const CertificateMaker& certificates) {
  std::string map;
  for (const MatrixCase& test_case : MatrixCases()) {
    if (test_case.server != std::string(kServerWithNames)) continue;
    absl::StrAppend(&map, NamesOf(test_case).mx_host, " ",
                    certificates.ChainFile(kNamedCertificate), "\n");
  }
  return map;
}

}  // namespace mxsweep::interop
