// What a site shows and what it does not.
#include "http/server/site.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "http/server/listing.h"
#include "http/server/media_type.h"

namespace leat::http {
namespace {

struct SiteTest : ::testing::Test {
  SiteTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "leat-site-XXXXXX").string();
    root = std::filesystem::path(::mkdtemp(pattern.data()));
    std::filesystem::create_directories(root / "www" / "sub" / "empty");
    std::ofstream(root / "secret") << "secret";
    std::ofstream(root / "www" / "a.txt") << "hello";
    std::ofstream(root / "www" / "sub" / "index.html") << "index";
    std::ofstream(root / "www" / ".hidden") << "x";
    std::filesystem::create_symlink("../secret", root / "www" / "out");
    std::filesystem::create_symlink("/etc/passwd", root / "www" / "abs");
    std::filesystem::create_symlink("..", root / "www" / "up");
    std::filesystem::create_symlink("a.txt", root / "www" / "inside");
    std::filesystem::create_symlink("loop", root / "www" / "loop");
    ::mkfifo((root / "www" / "pipe").c_str(), 0600);
  }
  ~SiteTest() override { std::filesystem::remove_all(root); }

  Site site() { return std::move(*Site::open((root / "www").string())); }
  std::filesystem::path root;
};

TEST_F(SiteTest, FindsFilesAndFolders) {
  const Site s = site();
  const auto file = s.find("/a.txt");
  ASSERT_TRUE(file.has_value());
  EXPECT_EQ(file->file->size, 5u);
  EXPECT_EQ(file->file->tag.front(), '"');
  EXPECT_EQ(file->file->tag.back(), '"');
  EXPECT_EQ(s.find("/inside")->file->size, 5u) << "a link that stays inside";
  EXPECT_EQ(s.find("/sub/")->file->name, "sub/index.html");
  EXPECT_TRUE(s.find("/sub")->folder->missing_slash);
  EXPECT_TRUE(s.find("/sub/empty/")->folder->entries.empty());
  EXPECT_EQ(s.find("/a.txt/").error(), 404u);
  EXPECT_EQ(s.find("/nothing").error(), 404u);
}

TEST_F(SiteTest, NothingLeadsOut) {
  const Site s = site();
  for (const char* path : {"/out", "/abs", "/up/secret", "/up/", "/loop", "/../secret", "/sub/../../secret"}) {
    EXPECT_EQ(s.find(path).error(), 404u) << path;
  }
}

TEST_F(SiteTest, APipeIsNeitherServedNorWaitedFor) { EXPECT_EQ(site().find("/pipe").error(), 403u); }

TEST_F(SiteTest, AListingHasFoldersFirstAndNothingHidden) {
  const auto found = site().find("/");
  ASSERT_TRUE(found && found->folder);
  std::string names;
  for (const SiteEntry& e : found->folder->entries) names += e.name + (e.is_folder ? "/ " : " ");
  EXPECT_EQ(names, "sub/ a.txt inside ") << "links that lead out tell nothing of what is there";
}

TEST_F(SiteTest, TheUsersOwnPathMayBeALink) {
  std::filesystem::create_symlink("www/a.txt", root / "link");
  const auto one = Site::open((root / "link").string());
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->find("/a.txt")->file->size, 5u);
  EXPECT_EQ(one->find("/")->file->size, 5u);
}

TEST_F(SiteTest, NothingWasModifiedInTheFuture) {
  const timespec times[2] = {{std::time(nullptr) + 86'400, 0}, {std::time(nullptr) + 86'400, 0}};
  ASSERT_EQ(::utimensat(AT_FDCWD, (root / "www" / "a.txt").c_str(), times, 0), 0);
  EXPECT_LE(site().find("/a.txt")->file->modified, std::time(nullptr));
}

std::time_t in_a_minute() { return std::time(nullptr) + 60; }
std::string text_of(const Site& s, const std::string& path) {
  const auto found = s.find(path);
  return found && found->file && found->file->text ? *found->file->text : "none";
}

