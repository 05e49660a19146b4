// What becomes of the responses of one transfer: which head counts, where the body goes, how a resumed file grows.
//
// fetch() drives it: one Download a transfer, one exchange a hop, finish() after the last. It opens no connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "http/client.h"
#include "http/fetch_options.h"
#include "http/partial_file.h"
#include "http/report.h"

namespace leat::http {

class Download final : public ResponseHandler {
 public:
  /// `file`: a path, or "-". Looks for what an earlier transfer left when it is to go on from there.
  Download(const FetchOptions& options, FetchObserver& observer, std::string file, Report& report);

  /// Range and If-Range, when a part is there.
  std::vector<Field> range_fields() const;

  void interim(const ResponseHead& head) override;
  expected<void, Failure> head(const ResponseHead& head) override;
  expected<void, Failure> body(Bytes piece) override;

  /// The Location that the last response leads to, when redirects are followed. The exchange's own result counts
  /// no more then.
  bool redirected() const { return location_.has_value(); }
  /// Asked once a hop.
  std::optional<std::string> take_location() { return std::exchange(location_, std::nullopt); }
  /// The last exchange ended well: makes the file final.
  expected<void, Failure> finish();

 private:
  bool to_stdout() const { return file_ == "-"; }
  expected<void, Failure> begin_output(const ResponseHead& head);
  expected<void, Failure> resume_output(const ResponseHead& head);
  expected<void, Failure> open_output();
  expected<void, Failure> write(Bytes piece);
  void show(const ResponseHead& head);

  const FetchOptions& options_;
  FetchObserver& observer_;
  std::string file_;
  Report& report_;

  std::unique_ptr<Output> output_;
  PartialFile* partial_ = nullptr;  ///< output_, when that is a file
  std::optional<Leftover> leftover_;
  std::optional<std::string> location_;
  bool have_output_ = false;            ///< a file was begun
  bool unchanged_ = false;              ///< 304: the file stays as it is
  bool already_complete_ = false;       ///< 416: what we have is all
  std::uint64_t have_ = 0;              ///< bytes of the file
  std::optional<std::uint64_t> total_;  ///< that it will have
};

}  // namespace leat::http
