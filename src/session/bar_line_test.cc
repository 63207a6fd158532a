#include "session/bar_line.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sys/pages.h"

namespace ashlar {
namespace {

BarState good() {
  MachineState machine{.version = "0.1.0",
                       .variant = "release",
                       .verified = std::string(64, 'a'),
                       .secure_boot = true,
                       .setup_mode = false};
  BarState state{.ready_line = ready_line(machine) + "\n", .connected = true};
  state.time.tm_year = 126;
  state.time.tm_mon = 10;
  state.time.tm_mday = 5;
  state.time.tm_wday = 4;
  state.time.tm_hour = 7;
  state.time.tm_min = 4;
  state.time_zone = "UTC";
  return state;
}

// "boot Verified #8fa5ad", a block each.
std::vector<std::string> blocks(const BarState& state) {
  std::vector<std::string> all;
  for (const auto& block : nlohmann::json::parse(bar_line(state))) {
    all.push_back(block.at("name").get<std::string>() + ": " + block.at("full_text").get<std::string>());
  }
  return all;
}

TEST(BarLine, SaysTheTimeAndHowTheMachineIs) {
  EXPECT_EQ(blocks(good()), (std::vector<std::string>{"boot: Verified", "network: Connected", "sound: No sound",
                                                      "time: Thu  5 Nov   07:04 UTC"}));
  BarState state = good();
  state.connected = false;
  state.battery = Battery{.percent = 81, .charging = true};
  EXPECT_EQ(blocks(state)[1], "network: No network");
  state.volume = Volume{.percent = 40, .muted = false};
  EXPECT_EQ(blocks(state)[2], "sound: Sound 40 %");
  EXPECT_EQ(blocks(state)[3], "battery: Charging 81 %");
  state.volume->muted = true;
  EXPECT_EQ(blocks(state)[2], "sound: Muted");
}

TEST(BarLine, SaysWhatNeedsAPerson) {
  BarState state = good();
  state.notice = Notice{.text = R"(Saved "a\b")", .warning = false};
  state.locks = false;
  state.usb = {.allowed = 2, .refused = 0};
  std::vector<std::string> all = blocks(state);
  EXPECT_EQ(all[0], R"(notice:   Saved "a\b"  )");
  EXPECT_EQ(all[2], "lock: Does not lock");
  EXPECT_EQ(all[3], "usb: USB 2");
  state.usb.refused = 1;
  EXPECT_EQ(blocks(state)[3], "usb: USB 2, 1 refused");
}

TEST(BarLine, SaysThatTheDiskIsNearlyFull) {
  constexpr std::uint64_t kGigabyte = 1'000'000'000;
  for (auto [left, words] : {std::pair{4 * kGigabyte, "network: Connected"},
                             {3 * kGigabyte, "space: Disk 95 % full"},
                             {kGigabyte / 2, "space: Disk 99 % full"},
                             {std::uint64_t{0}, "space: Disk is full"}}) {
    BarState state = good();
    state.space = Space{.size = 60 * kGigabyte, .left = left};
    EXPECT_EQ(blocks(state)[1], words) << left;
  }
}

TEST(BarLine, SaysVerifiedOnlyWhenPid1SaidSo) {
  for (const auto& [from, to, words] :
       std::vector<std::array<std::string, 3>>{{"root=verity", "root=unverified", "System is not verified"},
                                               {"SecureBoot=1", "SecureBoot=0", "Secure Boot is off"},
                                               {"SecureBoot=1", "SecureBoot=none", "Secure Boot is off"},
                                               {"variant=release", "variant=dev", "Verified, DEV"}}) {
    BarState state = good();
    state.ready_line.replace(state.ready_line.find(from), from.size(), to);
    EXPECT_EQ(blocks(state)[0], "boot: " + words);
  }
  BarState state = good();
  state.ready_line.clear();
  EXPECT_EQ(blocks(state)[0], "boot: System is not verified");
}

TEST(BarLine, KeepsAStrangeTimeZoneOut) {
  BarState state = good();
  state.time_zone = "\"},{+02";
  EXPECT_EQ(blocks(state).back(), "time: Thu  5 Nov   07:04 +02");
}

TEST(Volume, IsWhatWpctlSays) {
  EXPECT_EQ(parse_volume("Volume: 0.40\n"), (Volume{40, false}));
  EXPECT_EQ(parse_volume("Volume: 1.05 [MUTED]\n"), (Volume{105, true}));
  for (const char* none : {"", "Volume: ", "Volume: .", "Volume: 0.4", "Volume: x.40", "Volume: 0.4x", "Volume: -1.00",
                           "Volume: 99.00", "Volume: 0.400", "Could not connect to PipeWire"}) {
    EXPECT_FALSE(parse_volume(none)) << none;
  }
}

TEST(Battery, IsAPercentage) {
  EXPECT_EQ(parse_battery("42\n", "Discharging\n"), (Battery{42, false}));
  EXPECT_EQ(parse_battery("100\n", "Full\n"), (Battery{100, true}));
  for (const char* none : {"", "\n", "101\n", "-1\n", "4x\n"}) EXPECT_FALSE(parse_battery(none, "Charging\n")) << none;
}

}  // namespace
}  // namespace ashlar
