#include "tls/probe/client_hello.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "tls/probe/probes.h"
#include "tls/probe/suites.h"

namespace mxsweep::tls {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

std::array<uint8_t, 32> Random() {
  std::array<uint8_t, 32> random;
  random.fill(0xab);
  return random;
}

ClientHello Of(ProbeKind kind, uint8_t parts = 0) {
  return HelloOf({kind, parts}, "mx.example.org", Random());
}

// What `command` sends to the port PORT of 127.0.0.1, up to the end of the first record.
std::string FirstRecordOf(std::string command) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = {
      .sin_family = AF_INET, .sin_port = 0, .sin_addr = {htonl(INADDR_LOOPBACK)}, .sin_zero = {}};
  socklen_t length = sizeof(address);
  const timeval patience = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
      listen(listener, 1) != 0 ||
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    std::abort();
  }
  command.replace(command.find("PORT"), 4, std::to_string(ntohs(address.sin_port)));
  FILE* const client = popen(command.c_str(), "w");
  const int fd = accept(listener, nullptr, nullptr);
  std::string got;
  while (fd >= 0 && (got.size() < 5 || got.size() < 5u + (static_cast<uint8_t>(got[3]) << 8 |
                                                          static_cast<uint8_t>(got[4])))) {
    char buffer[4096];
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n <= 0) break;
    got.append(buffer, static_cast<size_t>(n));
  }
  close(fd);
  close(listener);
  pclose(client);
  return got;
}

// The bytes of `theirs` where the two differ only in what is random: copied into ours.
void CopyRandomParts(const std::string& theirs, ClientHello* ours) {
  const size_t random_at = 5 + 4 + 2;  // record header, message header, version
  std::copy_n(theirs.begin() + random_at, 32, ours->random.begin());
  const size_t id_at = random_at + 32 + 1;
  ours->session_id.assign(theirs.begin() + id_at, theirs.begin() + id_at + 32);
  // X25519, and 32 bytes of key.
  const size_t share_at = theirs.find(std::string("\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20", 10));
  ASSERT_NE(share_at, std::string::npos);
  ours->key_shares->at(0).key_exchange.assign(theirs.begin() + share_at + 10,
                                              theirs.begin() + share_at + 42);
}

// The options are Postfix's: its default ciphers at security level "may", SSL_OP_ALL (-bugs), TLS
// 1.0 and later.
TEST(ClientHello, OfTheFollowUpIsThatOfOpenssl30ByteForByte) {
  if (std::system("openssl version 2>/dev/null | grep -q '^OpenSSL 3\\.0\\.'") != 0) {
    GTEST_SKIP() << "no openssl program of 3.0";
  }
  const std::string theirs = FirstRecordOf(
      "OPENSSL_CONF=/dev/null openssl s_client -connect 127.0.0.1:PORT -servername mx.example.org "
      "-bugs -min_protocol TLSv1 -cipher "
      "'aNULL:-aNULL:HIGH:MEDIUM:+RC4:@STRENGTH:@SECLEVEL=0' >/dev/null 2>&1");
  ASSERT_GT(theirs.size(), 300u);
  ClientHello ours = Of(ProbeKind::kFollowUp);
  CopyRandomParts(theirs, &ours);
  EXPECT_EQ(WriteClientHello(ours), theirs);
}

// RFC 6101 §5.6.1.2, byte for byte: nothing after the compression methods.
TEST(ClientHello, OfSsl3HasNoExtensions) {
  ClientHello hello;
  hello.record_version = kSsl3;
  hello.legacy_version = kSsl3;
  hello.extensions = false;
  hello.server_name = "mx.example.org";
  hello.suites = {0x0005, 0x00ff};
  const std::string expected = std::string("\x16\x03\x00\x00\x2f\x01\x00\x00\x2b\x03\x00", 11) +
                               std::string(32, '\0') +
                               std::string("\x00\x00\x04\x00\x05\x00\xff\x01\x00", 9);
  EXPECT_EQ(WriteClientHello(hello), expected);
}

// RFC 6066 §3 and RFC 8446 §4.2.8: the name in its list, an empty list of key shares.
TEST(ClientHello, WritesAnEmptyListOfKeyShares) {
  ClientHello hello;
  hello.suites = {0x1301};
  hello.server_name = "a.b";
  hello.key_shares.emplace();
  const std::string written = WriteClientHello(hello);
  EXPECT_THAT(written, HasSubstr(std::string("\x00\x00\x00\x08\x00\x06\x00\x00\x03"
                                             "a.b\x00\x33\x00\x02\x00\x00",
                                             18)));
}

