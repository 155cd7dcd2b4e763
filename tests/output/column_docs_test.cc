#include "output/column_docs.h"

#include <fstream>
#include <iterator>
#include <optional>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "output/tables/schema.h"
#include "output/tables/tables.h"

namespace mxsweep::output {
namespace {

// Stands for any member in an aggregate initialisation; optional ones need a stand-in of their own,
// since they take nearly anything.
struct Anything {
  template <typename T>
  operator T() const;  // NOLINT(google-explicit-constructor)
};
struct AnyOptional {
  template <typename T>
  operator std::optional<T>() const;  // NOLINT(google-explicit-constructor)
};

// How many members an aggregate has: the most initialisers it takes.
template <typename Row, typename... Initialisers>
constexpr size_t MemberCount() {
  if constexpr (requires { Row{Initialisers{}..., Anything{}}; }) {
    return MemberCount<Row, Initialisers..., Anything>();
  } else if constexpr (requires { Row{Initialisers{}..., AnyOptional{}}; }) {
    return MemberCount<Row, Initialisers..., AnyOptional>();
  } else {
    return sizeof...(Initialisers);
  }
}

TEST(ColumnDocs, CommittedFileIsWhatTheDefinitionsSay) {
  std::ifstream in("docs/columns.md", std::ios::binary);
  const std::string committed((std::istreambuf_iterator<char>(in)),
                              std::istreambuf_iterator<char>());
  EXPECT_EQ(committed, ColumnDocs()) << "run: parquet_fixture --columns-md > docs/columns.md";
}

TEST(Tables, EveryMemberOfARowIsAColumn) {
  VisitTables([]<typename Row>(std::type_identity<Row>) {
    EXPECT_EQ(SchemaOf(Table<Row>::kId).columns.size(), MemberCount<Row>()) << Table<Row>::kName;
  });
}

TEST(Tables, ColumnNamesAreDistinctAndDescribed) {
  VisitTables([]<typename Row>(std::type_identity<Row>) {
    std::set<std::string> names;
    for (const ColumnSpec& column : SchemaOf(Table<Row>::kId).columns) {
      EXPECT_TRUE(names.insert(column.name).second) << column.name;
      EXPECT_FALSE(column.description.empty()) << column.name;
    }
  });
}

TEST(Schema, ListOfStructHasThreeLevels) {
  const TableSchema& schema = SchemaOf(TableId::kDomains);
  const ColumnSpec& mx = schema.columns[*schema.FindColumn("mx")];
  ASSERT_EQ(mx.leaf_count, 2u);
  const LeafSpec& host = schema.leaves[mx.first_leaf + 1];
  EXPECT_EQ(host.path, (std::vector<std::string>{"mx", "list", "element", "host"}));
  EXPECT_EQ(host.max_definition, 2);  // the list may be null, and may be empty
  EXPECT_EQ(host.max_repetition, 1);
}

}  // namespace
}  // namespace mxsweep::output
