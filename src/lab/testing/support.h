// What the lab's tests share: a lab or a skip, an ordinary user, little programs that send and receive.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "lab/lab.h"

/// `Lab name = …` or the end of the test: skipped where no lab is possible, failed where it should be.
#define LEAT_LAB_OR_SKIP(name, config)                                                        \
  auto name##_made = ::leat::lab::Lab::create(config);                                        \
  if (!name##_made && name##_made.error().kind == ::leat::lab::LabError::Kind::unavailable) { \
    GTEST_SKIP() << name##_made.error().message;                                              \
  }                                                                                           \
  ASSERT_TRUE(name##_made) << name##_made.error().message;                                    \
  ::leat::lab::Lab name = std::move(*name##_made)

/// Ends the test as skipped where no lab is possible.
#define LEAT_SKIP_WITHOUT_LAB()                                                 \
  if (auto trial = ::leat::lab::Lab::create({});                                \
      !trial && trial.error().kind == ::leat::lab::LabError::Kind::unavailable) \
  GTEST_SKIP() << trial.error().message

namespace leat::lab::testing {

/// Runs `body`, a test's body, in a child that has become an ordinary user (as it is when we are not root). Failures
/// and skips in it are this test's.
void as_ordinary_user(const std::function<void()>& body);

/// The interfaces of the caller's network namespace.
std::set<std::string> interface_names();

/// How many processes that we may look at are in a namespace, named as in /proc/PID/ns: "net:[4026531840]".
unsigned processes_in(const std::string& name_space);

/// Each for run_inside; 0 on success, else an errno.
/// Sends `count` UDP datagrams without waiting for anything.
int send_datagrams(const std::string& to, unsigned count);
/// Answers the first UDP datagram to port 7.
int answer_one_datagram();
/// Sends UDP datagrams to port 7 until one is answered, ten seconds at most.
int exchange_datagram(const std::string& with);
/// Sends `size` bytes to the first who connects to TCP port 19.
int serve_bytes(std::size_t size);
/// Connects to TCP port 19 and reads to the end; ERANGE when it was not `size` bytes.
int fetch_bytes(const std::string& from, std::size_t size);

/// Runs `server` in one place and `client` in another until both end; fails the test unless both end with 0.
void expect_exchange(const Lab& lab, Place client_place, const std::function<int()>& client, Place server_place,
                     const std::function<int()>& server);

}  // namespace leat::lab::testing
