#include "tests/interop/interop_fixture.h"

#include <cstdio>
#include <memory>

#include "tests/interop/isolation.h"

namespace mxsweep::interop {
namespace {

class RealServers : public testing::Environment {
 public:
  void SetUp() override {
    auto started = Network::Start(kScratchFolder + std::string("/interop"));
    ASSERT_TRUE(started.ok()) << started.status();
    network = *std::move(started);
  }

  void TearDown() override {
    if (network != nullptr && testing::UnitTest::GetInstance()->Failed()) {
      std::fprintf(stderr, "The servers' last words:\n%s\n", network->LogTails().c_str());
    }
    network.reset();
  }

  std::unique_ptr<Network> network;
};

RealServers* const servers =
    static_cast<RealServers*>(testing::AddGlobalTestEnvironment(new RealServers));

}  // namespace

Network& InteropTest::network() { return *servers->network; }

std::vector<Row> InteropTest::RowsWhere(const std::vector<Row>& rows, const std::string& column,
                                        const std::string& value) {
  std::vector<Row> found;
  for (const Row& row : rows) {
    if (Text(row, column) == value) found.push_back(row);
  }
  return found;
}

Row InteropTest::OnlyRow(const std::vector<Row>& rows, const std::string& column,
                         const std::string& value) {
  const std::vector<Row> found = RowsWhere(rows, column, value);
  EXPECT_EQ(found.size(), 1u) << "rows with " << column << " = " << value;
  return found.size() == 1 ? found.front() : Row::object();
}

std::string InteropTest::Text(const Row& row, const std::string& column) {
  const auto value = row.find(column);
  if (value == row.end()) return "no column " + column;
  return value->is_string() ? value->get<std::string>() : value->dump();
}

void InteropTest::ForEachHandshake(
    const std::function<void(const Row&, const SClientResult&)>& check) {
  int handshakes = 0;
  for (const MailHost& host : network().hosts()) {
    const std::vector<Row> rows = RowsWhere(network().scan().endpoints, "host", host.name);
    const auto witness = network().Witness(host.name);
    ASSERT_TRUE(witness.ok()) << host.name << ": " << witness.status();
    if (!(*witness)->finished) continue;
    for (const Row& row : rows) {
      SCOPED_TRACE(host.name + " at " + host.address);
      ++handshakes;
      check(row, **witness);
    }
  }
  EXPECT_GE(handshakes, 15);
}

}  // namespace mxsweep::interop
