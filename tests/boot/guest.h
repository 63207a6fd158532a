// What a test asks of a running machine at the root shell of its serial console, and what it types at the keyboard.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "vm/console.h"

namespace ashlar::test {

// For its words about windows and screens: asks the compositor of a user's session, and `get_tree` or the like follows.
inline std::string swaymsg(unsigned user) {
  return "SWAYSOCK=$(ls -t /run/user/" + std::to_string(1000 + user) + "/sway-ipc.*.sock | head -n 1) swaymsg -r -t ";
}

class Guest {
 public:
  explicit Guest(vm::Machine& machine) : machine_(&machine) {}

  // What a command prints.
  std::string run(const std::string& command) {
    Result<std::string> said = vm::Console(*machine_).run(command);
    EXPECT_TRUE(said) << command << ": " << said.error().message();
    return said.value_or("");
  }
  // What its exit status says.
  bool holds(const std::string& command) {
    return run("if " + command + "; then echo holds:$((41+1)); fi").find("holds:42") != std::string::npos;
  }
  bool comes_to_hold(const std::string& command, std::chrono::seconds limit) {
    for (auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
      if (holds(command)) return true;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    return false;
  }
  // Of the processes of the session.
  bool runs(const std::string& program) { return holds(running(program)); }
  bool comes_to_run(const std::string& program) { return comes_to_hold(running(program), std::chrono::seconds(90)); }

  void keys(const std::vector<std::string>& together) { EXPECT_TRUE(machine_->send_keys(together)); }
  // One by one: a guest that is slow to read them loses releases, and then keys repeat.
  void type(std::string_view text) {
    for (char c : text) {
      EXPECT_TRUE(machine_->type_keys(std::string_view(&c, 1)));
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }

 private:
  static std::string running(const std::string& program) {
    return "grep -qx " + program + " $(sed 's|.*|/proc/&/comm|' /sys/fs/cgroup/session/cgroup.procs) 2>/dev/null";
  }

  vm::Machine* machine_;
};

}  // namespace ashlar::test
