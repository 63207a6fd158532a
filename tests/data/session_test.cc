// The session of the person who unlocked /data, by screen and keyboard, on the desktop image: a home that persists, the
// lock, what is left when the compositor dies, and a second person's. Pictures are kept for a person to look at.
#include <gtest/gtest.h>

#include <sstream>

#include "data/prompt.h"
#include "dialogue.h"
#include "guest.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

constexpr char kBertasPassword[] = "seven lanterns under copper";

// All that is not what the browser tries and does without every day (docs/CHROMIUM.md).
std::string unexpected_denials(const std::string& said) {
  std::istringstream lines(said);
  std::string unexpected;
  for (std::string line; std::getline(lines, line);) {
    const bool is_the_browsers = line.find(" made the system call memfd_create. ") != line.npos ||
                                 line.find(" made the system call rt_tgsigqueueinfo. ") != line.npos;
    if (line.find(". Denied by ") != line.npos && !is_the_browsers) unexpected += line + "\n";
  }
  return unexpected;
}

class Session : public Dialogue {
 protected:
  Guest guest() { return Guest(machine_->machine()); }
  bool holds(const std::string& command) { return guest().holds(command); }
  bool comes_to_hold(const std::string& command, seconds limit) { return guest().comes_to_hold(command, limit); }
  bool runs(const std::string& program) { return guest().runs(program); }
  bool comes_to_run(const std::string& program) { return guest().comes_to_run(program); }
  void keys(const std::vector<std::string>& together) { guest().keys(together); }
  void type(std::string_view text) { guest().type(text); }

