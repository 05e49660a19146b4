// FrameMemory: the UMEM of one AF_XDP socket, pages cut into frames of one size that the kernel reads and writes.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace leat::xdp {

class FrameMemory {
 public:
  /// The object is empty (false) when there is no memory.
  FrameMemory(std::size_t frames, std::size_t frame_size) : size_(frames * frame_size) {
    void* area = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (area != MAP_FAILED) area_ = static_cast<std::uint8_t*>(area);
  }
  FrameMemory(FrameMemory&& other) noexcept : area_(std::exchange(other.area_, nullptr)), size_(other.size_) {}
  FrameMemory& operator=(FrameMemory&&) = delete;
  ~FrameMemory() {
    if (area_ != nullptr) ::munmap(area_, size_);
  }

  explicit operator bool() const { return area_ != nullptr; }
  std::uint8_t* data() { return area_; }
  std::uint8_t* at(std::uint64_t address) { return area_ + address; }
  std::size_t size() const { return size_; }

 private:
  std::uint8_t* area_ = nullptr;
  std::size_t size_;
};

}  // namespace leat::xdp
