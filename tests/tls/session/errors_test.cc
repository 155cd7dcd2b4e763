#include "tls/session/errors.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace mxsweep::tls {
namespace {

TEST(AlertName, IsTheRegistrys) {
  EXPECT_EQ(AlertName(SSL_AD_HANDSHAKE_FAILURE), "handshake_failure");
  EXPECT_EQ(AlertName(SSL_AD_INSUFFICIENT_SECURITY), "insufficient_security");
  EXPECT_EQ(AlertName(SSL_AD_PROTOCOL_VERSION), "protocol_version");
  EXPECT_EQ(AlertName(SSL_AD_NO_APPLICATION_PROTOCOL), "no_application_protocol");
  EXPECT_EQ(AlertName(1), "");
}

TEST(AlertText, GivesUnknownAlertsTheirNumber) {
  EXPECT_EQ(AlertText(40), "handshake_failure");
  EXPECT_EQ(AlertText(200), "alert_200");
}

TEST(TakeLibraryErrors, EmptiesTheQueue) {
  ERR_clear_error();
  EXPECT_EQ(TakeLibraryErrors(), "");
  OPENSSL_PUT_ERROR(SSL, SSL_R_WRONG_VERSION_NUMBER);
  OPENSSL_PUT_ERROR(SSL, SSL_R_WRONG_CURVE);
  EXPECT_EQ(TakeLibraryErrors(), "WRONG_VERSION_NUMBER; WRONG_CURVE");
  EXPECT_EQ(TakeLibraryErrors(), "");
}

}  // namespace
}  // namespace mxsweep::tls
