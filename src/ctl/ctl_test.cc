#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "ctl/carry_out.h"
#include "ctl/system_status.h"
#include "sys/fake_kernel.h"
#include "sys/release.h"

namespace ashlar::ctl {
namespace {

using namespace std::string_view_literals;
using Arguments = std::vector<std::string_view>;

Result<CommandLine> parse(const Arguments& arguments) { return parse_command_line(arguments); }

std::vector<std::string> asked(const Arguments& arguments) {
  Result<CommandLine> line = parse(arguments);
  EXPECT_TRUE(line) << line.error().message();
  return line ? data_arguments(*line) : std::vector<std::string>{};
}

using Asked = std::vector<std::string>;

TEST(CommandLine, BecomesWordsForTheUnlockingProgram) {
  EXPECT_EQ(asked({"data", "status"}), (Asked{"data", "status"}));
  EXPECT_EQ(asked({"--json", "data", "status"}), (Asked{"data", "status", "--json"}));
  EXPECT_EQ(asked({"data", "status", "--json"}), (Asked{"data", "status", "--json"}));
  EXPECT_EQ(asked({"data", "expect-change"}), (Asked{"data", "queue", "expect-change"}));
  EXPECT_EQ(asked({"data", "apply"}), (Asked{"data", "apply"}));
  EXPECT_EQ(asked({"user", "list"}), (Asked{"data", "users"}));
  EXPECT_EQ(asked({"user", "add", "Ada Lovelace"}), (Asked{"data", "queue", "add-user", "Ada Lovelace"}));
  EXPECT_EQ(asked({"user", "remove", "u2"}), (Asked{"data", "queue", "remove-user", "u2"}));
  EXPECT_EQ(asked({"user", "passwd", "u1"}), (Asked{"data", "queue", "change-password", "u1"}));
  EXPECT_EQ(asked({"home", "open", "u2"}), (Asked{"data", "open-home", "u2"}));
  EXPECT_EQ(asked({"home", "close", "u2"}), (Asked{"data", "close-home", "u2"}));
}

TEST(CommandLine, ANameMayBeginWithADash) {
  EXPECT_EQ(asked({"user", "add", "--", "--json"}), (Asked{"data", "queue", "add-user", "--json"}));
  EXPECT_EQ(asked({"user", "add", ""}), (Asked{"data", "queue", "add-user", ""}));  // refused by who knows the rules
}

TEST(CommandLine, EveryMisuseSaysWhatWouldBeRight) {
  struct {
    Arguments arguments;
    std::string_view says;
  } cases[] = {
      {{}, "data status"},
      {{"--json"}, "a command is missing"},
      {{"statu"}, "there is no command statu"},
      {{"user"}, "`ashlarctl user` lacks a word; there are\n  ashlarctl user list"},
      {{"user", "ad", "Anna"}, "there is no command user ad; there are\n  ashlarctl user list"},
      {{"user", "add"}, "NAME is missing: ashlarctl user add NAME"},
      {{"user", "add", "Ada", "Lovelace"}, "\"Lovelace\" is one word too many"},
      {{"data", "apply", "now"}, "\"now\" is one word too many"},
      {{"data", "apply", "--json"}, "--json is for what tells something"},
      {{"status", "--yes"}, "there is no option --yes"},
      {{"status", "-j"}, "there is no option -j"},
  };
  for (const auto& [arguments, says] : cases) {
    Result<CommandLine> line = parse(arguments);
    ASSERT_FALSE(line) << says;
    EXPECT_EQ(line.error().exit_status(), 2) << says;
    EXPECT_NE(line.error().message().find(says), std::string::npos) << line.error().message();
  }
}

TEST(CommandLine, HelpIsEverywhere) {
  const std::string all = parse({"--help"})->help;
  for (const Verb& verb : verbs()) {
    EXPECT_NE(all.find("  ashlarctl " + std::string(verb.words)), std::string::npos) << verb.words;
    EXPECT_FALSE(verb.summary.empty());
    Arguments arguments;
    for (std::size_t at = 0; at < verb.words.size();) {
      std::size_t end = std::min(verb.words.find(' ', at), verb.words.size());
      arguments.push_back(verb.words.substr(at, end - at));
      at = end + 1;
    }
    arguments.push_back("--help");  // also where the operand is missing
    Result<CommandLine> line = parse(arguments);
    ASSERT_TRUE(line) << line.error().message();
    EXPECT_TRUE(line->help.starts_with("usage: ashlarctl " + std::string(verb.words))) << line->help;
    EXPECT_TRUE(line->help.ends_with(std::string(verb.help)));
  }
  EXPECT_TRUE(parse({"user", "-h"})->help.starts_with("usage: ashlarctl user COMMAND\n\n  ashlarctl user list"));
}

TEST(CommandLine, HelpFitsIntoATerminal) {
  const std::string all = parse({"--help"})->help;
  for (const Verb& verb : verbs()) {
    for (std::string_view rest : {std::string_view(all), verb.help}) {
      while (!rest.empty()) {
        std::size_t end = std::min(rest.find('\n'), rest.size());
        EXPECT_LE(end, 120U) << rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
    }
  }
}

FakeKernel machine() {
  FakeKernel kernel;
  kernel.put("/proc/self/mountinfo", "20 1 8:1 / / ro - ext4 /dev/sda1 ro\n");
  kernel.put("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c", "\6\0\0\0\1"sv);
  return kernel;
}

TEST(SystemStatus, SaysWhatTheKernelAndTheFirmwareSay) {
  FakeKernel kernel = machine();
  MachineState state = observe_system(kernel, true).value();
  EXPECT_EQ(system_json(state), R"({"version":")" + std::string(kVersion) + R"(","variant":")" + std::string(kVariant) +
                                    R"(","root_hash":null,"secure_boot":true,"setup_mode":null})");
  const std::string text = system_text(state);
  EXPECT_NE(text.find("\n  Secure Boot   on\n"), std::string::npos) << text;
  EXPECT_NE(text.find("\n  System        not verified"), std::string::npos) << text;
  state.verified = std::string(64, 'c');
  EXPECT_NE(system_json(state).find(R"("root_hash":"cccc)"), std::string::npos);
}

// A program that stands for the unlocking one: writes down how it was called.
class CarryOut : public ::testing::Test {
 protected:
  CarryOut() {
    std::string name = (fs::temp_directory_path() / "ashlar-ctl-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
  }
  ~CarryOut() override { fs::remove_all(directory_); }

  void program(const std::string& script) {
    ASSERT_TRUE(write_file(directory_ / "data", as_bytes("#!/bin/sh\n" + script), 0755));
  }
  Result<int> call(const Arguments& arguments, bool root = true) {
    CommandLine line = parse(arguments).value();
    FakeKernel kernel = machine();
    return carry_out(line, {.root = root, .data_program = directory_ / "data"}, kernel);
  }
  std::string called() { return read_text(directory_ / "called").value_or("never"); }

  fs::path directory_;
};

TEST_F(CarryOut, PassesOnWhatTheUnlockingProgramSays) {
  program("printf '%s|' \"$@\" >" + (directory_ / "called").string() + "; exit 2");
  EXPECT_EQ(call({"user", "add", "Ada Lovelace"}).value(), 2);
  EXPECT_EQ(called(), "queue|add-user|Ada Lovelace|");
}

TEST_F(CarryOut, TheCallersEnvironmentIsNotPassedOn) {
  program("/usr/bin/env | /usr/bin/sort | /usr/bin/grep -v -e ^PWD -e ^_ -e ^SHLVL >" +
          (directory_ / "called").string());
  ASSERT_EQ(::setenv("LD_PRELOAD", "", 1), 0);
  EXPECT_EQ(call({"data", "apply"}).value(), 0);
  ::unsetenv("LD_PRELOAD");
  EXPECT_EQ(called(), "HOME=/\nLANG=C.UTF-8\nPATH=/usr/sbin:/usr/bin\n");
}

TEST_F(CarryOut, StatusIsTheSystemsAndDatas) {
  program("echo '{\"data\":\"is here\"}'");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(call({"status", "--json"}).value(), 0);
  const std::string json = ::testing::internal::GetCapturedStdout();
  EXPECT_TRUE(json.starts_with(R"({"system":{"version":)")) << json;
  EXPECT_TRUE(json.ends_with(R"(},"data":{"data":"is here"}})"
                             "\n"))
      << json;

  program("exit 1");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(call({"status", "--json"}).value(), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");  // nothing half
}

TEST_F(CarryOut, IsRootsAlone) {
  program("touch " + (directory_ / "called").string());
  Result<int> done = call({"data", "apply"}, false);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status(), 1);
  EXPECT_EQ(called(), "never");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(call({"data", "apply", "--help"}, false).value(), 0);  // the control: help is for everybody
  EXPECT_NE(::testing::internal::GetCapturedStdout(), "");
}

TEST_F(CarryOut, StatusTellsThePersonWhatPid1Found) {
  CommandLine line = parse({"status", "--json"}).value();
  FakeKernel kernel = machine();
  kernel.put(kReadyFile, "ashlar: ready variant=dev version=1 roothash=" + std::string(64, 'a') + " SecureBoot=1\n");
  ::testing::internal::CaptureStdout();
  EXPECT_EQ(carry_out(line, {.root = false, .data_program = directory_ / "data"}, kernel).value(), 0);
  const std::string json = ::testing::internal::GetCapturedStdout();
  EXPECT_NE(json.find(R"("root_hash":"aaaa)"), std::string::npos) << json;
  EXPECT_TRUE(json.ends_with(R"(,"data":null})"
                             "\n"))
      << json;
}

TEST_F(CarryOut, SaysThatThereIsNoUnlockingProgram) {
  Result<int> done = call({"data", "status"});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("no unlocking program"), std::string::npos) << done.error().message();
}

}  // namespace
}  // namespace ashlar::ctl
