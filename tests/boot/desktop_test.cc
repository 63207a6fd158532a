// The desktop in a real machine: its services start, are kept in, come back, and end in order.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "guest.h"
#include "screen_plug.h"
#include "test_image.h"
#include "vm/run.h"

namespace ashlar::test {
namespace {

using std::chrono::seconds;

TEST(Desktop, ShowsTheBrowsersFirstPage) {
  Result<vm::RunReport> report = vm::run_image({.image = image_of("desktop", "dev"),
                                                .until = vm::Until::ready,
                                                .screenshot = result_path("desktop-browser.png"),
                                                .serial_log = result_path("desktop-browser.log"),
                                                .timeout = kBootLimit,
                                                .memory_mib = 2048,
                                                .cpus = 2,
                                                .detector = std::make_shared<vm::DesktopReadyDetector>()});
  ASSERT_OK(report);
  EXPECT_EQ(report->facts.at("root"), "verity");
}

// A home as a hostile or broken program may leave it: settings that would start programs, and files that are none.
constexpr char kBrokenHome[] =
    "cd /run/home/u1 && mkdir -p .config/sway .sway .config/pipewire .config/wireplumber .cache/fontconfig "
    ".config/chromium/Default && echo 'exec touch /run/home/u1/hostile' | tee .config/sway/config > .sway/config && "
    "for f in .config/pipewire/pipewire.conf .config/wireplumber/wireplumber.conf '.config/chromium/Local State' "
    ".config/chromium/Default/Preferences .config/chromium/Default/History .config/chromium/Default/Cookies "
    ".cache/fontconfig/CACHEDIR.TAG; do head -c 5000 /dev/urandom > \"$f\"; done && "
    "for f in /usr/lib/fontconfig/cache/* /var/cache/fontconfig/*; do [ -f $f ] && head -c 5000 /dev/urandom > "
    ".cache/fontconfig/${f##*/}; done; chown -R 1001:1001 . && echo broken:$((41+1))";

// The loudest sample of a recording: a WAV file of 16-bit samples.
int loudest(const fs::path& recording) {
  constexpr std::size_t kHeader = 44;
  Result<Bytes> bytes = read_file(recording);
  int most = 0;
  for (std::size_t i = kHeader; bytes && i + 1 < bytes->size(); i += 2) {
    most = std::max(most, std::abs(static_cast<std::int16_t>((*bytes)[i] | (*bytes)[i + 1] << 8)));
  }
  return most;
}

// One boot, to which things are done on the dev variant's console, and at its keyboard.
TEST(Desktop, ServicesAreKeptInComeBackAndEndInOrder) {
  Result<vm::MachineConfig> config = desktop_with_keys("services", 2048);
  ASSERT_OK(config);
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "services");
  vm::Console console(*machine);
  ASSERT_OK(start_without_data(console));
  ASSERT_OK(machine->wait_for_line("ashlar: service session: ready", kBootLimit));
  Guest guest(*machine);

  auto main_process = [](std::string_view service) {
    return "$(head -n 1 /sys/fs/cgroup/" + std::string(service) + "/cgroup.procs)";
  };
  for (auto [service, capabilities] : {std::pair{"udevd", ""}, {"seatd", ""}, {"login", ""}, {"session", "0"}}) {
    const std::string status =
        guest.run("grep -E '^(NoNewPrivs|Seccomp|Seccomp_filters|CapBnd):' /proc/" + main_process(service) + "/status");
    EXPECT_NE(status.find("NoNewPrivs:\t1"), std::string::npos) << status;
    EXPECT_NE(status.find("Seccomp:\t2"), std::string::npos) << status;
    EXPECT_NE(status.find("Seccomp_filters:\t2"), std::string::npos) << status;
    if (*capabilities != '\0') {
      EXPECT_NE(status.find("CapBnd:\t0000000000000000"), std::string::npos) << status;
    }
  }
  // What a filter refuses is in the log. The browser tries things; of the others the lists say all they need.
  const std::string refused = guest.run(
      "timeout 5 grep --line-buffered -a -e type=1326 -e 'SELinux:  policy' /dev/kmsg | grep -av /usr/lib/chromium/");
  EXPECT_EQ(refused.find("type=1326 audit"), std::string::npos) << refused;
  EXPECT_NE(refused.find("SELinux:  policy capability "), std::string::npos) << "the control: the log was read";

