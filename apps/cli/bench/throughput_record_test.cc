#include "cli/bench/throughput_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::command {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

StreamFigures figures(unsigned number, std::uint64_t bytes, std::uint64_t retransmits = 0) {
  StreamFigures f;
  f.number = number, f.bytes = bytes, f.retransmits = retransmits, f.cwnd = 14480;
  return f;
}

TEST(ThroughputRecord, AmountsHaveThreeDigits) {
  EXPECT_EQ(transfer_text(0), "0.00 Bytes");
  EXPECT_EQ(transfer_text(1023), "1023 Bytes");
  EXPECT_EQ(transfer_text(1024), "1.00 KBytes");
  EXPECT_EQ(transfer_text(123.4 * 1024 * 1024), " 123 MBytes");
  EXPECT_EQ(transfer_text(12.34 * 1024 * 1024 * 1024), "12.3 GBytes");
  EXPECT_EQ(bitrate_text(999), " 999 bits/sec");
  EXPECT_EQ(bitrate_text(999'600), "1.00 Mbits/sec") << "not 1000 Kbits/sec";
  EXPECT_EQ(bitrate_text(9.4e9), "9.40 Gbits/sec");
}

TEST(ThroughputRecord, IntervalsAreDifferencesOfTotals) {
  IntervalMeter meter;
  meter.begin({figures(1, 100, 1), figures(2, 0)});
  const Interval first = meter.mark(1s, {figures(1, 300, 1), figures(2, 50, 2)});
  EXPECT_EQ(first.streams[0].bytes, 200u);
  EXPECT_EQ(first.streams[0].retransmits, 0u);
  EXPECT_EQ(first.streams[1].bytes, 50u);
  EXPECT_EQ(first.streams[1].retransmits, 2u);
  EXPECT_FALSE(meter.has_moved({figures(1, 300, 5), figures(2, 50, 2)}));
  EXPECT_TRUE(meter.has_moved({figures(1, 300), figures(2, 51)}));
  const Interval next = meter.mark(2500ms, {figures(1, 300, 1), figures(2, 51, 2)});
  EXPECT_EQ(next.start, 1s);
  EXPECT_EQ(next.end, 2500ms);
  EXPECT_EQ(next.streams[1].bytes, 1u);
}

TEST(ThroughputRecord, LinesAreIperf3s) {
  EXPECT_EQ(interval_text({0s, 1s, false, {figures(1, 131072, 3)}}, true),
            "[  1]   0.00-1.00   sec   128 KBytes  1.05 Mbits/sec     3  14.1 KBytes\n");
  EXPECT_EQ(interval_text({0s, 1s, true, {figures(1, 131072, 3)}}, false),
            "[  1]   0.00-1.00   sec   128 KBytes  1.05 Mbits/sec  (omitted)\n");
  EXPECT_THAT(interval_text({0s, 1s, false, {figures(1, 131072), figures(2, 131072)}}, false),
              HasSubstr("[SUM]   0.00-1.00   sec   256 KBytes  2.10 Mbits/sec\n"));
}

TEST(ThroughputRecord, TheSummaryHasWhatIsKnown) {
  ThroughputRecord record;
  record.is_sender = true;
  record.streams.resize(2);
  record.streams[0].sent = StreamSide{1000, 1s, 4};
  record.streams[1].number = 2;
  record.streams[1].sent = StreamSide{500, 2s, 1};
  EXPECT_THAT(summary_text(record), HasSubstr("[SUM]"));
  EXPECT_THAT(summary_text(record), Not(HasSubstr("receiver")));
  EXPECT_EQ(sum_of(record, true)->bytes, 1500u);
  EXPECT_EQ(sum_of(record, true)->time, 2s);
  EXPECT_EQ(sum_of(record, true)->retransmits, 5u);
  EXPECT_FALSE(sum_of(record, false));
  record.streams[0].received = StreamSide{900, 1s, std::nullopt};
  EXPECT_THAT(summary_text(record), HasSubstr("receiver\n"));
  EXPECT_THAT(json_text(record), HasSubstr("\"sum_received\""));
  record.host = "\xff";
  record.error = "it broke";
  EXPECT_THAT(json_text(record), HasSubstr("\"error\": \"it broke\""));
}

}  // namespace
}  // namespace leat::command