TEST_F(SiteTest, SmallFilesAreKeptUntilTheyChange) {
  const Site s = std::move(*Site::open((root / "www").string(), in_a_minute));
  EXPECT_EQ(text_of(s, "/a.txt"), "hello");
  EXPECT_EQ(s.find("/a.txt")->file, s.find("/a.txt")->file) << "opened once";
  EXPECT_EQ(s.find("/sub/")->file, s.find("/sub/index.html")->file);

  std::ofstream(root / "www" / "a.txt") << "HELLO";  // as long as before
  EXPECT_EQ(text_of(s, "/a.txt"), "hello") << "requests that came together get the same";
  s.look_again();
  EXPECT_EQ(text_of(s, "/a.txt"), "HELLO");
  std::filesystem::rename(root / "www" / "sub" / "index.html", root / "www" / "a.txt");
  s.look_again();
  EXPECT_EQ(text_of(s, "/a.txt"), "index");
  EXPECT_NE(s.find("/sub/")->folder, nullptr);
  std::filesystem::remove(root / "www" / "a.txt");
  s.look_again();
  EXPECT_EQ(s.find("/a.txt").error(), 404u);
  std::filesystem::create_symlink("../secret", root / "www" / "a.txt");
  EXPECT_EQ(s.find("/a.txt").error(), 404u) << "a path that was good once does not lead out";
}

TEST_F(SiteTest, WhatHasJustChangedIsOpenedEachTime) {
  const Site s = site();
  EXPECT_EQ(s.find("/a.txt")->file->text, nullptr);
  EXPECT_NE(s.find("/a.txt")->file, s.find("/a.txt")->file);
}

TEST_F(SiteTest, LargeFilesAreNotKept) {
  std::ofstream(root / "www" / "large") << std::string(RecentFiles::kLargest + 1, 'x');
  const Site s = std::move(*Site::open((root / "www").string(), in_a_minute));
  EXPECT_EQ(s.find("/large")->file->text, nullptr);
}

TEST(RecentFiles, AreBounded) {
  RecentFiles files;
  struct stat s {};
  s.st_mode = S_IFREG;
  for (std::size_t i = 0; i < 2 * RecentFiles::kMost; ++i) {
    files.keep(std::to_string(i), s, std::make_shared<SiteFile>());
  }
  std::size_t kept = 0;
  for (std::size_t i = 0; i < 2 * RecentFiles::kMost; ++i) kept += files.knows(std::to_string(i)) ? 1 : 0;
  EXPECT_EQ(kept, RecentFiles::kMost);
  EXPECT_TRUE(files.knows(std::to_string(2 * RecentFiles::kMost - 1)));

  files.look_again();
  const std::string used = std::to_string(2 * RecentFiles::kMost - 5);
  ASSERT_TRUE(files.find(used, [&](struct stat& now) {
    now = s;
    return true;
  }));
  for (std::size_t i = 0; i + 1 < RecentFiles::kMost; ++i) {
    files.keep("x" + std::to_string(i), s, std::make_shared<SiteFile>());
  }
  EXPECT_TRUE(files.knows(used)) << "those that were not asked for go first";
}

TEST_F(SiteTest, OneFileShowsNothingElse) {
  const auto one = Site::open((root / "www" / "a.txt").string());
  ASSERT_TRUE(one.has_value());
  EXPECT_EQ(one->find("/")->file->size, 5u);
  EXPECT_EQ(one->find("/a.txt")->file->size, 5u);
  EXPECT_EQ(one->find("/sub/").error(), 404u);
  EXPECT_EQ(one->find("/.hidden").error(), 404u);
}

TEST_F(SiteTest, WhatCannotBeServedIsRefusedAtOnce) {
  EXPECT_FALSE(Site::open((root / "nothing").string()).has_value());
  EXPECT_FALSE(Site::open("/dev/null").has_value());
}

