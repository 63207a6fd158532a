#include "session/bar_readings.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ashlar {
namespace {

class BarReadings : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(root_); }
  void file(const fs::path& path, std::string_view text) {
    fs::create_directories((root_ / path).parent_path());
    ASSERT_TRUE(write_file(root_ / path, as_bytes(text)));
  }

  // Each test runs in a process of its own, beside others.
  fs::path root_ = fs::path(::testing::TempDir()) / ("bar-readings-" + std::to_string(::getpid()));
};

TEST_F(BarReadings, SayNothingOfAMachineThatHasNothing) {
  EXPECT_EQ(read_battery(root_), std::nullopt);
  EXPECT_FALSE(is_connected(root_));
  EXPECT_EQ(read_usb(root_), UsbDevices{});
  EXPECT_EQ(read_brightness(root_), std::nullopt);
  EXPECT_EQ(read_time_zone(root_, root_ / "home"), "UTC");
}

TEST_F(BarReadings, ReadWhatTheKernelSays) {
  file("sys/class/power_supply/AC/online", "1\n");
  file("sys/class/power_supply/BAT0/capacity", "42\n");
  file("sys/class/power_supply/BAT0/status", "Discharging\n");
  EXPECT_EQ(read_battery(root_), (Battery{42, false}));
  file("sys/class/net/lo/operstate", "up\n");
  EXPECT_FALSE(is_connected(root_));
  file("sys/class/net/eth0/operstate", "up\n");
  EXPECT_TRUE(is_connected(root_));
  file("sys/class/backlight/intel/brightness", "333\n");
  file("sys/class/backlight/intel/max_brightness", "1000\n");
  EXPECT_EQ(read_brightness(root_), 33u);
}

TEST_F(BarReadings, CountUsbDevicesByWhetherTheyMayBeUsed) {
  file("sys/bus/usb/devices/usb1/authorized", "1\n");
  file("sys/bus/usb/devices/1-0:1.0/authorized", "1\n");
  file("sys/bus/usb/devices/1-1/authorized", "1\n");
  file("sys/bus/usb/devices/1-1:1.0/authorized", "1\n");
  EXPECT_EQ(read_usb(root_), (UsbDevices{1, 0}));
  file("sys/bus/usb/devices/1-2/authorized", "0\n");
  EXPECT_EQ(read_usb(root_), (UsbDevices{1, 1}));
}

TEST_F(BarReadings, SayHowMuchSpaceIsLeft) {
  file("home/kept", "");
  const std::optional<Space> space = read_space(root_ / "home");
  ASSERT_TRUE(space);
  EXPECT_GT(space->size, 0U);
  EXPECT_LE(space->left, space->size);
  EXPECT_FALSE(read_space(root_ / "nothing"));
}

TEST_F(BarReadings, TakeATimeZoneTheImageHasAndNoOtherFile) {
  file("usr/share/zoneinfo/Europe/Berlin", "TZif");
  file("etc/secret", "TZif");
  auto chosen = [&](std::string_view text) {
    file("home/.config/ashlar/time-zone", text);
    return read_time_zone(root_, root_ / "home");
  };
  EXPECT_EQ(chosen("Europe/Berlin\n"), "Europe/Berlin");
  for (const char* none : {"", "\n", "Europe", "Europe/Nowhere", "../../../etc/secret", "/etc/secret", ":Europe/Berlin",
                           "Europe/Berlin x"}) {
    EXPECT_EQ(chosen(none), "UTC") << none;
  }
}

}  // namespace
}  // namespace ashlar
