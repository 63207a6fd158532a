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
  EXPECT_EQ(blocks(good()),
            (std::vector<std::string>{"boot: Verified", "network: Connected", "time: Thu  5 Nov   07:04 UTC"}));
  BarState state = good();
  state.connected = false;
  state.battery = Battery{.percent = 81, .charging = true};
  EXPECT_EQ(blocks(state)[1], "network: No network");
  EXPECT_EQ(blocks(state)[2], "battery: Charging 81 %");
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

TEST(Battery, IsAPercentage) {
  EXPECT_EQ(parse_battery("42\n", "Discharging\n"), (Battery{42, false}));
  EXPECT_EQ(parse_battery("100\n", "Full\n"), (Battery{100, true}));
  for (const char* none : {"", "\n", "101\n", "-1\n", "4x\n"}) EXPECT_FALSE(parse_battery(none, "Charging\n")) << none;
}

}  // namespace
}  // namespace ashlar