// RFC 7685 §1.
TEST(ClientHello, IsNeverOf256To511Bytes) {
  for (size_t suites = 1; suites < 260; ++suites) {
    ClientHello hello;
    hello.suites.assign(suites, 0xc02f);
    hello.server_name = "mx.example.org";
    const size_t bytes = WriteClientHello(hello).size() - 5;
    EXPECT_TRUE(bytes < 256 || bytes >= 512) << suites << ": " << bytes;
    hello.pad_to_bytes = 0;
    const size_t unpadded = WriteClientHello(hello).size() - 5;
    // An extension takes five bytes at least.
    EXPECT_LE(bytes, unpadded < 256 || unpadded >= 512 ? unpadded : 516) << suites;
  }
}

TEST(ClientHello, LongerThanARecordTakesSeveral) {
  ClientHello hello;
  hello.suites = {0x1301};
  hello.key_shares = {{{.group = 29, .key_exchange = std::vector<uint8_t>(20000, 'k')}}};
  const std::string written = WriteClientHello(hello);
  EXPECT_EQ(written.substr(0, 5), std::string("\x16\x03\x01\x40\x00", 5));
  EXPECT_EQ(written.substr(5 + 16384, 3), "\x16\x03\x01");
}

// What `openssl s_client` of 3.5.9 sent, with its defaults: suites, groups, signature algorithms,
// versions, and the groups and lengths of its key shares.
TEST(ClientHello, OfHybridPreferenceOffersWhatOpenssl35Offers) {
  const std::string written = WriteClientHello(Of(ProbeKind::kHybridPreferred));
  const auto hex = [&] {
    std::string text;
    char two[3];
    for (const char c : written) {
      std::snprintf(two, sizeof(two), "%02x", static_cast<uint8_t>(c));
      text += two;
    }
    return text;
  }();
  for (const char* part :
       {"003c130213031301c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039"
        "c009c0130033009d009c003d003c0035002f",
        "000a0012001011ec001d0017001e0018001901000101",
        "000d0036003409050906090404030503060308070808081a081b081c0809080a080b080408050806040105010"
        "601030303010302040205020602",
        "002b00050403040303", "002d00020101", "003304ea04e811ec04c0", "ff01000100",
        "000b000403000102", "002300000016000000170000"}) {
    EXPECT_THAT(hex, HasSubstr(part));
  }
}

// FIPS 203 §7.2: an encapsulation key is checked by decoding twelve bits at a time; all of them
// must be below q.
TEST(ClientHello, OfHybridPreferenceHasAWellFormedKeyOfMlKem) {
  std::vector<uint8_t> share = (*Of(ProbeKind::kHybridPreferred).key_shares)[0].key_exchange;
  ASSERT_THAT(share, SizeIs(1184 + 32));
  int different = 0;
  unsigned before = 0;
  for (size_t i = 0; i + 2 < 1152; i += 3) {
    const unsigned low = share[i] | (share[i + 1] & 15) << 8;
    const unsigned high = share[i + 1] >> 4 | share[i + 2] << 4;
    ASSERT_LT(low, 3329u);
    ASSERT_LT(high, 3329u);
    different += low != before;
    before = low;
  }
  EXPECT_GT(different, 370);
}

bool AllAre(const ClientHello& hello, const std::function<bool(const Suite&)>& property) {
  return std::ranges::all_of(hello.suites, [&](uint16_t wire) {
    const Suite* suite = FindSuite(wire);
    return wire == kRenegotiationInfoScsv || wire == kFallbackScsv ||
           (suite != nullptr && property(*suite));
  });
}

TEST(Probes, OfferNothingButWhatTheyAskFor) {
  EXPECT_TRUE(AllAre(Of(ProbeKind::kWeakSuites, kPartRc4), &Suite::is_rc4));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kWeakSuites, kPart3Des), &Suite::is_3des));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kWeakSuites, kPartNull), &Suite::is_null));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kWeakSuites, kPartAnonymous), &Suite::anonymous));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kExport, kPartRsa), [](const Suite& suite) {
    return suite.is_export && suite.key_exchange == KeyExchange::kRsa;
  }));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kExport, kPartDhe), [](const Suite& suite) {
    return suite.is_export && suite.key_exchange == KeyExchange::kDhe;
  }));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kDhe), [](const Suite& suite) {
    return suite.key_exchange == KeyExchange::kDhe && !suite.is_export;
  }));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kStaticRsa), [](const Suite& suite) {
    return suite.key_exchange == KeyExchange::kRsa && !suite.is_export;
  }));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kForwardSecret), [](const Suite& suite) {
    return suite.forward_secret() && !suite.anonymous();
  }));
  EXPECT_TRUE(AllAre(Of(ProbeKind::kCertificate, kPartEcdsa),
                     [](const Suite& suite) { return suite.key == SuiteKey::kEcdsa; }));
  for (uint8_t part = kPartSsl3; part <= kPartTls12; ++part) {
    const ClientHello hello = Of(ProbeKind::kVersion, part);
    EXPECT_EQ(HighestVersion(hello), kSsl3 + part);
    EXPECT_TRUE(AllAre(
        hello, [part](const Suite& suite) { return part == kPartTls12 || !suite.needs_tls12; }));
  }
}

