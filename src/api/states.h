// The state behind the public handles.
#pragma once

#include <atomic>
#include <memory>

#include "api/engine.h"
#include "leat/host.h"

namespace leat {

struct Connection::State {
  State(std::shared_ptr<Engine> e, SocketHandle s, Endpoint here, Endpoint there)
      : engine(std::move(e)), socket(s), local(here), remote(there) {}
  std::shared_ptr<Engine> engine;
  SocketHandle socket;
  Endpoint local, remote;
  std::atomic<bool> closed{false};  ///< set by close() or abort(), possibly in another thread
};

struct Listener::State {
  std::shared_ptr<Engine> engine;
  SocketHandle socket;
  Endpoint local;
};

struct Host::State {
  std::shared_ptr<Engine> engine;
  LinkInfo link;  ///< without counters
};

}  // namespace leat
