// What needs no machine: the command line, the console's text, keys, the QMP client against replies of every kind,
// files of the state directory.
#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "vm/arguments.h"
#include "vm/console.h"
#include "vm/keyboard.h"
#include "vm/qmp.h"
#include "vm/run.h"
#include "vm/serial.h"
#include "vm/sockets.h"
#include "vm/state_directory.h"

namespace ashlar::vm {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kPatience = seconds(120);  // a starved host is no failure

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string name = fs::temp_directory_path() / "ashlar-vm-test-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  fs::path path;
};

// --- The command line

MachineParts some_parts() {
  return {.firmware = {"/f/code.fd", "/s/vars.fd"},
          .disk = "/a,b/disk.raw",
          .serial_log = "/s/serial.log",
          .qmp = 10,
          .serial = 11,
          .tpm = 12,
          .fw_cfg = {}};
}
std::string joined(const MachineConfig& config, const MachineParts& parts) {
  std::string all;
  for (const std::string& argument : qemu_arguments(config, parts, Accelerator::tcg)) all += argument + " ";
  return all;
}

TEST(Arguments, SecureBootKeepsVariablesBehindSmm) {
  std::string all = joined({}, some_parts());
  EXPECT_NE(all.find("smm=on"), all.npos);
  EXPECT_NE(all.find("driver=cfi.pflash01,property=secure,value=on"), all.npos);
  EXPECT_EQ(joined({.secure_boot = SecureBoot::absent}, some_parts()).find("smm=on"), all.npos);
}

TEST(Arguments, NoNetworkUnlessAsked) {
  EXPECT_EQ(joined({}, some_parts()).find("-netdev"), std::string::npos);
  EXPECT_NE(joined({.network = Network::user}, some_parts()).find("-netdev user"), std::string::npos);
}

TEST(Arguments, CommasInPathsAreNotOptions) {
  EXPECT_NE(joined({}, some_parts()).find("file=/a,,b/disk.raw"), std::string::npos);
}

TEST(Arguments, DiskModeDecidesWhereWritesGo) {
  EXPECT_NE(joined({.disk_mode = DiskMode::discard}, some_parts()).find("snapshot=on"), std::string::npos);
  EXPECT_EQ(joined({.disk_mode = DiskMode::direct}, some_parts()).find("snapshot=on"), std::string::npos);
  EXPECT_NE(joined({.disk_mode = DiskMode::overlay}, some_parts()).find("format=qcow2"), std::string::npos);
}

TEST(Arguments, TpmOnlyWhenThereIsOne) {
  MachineParts parts = some_parts();
  EXPECT_NE(joined({}, parts).find("tpm-crb"), std::string::npos);
  parts.tpm = -1;
  EXPECT_EQ(joined({}, parts).find("tpm"), std::string::npos);
}

// --- The console

TEST(SerialText, TakesOutControlSequencesAndCutsLines) {
  SerialText text;
  text.feed("\x1b[2J\x1b[01;01HBdsDxe: star");
  EXPECT_EQ(text.take_line(), std::nullopt);
  text.feed("ting\r\n\x1b[0;37mashlar: ready\x1b[");
  EXPECT_EQ(text.take_line(), "BdsDxe: starting");
  text.feed("0m a=b\r\n");
  EXPECT_EQ(text.take_line(), "ashlar: ready a=b");
  EXPECT_EQ(text.take_line(), std::nullopt);
}

TEST(SerialText, MovingTheCursorEndsALine) {
  SerialText text;
  text.feed("left over\x1b[01;01Hashlar: failed\n");
  EXPECT_EQ(text.take_line(), "left over");
  EXPECT_EQ(text.take_line(), "ashlar: failed");
}

TEST(SerialText, FindsPromptsWithoutLineEnd) {
  SerialText text;
  text.feed("one\nash DEV# ");
  EXPECT_EQ(text.take_through("zsh"), std::nullopt);
  EXPECT_EQ(text.take_through("DEV# "), "one\nash DEV# ");
  EXPECT_EQ(text.take_line(), std::nullopt);
}

TEST(SerialText, LastLinesAreKeptAfterTheyWereTaken) {
  SerialText text;
  text.feed("a\nb\n\nc\nd\n");
  while (text.take_line()) {
  }
  EXPECT_EQ(text.last_lines(2), "c\nd");
  EXPECT_EQ(text.last_lines(99), "a\nb\n\nc\nd");
  EXPECT_EQ(SerialText().last_lines(3), "");
}