TEST(Probes, LeaveTheServerTheChoiceOfItsPrime) {
  EXPECT_THAT(Of(ProbeKind::kDhe).groups, IsEmpty());  // RFC 7919 §4
}

TEST(Probes, SendNoNameWhereNoneIsAskedFor) {
  EXPECT_EQ(Of(ProbeKind::kNoServerName).server_name, "");
  EXPECT_EQ(Of(ProbeKind::kVersion, kPartSsl3).server_name, "");
  EXPECT_EQ(Of(ProbeKind::kCertificate, kPartRsa).server_name, "mx.example.org");
}

// What old servers read: a ClientHello of SSL 3.0 within 255 bytes, and never more than 128 suites.
TEST(Probes, AreOfASizeThatOldServersRead) {
  EXPECT_LT(WriteClientHello(Of(ProbeKind::kVersion, kPartSsl3)).size(), 256u);
  for (uint8_t part = kPartSsl3; part <= kPartTls12; ++part) {
    EXPECT_LE(Of(ProbeKind::kVersion, part).suites.size(), 128u);
  }
}

// Offers() says of a probe what its ClientHello says.
TEST(Probes, OfferWhatTheyWrite) {
  std::vector<Probe> probes;
  for (int kind = 0; kind <= static_cast<int>(ProbeKind::kMlDsaControl); ++kind) {
    for (uint8_t parts = 0; parts < 16; ++parts) {
      const bool of_version = static_cast<ProbeKind>(kind) == ProbeKind::kVersion ||
                              static_cast<ProbeKind>(kind) == ProbeKind::kFallback;
      if (of_version && parts > kPartTls12) continue;
      probes.push_back({static_cast<ProbeKind>(kind), parts});
    }
  }
  for (const Probe probe : probes) {
    const ClientHello hello = HelloOf(probe, "", {});
    for (const uint16_t suite : SuitesThat([](const Suite&) { return true; })) {
      for (uint16_t version = kSsl3; version <= kTls13; ++version) {
        const bool of_version = hello.supported_versions.empty()
                                    ? version <= hello.legacy_version
                                    : std::ranges::count(hello.supported_versions, version) != 0;
        const bool written = of_version && std::ranges::count(hello.suites, suite) != 0;
        ASSERT_EQ(Offers(probe, version, suite), written)
            << ProbeWord(probe) << " " << SuiteName(suite) << " " << version;
      }
    }
    EXPECT_FALSE(Offers(probe, kTls12, kFallbackScsv));
  }
}

TEST(Probes, HaveWords) {
  EXPECT_EQ(ProbeWord({ProbeKind::kVersion, kPartTls11}), "version_tlsv1.1");
  EXPECT_EQ(ProbeWord({ProbeKind::kWeakSuites, kPartRc4 | kPartAnonymous}), "weak_rc4_anonymous");
  EXPECT_EQ(ProbeWord({ProbeKind::kExport, kPartRsa | kPartDhe | kPartOverTls12}),
            "export_rsa_dhe_tlsv1.2");
  EXPECT_EQ(ProbeWord({ProbeKind::kHybridGroups, 3}), "hybrid_groups");
}

TEST(Probes, SayInALineWhatTheyOffer) {
  EXPECT_EQ(OfferText(Of(ProbeKind::kHybridGroups, 3)),
            "TLSv1.3; suites TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 "
            "TLS_AES_128_GCM_SHA256; groups X25519MLKEM768 SecP256r1MLKEM768; no key share; server "
            "name");
  EXPECT_THAT(OfferText(Of(ProbeKind::kFallback, kPartTls11)), HasSubstr("TLS_FALLBACK_SCSV"));
  EXPECT_THAT(OfferText(Of(ProbeKind::kVersion, kPartSsl3)), testing::StartsWith("up to SSLv3; "));
}

}  // namespace
}  // namespace mxsweep::tls
