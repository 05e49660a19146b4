// CaptureFile: the output of a capture. It collects blocks and writes them in large pieces. When a write fails (a full
// disk, a closed pipe), it stops for good and leaves only whole blocks in the file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "device/pcapng.h"
#include "device/unique_fd.h"
#include "link/device.h"
#include "link/device_error.h"

namespace leat {

class CaptureFile {
 public:
  using OnFailure = std::function<void(const std::string&)>;

  /// "-" is standard output. The error says why the file cannot be created.
  static expected<CaptureFile, DeviceError> open(const std::string& name, OnFailure on_failure);
  CaptureFile(CaptureFile&&) noexcept = default;
  CaptureFile& operator=(CaptureFile&&) = delete;
  ~CaptureFile() { flush(); }

  /// Add whole blocks here, and only while is_open().
  pcapng::Buffer& buffer() { return buffer_; }
  bool is_open() const { return static_cast<bool>(file_); }
  void flush_if_large() {
    if (buffer_.size() >= kPiece) flush();
  }
  void flush();

 private:
  static constexpr std::size_t kPiece = std::size_t{256} << 10;

  CaptureFile(std::string name, UniqueFd file, OnFailure on_failure)
      : name_(std::move(name)), file_(std::move(file)), on_failure_(std::move(on_failure)) {}
  void fail(int reason);

  std::string name_;
  UniqueFd file_;
  OnFailure on_failure_;
  pcapng::Buffer buffer_;
  std::uint64_t written_ = 0;  ///< bytes, up to the end of a block
};

}  // namespace leat
