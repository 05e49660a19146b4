// `leat serve FOLDER` with curl and wget on the kernel's TCP: whole files, ranges, resumed downloads, conditions,
// listings, and many requests on one connection. One process serves all clients of a test.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "lab/loss.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::size_t kFileSize = 300'001;

class FilesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LEAT_SKIP_WITHOUT_PROGRAMS("curl", "wget", "sha256sum");
    LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
    lab_.emplace(std::move(lab));
    std::filesystem::create_directories(folder_ / "www" / "a b");
    write_noise(noise(), kFileSize);
    std::ofstream(folder_ / "www" / "a b" / "<one>.txt") << "one\n";
    served_.emplace(*lab_, lab_->best_link(), std::vector<std::string>{"serve", folder_ / "www"});
    ASSERT_TRUE(served_->running());
  }
  void TearDown() override {
    if (served_ && served_->running()) served_->end();
  }

  std::string noise() const { return folder_ / "www" / "noise.bin"; }
  std::string noise_bytes(std::size_t first, std::size_t count) const {
    std::ifstream file(noise(), std::ios::binary);
    file.seekg(static_cast<std::streamoff>(first));
    std::string bytes(count, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(count));
    return bytes;
  }
  /// Returns the standard output of curl. The test fails unless curl succeeds.
  std::string run(const std::vector<std::string>& command) {
    lab::SpawnOptions options;
    options.directory = folder_.path();
    const auto output = lab_->run_tool(lab::kFar, command, options);
    EXPECT_TRUE(output) << output.error().message;
    return output ? *output : std::string();
  }
  std::string curl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"curl", "-sS", "--max-time", "60"});
    return run(arguments);
  }
  std::string url(const std::string& path) const { return served_->url(path); }

  const Folder folder_;
  std::optional<lab::Lab> lab_;
  std::optional<Served> served_;
};

