// AF_XDP on queue 0, in the mode that the driver supports. Frames are written and read in place, in the kernel's rings.
#include <bpf/bpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <xdp/xsk.h>

#include <array>
#include <vector>

#include "path.h"

namespace leat::path_limit {
namespace {

constexpr std::uint32_t kFrames = 2048;  // for each direction
constexpr std::uint32_t kFrameSize = 2048;

class Xdp final : public Path {
 public:
  explicit Xdp(const std::string& interface) {
    void* area = ::mmap(nullptr, std::size_t{2} * kFrames * kFrameSize, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (area == MAP_FAILED) fail("map frames");
    memory_ = static_cast<std::uint8_t*>(area);
    xsk_umem_config rings{};
    rings.fill_size = rings.comp_size = kFrames;
    rings.frame_size = kFrameSize;
    if (::xsk_umem__create(&umem_, area, std::size_t{2} * kFrames * kFrameSize, &fill_, &sent_, &rings) != 0) {
      fail("register frames");
    }
    xsk_socket_config options{};
    options.rx_size = options.tx_size = kFrames;
    options.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD;
    options.bind_flags = XDP_USE_NEED_WAKEUP;
    if (::xsk_socket__create(&socket_, interface.c_str(), 0, umem_, &received_, &send_, &options) != 0) {
      fail("open an XDP socket");
    }
    constexpr int kBudgetOption = 9, kBudget = 256;  // XDP_MAX_TX_SKB_BUDGET of Linux 6.17; 32 before
    (void)::setsockopt(descriptor(), SOL_XDP, kBudgetOption, &kBudget, sizeof kBudget);
    const int bytes = 16 << 20;
    ::setsockopt(descriptor(), SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof bytes);
    std::uint32_t at = 0;
    ::xsk_ring_prod__reserve(&fill_, kFrames, &at);
    for (std::uint32_t i = 0; i < kFrames; ++i) {
      *::xsk_ring_prod__fill_addr(&fill_, at + i) = std::uint64_t{i} * kFrameSize;
      free_.push_back(std::uint64_t{kFrames + i} * kFrameSize);
    }
    ::xsk_ring_prod__submit(&fill_, kFrames);
    redirect_all(interface);
  }

  std::size_t most_payload() const override { return kMss; }

  std::span<const Frame> receive() override {
    give_back();
    ++receive_calls;
    taken_ = ::xsk_ring_cons__peek(&received_, kBurst, &at_);
    for (std::uint32_t i = 0; i < taken_; ++i) {
      const xdp_desc* d = ::xsk_ring_cons__rx_desc(&received_, at_ + i);
      frames_[i] = {memory_ + d->addr, d->len, false};
    }
    return {frames_.data(), taken_};
  }

  std::uint8_t* room() override {
    if (free_.empty()) collect_sent();
    return free_.empty() ? nullptr : memory_ + free_.back();
  }

  void queue(std::size_t size) override {
    std::uint32_t at = 0;
    if (::xsk_ring_prod__reserve(&send_, 1, &at) != 1) return flush();  // lost
    *::xsk_ring_prod__tx_desc(&send_, at) = {free_.back(), static_cast<std::uint32_t>(size), 0};
    free_.pop_back();
    ++queued_;
  }

  void flush() override {
    if (queued_ == 0) return;
    ::xsk_ring_prod__submit(&send_, queued_);
    queued_ = 0;
    while (::xsk_prod_nb_free(&send_, kFrames) < kFrames && ::xsk_ring_prod__needs_wakeup(&send_) != 0) {
      ++send_calls;
      (void)::sendto(descriptor(), nullptr, 0, MSG_DONTWAIT, nullptr, 0);
      collect_sent();
    }
  }

  int descriptor() const override { return ::xsk_socket__fd(socket_); }

 private:
  /// Returns the frames of the last receive() to the kernel.
  void give_back() {
    std::uint32_t to = 0;
    if (taken_ == 0 || ::xsk_ring_prod__reserve(&fill_, taken_, &to) != taken_) return;
    for (std::uint32_t i = 0; i < taken_; ++i) {
      const std::uint64_t address = ::xsk_ring_cons__rx_desc(&received_, at_ + i)->addr;
      *::xsk_ring_prod__fill_addr(&fill_, to + i) = address / kFrameSize * kFrameSize;
    }
    ::xsk_ring_prod__submit(&fill_, taken_);
    ::xsk_ring_cons__release(&received_, taken_);
    taken_ = 0;
  }

  void collect_sent() {
    std::uint32_t at = 0;
    const std::uint32_t n = ::xsk_ring_cons__peek(&sent_, kFrames, &at);
    for (std::uint32_t i = 0; i < n; ++i) free_.push_back(*::xsk_ring_cons__comp_addr(&sent_, at + i));
    ::xsk_ring_cons__release(&sent_, n);
  }

  /// Loads a program that gives all frames of a queue to its socket. It ends with this process.
  void redirect_all(const std::string& interface) {
    const int map = ::bpf_map_create(BPF_MAP_TYPE_XSKMAP, "path_limit", 4, 4, 1, nullptr);
    if (map < 0 || ::xsk_socket__update_xskmap(socket_, map) != 0) fail("make a map of sockets");
    constexpr std::uint8_t kLoadWord = BPF_LDX | BPF_MEM | BPF_W, kSet = BPF_ALU64 | BPF_MOV | BPF_K;
    const std::array<bpf_insn, 6> program{{
        {kLoadWord, BPF_REG_2, BPF_REG_1, offsetof(xdp_md, rx_queue_index), 0},
        {BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_FD, 0, map},
        {},  // the upper half of the address
        {kSet, BPF_REG_3, 0, 0, XDP_PASS},
        {BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect_map},
        {BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
    }};
    const int loaded = ::bpf_prog_load(BPF_PROG_TYPE_XDP, "path_limit", "GPL", program.data(), program.size(), nullptr);
    if (loaded < 0) fail("load a program");
    if (::bpf_link_create(loaded, static_cast<int>(::if_nametoindex(interface.c_str())), BPF_XDP, nullptr) < 0) {
      fail("attach a program");
    }
  }

  std::uint8_t* memory_ = nullptr;
  xsk_umem* umem_ = nullptr;
  xsk_socket* socket_ = nullptr;
  xsk_ring_prod fill_{}, send_{};
  xsk_ring_cons sent_{}, received_{};
  std::vector<std::uint64_t> free_;  // frames for sending
  std::uint32_t at_ = 0, taken_ = 0, queued_ = 0;
  std::array<Frame, kBurst> frames_{};
};

}  // namespace

std::unique_ptr<Path> open_xdp(const std::string& interface) { return std::make_unique<Xdp>(interface); }

}  // namespace leat::path_limit