TEST(Console, AFileIsTakenWhenItsSumIsItsOwn) {
  const std::string sum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";  // of "hello"
  const std::string echo = "sha256sum <f; base64 -w 76 <f; echo \"<end>\"\r\n";
  std::optional<Bytes> whole =
      printed_file(echo + sum + "  -\r\naGVs\r\n[   9.1] a word of the kernel's\r\nbG8=\r\n<end>");
  ASSERT_TRUE(whole);
  EXPECT_EQ(as_text(*whole), "hello");
  EXPECT_FALSE(printed_file(echo + sum + "  -\r\naGVs\r\nbG9=\r\n<end>"));
  EXPECT_FALSE(printed_file(echo + sum + "  -\r\naGVs\r\n<end>"));
  EXPECT_FALSE(printed_file(""));
}

TEST(SerialText, AConsoleNobodyReadsStaysSmall) {
  SerialText text;
  std::string line(1023, 'x');
  line += '\n';
  for (int i = 0; i < 20000; ++i) text.feed(line);
  text.feed("the end\n");
  std::size_t lines = 0;
  std::string last;
  while (auto taken = text.take_line()) {
    last = *taken;
    ++lines;
  }
  EXPECT_EQ(last, "the end");
  EXPECT_LT(lines, 10000U);
}

// --- Keys

TEST(Keyboard, TypesEveryPrintableCharacter) {
  for (char c = ' '; c <= '~'; ++c) EXPECT_TRUE(keys_for(c)) << c;
  EXPECT_EQ(keys_for('A'), (std::vector<std::string>{"shift", "a"}));
  EXPECT_EQ(keys_for('\n'), std::vector<std::string>{"ret"});
  EXPECT_EQ(keys_for('\x80'), std::nullopt);
}

// --- Readiness

TEST(SerialReadyDetector, DecidesByHowTheLineBegins) {
  SerialReadyDetector detector;
  EXPECT_EQ(detector.on_line("ashlar: ready SecureBoot=1 SetupMode=0 root=verity").state, Verdict::State::ready);
  EXPECT_EQ(detector.on_line("ashlar: ready SecureBoot=0 SetupMode=0 root=verity").state, Verdict::State::failed);
  EXPECT_EQ(detector.on_line("ashlar: ready SecureBoot=1 SetupMode=1 root=verity").state, Verdict::State::failed);
  EXPECT_EQ(detector.on_line("ashlar: ready SecureBoot=1 SetupMode=0 root=unverified").state, Verdict::State::failed);
  EXPECT_EQ(detector.on_line("ashlar: failed: no root").state, Verdict::State::failed);
  EXPECT_EQ(detector.on_line("echo ashlar: ready").state, Verdict::State::waiting);
  EXPECT_EQ(detector.on_line("").state, Verdict::State::waiting);
}

TEST(DesktopReadyDetector, WaitsForThePageAndThenForTheScreenToStandStill) {
  TemporaryDirectory scratch;
  fs::path screen = scratch.path / "screen.ppm";
  DesktopReadyDetector detector;
  auto shown = [&](std::string_view picture) {
    EXPECT_TRUE(write_file(screen, as_bytes(picture)));
    return detector.on_screen(screen).value().state;
  };
  constexpr std::string_view kReady = "ashlar: ready SecureBoot=1 SetupMode=0 root=verity";
  EXPECT_EQ(detector.on_line("ashlar: service session: says: the browser's window is there").state,
            Verdict::State::waiting);
  EXPECT_EQ(detector.source(), ReadyDetector::Source::serial) << "a window shows a page, or that it is loading one";
  EXPECT_EQ(detector.on_line("ashlar: service session: says: the first page is there").state, Verdict::State::waiting);
  EXPECT_EQ(detector.source(), ReadyDetector::Source::screen);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(shown("a"), Verdict::State::waiting) << "nobody has said that it is verified";
  EXPECT_EQ(detector.on_line(kReady).state, Verdict::State::waiting);
  EXPECT_EQ(shown("a"), Verdict::State::waiting);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(shown("b"), Verdict::State::waiting) << i;
  EXPECT_EQ(shown("b"), Verdict::State::ready);
}