TEST(TargetPath, IsDecodedAndNormalised) {
  EXPECT_EQ(*path_of_target("/"), "/");
  EXPECT_EQ(*path_of_target("/a%20b?q=/../x"), "/a b");
  EXPECT_EQ(*path_of_target("/a/./b/../c"), "/a/c");
  EXPECT_EQ(*path_of_target("//a///b/"), "/a/b/");
  EXPECT_EQ(*path_of_target("/a/.."), "/");
  EXPECT_EQ(*path_of_target("http://example.org/x"), "/x");
  EXPECT_EQ(*path_of_target("http://example.org"), "/");
}

TEST(TargetPath, RefusesWhatLeadsAboveOrIsMalformed) {
  for (const char* target : {"", "x", "*", "/..", "/../x", "/%2e%2e/x", "/a/%2E./../../x", "/%2e%2e%2fx", "/%", "/%4",
                             "/%zz", "/%00", "/a%00.txt", "?", "http:"}) {
    EXPECT_FALSE(path_of_target(target).has_value()) << target;
  }
}

TEST(Listing, EscapesNamesForBothTheirPlaces) {
  SiteFolder folder;
  folder.entries = {{"a&b<c>\"'.html", false, 7}, {"50% off:#?", true, 0}};
  const std::string page = listing_page("/<x>/", folder, ListingPages::kLargest);
  EXPECT_NE(page.find("<h1>/&lt;x&gt;/</h1>"), std::string::npos);
  EXPECT_NE(page.find("href=\"./a%26b%3Cc%3E%22%27.html\">a&amp;b&lt;c&gt;&quot;&#39;.html<"), std::string::npos);
  EXPECT_NE(page.find("href=\"./50%25%20off%3A%23%3F/\""), std::string::npos);
}

TEST(Listing, CountsWhatDoesNotFit) {
  SiteFolder folder;
  for (int i = 0; i < 100; ++i) folder.entries.push_back({std::string(200, 'x') + std::to_string(i), false, 7});
  const std::string whole = listing_page("/", folder, ListingPages::kLargest), some = listing_page("/", folder, 5000);
  EXPECT_NE(whole.find("x99"), std::string::npos);
  EXPECT_EQ(whole.find(" more"), std::string::npos);
  EXPECT_LT(some.size(), 6000u);
  EXPECT_NE(some.find("x9<"), std::string::npos);
  EXPECT_EQ(some.find("x99"), std::string::npos);
  EXPECT_NE(some.find(" more</p></body></html>"), std::string::npos);
}

TEST(ListingPages, TheNewestIsSharedAndEachIsCountedWhileSomebodyHasIt) {
  ListingPages pages;
  EXPECT_EQ(pages.find("a"), nullptr);
  ListingPages::Page a = pages.keep("a", std::string(1000, 'a'));
  EXPECT_EQ(pages.find("a"), a);
  ListingPages::Page b = pages.keep("b", std::string(500, 'b'));
  EXPECT_EQ(pages.find("a"), nullptr);
  EXPECT_EQ(pages.held(), 1500u);
  a.reset();
  EXPECT_EQ(pages.held(), 500u);
  EXPECT_EQ(pages.room(), ListingPages::kLargest);
  const ListingPages::Page much = pages.keep("c", std::string(ListingPages::kFree, 'c'));
  EXPECT_EQ(pages.room(), ListingPages::kShort);
}

TEST(MediaType, GoesByTheEnding) {
  EXPECT_EQ(media_type("a/b.HTML"), "text/html; charset=utf-8");
  EXPECT_EQ(media_type("x.tar.gz"), "application/gzip");
  EXPECT_EQ(media_type("jpg"), "application/octet-stream");
  EXPECT_EQ(media_type("dir.png/file"), "application/octet-stream");
}

}  // namespace
}  // namespace leat::http
