#include "http/partial_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace leat::http {
namespace {

namespace fs = std::filesystem;

class PartialFileTest : public ::testing::Test {
 protected:
  PartialFileTest() {
    std::string pattern = (fs::temp_directory_path() / "leat-test-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~PartialFileTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::string content(const std::string& name) const {
    std::ifstream in(path(name), std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return in ? out.str() : "(none)";
  }
  void put(const std::string& name, const std::string& text) const { std::ofstream(path(name)) << text; }
  static Bytes bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
  }
  std::size_t files() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()));
  }
  fs::path folder_;
};

TEST_F(PartialFileTest, AppearsOnlyWhenComplete) {
  put("f", "old");
  PartialFile file(path("f"));
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("ne")));
  EXPECT_EQ(content("f"), "old");
  EXPECT_EQ(content("f.part"), "ne");
  ASSERT_TRUE(file.write(bytes("w")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(content("f"), "new");
  EXPECT_EQ(files(), 1u);
}

TEST_F(PartialFileTest, WhatWasNotFinishedStays) {
  {
    PartialFile file(path("f"));
    ASSERT_TRUE(file.start());
    ASSERT_TRUE(file.write(bytes("abc")));
  }
  EXPECT_EQ(content("f"), "(none)");
  PartialFile file(path("f"));
  const auto leftover = file.leftover();
  ASSERT_TRUE(leftover);
  EXPECT_EQ(leftover->size, 3u);
  EXPECT_FALSE(leftover->complete_name);
  ASSERT_TRUE(file.resume(*leftover));
  ASSERT_TRUE(file.write(bytes("def")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(content("f"), "abcdef");
}

TEST_F(PartialFileTest, AnEmptyPartIsNotLeftBehind) {
  {
    PartialFile file(path("f"));
    ASSERT_TRUE(file.start());
  }
  EXPECT_EQ(files(), 0u);
  EXPECT_FALSE(PartialFile(path("f")).leftover());
}

TEST_F(PartialFileTest, AFreshStartForgetsTheOldPart) {
  put("f.part", "stale");
  PartialFile file(path("f"));
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("x")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(content("f"), "x");
}

TEST_F(PartialFileTest, GoesOnFromTheFinalNameByCopying) {
  put("f", "abc");
  PartialFile file(path("f"));
  const auto leftover = file.leftover();
  ASSERT_TRUE(leftover && leftover->complete_name);
  ASSERT_TRUE(file.resume(*leftover));
  ASSERT_TRUE(file.write(bytes("def")));
  EXPECT_EQ(content("f"), "abc") << "untouched until it is complete";
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(content("f"), "abcdef");
}

TEST_F(PartialFileTest, NoticesThatThePartChanged) {
  put("f.part", "abc");
  PartialFile file(path("f"));
  const auto leftover = file.leftover();
  put("f.part", "abcd");
  EXPECT_FALSE(file.resume(*leftover));
}

TEST_F(PartialFileTest, RemembersWhatItIsAPartOf) {
  {
    PartialFile file(path("f"));
    ASSERT_TRUE(file.start());
    file.remember("\"tag\"");
    ASSERT_TRUE(file.write(bytes("abc")));
  }
  PartialFile file(path("f"));
  const auto leftover = file.leftover();
  ASSERT_TRUE(leftover);
  if (leftover->validator.empty()) GTEST_SKIP() << "this file system has no extended attributes";
  EXPECT_EQ(leftover->validator, "\"tag\"");
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("x")));
  EXPECT_EQ(PartialFile(path("f")).leftover()->validator, "") << "a fresh start forgets";
}

TEST_F(PartialFileTest, TwoTransfersDoNotMix) {
  PartialFile one(path("f")), two(path("f"));
  ASSERT_TRUE(one.start());
  const auto refused = two.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("another transfer"), std::string::npos);
  ASSERT_TRUE(one.write(bytes("x")));
  ASSERT_TRUE(one.commit());
  EXPECT_TRUE(two.start());
}

TEST_F(PartialFileTest, ASpecialFileIsWrittenAndNotReplaced) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  const int reader = ::open(path("pipe").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  PartialFile file(path("pipe"));
  EXPECT_FALSE(file.leftover());
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("abc")));
  ASSERT_TRUE(file.commit());
  char got[8] = {};
  EXPECT_EQ(::read(reader, got, sizeof got), 3);
  EXPECT_STREQ(got, "abc");
  ::close(reader);
  EXPECT_TRUE(fs::is_fifo(path("pipe")));
  EXPECT_EQ(files(), 1u);
}

TEST_F(PartialFileTest, FollowsALinkToAFile) {
  put("real", "old");
  fs::create_symlink("real", path("link"));
  PartialFile file(path("link"));
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("new")));
  ASSERT_TRUE(file.commit());
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content("real"), "new");
}

TEST_F(PartialFileTest, DoesNotFollowAPlantedPart) {
  put("victim", "precious");
  fs::create_symlink("victim", path("f.part"));
  PartialFile file(path("f"));
  EXPECT_FALSE(file.leftover());
  EXPECT_FALSE(file.start());
  EXPECT_EQ(content("victim"), "precious");
}

TEST_F(PartialFileTest, SaysWhyItCannot) {
  for (const char* name : {"no/such/folder", "."}) {
    PartialFile file(path(name));
    const auto refused = file.start();
    ASSERT_FALSE(refused) << name;
    EXPECT_FALSE(refused.error().empty());
  }
  PartialFile full("/dev/full");
  ASSERT_TRUE(full.start());
  EXPECT_FALSE(full.write(bytes("x")));
}

TEST_F(PartialFileTest, AReplacedFileKeepsItsPermissions) {
  put("f", "old");
  ASSERT_EQ(::chmod(path("f").c_str(), 0640), 0);
  PartialFile file(path("f"));
  ASSERT_TRUE(file.start());
  ASSERT_TRUE(file.write(bytes("new")));
  ASSERT_TRUE(file.commit());
  EXPECT_EQ(fs::status(path("f")).permissions(), fs::perms(0640));
}

TEST_F(PartialFileTest, ATerminalGetsNoBinaryData) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  DescriptorOutput terminal(ends[1], true);
  EXPECT_TRUE(terminal.write(bytes("text")));
  const auto refused = terminal.write(bytes(std::string_view("a\0b", 3)));
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("terminal"), std::string::npos);
  DescriptorOutput pipe(ends[1]);
  EXPECT_TRUE(pipe.write(bytes(std::string_view("a\0b", 3))));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace
}  // namespace leat::http