TEST(DesktopReadyDetector, WaitsForAScreenThatNeverStandsStillNoLongerThanAMinute) {
  TemporaryDirectory scratch;
  fs::path screen = scratch.path / "screen.ppm";
  DesktopReadyDetector detector;
  detector.on_line("ashlar: ready SecureBoot=1 SetupMode=0 root=verity");
  detector.on_line("ashlar: service session: says: the first page is there");
  int looks = 0;
  for (Verdict seen; seen.state == Verdict::State::waiting && looks < 100; ++looks) {
    ASSERT_TRUE(write_file(screen, as_bytes(std::to_string(looks))));
    seen = detector.on_screen(screen).value();
  }
  EXPECT_EQ(looks, 60);
}

TEST(DesktopReadyDetector, FailsWithTheMachineAndWithTheSession) {
  DesktopReadyDetector detector;
  EXPECT_EQ(detector.on_line("ashlar: ready SecureBoot=0 SetupMode=0 root=verity").state, Verdict::State::failed);
  EXPECT_EQ(detector.on_line("ashlar: service seatd: stays down").state, Verdict::State::waiting);
  EXPECT_EQ(detector.on_line("ashlar: service session: stays down").state, Verdict::State::failed);
}

// --- QMP, against a server that says what the test wants

constexpr std::string_view kGreeting = "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n";

class FakeQemu {
 public:
  // Says `first`, then after each line it receives the next of `replies`; closes when there are none left.
  FakeQemu(std::string first, std::vector<std::string> replies) {
    SocketPair pair = socket_pair().value();
    client = std::move(pair.ours);
    thread_ = std::thread([server = std::move(pair.theirs), first = std::move(first), replies = std::move(replies)] {
      say(server, first);
      for (const std::string& reply : replies) {
        for (char c = 0; c != '\n';) {
          if (::recv(server.get(), &c, 1, 0) != 1) return;
        }
        say(server, reply);
      }
    });
  }
  ~FakeQemu() {
    client = Fd();
    thread_.join();
  }
  Fd client;

