// Clients on the kernel's TCP that misbehave. The servers neither crash, hang nor leak (an ASan build checks that at
// its end). They deliver all data that a client still expects, and continue to serve other clients.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include "http/testing/malformed_requests.h"
#include "kernel_client.h"
#include "lab/testing/support.h"
#include "served.h"

namespace leat::interop {
namespace {

using namespace std::chrono_literals;
using Ending = KernelClient::End;

constexpr std::size_t kBodySize = 1'500'001;  // more than a send buffer
constexpr int kSmallBuffer = 16'384;
const std::string kTen = "GET /ten HTTP/1.1\r\nHost: x\r\n\r\n";
const std::string kTenAndClose = "GET /ten HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const std::string kBig = "GET /big HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
const std::string kHuge = "GET /huge HTTP/1.1\r\nHost: x\r\n\r\n";

std::string body_of(const std::string& answer) {
  const std::size_t end = answer.find("\r\n\r\n");
  return end == std::string::npos ? "" : answer.substr(end + 4);
}

class MisbehavingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LEAT_LAB_OR_SKIP(lab, lab::LabConfig{});
    lab_.emplace(std::move(lab));
    std::filesystem::create_directories(folder_ / "www");
    std::ofstream(folder_ / "www" / "ten") << "0123456789";
    write_noise(folder_ / "www" / "big", kBodySize);
    std::ofstream(folder_ / "www" / "huge") << "";
    std::filesystem::resize_file(folder_ / "www" / "huge", 1'000'000'000);  // a sparse file takes no disk space
    std::ifstream big(folder_ / "www" / "big", std::ios::binary);
    big_.assign(std::istreambuf_iterator<char>(big), {});
  }
  void start(std::vector<std::string> command) {
    served_.emplace(*lab_, lab_->best_link(), std::move(command));
    ASSERT_TRUE(served_->running());
  }
  void serve(std::vector<std::string> options = {}) {
    options.insert(options.begin(), {"serve", folder_ / "www"});
    start(std::move(options));
  }
  void in_far_and_well(const std::function<void()>& body) {
    lab::Process client = in_far(*lab_, body);
    expect_success(client, 120s);
  }
  KernelClient connect(int receive_buffer = 0) const { return {served_->address(), port_, receive_buffer}; }
  void require_good_service() const {
    KernelClient client = connect();
    client.send(kBig);
    require(body_of(client.read_all()) == big_, "a good client does not get its file");
  }

