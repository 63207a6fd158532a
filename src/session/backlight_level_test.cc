#include "session/backlight_level.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace ashlar {
namespace {

TEST(BacklightLevel, GoesInSmallerStepsWhereItIsDark) {
  EXPECT_EQ(next_level(500, 1000, Brightness::up), 550u);
  EXPECT_EQ(next_level(500, 1000, Brightness::down), 450u);
  EXPECT_EQ(next_level(100, 1000, Brightness::down), 90u);
  EXPECT_EQ(next_level(90, 1000, Brightness::up), 100u);
  EXPECT_EQ(next_level(980, 1000, Brightness::up), 1000u);
}

TEST(BacklightLevel, NeverTurnsAScreenOff) {
  for (std::uint64_t most : {1, 7, 15, 100, 255, 19200}) {
    std::uint64_t level = most;
    for (int i = 0; i < 200; ++i) level = next_level(level, most, Brightness::down);
    EXPECT_EQ(level, 1u) << most;
    for (int i = 0; i < 200; ++i) level = next_level(level, most, Brightness::up);
    EXPECT_EQ(level, most);
  }
  EXPECT_EQ(next_level(0, 0, Brightness::up), 0u);
  EXPECT_EQ(next_level(9, 5, Brightness::up), 5u);
}

TEST(BacklightLevel, IsWrittenForEveryScreen) {
  const fs::path root = fs::path(::testing::TempDir()) / ("backlight-" + std::to_string(::getpid()));
  auto screen = [&](const char* name, const char* level, const char* most) {
    fs::create_directories(root / name);
    EXPECT_TRUE(write_file(root / name / "brightness", as_bytes(level)));
    EXPECT_TRUE(write_file(root / name / "max_brightness", as_bytes(most)));
  };
  auto level = [&](const char* name) { return read_text(root / name / "brightness").value_or(""); };
  screen("intel", "500\n", "1000\n");
  screen("other", "7\n", "7\n");
  screen("broken", "many\n", "1000\n");
  EXPECT_TRUE(change_brightness(root, Brightness::down));
  EXPECT_EQ(level("intel").substr(0, 3), "450");
  EXPECT_EQ(level("other").substr(0, 1), "6");
  EXPECT_EQ(level("broken"), "many\n");
  EXPECT_TRUE(change_brightness(root / "none", Brightness::up)) << "a machine without one";
  fs::remove_all(root);
}

}  // namespace
}  // namespace ashlar