 private:
  static void say(const Fd& to, std::string_view text) {
    while (!text.empty()) {
      ssize_t sent = ::send(to.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  std::thread thread_;
};

std::string connect_error(std::string first, std::vector<std::string> replies = {}) {
  FakeQemu fake(std::move(first), std::move(replies));
  auto client = QmpClient::connect(std::move(fake.client), Deadline::after(kPatience));
  return client ? "" : client.error().message();
}

const std::string kOk = "{\"return\": {}, \"id\": 1}\n";

TEST(Qmp, ConnectsExecutesAndKeepsEvents) {
  FakeQemu fake(
      std::string(kGreeting),
      {kOk,
       "{\"event\": \"RESET\", \"data\": {\"guest\": true}}\n{\"return\": {\"status\": \"running\"}, \"id\": 2}\n"
       "{\"event\": \"SHUTDOWN\"}\n"});
  auto client = QmpClient::connect(std::move(fake.client), Deadline::after(kPatience));
  ASSERT_TRUE(client) << client.error().message();
  auto answer = client->execute("query-status", Deadline::after(kPatience));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ((*answer)["status"], "running");
  (void)client->receive();
  auto event = client->take_event();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->name, "RESET");
  EXPECT_EQ(event->data["guest"], true);
}

TEST(Qmp, AnErrorIsToldInQemusWords) {
  FakeQemu fake(std::string(kGreeting),
                {kOk, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no such device\"}, \"id\": 2}\n"});
  auto client = QmpClient::connect(std::move(fake.client), Deadline::after(kPatience));
  ASSERT_TRUE(client);
  auto answer = client->execute("device_del", Deadline::after(kPatience));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "QMP device_del: no such device");
}

TEST(Qmp, RepliesThatAreNotQmpAreErrors) {
  EXPECT_NE(connect_error("HTTP/1.1 200 OK\n").find("not a QMP message"), std::string::npos);
  EXPECT_NE(connect_error("[1, 2]\n").find("not a QMP message"), std::string::npos);
  EXPECT_NE(connect_error("{\"hello\": 1}\n").find("not from QEMU"), std::string::npos);
  EXPECT_NE(connect_error("\xff\xfe\n").find("not a QMP message"), std::string::npos);
  EXPECT_NE(connect_error(std::string(100000, '[') + "\n").find("not a QMP message"), std::string::npos);
}

TEST(Qmp, ConnectionsThatEndAreErrors) {
  EXPECT_NE(connect_error("").find("closed"), std::string::npos);
  EXPECT_NE(connect_error("{\"QMP\":").find("closed"), std::string::npos);
  EXPECT_NE(connect_error(std::string(kGreeting)).find("QMP qmp_capabilities"), std::string::npos);
}

TEST(Qmp, AnswersOfTheWrongKindAreErrors) {
  for (std::string reply :
       {"{\"return\": {}, \"id\": 7}\n", "{\"return\": {}, \"id\": \"1\"}\n", "{\"return\": {}}\n", "{}\n",
        "{\"error\": 5, \"id\": 1}\n", "{\"error\": {\"desc\": 5}}\n", "{\"id\": {\"a\": []}}\n"}) {
    EXPECT_NE(connect_error(std::string(kGreeting), {reply}), "") << reply;
  }
}

TEST(Qmp, ALineWithoutEndIsAnError) {
  EXPECT_NE(connect_error(std::string((std::size_t{4} << 20) + 100000, 'x')).find("without end"), std::string::npos);
}

TEST(Qmp, SilenceEndsAtTheDeadline) {
  SocketPair pair = socket_pair().value();
  auto client = QmpClient::connect(std::move(pair.ours), Deadline::after(milliseconds(50)));
  ASSERT_FALSE(client);
  EXPECT_NE(client.error().message().find("in time"), std::string::npos);
}

// --- The state directory

TEST(StateDirectory, ATemporaryOneGoesAndAGivenOneStays) {
  TemporaryDirectory scratch;
  fs::path gone;
  {
    StateDirectory temporary = StateDirectory::open({}).value();
    gone = temporary.path();
    EXPECT_TRUE(fs::exists(gone));
    StateDirectory kept = StateDirectory::open(scratch.path / "kept").value();
  }
  EXPECT_FALSE(fs::exists(gone));
  EXPECT_TRUE(fs::exists(scratch.path / "kept"));
  EXPECT_EQ(fs::status(scratch.path / "kept").permissions(), fs::perms::owner_all);
}

TEST(StateDirectory, VariablesAreCopiedOnce) {
  TemporaryDirectory scratch;
  ASSERT_TRUE(write_file(scratch.path / "template", as_bytes("first")));
  StateDirectory directory = StateDirectory::open(scratch.path / "machine").value();
  fs::path own = directory.variables(scratch.path / "template").value();
  ASSERT_TRUE(write_file(scratch.path / "template", as_bytes("second")));
  EXPECT_EQ(directory.variables(scratch.path / "template").value(), own);
  EXPECT_EQ(read_text(own).value(), "first");
}

TEST(StateDirectory, AnOverlayIsRefusedOverAnotherImage) {
  TemporaryDirectory scratch;
  fs::path image = scratch.path / "disk.raw";
  ASSERT_TRUE(write_file(image, Bytes(1 << 20)));
  StateDirectory directory = StateDirectory::open(scratch.path / "machine").value();
  auto made = directory.overlay(image);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(directory.overlay(image));
  ASSERT_TRUE(write_file(image, Bytes(2 << 20)));
  auto again = directory.overlay(image);
  ASSERT_FALSE(again);
  EXPECT_NE(again.error().message().find("delete that directory"), std::string::npos);
}

// --- Firmware

TEST(Firmware, FindsBothSizesAndNamesThePackageOtherwise) {
  TemporaryDirectory scratch;
  auto nothing = find_firmware(SecureBoot::enforced, scratch.path);
  ASSERT_FALSE(nothing);
  EXPECT_NE(nothing.error().message().find("install the package ovmf"), std::string::npos);
  for (const char* name : {"OVMF_CODE.secboot.fd", "OVMF_VARS.fd"}) {
    ASSERT_TRUE(write_file(scratch.path / name, as_bytes("x")));
  }
  EXPECT_EQ(find_firmware(SecureBoot::enforced, scratch.path)->code.filename(), "OVMF_CODE.secboot.fd");
  for (const char* name : {"OVMF_CODE_4M.secboot.fd", "OVMF_VARS_4M.fd"}) {
    ASSERT_TRUE(write_file(scratch.path / name, as_bytes("x")));
  }
  EXPECT_EQ(find_firmware(SecureBoot::enforced, scratch.path)->code.filename(), "OVMF_CODE_4M.secboot.fd");
  EXPECT_FALSE(find_firmware(SecureBoot::absent, scratch.path));
}

}  // namespace
}  // namespace ashlar::vm
