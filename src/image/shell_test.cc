#include "image/shell.h"

#include <gtest/gtest.h>

namespace ashlar::image {
namespace {

TEST(ShellCommands, AreWhatSwayGivesToAShell) {
  constexpr std::string_view kConfiguration =
      "set $mod Mod4\n"
      "set $here /usr/share/ashlar\n"
      "set $hereafter /nowhere\n"
      "# exec commented\n"
      "mode \"desktop\" {\n"
      "    bindsym $mod+Return exec foot\n"
      "    bindsym $mod+d   exec  --no-startup-id fuzzel  --config $here/fuzzel.ini\n"
      "    bindswitch --locked lid:on exec $here/lock\n"
      "    bindsym $mod+q kill\n"
      "}\n"
      "bar {\n"
      "    status_command /usr/lib/ashlar/bar\n"
      "}\n"
      "for_window [app_id=\"x exec y\"] exec $here/notify \"STATUS=the  window is there\"\n"
      "exec_always '$hereafter/a b'\n"
      "exec $here/lock\n";
  constexpr std::string_view kOthers = "# a comment\n\nswaymsg \"output * power off\"\n";
  EXPECT_EQ(shell_commands(kConfiguration, kOthers),
            "#!/usr/bin/false\n"
            "/nowhere/a b\n"
            "/usr/lib/ashlar/bar\n"
            "/usr/share/ashlar/lock\n"
            "/usr/share/ashlar/notify \"STATUS=the  window is there\"\n"
            "foot\n"
            "fuzzel --config /usr/share/ashlar/fuzzel.ini\n"
            "swaymsg \"output * power off\"\n");
}

TEST(ShellCommands, AreWhatServicesGiveToAShell) {
  Service shell{.program = "/usr/bin/dash", .arguments = {"dash", "-c", "sleep 1; sleep 2"}};
  Service other{.program = "/usr/sbin/seatd", .arguments = {"seatd", "-g", "seat"}};
  EXPECT_EQ(commands_of_services({shell, other}), "sleep 1; sleep 2\n");
}

// The shell reads nothing that the kernel would not execute.
TEST(Shell, CanReadEveryScriptThatAScriptReads) {
  const fs::path root = fs::path(ASHLAR_SOURCE_DIR) / "os/root";
  unsigned read = 0;
  for (const auto& entry : fs::directory_iterator(root / "usr/share/ashlar")) {
    if (!entry.is_regular_file()) continue;
    std::string text = read_text(entry.path()).value();
    if (!text.starts_with("#!/bin/sh\n")) continue;
    constexpr std::string_view kReads = "\n. ";
    for (std::size_t at = text.find(kReads); at != std::string::npos; at = text.find(kReads, at + 1)) {
      std::size_t start = at + kReads.size();
      fs::path path = root / fs::path(text.substr(start, text.find('\n', start) - start)).relative_path();
      EXPECT_NE(fs::status(path).permissions() & fs::perms::owner_exec, fs::perms::none) << path;
      ++read;
    }
  }
  EXPECT_GT(read, 0U);
}

TEST(ShellCommands, OfNothingAreNone) { EXPECT_EQ(shell_commands("", ""), "#!/usr/bin/false\n"); }

}  // namespace
}  // namespace ashlar::image
