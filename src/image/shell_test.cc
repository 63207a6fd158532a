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

TEST(ShellCommands, OfNothingAreNone) { EXPECT_EQ(shell_commands("", ""), "#!/usr/bin/false\n"); }

}  // namespace
}  // namespace ashlar::image