  const Folder folder_;
  std::optional<lab::Lab> lab_;
  std::optional<Served> served_;
  std::string big_;
  std::uint16_t port_ = 8080;
};

TEST_F(MisbehavingTest, BytesAndClosesInEveryOrder) {
  serve();
  in_far_and_well([&] {
    for (int round = 0; round < 10; ++round) {
      KernelClient half = connect();
      half.send(kBig);
      half.half_close();
      require(body_of(half.read_all()) == big_, "half-closed behind the request");

      KernelClient single = connect();
      for (const char c : kTenAndClose) single.send({&c, 1});
      require(body_of(single.read_all()) == "0123456789", "one byte at a time");

      KernelClient silent = connect();
      silent.half_close();
      require(silent.read_all().empty(), "half-closed without a request");

      KernelClient cut = connect();
      cut.send(kTen.substr(0, 20));
      cut.half_close();
      require(cut.read_all().substr(9, 3) == "400", "half-closed within the request");

      KernelClient(connect()).reset();
      KernelClient within = connect();
      within.send(kTen.substr(0, 20));
      within.reset();
      KernelClient answered = connect();
      answered.send(kHuge);
      answered.read(100'000);
      answered.reset();
      KernelClient leaves = connect();
      leaves.send(kHuge);  // closes with unread data, which sends a RST
    }
    require_good_service();
  });
  served_->end();
}

// A close with unread data would send a RST, which can overtake the tail.
TEST_F(MisbehavingTest, WhoSendsOnGetsTheTailAllTheSame) {
  serve();
  in_far_and_well([&] {
    KernelClient client = connect(kSmallBuffer);
    client.send(kBig + std::string(20'000, 'x'));
    client.read(10);
    client.send(std::string(20'000, 'y'));
    const std::string rest = client.read_all();
    require(rest.size() > kBodySize && rest.compare(rest.size() - kBodySize, kBodySize, big_) == 0, "the file's tail");
  });
  served_->end();
}

TEST_F(MisbehavingTest, ASlowRequestIsBoundedAsAWhole) {
  serve({"--timeout", "1s"});
  in_far_and_well([&] {
    KernelClient client = connect();
    client.send("GET /ten HTTP/1.1\r\nX: ");
    for (int i = 0; i < 10'000 && !client.is_readable(50ms); ++i) client.send("x");
    require(client.read_all().substr(9, 3) == "408", "no 408");
    KernelClient idle = connect();
    require(idle.read_all().empty(), "who asks nothing is told nothing");
  });
  served_->end();
}

TEST_F(MisbehavingTest, WhoReadsSlowlyIsServedAndWhoNeverReadsIsEnded) {
  // This reader lets the server write at most every 1.4 s, which is longer than its time-out.
  serve({"--timeout", "1s", "--sndbuf", "256k"});
  std::ofstream(folder_ / "www" / "slow") << std::string(400'000, 's');
  in_far_and_well([&] {
    std::vector<std::unique_ptr<KernelClient>> never;
    for (int i = 0; i < 20; ++i) {
      never.push_back(std::make_unique<KernelClient>(connect()));
      never.back()->send(kHuge);
    }
    KernelClient slow = connect(kSmallBuffer);
    slow.send("GET /slow HTTP/1.0\r\n\r\n");
    std::string all;
    while (all.size() < 400'000) {
      all += slow.read(8000);
      dawdle(130ms);
    }
    all += slow.read_all();
    require(body_of(all) == std::string(400'000, 's'), "the slow reader's file");
    for (const auto& client : never) client->wait_for_reset();
  });
  served_->end();
}

TEST_F(MisbehavingTest, ManyThatNeverReadLeaveMemoryForOthersAndTheSecondSignalResetsThem) {
  serve();
  lab::Process clients = in_far(*lab_, [&] {
    std::vector<std::unique_ptr<KernelClient>> never;
    for (int i = 0; i < 400; ++i) {
      never.push_back(std::make_unique<KernelClient>(connect()));
      never.back()->send(kHuge);
      never.back()->send_what_fits(std::string(100'000, 'x'), 0ms);
    }
    require_good_service();
    KernelClient idle = connect();
    idle.send(kTen);
    announce("served");
    idle.read_all();
    announce("ending");
    for (const auto& client : never) client->wait_for_reset();
  });
  EXPECT_TRUE(clients.wait_for_errors("served", 120s)) << clients.errors();
  EXPECT_LT(served_->resident(), std::size_t{600} << 20);
  served_->interrupt();
  EXPECT_TRUE(clients.wait_for_errors("ending", 60s)) << clients.errors();
  served_->end();
  expect_success(clients, 60s);
}

TEST_F(MisbehavingTest, MoreThanMaxClientsWaitForTheirTurn) {
  serve({"--max-clients", "3"});
  in_far_and_well([&] {
    std::vector<std::unique_ptr<KernelClient>> served;
    for (int i = 0; i < 3; ++i) {
      served.push_back(std::make_unique<KernelClient>(connect()));
      served.back()->send(kTen);
      require(served.back()->is_readable(KernelClient::kLimit), "no answer");
    }
    KernelClient fourth = connect();
    fourth.send(kTenAndClose);
    require(!fourth.is_readable(300ms), "a fourth client is served");
    served.pop_back();
    require(body_of(fourth.read_all()) == "0123456789", "the fourth client's turn");
  });
  served_->end();
}

TEST_F(MisbehavingTest, TheFirstSignalLetsWhatHasBegunFinish) {
  serve();
  lab::Process clients = in_far(*lab_, [&] {
    KernelClient idle = connect(), asking = connect(), reading = connect(kSmallBuffer),
                 half_closed = connect(kSmallBuffer);
    idle.send(kTen);
    require(idle.is_readable(KernelClient::kLimit), "no answer");
    asking.send(kTen.substr(0, 20));
    reading.send(kBig);
    half_closed.send(kBig);
    half_closed.half_close();
    require(reading.is_readable(KernelClient::kLimit) && half_closed.is_readable(KernelClient::kLimit), "no answers");
    announce("begun");
    require(body_of(idle.read_all()) == "0123456789", "the idle one");  // the FIN of the ending server
    idle.half_close();
    bool refused = false;
    try {
      connect();
    } catch (const std::exception&) {
      refused = true;
    }
    require(refused, "it still accepts");
    asking.send(kTen.substr(20));
    const std::string answer = asking.read_all();
    require(body_of(answer) == "0123456789" && answer.find("Connection: close") != std::string::npos, "the asking one");
    asking.half_close();
    require(body_of(reading.read_all()) == big_, "the reading one");
    reading.half_close();
    require(body_of(half_closed.read_all()) == big_, "the half-closed one");
  });
  EXPECT_TRUE(clients.wait_for_errors("begun", 60s)) << clients.errors();
  served_->end();
  expect_success(clients, 60s);
}

TEST_F(MisbehavingTest, AThousandMalformedRequests) {
  serve({"--quiet"});
  in_far_and_well([&] {
    std::size_t answered = 0;
    for (const std::string& text : http::testing::malformed_requests(2, 1000)) {
      KernelClient client = connect();
      client.send(text);
      client.half_close();
      answered += client.read_all().substr(0, 9) == "HTTP/1.1 " ? 1 : 0;
    }
    require(answered > 900, "only " + std::to_string(answered) + " got an answer");
    require_good_service();
  });
  EXPECT_LT(served_->resident(), std::size_t{400} << 20);
  served_->end();
}

TEST_F(MisbehavingTest, AReplayReachesEveryKindOfClientExactly) {
  start({"serve", "--replay", folder_ / "www" / "big", "--timeout", "1s"});
  in_far_and_well([&] {
    const auto gets_it = [&](KernelClient client, const std::string& name) {
      require(client.read_all() == big_, name);
    };
    for (const char* head : {"GET / HTTP/1.0\r\n\r\n", "GET / HTTP/1.0\n\n", "x\r\n\r\nand a body that nobody reads"}) {
      KernelClient asks = connect(kSmallBuffer);
      asks.send(head);
      gets_it(std::move(asks), head);
    }
    KernelClient half = connect();
    half.half_close();
    gets_it(std::move(half), "half-closed");
    KernelClient single = connect();
    for (const char c : kTen) single.send({&c, 1});
    gets_it(std::move(single), "one byte at a time");
    KernelClient floods = connect(kSmallBuffer);
    floods.send(kTen + std::string(60'000, 'x'));
    gets_it(std::move(floods), "one that sends on");
    KernelClient slow = connect();
    while (!slow.is_readable(50ms)) slow.send("x");
    Ending end = Ending::fin;
    require(slow.read_all(end).empty(), "a head that never ends");
    KernelClient never = connect(kSmallBuffer);
    never.send(kTen);
    never.wait_for_reset();
  });
  served_->end();
}

TEST_F(MisbehavingTest, AReplayBeginsWhenItIsTold) {
  start({"serve", "--replay", folder_ / "www" / "big", "--when", "connect"});
  in_far_and_well([&] { require(connect().read_all() == big_, "at once"); });
  served_->end();
  start({"serve", "--replay", folder_ / "www" / "big", "--when", "idle"});
  in_far_and_well([&] {
    KernelClient client = connect();
    client.send("half a head");
    require(client.read_all() == big_, "after a moment of silence");
  });
  served_->end();
}

TEST_F(MisbehavingTest, EchoGivesAllBackToManyAndEndsThoseThatNeverRead) {
  start({"echo", "--timeout", "1s"});
  port_ = 7;
  in_far_and_well([&] {
    const std::string much(50'000'000, 'x');  // NOLINT(bugprone-string-constructor)
    KernelClient never = connect();
    require(never.send_what_fits(much, 500ms) < much.size(), "it takes without bounds");
    std::vector<std::unique_ptr<KernelClient>> many;
    for (int i = 0; i < 100; ++i) {
      many.push_back(std::make_unique<KernelClient>(connect()));
      many.back()->send(std::string(10'000, static_cast<char>('a' + i % 26)));
      if (i % 2 == 0) many.back()->half_close();
    }
    for (std::size_t i = 0; i < many.size(); ++i) {
      require(many[i]->read(10'000) == std::string(10'000, static_cast<char>('a' + i % 26)), "what was sent");
      if (i % 2 == 0) require(many[i]->read_all().empty(), "the end");
      if (i % 5 == 1) many[i]->reset();
    }
    never.wait_for_reset();
  });
  served_->end();
}

}  // namespace
}  // namespace leat::interop
