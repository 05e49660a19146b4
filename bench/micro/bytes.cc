// bench/micro: the time of work on bytes: parsing the headers of a segment, checksums, and copies with a checksum.
#include <benchmark/benchmark.h>

#include <vector>

#include "wire/checksum.h"
#include "wire/ipv4.h"
#include "wire/tcp.h"
#include "wire/tcp_options.h"

namespace leat::bench {
namespace {

constexpr std::size_t kSegment = 1460;

/// The IPv4 and TCP headers of a data segment with timestamps.
std::vector<std::uint8_t> headers() {
  std::vector<std::uint8_t> bytes(Ipv4Header::kSize + TcpHeader::kSize + 12);
  TcpOptionSet options;
  options.timestamps = {123456, 654321};
  Ipv4Header ip;
  ip.total_length = static_cast<std::uint16_t>(bytes.size());
  ip.protocol = IpProtocol::tcp;
  ip.source = IpAddress::v4(10, 0, 0, 1);
  ip.destination = IpAddress::v4(10, 0, 0, 2);
  ip.write(bytes);
  TcpHeader tcp;
  tcp.source_port = 40000;
  tcp.destination_port = 80;
  tcp.flags = kTcpAck;
  tcp.header_length = static_cast<std::uint8_t>(TcpHeader::kSize + 12);
  tcp.write(MutableBytes(bytes).subspan(Ipv4Header::kSize));
  options.encode(MutableBytes(bytes).subspan(Ipv4Header::kSize + TcpHeader::kSize));
  return bytes;
}

void Parse(benchmark::State& state) {
  const std::vector<std::uint8_t> bytes = headers();
  for (auto _ : state) {
    Bytes in(bytes);
    benchmark::DoNotOptimize(in);
    const auto ip = Ipv4Header::parse(in);
    const auto tcp = TcpHeader::parse(in.subspan(Ipv4Header::kSize));
    const auto options = TcpOptionSet::parse(in.subspan(Ipv4Header::kSize + TcpHeader::kSize));
    if (!ip || !tcp || !options || !options->timestamps) return state.SkipWithError("not what was written");
    benchmark::DoNotOptimize(options);
  }
}

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations()) * state.range(0));
}

void Checksum(benchmark::State& state) {
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 7);
  for (auto _ : state) benchmark::DoNotOptimize(checksum_detail::sum_fast(data.data(), data.size()));
  count_bytes(state);
}

void ChecksumPortable(benchmark::State& state) {
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 7);
  for (auto _ : state) benchmark::DoNotOptimize(checksum_detail::sum_portable(data.data(), data.size()));
  count_bytes(state);
}

void CopyAndChecksum(benchmark::State& state) {
  const std::vector<std::uint8_t> data(static_cast<std::size_t>(state.range(0)), 7);
  std::vector<std::uint8_t> out(data.size());
  for (auto _ : state) {
    benchmark::DoNotOptimize(checksum_detail::copy_and_sum_fast(out.data(), data.data(), data.size()));
  }
  count_bytes(state);
}

BENCHMARK(Parse);
BENCHMARK(Checksum)->Arg(kSegment)->Arg(65536);
BENCHMARK(ChecksumPortable)->Arg(kSegment);
BENCHMARK(CopyAndChecksum)->Arg(kSegment)->Arg(65536);

}  // namespace
}  // namespace leat::bench
