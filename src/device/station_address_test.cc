#include "device/station_address.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <string>

namespace leat {
namespace {

constexpr SipKey kMachine{11, 12};
const StationName kName{"laptop", "packet:eth0", IpAddress::v4(10, 0, 0, 2)};

TEST(StationAddress, IsTheSameInEachRun) { EXPECT_EQ(derive_mac(kMachine, kName), derive_mac(kMachine, kName)); }

TEST(StationAddress, DiffersByMachineHostLinkAndAddress) {
  const MacAddress mac = derive_mac(kMachine, kName);
  EXPECT_NE(derive_mac({11, 13}, kName), mac);
  EXPECT_NE(derive_mac(kMachine, {"laptop2", "packet:eth0", IpAddress::v4(10, 0, 0, 2)}), mac);
  EXPECT_NE(derive_mac(kMachine, {"laptop", "packet:eth1", IpAddress::v4(10, 0, 0, 2)}), mac);
  EXPECT_NE(derive_mac(kMachine, {"laptop", "packet:eth0", IpAddress::v4(10, 0, 0, 3)}), mac);
  EXPECT_NE(derive_mac(kMachine, {"laptopp", "acket:eth0", IpAddress::v4(10, 0, 0, 2)}), mac);
}

TEST(StationAddress, IsAStationOfLocalAdministration) {
  for (std::uint8_t host = 1; host < 255; ++host) {
    const MacAddress mac = derive_mac(kMachine, {"laptop", "tap:leat0", IpAddress::v4(10, 0, 0, host)});
    EXPECT_EQ(mac.bytes[0] & 3, 2);
  }
}

TEST(StationAddress, AMachineIdIs32HexDigits) {
  const std::string path = ::testing::TempDir() + "leat-machine-id";
  const auto id_of = [&](const std::string& text) {
    std::ofstream(path) << text;
    return machine_id(path.c_str());
  };
  const auto id = id_of("0123456789abcdef0000000000000001\n");
  ASSERT_TRUE(id);
  EXPECT_EQ(id->k0, 0x0123456789abcdefu);
  EXPECT_EQ(id->k1, 1u);
  EXPECT_FALSE(id_of("uninitialized\n"));
  EXPECT_FALSE(id_of(""));
  EXPECT_FALSE(id_of("0123456789abcdef000000000000000\n"));
  EXPECT_FALSE(id_of("0123456789abcdefg000000000000001\n"));
  EXPECT_FALSE(id_of(std::string(32, '0')));
  std::remove(path.c_str());
  EXPECT_FALSE(machine_id(path.c_str()));
}

}  // namespace
}  // namespace leat