TEST_F(FilesTest, CurlGetsWhatItAsksFor) {
  const std::string file = url("/noise.bin");
  EXPECT_EQ(curl({file}), noise_bytes(0, kFileSize));
  EXPECT_EQ(curl({"-r", "100-299", file}), noise_bytes(100, 200));
  EXPECT_EQ(curl({"-r", "-7", file}), noise_bytes(kFileSize - 7, 7));
  EXPECT_EQ(curl({"-r", "300000-", file}), noise_bytes(kFileSize - 1, 1));
  const std::string parts = curl({"-i", "-r", "0-9,20-29", file});
  EXPECT_THAT(parts, AllOf(StartsWith("HTTP/1.1 206"), HasSubstr("multipart/byteranges"),
                           HasSubstr("bytes 20-29/300001\r\n\r\n" + noise_bytes(20, 10))));
  EXPECT_THAT(curl({"-i", "-r", "400000-", file}), AllOf(StartsWith("HTTP/1.1 416"), HasSubstr("bytes */300001")));
  EXPECT_THAT(curl({"-I", file}), AllOf(StartsWith("HTTP/1.1 200"), HasSubstr("Content-Length: 300001\r\n")));
  EXPECT_THAT(curl({"-i", "-z", noise(), file}), StartsWith("HTTP/1.1 304"));
  EXPECT_THAT(curl({"-i", url("/nothing")}), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(curl({"-i", "--path-as-is", url("/../../etc/passwd")}), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(curl({"-i", "-d", "x=1", url("/")}), StartsWith("HTTP/1.1 405"));
}

TEST_F(FilesTest, AFolderIsListedAndItsNamesAreLinks) {
  EXPECT_THAT(curl({url("/")}), AllOf(HasSubstr("noise.bin"), HasSubstr("a%20b/")));
  EXPECT_THAT(curl({"-L", "-w", "%{num_redirects}", url("/a%20b")}),
              AllOf(HasSubstr("&lt;one&gt;.txt"), HasSubstr("1")));
  // wget follows all links.
  run({"wget", "-q", "-r", "-np", "-nH", "-P", folder_ / "mirror", url("/")});
  EXPECT_EQ(sha256_of(*lab_, folder_ / "mirror" / "noise.bin"), sha256_of(*lab_, noise()));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mirror" / "a b" / "<one>.txt"));
}

TEST_F(FilesTest, AnInterruptedDownloadIsResumed) {
  for (const std::string tool : {"curl", "wget"}) {
    const std::string saved = folder_ / tool;
    std::ofstream(saved, std::ios::binary) << noise_bytes(0, 123'456);
    if (tool == "curl") {
      EXPECT_EQ(curl({"-C", "-", "-w", "%{http_code} %{size_download}", "-o", saved, url("/noise.bin")}),
                "206 " + std::to_string(kFileSize - 123'456));
    } else {
      run({"wget", "-q", "-c", "-O", saved, url("/noise.bin")});
    }
    EXPECT_EQ(sha256_of(*lab_, saved), sha256_of(*lab_, noise())) << tool;
  }
}

TEST_F(FilesTest, AHundredRequestsUseOneConnection) {
  const std::string connects = curl({"-o", "/dev/null", "-w", "%{http_code}:%{num_connects} ", url("/a%20b/?[1-100]")});
  std::string expected = "200:1 ";
  for (int i = 1; i < 100; ++i) expected += "200:0 ";
  EXPECT_EQ(connects, expected);
}

TEST_F(FilesTest, FilesArriveWholeWhenOneFrameInTenIsLost) {
  ASSERT_TRUE(lab_->set_loss({10, 10}));
  // The clients make several connections with several requests each.
  const std::string urls = url("/noise.bin?[1-2]");
  EXPECT_EQ(curl({"-o", folder_ / "curl-#1", "-w", "%{http_code}:%{num_connects} ", urls}), "200:1 200:0 ");
  run({"wget", "-q", "--tries=1", "-P", folder_ / "mirror", "-r", "-np", "-nH", url("/")});
  for (const auto& saved : {folder_ / "curl-1", folder_ / "curl-2", folder_ / "mirror" / "noise.bin"}) {
    EXPECT_EQ(sha256_of(*lab_, saved), sha256_of(*lab_, noise())) << saved;
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "mirror" / "a b" / "<one>.txt"));
  const auto middle = lab_->counters();
  ASSERT_TRUE(middle) << middle.error().message;
  EXPECT_FALSE(lab::loss_is_missing({10, 10}, *middle));
}

TEST_F(FilesTest, ALargeFileArrivesWholeAndIsNotHeldInMemory) {
  constexpr std::size_t kSmall = 10'000'000, kLarge = 80'000'000;
  const auto fetch_twice_at_once = [&](const std::string& name, std::size_t size) {
    write_noise(folder_ / "www" / name, size);
    std::vector<lab::Process> clients;
    for (const char* copy : {"one", "two"}) {
      auto client = lab_->spawn(lab::kFar, {"curl", "-sS", "-o", folder_ / copy, url("/" + name)});
      ASSERT_TRUE(client) << client.error().message;
      clients.push_back(std::move(*client));
    }
    for (lab::Process& client : clients) expect_success(client, 120s);
    EXPECT_EQ(sha256_of(*lab_, folder_ / "one"), sha256_of(*lab_, folder_ / "www" / name));
    EXPECT_EQ(sha256_of(*lab_, folder_ / "two"), sha256_of(*lab_, folder_ / "www" / name));
  };
  // The small file fills the buffers that transfers of any size share. A server that held one copy of the large file
  // would then grow by the difference in size.
  ASSERT_NO_FATAL_FAILURE(fetch_twice_at_once("small.bin", kSmall));
  const std::size_t before = served_->resident();
  ASSERT_NO_FATAL_FAILURE(fetch_twice_at_once("large.bin", kLarge));
  EXPECT_LT(served_->resident(), before + (kLarge - kSmall) / 2) << "it was " << before;
}

}  // namespace
}  // namespace leat::interop
