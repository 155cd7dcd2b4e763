#include "scanner/work/certificate_rows.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/tls/pki/certificate_factory.h"

namespace mxsweep::scanner {
namespace {

TEST(CertificateRows, TellsThoseWhoWaitWhenTheRowIsRecorded) {
  tls::CertificateTable table;
  CertificateRows rows(&table);
  const std::vector<uint8_t> der = tls::testing::MakePki().leaf.der();
  const auto first = rows.Intern(der);
  ASSERT_TRUE(first.first_seen);
  const auto second = rows.Intern(der);
  EXPECT_FALSE(second.first_seen);
  int told = 0;
  EXPECT_TRUE(rows.Await(*second.certificate, [&told] { ++told; }));
  EXPECT_TRUE(rows.Await(*second.certificate, [&told] { ++told; }));
  EXPECT_EQ(told, 0);
  rows.Recorded(*first.certificate);
  EXPECT_EQ(told, 2);
  EXPECT_FALSE(rows.Await(*second.certificate, [&told] { ++told; }));
  EXPECT_EQ(told, 2);
}

TEST(CertificateRows, OfACertificateMetBeforeAreRecordedAlready) {
  tls::CertificateTable table;
  CertificateRows rows(&table);
  const std::vector<uint8_t> der = tls::testing::MakePki().leaf.der();
  table.Intern(der);
  const auto known = rows.Intern(der);
  EXPECT_FALSE(known.first_seen);
  EXPECT_FALSE(rows.Await(*known.certificate, [] {}));
}

TEST(CertificateRows, NobodyComesBetweenMeetingAndWaiting) {
  tls::CertificateTable table;
  CertificateRows rows(&table);
  std::vector<std::vector<uint8_t>> ders;
  for (int64_t serial = 1; serial <= 50; ++serial) {
    ders.push_back(tls::testing::MakePki({.serial = serial}).leaf.der());
  }
  std::vector<std::atomic<bool>> recorded(ders.size());
  std::atomic<int> waiting{0};
  const auto work = [&] {
    for (size_t i = 0; i < ders.size(); ++i) {
      const auto interned = rows.Intern(ders[i]);
      if (interned.first_seen) {
        std::this_thread::yield();
        recorded[i] = true;
        rows.Recorded(*interned.certificate);
        continue;
      }
      ++waiting;
      const bool pending = rows.Await(*interned.certificate, [&, i] {
        EXPECT_TRUE(recorded[i]);
        --waiting;
      });
      if (!pending) {
        EXPECT_TRUE(recorded[i]);
        --waiting;
      }
    }
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(waiting, 0);
}

}  // namespace
}  // namespace mxsweep::scanner
