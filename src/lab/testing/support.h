// Helpers for tests in the lab: a lab or a skip, an ordinary user, small senders and receivers.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "lab/lab.h"

/// Defines the Lab `name`, or ends the test: skipped if a lab is impossible here, failed if it should be possible.
#define LEAT_LAB_OR_SKIP(name, config)                                                        \
  auto name##_made = ::leat::lab::Lab::create(config);                                        \
  if (!name##_made && name##_made.error().kind == ::leat::lab::LabError::Kind::unavailable) { \
    GTEST_SKIP() << name##_made.error().message;                                              \
  }                                                                                           \
  ASSERT_TRUE(name##_made) << name##_made.error().message;                                    \
  ::leat::lab::Lab name = std::move(*name##_made)

/// Skips the test if a lab is impossible here.
#define LEAT_SKIP_WITHOUT_LAB()                                                 \
  if (auto trial = ::leat::lab::Lab::create({});                                \
      !trial && trial.error().kind == ::leat::lab::LabError::Kind::unavailable) \
  GTEST_SKIP() << trial.error().message

namespace leat::lab::testing {

/// Runs `body` in a child that is an ordinary user. Failures and skips in it are those of the test. Without root, the
/// child stays the same user.
void as_ordinary_user(const std::function<void()>& body);

/// The names of the interfaces in the caller's network namespace.
std::set<std::string> interface_names();

/// The number of visible processes in a namespace. Its name is that of /proc/PID/ns, such as "net:[4026531840]".
unsigned processes_in(const std::string& name_space);

/// The following functions are for run_inside. They return 0 or an errno.

/// Sends `count` UDP datagrams without a wait.
int send_datagrams(const std::string& to, unsigned count);
/// Answers the first UDP datagram to port 7.
int answer_one_datagram();
/// Sends UDP datagrams to port 7 until one is answered, for at most ten seconds.
int exchange_datagram(const std::string& with);
/// Sends `size` bytes to the first client that connects to TCP port 19.
int serve_bytes(std::size_t size);
/// Connects to TCP port 19 and reads to the end. ERANGE: the data had not `size` bytes.
int fetch_bytes(const std::string& from, std::size_t size);

/// Runs `server` in one network and `client` in another until both end. The test fails unless both end with 0.
void expect_exchange(const Lab& lab, Place client_place, const std::function<int()>& client, Place server_place,
                     const std::function<int()>& server);

}  // namespace leat::lab::testing