  // Each in its own domain, which it entered although it can gain no privileges; and nothing was denied on the way.
  const std::string domains = guest.run(
      "for s in udevd seatd login session; do echo $s:$(tr '\\0' '\\n' < /proc/$(head -n 1 "
      "/sys/fs/cgroup/$s/cgroup.procs)/attr/current); done; echo enforce:$(cat /sys/fs/selinux/enforce)");
  for (const char* domain :
       {"udevd:system_u:system_r:devices_t", "seatd:system_u:system_r:seat_t", "login:system_u:system_r:login_t",
        "session:system_u:system_r:compositor_t", "enforce:1"}) {
    EXPECT_NE(domains.find("\n" + std::string(domain)), std::string::npos) << domains;
  }
  ASSERT_OK(machine->wait_for_line("ashlar: service session: says: the first page is there", kBootLimit));
  const std::string inner = guest.run(
      "for p in $(cat /sys/fs/cgroup/session/cgroup.procs); do echo $(cat /proc/$p/comm):$(tr '\\0' '\\n' < "
      "/proc/$p/attr/current); done");
  for (const char* domain : {"chromium:system_u:system_r:chromium_t", "swaybg:system_u:system_r:session_t"}) {
    EXPECT_NE(inner.find("\n" + std::string(domain)), std::string::npos) << inner;
  }
  const std::string denied = guest.run("timeout 5 grep -a 'avc:  denied' /dev/kmsg");
  EXPECT_EQ(denied.find("avc:  denied  {"), std::string::npos) << denied;

  // Each is killed; the session finds a broken home.
  const std::string broken = guest.run(kBrokenHome);
  ASSERT_NE(broken.find("broken:42"), std::string::npos) << broken;
  for (std::string_view service : {"backlight", "udevd", "seatd", "session"}) {
    ASSERT_OK(machine->type_serial("kill -KILL " + main_process(service) + "\n"));
    ASSERT_OK(
        machine->wait_for_line("ashlar: service " + std::string(service) + ": was ended by signal 9", seconds(60)));
    ASSERT_OK(machine->wait_for_line("ashlar: service " + std::string(service) + ": ready", seconds(180)));
  }
  ASSERT_OK(machine->wait_for_line("says: the first page is there", kBootLimit));
  EXPECT_TRUE(guest.holds("[ ! -e /run/home/u1/hostile ]")) << "sway read its settings from the home";

