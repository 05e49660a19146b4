#include "cli/host/stats_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace leat::command {
namespace {

using namespace std::chrono_literals;

TEST(StatsText, CountersThatAreNotZero) {
  Counters counters;
  EXPECT_EQ(counters_text(counters), "");
  counters[Counter::TcpRetransSegs] = 7;
  counters[DropReason::TCP_CSUM] = 2;
  EXPECT_EQ(counters_text(counters),
            "TcpRetransSegs                  7                 \n"
            "dropped TCP_CSUM                2                 \n");
}

TEST(StatsText, TheLink) {
  LinkInfo link;
  link.name = "tap:leat0";
  link.mac = {{2, 0, 0, 0, 0, 1}};
  link.mtu = 1500;
  link.rx_packets = 3;
  link.rx_bytes = 180;
  EXPECT_EQ(link_text(link),
            "link tap:leat0 mac 02:00:00:00:00:01 mtu 1500 rx 3 packets 180 bytes tx 0 packets 0 bytes\n");
  link.max_super_segment = 65536;
  link.completes_checksums = true;
  link.rx_dropped = 4;
  EXPECT_EQ(link_text(link),
            "link tap:leat0 mac 02:00:00:00:00:01 mtu 1500 super-segments 65536 checksums offloaded rx 3 packets 180 "
            "bytes tx 0 packets 0 bytes rx_dropped:4\n");
}

TEST(StatsText, AnImpairmentOfTheLink) {
  LinkInfo link;
  link.name = "tap:x";
  ImpairmentReport report{*Impairment::parse("in:loss=5%,seed=3"), {}};
  report.counters.frames = 200, report.counters.bytes = 3000, report.counters.lost = 10;
  link.impairments.push_back(report);
  EXPECT_THAT(link_text(link),
              ::testing::EndsWith("\nimpair in:loss=5%,seed=3 frames 200 bytes 3000 lost 10 (5.00 %)\n"));
  report.counters.total_delay = std::chrono::milliseconds(190 * 2);
  report.counters.longest_delay = std::chrono::milliseconds(3);
  EXPECT_THAT(impairment_text(report), ::testing::EndsWith("(5.00 %) delay 2.000/3.000 ms\n"));
}

TEST(StatsText, AConnectionAsSsPrintsIt) {
  TcpInfo info;
  info.state = TcpState::established;
  info.congestion_control = "reno";
  info.window_scaling = true;
  info.snd_wscale = info.rcv_wscale = 7;
  info.rto = 204ms;
  info.rtt = 29us;
  info.rttvar = 18us;
  info.snd_mss = info.advmss = 1448;
  info.snd_cwnd = 14480;
  info.snd_ssthresh = 0xffffffff;
  info.unacked = 1449;
  info.total_retrans = 2;
  info.bytes_acked = 100;
  info.snd_wnd = 64256;
  info.rcv_wnd = 65535;
  SocketInfo socket{{IpAddress::v4(10, 0, 0, 2), 40000}, {IpAddress::v4(10, 0, 0, 1), 80}, info, 5, 1449};
  EXPECT_EQ(connection_text(socket),
            "ESTAB      5       1449    10.0.0.2:40000         10.0.0.1:80\n"
            "\t reno wscale:7,7 rto:204 rtt:0.029/0.018 mss:1448 pmtu:0 rcvmss:0 "
            "advmss:1448 cwnd:10 bytes_acked:100 unacked:2 retrans:0/2 snd_wnd:64256 rcv_wnd:65535\n");
  socket.tcp.snd_ssthresh = 14480;
  EXPECT_NE(connection_text(socket).find(" ssthresh:10 "), std::string::npos);
  socket.tcp = TcpInfo{};
  EXPECT_NE(connection_text(socket).find(" cwnd:0 "), std::string::npos) << "no mss, no division";
  socket.tcp.state = TcpState::listen;
  EXPECT_EQ(connection_text(socket), "LISTEN     5       1449    10.0.0.2:40000         *:*\n");
  EXPECT_EQ(connection_heading(), "State      Recv-Q  Send-Q  Local Address:Port     Peer Address:Port\n");
}

TEST(StatsText, MemoryByPool) {
  MemoryInfo memory;
  memory.buffers = {BufferUse{256, 3, 1}, BufferUse{2048, 0, 0}, BufferUse{16384, 0, 2}, BufferUse{65536, 1, 0}};
  memory.limit = 1 << 28;
  memory.connections = 2;
  memory.time_wait = 7;
  EXPECT_EQ(memory_text(memory),
            "buffers of 256    in use 3             768 bytes  free 1             256 bytes\n"
            "buffers of 2048   in use 0               0 bytes  free 0               0 bytes\n"
            "buffers of 16384  in use 0               0 bytes  free 2           32768 bytes\n"
            "buffers of 65536  in use 1           65536 bytes  free 0               0 bytes\n"
            "buffers in all    in use             66304 bytes  free             33024 bytes  limit 268435456\n"
            "sockets connections:2 orphans:0 listeners:0 half_open:0 time_wait:7 neighbours:0\n");
  memory.refusals = 4;
  EXPECT_NE(memory_text(memory).find("limit 268435456 refused:4\n"), std::string::npos);
}

}  // namespace
}  // namespace leat::command
