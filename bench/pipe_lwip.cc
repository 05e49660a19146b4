// The lwIP half of bench/pipe: Debian's liblwip, raw API, one instance with two interfaces, no thread.
//
// The package fixes the options (lwipopts.h): MSS 1460, a window and a send buffer of 65,535 bytes, buffers from
// malloc, and checksums that are made during the copy and verified on input. The core runs in the calling thread: the
// bench calls lwip_init and not tcpip_init, so it takes no core lock.
#include <lwip/etharp.h>
#include <lwip/init.h>
#include <lwip/tcp.h>
#include <lwip/timeouts.h>
#include <netif/ethernet.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>

#include "pipe.h"

namespace pipe_bench {
namespace {

static_assert(CHECKSUM_CHECK_TCP == 1 && CHECKSUM_CHECK_IP == 1 && CHECKSUM_GEN_TCP == 1);

[[noreturn]] void fail(const char* what) {
  std::fprintf(stderr, "pipe: lwIP: %s\n", what);
  std::exit(1);
}

/// One direction of the cable: frames of one interface that wait for the other.
struct Wire {
  netif* to = nullptr;
  std::deque<pbuf*> frames;
  WireCounter counter;
  bool checking = false;

  void deliver() {
    while (!frames.empty()) {
      pbuf* frame = frames.front();
      frames.pop_front();
      if (to->input(frame, to) != ERR_OK) pbuf_free(frame);
    }
  }
};

/// Copies a frame, as a device does. lwIP keeps a frame that it sent, and changes header fields of one that it
/// receives.
err_t link_output(netif* from, pbuf* p) {
  Wire& wire = *static_cast<Wire*>(from->state);
  pbuf* copy = pbuf_alloc(PBUF_RAW, p->tot_len, PBUF_RAM);  // the PBUF_POOL elements of the package are too small
  if (copy == nullptr || pbuf_copy(copy, p) != ERR_OK) fail("no buffer for a frame");
  if (wire.counter.count(p->tot_len, wire.checking)) static_cast<std::uint8_t*>(copy->payload)[80] ^= 0x10;
  wire.frames.push_back(copy);
  return ERR_OK;
}

err_t init_interface(netif* n) {
  n->name[0] = 'p';
  n->name[1] = 'i';
  n->mtu = 1500;
  n->hwaddr_len = ETH_HWADDR_LEN;
  n->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
  n->output = etharp_output;
  n->linkoutput = link_output;
  return ERR_OK;
}

/// The two interfaces are made once, because the state of lwIP is global.
struct Network {
  netif near_if{}, far_if{};
  Wire to_far, to_near;

  Network() {
    lwip_init();
    add(near_if, 1, to_far);
    add(far_if, 2, to_near);
    to_far.to = &far_if;
    to_near.to = &near_if;
  }
  void add(netif& n, std::uint8_t host, Wire& out) {
    ip4_addr_t address{}, mask{}, gateway{};
    IP4_ADDR(&address, 10, 0, 0, host);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    if (netif_add(&n, &address, &mask, &gateway, &out, init_interface, ethernet_input) == nullptr) fail("netif_add");
    n.hwaddr[0] = 2;
    n.hwaddr[5] = host;
    netif_set_link_up(&n);
    netif_set_up(&n);
  }
  /// Delivers all frames on the cable, and the frames that they cause.
  void settle() {
    while (!to_far.frames.empty() || !to_near.frames.empty()) {
      to_far.deliver();
      to_near.deliver();
    }
  }
};

struct Run {
  Application app;
  tcp_pcb* sender = nullptr;
  tcp_pcb* receiver = nullptr;
  bool connected = false;
  explicit Run(const Work& work) : app(work) {}
};

err_t on_connected(void* arg, tcp_pcb*, err_t) {
  static_cast<Run*>(arg)->connected = true;
  return ERR_OK;
}

void on_error(void*, err_t) { fail("the connection broke"); }

err_t on_received(void* arg, tcp_pcb* pcb, pbuf* p, err_t) {
  Run& run = *static_cast<Run*>(arg);
  if (p == nullptr) return ERR_OK;
  for (std::uint16_t done = 0; done < p->tot_len;) {
    const auto room = run.app.room();
    const auto n =
        static_cast<std::uint16_t>(std::min<std::size_t>({room.size(), p->tot_len - std::size_t{done}, 0xffff}));
    pbuf_copy_partial(p, room.data(), n, done);
    run.app.got(n);
    done = static_cast<std::uint16_t>(done + n);
  }
  tcp_recved(pcb, p->tot_len);
  pbuf_free(p);
  return ERR_OK;
}

err_t on_accepted(void* arg, tcp_pcb* pcb, err_t) {
  static_cast<Run*>(arg)->receiver = pcb;
  tcp_arg(pcb, arg);
  tcp_recv(pcb, on_received);
  tcp_err(pcb, on_error);
  return ERR_OK;
}

void establish(Network& net, Run& run) {
  tcp_pcb* bound = tcp_new();
  if (bound == nullptr || tcp_bind(bound, &net.far_if.ip_addr, 80) != ERR_OK) fail("tcp_bind");
  tcp_bind_netif(bound, &net.far_if);
  tcp_pcb* listener = tcp_listen(bound);
  tcp_arg(listener, &run);
  tcp_accept(listener, on_accepted);

  run.sender = tcp_new();
  if (tcp_bind(run.sender, &net.near_if.ip_addr, 0) != ERR_OK) fail("tcp_bind");
  tcp_bind_netif(run.sender, &net.near_if);
  tcp_arg(run.sender, &run);
  tcp_err(run.sender, on_error);
  if (tcp_connect(run.sender, &net.far_if.ip_addr, 80, on_connected) != ERR_OK) fail("tcp_connect");
  for (Stopwatch w; run.receiver == nullptr || !run.connected;) {
    net.settle();
    sys_check_timeouts();
    if (w.seconds() > 10) fail("no handshake within 10 s");
  }
  tcp_close(listener);
}

void transfer(Network& net, Run& run) {
  Stopwatch watch;
  for (std::uint64_t round = 1; !run.app.done(); ++round) {
    for (auto data = run.app.next(); !data.empty() && tcp_sndbuf(run.sender) > 0; data = run.app.next()) {
      const auto n = static_cast<std::uint16_t>(std::min<std::size_t>(data.size(), tcp_sndbuf(run.sender)));
      if (tcp_write(run.sender, data.data(), n, TCP_WRITE_FLAG_COPY) != ERR_OK) break;  // the queue is full
      run.app.wrote(n);
    }
    tcp_output(run.sender);
    net.settle();
    sys_check_timeouts();
    if (round % 4096 == 0 && watch.seconds() > kPatience) fail("the transfer does not end");
  }
}

}  // namespace

Result run_lwip(const Work& work) {
  static Network net;
  net.to_far.counter = net.to_near.counter = {};
  net.to_far.checking = work.checking;
  Run run(work);
  establish(net, run);

  Stopwatch watch;
  transfer(net, run);
  Result result{.seconds = watch.seconds(), .bytes = run.app.received(), .correct = run.app.correct()};
  result.data_segments = net.to_far.counter.data;
  result.ack_segments = net.to_near.counter.bare;
  result.mss = tcp_mss(run.sender);
  result.window = TCP_WND;

  tcp_err(run.sender, nullptr);
  tcp_err(run.receiver, nullptr);
  tcp_abort(run.sender);
  net.settle();
  return result;
}

}  // namespace pipe_bench