  // By the keys of a US keyboard, where the machine was told of a German one.
  void type_german(std::string_view text) {
    for (char c : text) {
      if (c == '>') {
        keys({"shift", "less"});
        continue;
      }
      constexpr std::string_view kGerman = "-/&:yz";
      constexpr std::string_view kPressed = "/&^>zy";
      const std::size_t at = kGerman.find(c);
      const char key = at == kGerman.npos ? c : kPressed[at];
      type(std::string_view(&key, 1));
    }
  }
  void desktop_is_there() {
    ASSERT_OK(machine_->machine().wait_for_line("says: the browser's window is there", kBootLimit));
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
  void unlock_screen(unsigned user, std::string_view password) {
    try_password(password);
    ASSERT_TRUE(comes_to_hold("[ ! -e /run/user/" + std::to_string(1000 + user) + "/locked ]", seconds(60)));
    EXPECT_FALSE(runs("swaylock"));
  }
  void picture(const std::string& name) {
    std::this_thread::sleep_for(seconds(4));  // the guest draws in its own time
    ASSERT_OK(machine_->machine().screenshot(result_path("session-" + name + ".png")));
  }
};

TEST_F(Session, HasAHomeThatPersistsALockAndNoOpenDesktopAfterACrash) {
  talk_with(DataMachine::new_machine("session", "desktop"));
  machine_->config.memory_mib = 2048;
  machine_->config.cpus = 2;
  ASSERT_OK(machine_->power_on());
  // A German keyboard: the keys that QEMU presses have a US keyboard's names.
  auto keyboard = [](const vm::Asked& asked) { return asked.label == "Keyboard"; };
  Result<prove::FirstBoot> first = prove::set_up(*machine_, keyboard);
  ASSERT_OK(first);
  ASSERT_OK(machine_->console().choose(first->last, "German"));
  first = prove::set_up(*machine_);
  ASSERT_OK(first);
  ASSERT_TRUE(first->last.at_shell()) << first->last.text();
  desktop_is_there();
  picture("01-desktop");

  // In a terminal of the session, by commands that are typed: the shell runs no file of the home.
  keys({"meta_l", "ret"});
  ASSERT_TRUE(comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  type("cd\nmkdir yz;-\n");
  type_german(
      "id > kept\nls -A /data /data/ashlar > seen\nmkdir /data/x\ncp /usr/bin/true x\n./x && mkdir ran\nmkdir done\n");
  ASSERT_TRUE(comes_to_hold("[ -e /data/home/u1/done ]", seconds(60)));
  picture("02-terminal");
  EXPECT_TRUE(holds("[ -d /data/home/u1/zy$(printf '\\303\\266\\303\\237') ]")) << "a German keyboard's letters";
  EXPECT_TRUE(holds("grep -q '^uid=1001(u1)' /data/home/u1/kept"));
  EXPECT_TRUE(holds("[ \"$(stat -c '%u %a' /data/home/u1/kept)\" = '1001 600' ]"));
  EXPECT_TRUE(holds("[ ! -e /data/x ]"));
  EXPECT_TRUE(holds("[ -e /data/home/u1/x ] && [ ! -e /data/home/u1/ran ]")) << "a program in the home ran";
  std::string seen = run("cat /data/home/u1/seen");
  EXPECT_NE(seen.find("home"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("ashlar:"), std::string::npos) << seen;
  EXPECT_EQ(seen.find("lost+found"), std::string::npos) << seen;
  EXPECT_TRUE(holds("ls -A /data | grep -qx lost+found")) << "the control";

  // The lock: by key, and because nobody was there (SIGUSR1 is swayidle's "now", instead of five minutes).
  keys({"meta_l", "l"});
  ASSERT_TRUE(comes_to_run("swaylock"));
  picture("03-locked");
  keys({"meta_l", "d"});
  try_password("wrong password");
  picture("04-wrong-password");
  EXPECT_TRUE(runs("swaylock"));
  EXPECT_FALSE(runs("fuzzel")) << "a key did something behind the lock";
  unlock_screen(1, kPassword);
  picture("05-unlocked");
  run("for p in $(cat /sys/fs/cgroup/session/cgroup.procs); do grep -qx swayidle /proc/$p/comm && kill -USR1 $p; done");
  ASSERT_TRUE(comes_to_run("swaylock"));
  const std::string screen = swaymsg(1) + "get_outputs | grep -q '\"power\": ";
  EXPECT_TRUE(comes_to_hold(screen + "false'", seconds(30))) << "the dark screen of a locked machine nobody uses";
  keys({"esc"});
  EXPECT_TRUE(comes_to_hold(screen + "true'", seconds(30)));
  unlock_screen(1, kPassword);

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

  // The next day, and a second person.
  EXPECT_TRUE(holds("ashlarctl user add Berta"));
  ASSERT_OK(machine_->power_off());
  asked_ = machine_->unlock();
  ASSERT_OK(asked_);
  choose("Add Berta");
  answer(kBertasPassword);
  answer(kBertasPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  desktop_is_there();
  EXPECT_TRUE(holds("grep -q '^uid=1001(u1)' /data/home/u1/kept"));
  std::string denied = run("timeout 5 grep -a 'avc:  denied' /dev/kmsg");
  EXPECT_EQ(denied.find("avc:  denied  {"), std::string::npos) << denied;
  ASSERT_OK(machine_->power_off());

  // Her session, and whose password opens its lock.
  start();
  choose("User 2");
  answer(kBertasPassword);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  desktop_is_there();
  EXPECT_TRUE(holds("[ $(stat -c %u /proc/$(head -n 1 /sys/fs/cgroup/session/cgroup.procs)) = 1002 ]"));
  EXPECT_TRUE(holds("[ -d /data/home/u2/.config/chromium ]"));
  keys({"meta_l", "l"});
  ASSERT_TRUE(comes_to_run("swaylock"));
  try_password(kPassword);
  EXPECT_TRUE(runs("swaylock")) << "the other person's password";
  unlock_screen(2, kBertasPassword);
  picture("08-second-person");

  // She looks at a page, takes a file from it, and logs out. Nothing is denied on the way.
  const std::string downloads = "/data/home/u2/Downloads";
  keys({"meta_l", "ret"});
  ASSERT_TRUE(comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  type_german("cd\nmkdir Downloads\nexit\n");
  ASSERT_TRUE(comes_to_hold("[ -d " + downloads + " ]", seconds(30)));
  run("echo '<title>Local site</title><a id=file download=note.txt href=data:,text></a>"
      "<script>onkeydown = () => { file.click(); onkeydown = null }</script>' > " +
      downloads + "/site.html; chown 1002:1002 " + downloads + "/site.html");
  keys({"ctrl", "l"});
  std::this_thread::sleep_for(seconds(3));
  type_german("file://" + downloads + "/site.html\n");
  ASSERT_TRUE(comes_to_hold(swaymsg(2) + ("get_tree | grep -q '\"name\": \"Local site - '"), seconds(90)));
  picture("09-local-site");
  type("a");
  ASSERT_TRUE(comes_to_hold("[ \"$(cat " + downloads + "/note.txt)\" = text ]", seconds(60)));
  picture("10-downloaded");
  keys({"meta_l", "shift", "e"});
  ASSERT_TRUE(comes_to_run("fuzzel"));
  std::this_thread::sleep_for(seconds(3));
  picture("11-leave");
  type("log out\n");
  ASSERT_TRUE(comes_to_hold("[ ! -e " + downloads + "/note.txt ]", seconds(60))) << "the home is closed";
  ASSERT_TRUE(comes_to_run("swaylock"));
  picture("12-logged-out");
  EXPECT_EQ(unexpected_denials(run("ashlarctl denials")), "");
  run("head -c 1 /dev/vda");
  EXPECT_NE(unexpected_denials(run("ashlarctl denials")), "") << "the control: what is denied is told";
  ASSERT_OK(machine_->power_off());
}

// Nothing is left that the person may fill, over a lock, an end and a start of the machine. (Of the soak run.)
TEST_F(Session, BearsAFullDiskUntilItsPersonMakesRoom) {
  talk_with(DataMachine::new_machine("full-disk", "desktop"));
  machine_->config.memory_mib = 2048;
  machine_->config.cpus = 2;
  ASSERT_OK(machine_->power_on());
  Result<prove::FirstBoot> first = prove::set_up(*machine_);
  ASSERT_OK(first);
  ASSERT_TRUE(first->last.at_shell()) << first->last.text();
  desktop_is_there();
  keys({"meta_l", "ret"});
  ASSERT_TRUE(comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  type("cd\ncat /dev/zero > fill\n");
  const std::string left = "[ \"$(stat -f -c %a /data)\" -";  // blocks, of those that are not root's alone
  EXPECT_TRUE(holds(left + "gt 1000 ]")) << "the control";
  ASSERT_TRUE(comes_to_hold(left + "lt 2 ]", std::chrono::minutes(15)));
  std::this_thread::sleep_for(seconds(10));  // the bar looks again and again
  picture("20-full");
  EXPECT_NE(run("ashlarctl service list").find(" services, 0 failed"), std::string::npos);

  keys({"meta_l", "l"});
  ASSERT_TRUE(comes_to_run("swaylock"));
  try_password("wrong password");
  EXPECT_TRUE(runs("swaylock"));
  unlock_screen(1, kPassword);

  // The next day.
  ASSERT_OK(machine_->power_off());
  asked_ = machine_->unlock();
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  desktop_is_there();
  EXPECT_NE(run("ashlarctl service list").find(" services, 0 failed"), std::string::npos);
  keys({"meta_l", "ret"});
  ASSERT_TRUE(comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  picture("21-full-the-next-day");
  type("cd\nrm fill\necho much > written\n");
  EXPECT_TRUE(comes_to_hold("grep -qx much /data/home/u1/written", seconds(60)));
  std::this_thread::sleep_for(seconds(10));
  picture("22-room-again");
  ASSERT_OK(machine_->power_off());
}

}  // namespace
}  // namespace ashlar::test
