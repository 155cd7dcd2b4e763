// The servers of the matrix: their addresses, and what StartPostfix and the others need to know.
#ifndef MXSWEEP_TESTS_INTEROP_MATRIX_SERVERS_H_
#define MXSWEEP_TESTS_INTEROP_MATRIX_SERVERS_H_

#include <map>
#include <string>
#include <vector>

#include "tests/interop/certificates.h"
#include "tests/interop/mail_servers.h"
#include "tests/interop/matrix_cases.h"

namespace mxsweep::interop {

// By the name of the server.
std::map<std::string, std::string> MatrixAddresses();

struct MatrixListeners {
  std::vector<PostfixListener> postfix;
  std::vector<EximListener> exim;
  std::vector<OpenSmtpdListener> opensmtpd;
  std::vector<OpenSmtpdListener> old_opensmtpd;
};

// What the settings of Postfix name.
struct MatrixFiles {
  std::string sni_map;  // for MatrixSniMap()
  std::string dh1024;   // parameters for finite-field Diffie-Hellman
};

MatrixListeners ListenersOfMatrix(const CertificateMaker& certificates, const MatrixFiles& files);

// Which names the server "by-name" has another certificate for: a table of Postfix.
std::string MatrixSniMap(const CertificateMaker& certificates);

}  // namespace mxsweep::interop

#endif  // MXSWEEP_TESTS_INTEROP_MATRIX_SERVERS_H_
