#include "scanner/targets/list_mark.h"

#include <openssl/sha.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace mxsweep::scanner {
namespace {

std::string ReadAll(InputSource* source) {
  std::string all;
  std::vector<uint8_t> piece(7);
  while (true) {
    const auto got = source->Read(piece);
    EXPECT_TRUE(got.ok()) << got.status();
    if (!got.ok() || *got == 0) return all;
    all.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(*got));
  }
}

ListMark MarkOf(const std::string& text) {
  ListMark mark{.bytes = text.size()};
  SHA256(reinterpret_cast<const uint8_t*>(text.data()), text.size(), mark.sha256.data());
  return mark;
}

std::unique_ptr<InputSource> List(const std::string& text) {
  return WithLastLineEnded(FromString(text));
}

TEST(ListMark, IsOfWhatWasRead) {
  MarkedSource source(List("a.example\nb.example\n"));
  EXPECT_EQ(source.mark(), MarkOf(""));
  std::vector<uint8_t> piece(10);
  ASSERT_EQ(*source.Read(piece), 10u);
  EXPECT_EQ(source.mark(), MarkOf("a.example\n"));
  EXPECT_EQ(ReadAll(&source), "b.example\n");
  EXPECT_EQ(source.mark(), MarkOf("a.example\nb.example\n"));
}

TEST(ListMark, TellsAListThatIsTheSameFromOneThatIsNot) {
  const std::vector<ListMark> marks = {MarkOf("a\n"), MarkOf("a\nb\n")};
  const auto holds = [&](const std::string& text) {
    return *HoldsMarks(List(text).get(), marks, nullptr);
  };
  EXPECT_TRUE(holds("a\nb\n"));
  EXPECT_TRUE(holds("a\nb\nc\n"));  // it has grown
  EXPECT_TRUE(holds("a\nb"));       // the same lines
  EXPECT_FALSE(holds("a\nb.c\n"));  // its last line has
  EXPECT_FALSE(holds("b\na\n"));
  EXPECT_FALSE(holds("a\n"));
  EXPECT_FALSE(holds(""));
}

TEST(ListMark, WhatCanBeReadOnceIsReadFromItsStart) {
  const std::string folder = std::filesystem::temp_directory_path();
  for (const std::string text : {"a\nb\nc\nd\n", "a\nx\nc\nd\n", "a\n"}) {
    bool same = false;
    const auto spooled =
        SpoolToMarks(List(text), std::vector{MarkOf("a\n"), MarkOf("a\nb\n")}, folder, &same);
    ASSERT_TRUE(spooled.ok()) << spooled.status();
    EXPECT_EQ(same, text.starts_with("a\nb\n"));
    EXPECT_EQ(ReadAll(spooled->get()), text);
  }
}

TEST(ListMark, AFolderThatCannotBeWrittenToIsAnError) {
  bool same = false;
  EXPECT_FALSE(SpoolToMarks(List("a\n"), std::vector{MarkOf("a\n")}, "/nowhere", &same).ok());
}

}  // namespace
}  // namespace mxsweep::scanner
