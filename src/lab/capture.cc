#include "lab/capture.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <vector>

#include "lab/unique_fd.h"

namespace leat::lab {
namespace {

constexpr std::chrono::seconds kLimit{20};
// A block must hold a super-segment with its headers.
constexpr unsigned kBlockSize = 1 << 20, kBlocks = 64, kRetireAfterMilliseconds = 10;

/// A packet socket with a ring of blocks, shared with the kernel (TPACKET_V3).
class Ring {
 public:
  ~Ring() {
    if (blocks_ != nullptr) ::munmap(blocks_, std::size_t{kBlockSize} * kBlocks);
  }
  Ring() = default;
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// Returns 0 or an errno.
  int open(const char* interface) {
    socket_.reset(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    if (!socket_) return errno;
    const int version = TPACKET_V3;
    if (::setsockopt(socket_.get(), SOL_PACKET, PACKET_VERSION, &version, sizeof version) != 0) return errno;
    tpacket_req3 request{};
    request.tp_block_size = kBlockSize;
    request.tp_block_nr = kBlocks;
    request.tp_frame_size = 2048;
    request.tp_frame_nr = kBlockSize / 2048 * kBlocks;
    request.tp_retire_blk_tov = kRetireAfterMilliseconds;
    if (::setsockopt(socket_.get(), SOL_PACKET, PACKET_RX_RING, &request, sizeof request) != 0) return errno;
    void* memory =
        ::mmap(nullptr, std::size_t{kBlockSize} * kBlocks, PROT_READ | PROT_WRITE, MAP_SHARED, socket_.get(), 0);
    if (memory == MAP_FAILED) return errno;
    blocks_ = static_cast<std::uint8_t*>(memory);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(::if_nametoindex(interface));
    if (address.sll_ifindex == 0) return ENODEV;
    return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ? errno : 0;
  }

  int descriptor() const { return socket_.get(); }

  /// The next block that the kernel has handed over, or nullptr.
  tpacket_block_desc* next() const {
    auto* block = reinterpret_cast<tpacket_block_desc*>(blocks_ + std::size_t{kBlockSize} * current_);
    return (__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER) != 0 ? block : nullptr;
  }
  void give_back(tpacket_block_desc* block) {
    __atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
    current_ = (current_ + 1) % kBlocks;
  }

  struct Totals {
    std::uint64_t frames = 0, dropped = 0;  ///< `frames` includes `dropped`
  };
  /// The counts since open().
  const Totals& totals() {
    tpacket_stats_v3 since_last{};
    socklen_t size = sizeof since_last;
    if (::getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &since_last, &size) == 0) {
      totals_.frames += since_last.tp_packets;
      totals_.dropped += since_last.tp_drops;
    }
    return totals_;
  }

 private:
  UniqueFd socket_;
  std::uint8_t* blocks_ = nullptr;
  unsigned current_ = 0;
  Totals totals_;
};

struct FileHeader {
  std::uint32_t magic = 0xa1b23c4d;  // nanoseconds
  std::uint16_t major = 2, minor = 4;
  std::uint32_t zone = 0, accuracy = 0, longest = 262144, link_type = 1;
};
struct FrameHeader {
  std::uint32_t seconds, nanoseconds, captured, original;
};

bool write_all(int file, const void* data, std::size_t size) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  while (size > 0) {
    const ssize_t n = ::write(file, bytes, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

/// Writes the frames of a block by one system call. Returns their number, or -1.
int write_block(const tpacket_block_desc* block, int file) {
  std::vector<std::uint8_t> text;
  const auto* position = reinterpret_cast<const std::uint8_t*>(block) + block->hdr.bh1.offset_to_first_pkt;
  for (unsigned i = 0; i < block->hdr.bh1.num_pkts; ++i) {
    const auto* frame = reinterpret_cast<const tpacket3_hdr*>(position);
    const FrameHeader header{frame->tp_sec, frame->tp_nsec, frame->tp_snaplen, frame->tp_len};
    const auto* header_bytes = reinterpret_cast<const std::uint8_t*>(&header);
    text.insert(text.end(), header_bytes, header_bytes + sizeof header);
    text.insert(text.end(), position + frame->tp_mac, position + frame->tp_mac + frame->tp_snaplen);
    position += frame->tp_next_offset;
  }
  return write_all(file, text.data(), text.size()) ? static_cast<int>(block->hdr.bh1.num_pkts) : -1;
}

LabError failed(const std::string& what, const Process& process) {
  return {LabError::Kind::failed, what + ": " + process.errors()};
}

}  // namespace

int capture_frames(const char* interface, int file) {
  sigset_t stop;
  ::sigemptyset(&stop);
  ::sigaddset(&stop, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &stop, nullptr);
  const UniqueFd signals(::signalfd(-1, &stop, SFD_CLOEXEC));
  Ring ring;
  if (const int error = ring.open(interface)) return error;
  const FileHeader header;
  if (!write_all(file, &header, sizeof header) || !write_all(2, "ready\n", 6)) return errno;

  std::uint64_t written = 0;
  bool stopping = false;
  for (;;) {
    while (tpacket_block_desc* block = ring.next()) {
      const int frames = write_block(block, file);
      if (frames < 0) return errno;
      written += static_cast<std::uint64_t>(frames);
      ring.give_back(block);
    }
    // After a while the kernel hands over a block that is not full. Until then its frames are only counted.
    if (stopping && written >= ring.totals().frames - ring.totals().dropped) break;
    std::array<pollfd, 2> waiting{{{ring.descriptor(), POLLIN, 0}, {stopping ? -1 : signals.get(), POLLIN, 0}}};
    ::poll(waiting.data(), waiting.size(), -1);
    if (waiting[1].revents != 0) stopping = true;
  }
  return ring.totals().dropped != 0 ? kFramesLost : 0;
}

expected<Capture, LabError> Capture::start(const Lab& lab, Place place, const std::string& interface,
                                           const std::string& file) {
  const UniqueFd output(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!output) return unexpected(system_error(file, errno));
  auto process = lab.run_inside(place, [&] { return capture_frames(interface.c_str(), output.get()); });
  if (!process) return unexpected(std::move(process.error()));
  if (process->wait_for_errors("ready", kLimit)) return Capture(std::move(*process));
  const auto ended = process->wait_for(std::chrono::milliseconds(0));
  return unexpected(ended ? system_error("capturing on " + interface, ended->code) : failed("no capture", *process));
}

expected<void, LabError> Capture::stop() {
  process_.signal(SIGTERM);
  const auto ended = process_.wait_for(kLimit);
  if (ended && ended->success()) return {};
  if (!ended) return unexpected(failed("the capture did not end", process_));
  if (ended->signal == 0 && ended->code != kFramesLost) return unexpected(system_error("capturing", ended->code));
  return unexpected(failed("the capture has gaps: " + ended->to_string(), process_));
}

}  // namespace leat::lab