  // As often as the soak run wants: no service has failed. (Three starts are in tests/data: Services.*)
  const char* wanted = std::getenv("ASHLAR_RESTARTS");
  const int restarts = wanted != nullptr ? std::atoi(wanted) : 0;
  for (int i = 0; i < restarts; ++i) {
    ASSERT_OK(machine->type_serial("ashlarctl power restart\n"));
    ASSERT_OK(machine->wait_for_line("ashlar: restarting", kBootLimit));
    ASSERT_OK(machine->wait_for_line("ashlar: ready", kBootLimit));
    ASSERT_OK(start_without_data(console));
    ASSERT_OK(machine->wait_for_line("ashlar: service session: ready", kBootLimit));
    ASSERT_OK(machine->type_serial("ashlarctl service list\n"));
    Result<std::string> services = machine->wait_for_line(" services, ", seconds(60));
    ASSERT_OK(services);
    ASSERT_TRUE(services->ends_with(" services, 0 failed")) << *services << " at restart " << i;
  }
  ASSERT_OK(machine->powerdown());
  Result<vm::MachineStatus> ended = machine->wait_exit(seconds(60));
  ASSERT_OK(ended);
  EXPECT_EQ(ended->shutdown_reason, "guest-shutdown");
}

// A card that records what is played, a picture of the screen, and a screen that is pulled out.
TEST(Desktop, SoundsTakesPicturesAndBearsAScreenPulledOut) {
  Result<vm::MachineConfig> config = desktop_with_keys("devices", 2048);
  ASSERT_OK(config);
  const fs::path recording = result_path("devices.wav");
  fs::remove(recording);
  const fs::path screen = result_path("devices.vnc");
  config->extra_arguments = {"-audiodev", "wav,id=sound,path=" + recording.string(),
                             "-device",   "ich9-intel-hda",
                             "-device",   "hda-output,audiodev=sound",
                             "-vnc",      "unix:" + screen.string()};
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  KeepsEvidence evidence(*machine, "devices");
  vm::Console console(*machine);
  ASSERT_OK(start_without_data(console));
  ASSERT_OK(machine->wait_for_line("ashlar: service session: says: the first page is there", kBootLimit));
  Guest guest(*machine);

  // Sound: its keys, and a browser's tone as the virtual card heard it. What is asked of the session is typed in its
  // terminal: the shell runs what a person types and no file of the home.
  guest.keys({"meta_l", "ret"});
  ASSERT_TRUE(guest.comes_to_run("foot"));
  std::this_thread::sleep_for(seconds(5));
  guest.type("cd\nmkdir -p Downloads\n");
  const std::string home = "/run/home/u1/";
  auto asked = [&](const std::string& command, const std::string& answer, const std::string& words) {
    guest.type(command + " > " + answer + "\n");
    return guest.comes_to_hold("grep -q '" + words + "' " + home + answer, seconds(20));
  };
  const std::string volume = "wpctl get-volume @DEFAULT_AUDIO_SINK@";
  ASSERT_TRUE(asked(volume, "v1", "0.40"));
  guest.keys({"volumeup"});
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(asked(volume, "v2", "0.45"));
  guest.keys({"audiomute"});
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(asked(volume, "v3", "MUTED"));
  EXPECT_LT(loudest(recording), 300) << "before anything was played";
  guest.keys({"volumeup"});

  // A picture of the screen.
  guest.keys({"print"});
  EXPECT_TRUE(guest.comes_to_hold("head -c 4 " + home + "Pictures/*.png 2>/dev/null | grep -q PNG", seconds(30)));
  std::this_thread::sleep_for(seconds(3));
  EXPECT_TRUE(asked("wl-paste --list-types", "types", "^image/png$"));

  guest.run(
      "echo '<title>tone</title><script>onkeydown = () => { let c = new AudioContext(), o = c.createOscillator(); "
      "o.connect(c.destination); o.start(); document.title = \"plays\"; }</script>' > " +
      home + "Downloads/tone.html");
  auto title = [](const std::string& words) {
    return swaymsg(1) + ("get_tree | grep -q '\"name\": \"" + words + " - '");
  };
  guest.keys({"meta_l", "left"});
  guest.keys({"ctrl", "l"});
  std::this_thread::sleep_for(seconds(5));
  guest.type("file://" + home + "Downloads/tone.html\n");
  ASSERT_TRUE(guest.comes_to_hold(title("tone"), seconds(120)));
  std::this_thread::sleep_for(seconds(5));
  guest.type("a");
  ASSERT_TRUE(guest.comes_to_hold(title("plays"), seconds(60)));
  std::this_thread::sleep_for(seconds(10));
  EXPECT_GT(loudest(recording), 1000);

  // The screen is pulled out and put back: the windows are still there.
  const std::string screens = swaymsg(1) + ("get_outputs | grep -q '\"name\": \"Virtual-1\"'");
  ASSERT_TRUE(guest.holds(screens));
  Result<ScreenPlug> plug = ScreenPlug::connect(screen);
  ASSERT_OK(plug);
  ASSERT_OK(plug->pull_out());
  EXPECT_TRUE(guest.comes_to_hold("! { " + screens + "; }", seconds(30)));
  ASSERT_OK(plug->put_back());
  EXPECT_TRUE(guest.comes_to_hold(screens, seconds(30)));
  EXPECT_TRUE(guest.holds(title("plays")));
}

TEST(Desktop, WithoutScreenAndKeyboardItSaysWhatIsMissing) {
  Result<vm::MachineConfig> config = desktop_with_keys("no-screen", 1024);
  ASSERT_OK(config);
  config->screen_and_keyboard = false;
  Result<vm::Machine> machine = vm::Machine::start(*config);
  ASSERT_OK(machine);
  vm::Console console(*machine);
  ASSERT_OK(start_without_data(console));
  ASSERT_OK(machine->wait_for_line("0 GPUs", kBootLimit));
  ASSERT_OK(machine->wait_for_line("ashlar: service session: stays down", kBootLimit));
  EXPECT_TRUE(Guest(*machine).holds("[ -e /run/seatd.sock ]")) << "the rest runs, and the console answers";
  ASSERT_OK(machine->powerdown());
  EXPECT_TRUE(machine->wait_exit(seconds(60)));
}

}  // namespace
}  // namespace ashlar::test
