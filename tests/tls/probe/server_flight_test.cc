// Flights that no library makes any more are built here from the structures of the RFCs; those of
// libraries are in real_server_test.cc.
#include "tls/probe/server_flight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"
#include "tls/session/facts.h"
#include "tls/session/handshake.h"

namespace mxsweep::tls {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Text = std::string;

Text U8(unsigned value) { return Text(1, static_cast<char>(value)); }
Text U16(unsigned value) { return U8(value >> 8) + U8(value & 0xff); }
Text U24(unsigned value) { return U8(value >> 16) + U16(value & 0xffff); }
Text Prefixed8(const Text& text) { return U8(text.size()) + text; }
Text Prefixed16(const Text& text) { return U16(text.size()) + text; }
Text Prefixed24(const Text& text) { return U24(text.size()) + text; }

// RFC 5246 §6.2.1.
Text Record(unsigned type, const Text& fragment, unsigned version = kTls12) {
  return U8(type) + U16(version) + Prefixed16(fragment);
}
// RFC 5246 §7.4.
Text Message(unsigned type, const Text& body) { return U8(type) + Prefixed24(body); }
Text InRecord(const Text& messages, unsigned version = kTls12) {
  return Record(22, messages, version);
}
Text Alert(unsigned level, unsigned code) { return Record(21, U8(level) + U8(code)); }

Text Extension(unsigned type, const Text& body) { return U16(type) + Prefixed16(body); }

struct Hello {
  unsigned version = kTls12;
  unsigned suite = 0xc02f;
  Text random = Text(32, 'r');
  Text session_id = Text(32, 's');
  unsigned compression = 0;
  Text extensions;  // none at all if empty
};
// RFC 5246 §7.4.1.3.
Text ServerHello(const Hello& hello) {
  return Message(2, U16(hello.version) + hello.random + Prefixed8(hello.session_id) +
                        U16(hello.suite) + U8(hello.compression) +
                        (hello.extensions.empty() ? "" : Prefixed16(hello.extensions)));
}
Text Certificates(const std::vector<Text>& chain) {
  Text list;
  for (const Text& certificate : chain) list += Prefixed24(certificate);
  return Message(11, Prefixed24(list));
}
const Text kDone = Message(14, "");

std::span<const uint8_t> AsBytes(const Text& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

ServerFlight Read(const Text& text, size_t step = SIZE_MAX) {
  ServerFlightReader reader;
  for (size_t at = 0; at < text.size() && !reader.done();) {
    const size_t length = std::min(step, text.size() - at);
    reader.Feed(AsBytes(text).subspan(at, length));
    at += length;
  }
  reader.Eof();
  return reader.Take();
}

// All that rows are made of must not depend on how the bytes were cut.
Text Summary(const ServerFlight& flight) {
  Text text = Text(FlightWord(flight)) + " end " + std::to_string(static_cast<int>(flight.end)) +
              " " + flight.detail + " chain " + std::to_string(flight.chain.size());
  if (flight.version) text += " version " + std::to_string(*flight.version);
  if (flight.suite) text += " suite " + std::to_string(*flight.suite);
  if (flight.group) text += " group " + std::to_string(*flight.group);
  if (flight.alert) text += " alert " + std::to_string(flight.alert->code);
  if (flight.key_exchange) {
    text += " bits " + std::to_string(BitsOf(flight.key_exchange->dh_p)) + "/" +
            std::to_string(BitsOf(flight.key_exchange->rsa_modulus));
  }
  return text;
}

ServerFlight ReadAnyhow(const Text& text) {
  const ServerFlight whole = Read(text);
  for (const size_t step : {1u, 2u, 3u, 5u, 7u, 64u, 1000u}) {
    EXPECT_EQ(Summary(Read(text, step)), Summary(whole)) << "in portions of " << step;
  }
  return whole;
}

// RFC 6101 §5.6.1: no extensions, and the version is 3.0.
TEST(ServerFlight, OfSsl3WithRc4IsRead) {
  const Text flight = InRecord(ServerHello({.version = kSsl3, .suite = 0x0005}), kSsl3) +
                      InRecord(Certificates({"leaf", "issuer"}) + kDone, kSsl3);
  const ServerFlight read = ReadAnyhow(flight);
  EXPECT_EQ(FlightWord(read), "server_hello");
  EXPECT_EQ(read.end, FlightEnd::kComplete);
  EXPECT_EQ(read.version, kSsl3);
  EXPECT_EQ(read.suite, 0x0005);
  EXPECT_THAT(read.chain, SizeIs(2));
  EXPECT_TRUE(read.hello_done);
  EXPECT_FALSE(read.renegotiation_info);
  EXPECT_TRUE(IsAnswer(read));
}

// RFC 2246 §7.4.3: the temporary RSA key of export suites, signed.
TEST(ServerFlight, OfExportRsaHasItsTemporaryKey) {
  const Text modulus = "\xc1" + Text(63, 'n');
  const Text flight = InRecord(
      ServerHello({.version = kTls10, .suite = 0x0003}) + Certificates({"leaf"}) +
      Message(12, Prefixed16(modulus) + Prefixed16(U24(65537)) + Prefixed16(Text(128, 'S'))) +
      kDone);
  const ServerFlight read = ReadAnyhow(flight);
  ASSERT_TRUE(read.key_exchange.has_value()) << Summary(read);
  EXPECT_EQ(BitsOf(read.key_exchange->rsa_modulus), 512u);
  EXPECT_THAT(read.key_exchange->rsa_exponent, ElementsAre(1, 0, 1));
  EXPECT_FALSE(read.key_exchange->anonymous);
  EXPECT_TRUE(read.hello_done);
}

// RFC 5246 §7.4.3, with a leading zero as some servers send it; TLS 1.2 names the algorithm.
TEST(ServerFlight, OfDheHasPrimeGeneratorAndPublicValue) {
  const Text prime = U8(0) + "\x8f" + Text(63, 'p');
  const Text params = Prefixed16(prime) + Prefixed16(U8(2)) + Prefixed16("\x40" + Text(63, 'y'));
  for (const unsigned version : {kTls10, kTls12}) {
    const Text signature = (version == kTls12 ? U16(0x0401) : "") + Prefixed16(Text(256, 'S'));
    const ServerFlight read =
        ReadAnyhow(InRecord(ServerHello({.version = version, .suite = 0x0014}) +
                            Certificates({"leaf"}) + Message(12, params + signature) + kDone));
    ASSERT_TRUE(read.key_exchange.has_value()) << Summary(read);
    EXPECT_EQ(BitsOf(read.key_exchange->dh_p), 512u);
    EXPECT_THAT(read.key_exchange->dh_g, ElementsAre(2));
    EXPECT_THAT(read.key_exchange->dh_public, SizeIs(64));
    EXPECT_EQ(read.key_exchange->signature_algorithm.has_value(), version == kTls12);
  }
}

TEST(ServerFlight, OfAnonymousDhIsNotSigned) {
  const Text params =
      Prefixed16(Text(128, '\xff')) + Prefixed16(U8(5)) + Prefixed16(Text(128, 'y'));
  const ServerFlight read =
      ReadAnyhow(InRecord(ServerHello({.suite = 0x0034}) + Message(12, params) + kDone));
  ASSERT_TRUE(read.key_exchange.has_value()) << Summary(read);
  EXPECT_TRUE(read.key_exchange->anonymous);
  EXPECT_THAT(read.chain, IsEmpty());
  EXPECT_EQ(read.end, FlightEnd::kComplete);
  // What would be a signature is too much.
  const ServerFlight signed_flight = ReadAnyhow(
      InRecord(ServerHello({.suite = 0x0034}) + Message(12, params + Prefixed16("sig")) + kDone));
  EXPECT_EQ(signed_flight.end, FlightEnd::kMalformed);
}

TEST(ServerFlight, OfEcdheNamesItsCurve) {
  const Text exchange =
      U8(3) + U16(23) + Prefixed8(Text(65, '\4')) + U16(0x0403) + Prefixed16(Text(70, 'S'));
  const Text extensions = Extension(0xff01, U8(0)) + Extension(23, "");
  const ServerFlight read = ReadAnyhow(
      InRecord(ServerHello({.suite = 0xc02b, .extensions = extensions}) + Certificates({"leaf"}) +
               Message(12, exchange) + Message(13, "whatever") + kDone));
  EXPECT_EQ(read.group, 23);
  EXPECT_TRUE(read.renegotiation_info);
  EXPECT_TRUE(read.extended_master_secret);
  EXPECT_TRUE(read.certificate_requested);
  EXPECT_EQ(read.key_exchange->signature_algorithm, 0x0403);
}

// The random of RFC 8446 §4.1.3, byte for byte.
TEST(ServerFlight, OfAHelloRetryRequestNamesTheGroup) {
  static constexpr unsigned char kRandom[] = {0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11,
                                              0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91,
                                              0xC2, 0xA2, 0x11, 0x16, 0x7A, 0xBB, 0x8C, 0x5E,
                                              0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C};
  const Text random(reinterpret_cast<const char*>(kRandom), sizeof(kRandom));
  const ServerFlight read =
      ReadAnyhow(InRecord(ServerHello(
                     {.suite = 0x1301,
                      .random = random,
                      .extensions = Extension(43, U16(kTls13)) + Extension(51, U16(0x11ec))})) +
                 Record(20, U8(1)));
  EXPECT_EQ(FlightWord(read), "hello_retry_request");
  EXPECT_EQ(read.version, kTls13);
  EXPECT_EQ(read.group, 0x11ec);
  EXPECT_EQ(read.end, FlightEnd::kComplete);
}

TEST(ServerFlight, OfTls13EndsWithItsServerHello) {
  const Text share = U16(29) + Prefixed16(Text(32, 'k'));
  const ServerFlight read = ReadAnyhow(
      Record(20, U8(1)) +  // RFC 8446 §5: at any time
      InRecord(ServerHello(
          {.suite = 0x1302, .extensions = Extension(51, share) + Extension(43, U16(kTls13))})) +
      Record(23, Text(300, 'e')));
  EXPECT_EQ(read.kind, FlightKind::kServerHello);
  EXPECT_EQ(read.end, FlightEnd::kComplete);
  EXPECT_EQ(read.group, 29);
}

TEST(ServerFlight, SaysWhetherTheServerCouldDoBetter) {
  const struct {
    Text tail;
    DowngradeSentinel sentinel;
  } cases[] = {{"DOWNGRD\x01", DowngradeSentinel::kBelowTls13},
               {Text("DOWNGRD\0", 8), DowngradeSentinel::kBelowTls12},
               {"DOWNGRD\x02", DowngradeSentinel::kNone},
               {"rrrrrrrr", DowngradeSentinel::kNone}};
  for (const auto& [tail, sentinel] : cases) {
    EXPECT_EQ(Read(InRecord(ServerHello({.random = Text(24, 'r') + tail}))).sentinel, sentinel);
  }
}

TEST(ServerFlight, MayBeCutIntoAnyRecords) {
  const Text messages = ServerHello({.suite = 0x009c}) + Certificates({Text(5000, 'c')}) + kDone;
  Text flight;
  for (size_t at = 0; at < messages.size(); at += 64) flight += InRecord(messages.substr(at, 64));
  const ServerFlight read = Read(flight);
  EXPECT_EQ(read.end, FlightEnd::kComplete);
  EXPECT_EQ(read.bytes_in, flight.size());
  ASSERT_THAT(read.chain, SizeIs(1));
  EXPECT_EQ(read.chain[0].der().size(), 5000u);
}

TEST(ServerFlight, OfAnAlertIsARefusal) {
  const ServerFlight read = ReadAnyhow(Alert(2, 70));
  EXPECT_EQ(FlightWord(read), "alert");
  EXPECT_EQ(read.alert->code, 70);
  EXPECT_TRUE(IsAnswer(read));
}

// RFC 6066 §3.
TEST(ServerFlight, GoesOnAfterAWarning) {
  const ServerFlight read =
      ReadAnyhow(Alert(1, 112) + InRecord(ServerHello({.suite = 0x009c}) + kDone));
  EXPECT_EQ(read.kind, FlightKind::kServerHello);
  EXPECT_EQ(read.end, FlightEnd::kComplete);
}

TEST(ServerFlight, OfAWarningAndTheEndIsARefusal) {
  const ServerFlight read = ReadAnyhow(Alert(1, 40));
  EXPECT_EQ(FlightWord(read), "alert");
  EXPECT_EQ(read.end, FlightEnd::kClosed);
  EXPECT_TRUE(IsAnswer(read));
}

TEST(ServerFlight, OfAnAlertBehindTheHelloKeepsTheHello) {
  const ServerFlight read = ReadAnyhow(InRecord(ServerHello({})) + Alert(2, 80));
  EXPECT_EQ(read.kind, FlightKind::kServerHello);
  EXPECT_EQ(read.end, FlightEnd::kAlert);
  EXPECT_EQ(read.alert->code, 80);
}

TEST(ServerFlight, OfNothingIsARefusalOnlyWhereTheServerClosed) {
  EXPECT_EQ(FlightWord(Read("")), "closed");
  EXPECT_TRUE(IsAnswer(Read("")));
  for (const FlightEnd why : {FlightEnd::kReset, FlightEnd::kTimedOut}) {
    ServerFlightReader reader;
    reader.Abandon(why);
    EXPECT_FALSE(IsAnswer(reader.flight()));
    EXPECT_EQ(FlightWord(reader.flight()), why == FlightEnd::kReset ? "reset" : "timeout");
  }
}

TEST(ServerFlight, CutShortIsNoAnswer) {
  const Text flight = InRecord(ServerHello({.suite = 0x009c}) + Certificates({"leaf"}) + kDone);
  for (size_t length = 1; length < flight.size(); ++length) {
    const ServerFlight read = ReadAnyhow(flight.substr(0, length));
    EXPECT_EQ(FlightWord(read), "truncated") << length;
    EXPECT_FALSE(IsAnswer(read)) << length;
    EXPECT_THAT(read.detail, HasSubstr("closed after"));
  }
}

TEST(ServerFlight, OfTextSaysWhatStandsThere) {
  const ServerFlight read = ReadAnyhow("500 5.5.1 Error: \x1b[31m unknown\r\nmore");
  EXPECT_EQ(FlightWord(read), "not_tls");
  EXPECT_EQ(read.detail, "500 5.5.1 Error: ?[31m unknown");
  EXPECT_FALSE(IsAnswer(read));
  EXPECT_EQ(FlightWord(ReadAnyhow("\xe2\x82\xac 220\n")), "not_tls");
  EXPECT_EQ(FlightWord(ReadAnyhow(Text(500, 'x'))), "not_tls");
  EXPECT_EQ(FlightWord(ReadAnyhow("2")), "not_tls");
}

// draft-hickman-netscape-ssl-00 §2.7: ERROR, and SERVER-HELLO with its version.
TEST(ServerFlight, OfSsl2IsToldApart) {
  EXPECT_EQ(FlightWord(ReadAnyhow(U8(0x80) + U8(3) + U8(0) + U16(1))), "ssl2");
  const Text hello = U8(4) + U8(0) + U8(1) + U16(2) + U16(4) + U16(3) + U16(16) + "cert" +
                     Text("\x01\x00\x80", 3) + Text(16, 'i');
  EXPECT_EQ(FlightWord(ReadAnyhow(U8(0x80) + U8(hello.size()) + hello)), "ssl2");
}

struct Bad {
  const char* what;
  Text flight;
  const char* word;
  FlightEnd end = FlightEnd::kMalformed;
};

TEST(ServerFlight, IsStrict) {
  const Text hello = ServerHello({.suite = 0x009c});
  const Text dhe = ServerHello({.suite = 0x009e}) + Certificates({"leaf"});
  const Text huge = Prefixed16(Text(2049, '\xff')) + Prefixed16(U8(2)) + Prefixed16("y") +
                    U16(0x0401) + Prefixed16("sig");
  const Text two_same = Extension(23, "") + Extension(23, "");
  const Bad cases[] = {
      {"no ServerHello first", InRecord(Certificates({"leaf"})), "malformed"},
      {"two of them", InRecord(hello + hello), "server_hello"},
      {"out of order", InRecord(hello + Message(13, "") + Certificates({"leaf"})), "server_hello"},
      {"an unknown message", InRecord(hello + Message(99, "")), "server_hello"},
      {"a ServerHelloDone with a body", InRecord(hello + Message(14, "x")), "server_hello"},
      {"a short ServerHello", InRecord(Message(2, "short")), "malformed"},
      {"a version of the future", InRecord(ServerHello({.version = 0x0305})), "malformed"},
      {"two versions",
       InRecord(ServerHello({.version = kTls10, .extensions = Extension(43, U16(kTls13))})),
       "malformed"},
      {"an old version in the extension",
       InRecord(ServerHello({.extensions = Extension(43, U16(kTls12))})), "malformed"},
      {"a long session id", InRecord(ServerHello({.session_id = Text(33, 's')})), "malformed"},
      {"an extension twice", InRecord(ServerHello({.extensions = two_same})), "malformed"},
      {"an empty certificate", InRecord(hello + Certificates({""})), "server_hello"},
      {"a list longer than its message",
       InRecord(hello + Message(11, U24(100) + Prefixed24("leaf"))), "server_hello"},
      {"a key exchange that static RSA has not in it",
       InRecord(hello + Certificates({"leaf"}) + Message(12, "x")), "server_hello"},
      {"a prime that is none", InRecord(dhe + Message(12, Prefixed16(""))), "server_hello"},
      {"a prime that is 0",
       InRecord(dhe + Message(12, Prefixed16(U8(0)) + Prefixed16(U8(2)) + Prefixed16(U8(1)) +
                                      U16(0x0401) + Prefixed16("sig"))),
       "server_hello"},
      {"a prime of 16,392 bits", InRecord(dhe + Message(12, huge)), "server_hello",
       FlightEnd::kOversized},
      {"a long record", U8(22) + U16(kTls12) + U16(16385), "oversized", FlightEnd::kOversized},
      {"a long message", InRecord(U8(2) + U24(200000)), "oversized", FlightEnd::kOversized},
      {"an alert of one byte", Record(21, U8(2)), "malformed"},
      {"an alert of level 3", Alert(3, 40), "malformed"},
      {"application data", Record(23, "data"), "malformed"},
      {"change_cipher_spec behind a ServerHello of TLS 1.2", InRecord(hello) + Record(20, U8(1)),
       "server_hello"},
      {"another protocol behind the ServerHello", InRecord(hello) + "HTTP/1.1 400", "server_hello"},
  };
  for (const Bad& bad : cases) {
    SCOPED_TRACE(bad.what);
    const ServerFlight read = ReadAnyhow(bad.flight);
    EXPECT_EQ(read.end, bad.end) << Summary(read);
    EXPECT_EQ(FlightWord(read), bad.word) << Summary(read);
    EXPECT_NE(read.detail, "");
    EXPECT_EQ(IsAnswer(read), Text(bad.word) == "server_hello");
  }
}

TEST(ServerFlight, HasCapsOnAllThatIsEndless) {
  // Records of nothing, warnings, and certificates without end.
  Text empty_records;
  for (size_t i = 0; i <= kMaxFlightRecords; ++i) empty_records += InRecord("");
  EXPECT_EQ(Read(empty_records).end, FlightEnd::kOversized);
  Text warnings;
  for (size_t i = 0; i <= kMaxFlightRecords; ++i) warnings += Alert(1, 112);
  EXPECT_EQ(Read(warnings).end, FlightEnd::kOversized);
  // A suite that nobody knows, so that its key exchange is not read.
  const Text messages = ServerHello({.suite = 0x8888}) + Certificates({Text(120000, 'c')}) +
                        Message(22, Text(120000, 'o')) + Message(12, Text(120000, 'k'));
  Text bytes;
  for (size_t at = 0; at < messages.size(); at += 16000) {
    bytes += InRecord(messages.substr(at, 16000));
  }
  const ServerFlight read = Read(bytes);
  EXPECT_EQ(read.end, FlightEnd::kOversized) << Summary(read);
  const ServerFlight many =
      Read(InRecord(ServerHello({.suite = 0x009c}) +
                    Certificates(std::vector<Text>(100, "certificate")) + kDone));
  EXPECT_EQ(many.end, FlightEnd::kComplete);
  EXPECT_THAT(many.chain, SizeIs(kMaxChainCertificates));
}

TEST(ServerFlight, IgnoresWhatComesAfterItsEnd) {
  ServerFlightReader reader;
  reader.Feed(AsBytes(Alert(2, 40)));
  const Text before = Summary(reader.flight());
  reader.Feed(AsBytes("anything"));
  reader.Eof();
  reader.Abandon(FlightEnd::kReset);
  EXPECT_EQ(Summary(reader.flight()), before);
}

}  // namespace
}  // namespace mxsweep::tls
