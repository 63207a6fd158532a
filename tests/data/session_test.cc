// The session of the person who unlocked /data, by screen and keyboard, on the desktop image: a home that persists, the
// lock, and what is left when the compositor dies. Pictures are kept for a person to look at.
#include <gtest/gtest.h>

#include <thread>

#include "data/prompt.h"
#include "dialogue.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

class Session : public Dialogue {
 protected:
  void desktop_is_there() {
    ASSERT_OK(machine_->machine().wait_for_line("says: the browser's window is there", kBootLimit));
  }
  void keys(const std::vector<std::string>& together) { ASSERT_OK(machine_->machine().send_keys(together)); }
  void type(std::string_view text) {
    // One by one: a guest that is slow to read them loses releases, and then keys repeat.
    for (char c : text) {
      ASSERT_OK(machine_->machine().type_keys(std::string_view(&c, 1)));
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
  }
  // At the lock, until the service has looked at it: meanwhile swaylock takes no keys. What shows it is Argon2id's
  // memory.
  void try_password(std::string_view password) {
    type(std::string(password) + "\n");
    const std::string memory = "[ $(cat /sys/fs/cgroup/login/memory.current) -";
    ASSERT_TRUE(comes_to_hold(memory + "gt 100000000 ]", seconds(30)));
    ASSERT_TRUE(comes_to_hold(memory + "lt 100000000 ]", seconds(120)));
    std::this_thread::sleep_for(seconds(2));
  }
  void picture(const std::string& name) {
    std::this_thread::sleep_for(seconds(4));  // the guest draws in its own time
    ASSERT_OK(machine_->machine().screenshot(result_path("session-" + name + ".png")));
  }
  // At the root shell, what a command's exit status says.
  bool holds(const std::string& command) {
    return run("if " + command + "; then echo holds:$((41+1)); fi").find("holds:42") != std::string::npos;
  }
  bool comes_to_hold(const std::string& command, seconds limit) {
    for (auto until = std::chrono::steady_clock::now() + limit; std::chrono::steady_clock::now() < until;) {
      if (holds(command)) return true;
      std::this_thread::sleep_for(seconds(1));
    }
    return false;
  }
  // Of the processes of the session.
  bool runs(const std::string& program) {
    return holds("grep -qx " + program +
                 " $(sed 's|.*|/proc/&/comm|' /sys/fs/cgroup/session/cgroup.procs) 2>/dev/null");
  }
  bool comes_to_run(const std::string& program) {
    return comes_to_hold(
        "grep -qx " + program + " $(sed 's|.*|/proc/&/comm|' /sys/fs/cgroup/session/cgroup.procs) 2>/dev/null",
        seconds(90));
  }
};

TEST_F(Session, HasAHomeThatPersistsALockAndNoOpenDesktopAfterACrash) {
  talk_with(DataMachine::new_machine("session", "desktop"));
  machine_->config.memory_mib = 2048;
  machine_->config.cpus = 2;
  ASSERT_OK(machine_->power_on());
  Result<prove::FirstBoot> first = prove::set_up(*machine_);
  ASSERT_OK(first);
  ASSERT_TRUE(first->last.at_shell()) << first->last.text();
  desktop_is_there();
  picture("01-desktop");

  // In a terminal of the session: a file in its home, and a look at the rest of /data. What is to be typed is short.
  run("echo 'cd; echo \"$USER $HOME\" > kept; ls -A /data /data/home /data/ashlar > seen 2>&1; echo x > /data/x; "
      "cp /usr/bin/true . && ./true || echo refused > no-program; echo done > last' > /data/home/u1/look; chmod 644 "
      "/data/home/u1/look");
  keys({"meta_l", "ret"});
  ASSERT_TRUE(comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  type(". ~/look\n");
  ASSERT_TRUE(comes_to_hold("[ -e /data/home/u1/last ]", seconds(60)));
  picture("02-terminal");
  EXPECT_TRUE(holds("grep -qx 'u1 /data/home/u1' /data/home/u1/kept"));
  EXPECT_TRUE(holds("[ \"$(stat -c '%u %a' /data/home/u1/kept)\" = '1001 600' ]"));
  EXPECT_TRUE(holds("[ ! -e /data/x ]"));
  EXPECT_TRUE(holds("[ -e /data/home/u1/no-program ]"));
  std::string seen = run("cat /data/home/u1/seen");
  EXPECT_NE(seen.find("/data/ashlar': No such file"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("lost+found"), std::string::npos) << seen;
  EXPECT_TRUE(holds("ls -A /data | grep -qx lost+found")) << "the control";

  // The lock.
  keys({"meta_l", "l"});
  ASSERT_TRUE(comes_to_run("swaylock"));
  picture("03-locked");
  keys({"meta_l", "d"});
  try_password("wrong password");
  picture("04-wrong-password");
  EXPECT_TRUE(runs("swaylock"));
  EXPECT_FALSE(runs("fuzzel")) << "a key did something behind the lock";
  try_password(kPassword);
  ASSERT_TRUE(comes_to_hold("[ ! -e /run/user/1001/locked ]", seconds(60)));
  EXPECT_FALSE(runs("swaylock"));
  picture("05-unlocked");

  // The compositor dies.
  ASSERT_OK(machine_->machine().type_serial("kill -KILL $(head -n 1 /sys/fs/cgroup/session/cgroup.procs)\n"));
  ASSERT_OK(machine_->machine().wait_for_line("ashlar: service session: was ended by signal 9", seconds(60)));
  ASSERT_OK(machine_->machine().wait_for_line("ashlar: service session: ready", seconds(180)));
  ASSERT_TRUE(comes_to_run("swaylock"));
  EXPECT_TRUE(holds("[ ! -e /data/home/u1/kept ]")) << "the home is closed";
  keys({"meta_l", "ret"});
  std::this_thread::sleep_for(seconds(5));
  EXPECT_FALSE(runs("foot")) << "an open desktop";
  picture("06-after-the-crash");
  try_password(kPassword);
  ASSERT_TRUE(comes_to_hold("[ -e /data/home/u1/kept ]", seconds(60)));
  keys({"meta_l", "ret"});
  EXPECT_TRUE(comes_to_run("foot"));
  keys({"meta_l", "d"});
  EXPECT_TRUE(comes_to_run("fuzzel")) << "the control of what the lock kept from starting";
  picture("07-unlocked-again");

  // The next day.
  ASSERT_OK(machine_->power_off());
  asked_ = machine_->unlock();
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  desktop_is_there();
  EXPECT_TRUE(holds("grep -qx 'u1 /data/home/u1' /data/home/u1/kept"));
  std::string denied = run("timeout 5 grep -a 'avc:  denied' /dev/kmsg || echo none:denied");
  EXPECT_NE(denied.find("\nnone:denied"), std::string::npos) << denied;
  ASSERT_OK(machine_->power_off());
}

}  // namespace
}  // namespace ashlar::test
