#include "data/console_prompter.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <future>

#include "base/fd.h"
#include "data/fake_prompter.h"
#include "data/screen_console.h"
#include "data/terminal_console.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

std::string text_of(const Secret& secret) {
  return {reinterpret_cast<const char*>(secret.bytes().data()), secret.bytes().size()};
}

// A pseudo terminal: what the machine at the other end of the serial line sees and types.
class Line {
 public:
  Line() {
    int master = -1;
    int slave = -1;
    char name[64]{};
    EXPECT_EQ(::openpty(&master, &slave, name, nullptr, nullptr), 0);
    end_ = Fd(master);
    kept_open_ = Fd(slave);
    path = name;
  }

  void type(std::string_view text) {
    EXPECT_EQ(::write(end_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  // Reads until `what` came; false when it does not.
  bool wait_for(std::string_view what) {
    while (seen.find(what, read_) == std::string::npos) {
      if (!more(10'000)) return false;
    }
    read_ = seen.find(what, read_) + what.size();
    return true;
  }
  void drain() {
    while (more(200)) {
    }
  }
  void hang_up() {
    kept_open_ = Fd();
    end_ = Fd();
  }
  [[nodiscard]] bool echoes() const {
    termios settings{};
    EXPECT_EQ(::tcgetattr(kept_open_.get(), &settings), 0);
    return (settings.c_lflag & ECHO) != 0;
  }

  std::string path;
  std::string seen;

 private:
  bool more(int milliseconds) {
    pollfd ready{end_.get(), POLLIN, 0};
    if (::poll(&ready, 1, milliseconds) <= 0) return false;
    char buffer[256];
    ssize_t got = ::read(end_.get(), buffer, sizeof buffer);
    if (got <= 0) return false;
    seen.append(buffer, static_cast<std::size_t>(got));
    return true;
  }

  Fd end_;
  Fd kept_open_;
  std::size_t read_ = 0;
};

class Serial : public testing::Test {
 protected:
  ConsolePrompter prompter_on(const Line& line) {
    std::vector<std::unique_ptr<Console>> consoles;
    consoles.push_back(std::make_unique<TerminalConsole>(TerminalConsole::open(line.path).value()));
    return ConsolePrompter(std::move(consoles));
  }
  // Asks on a thread of its own.
  std::future<Result<std::optional<Secret>>> asking(ConsolePrompter& prompter, const Question& question,
                                                    Echo echo = Echo::dots) {
    return std::async(std::launch::async, [&prompter, question, echo] { return prompter.ask(question, echo); });
  }

  Question password{.notice = {.heading = "Unlock", .lines = {{"Why", {"because"}}}},
                    .label = kPasswordLabel,
                    .cancel = "use the recovery key"};
  Line line;
};

TEST_F(Serial, AsksPlainlyAndEchoesNoPassword) {
  ConsolePrompter prompter = prompter_on(line);
  password.remark = "Wrong password. 9 tries left.";
  auto answer = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: ")) << line.seen;
  EXPECT_NE(line.seen.find("Unlock\r\nWhy: because\r\n(Ctrl-D: use the recovery key)\r\nWrong password. 9 tries left."
                           "\r\nPassword: "),
            std::string::npos)
      << line.seen;
  line.type(
      "hunterr\x7f"
      "2\xc3\xa4\r");
  auto result = answer.get();
  ASSERT_TRUE(result && *result);
  EXPECT_EQ(text_of(**result), "hunter2\xc3\xa4");
  line.drain();
  EXPECT_EQ(line.seen.find("hunt"), std::string::npos) << line.seen;
  EXPECT_TRUE(line.seen.ends_with("Password: \r\n")) << line.seen;
}

TEST_F(Serial, EchoesAName) {
  ConsolePrompter prompter = prompter_on(line);
  auto answer = asking(prompter, {.notice = {.heading = "Who are you?"}, .label = kNameLabel}, Echo::text);
  ASSERT_TRUE(line.wait_for("Name: "));
  line.type("Ab\x7f");
  ASSERT_TRUE(line.wait_for("Ab\r\x1b[KName: A")) << line.seen;
  line.type("da\n");
  EXPECT_EQ(text_of(*answer.get().value()), "Ada");
}

TEST_F(Serial, TakesAnEmptyAnswerAndTellsItFromLeaving) {
  ConsolePrompter prompter = prompter_on(line);
  auto empty = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.type("\r");
  EXPECT_EQ(text_of(*empty.get().value()), "");
  for (const char* key : {"\x04", "\x1b"}) {
    auto left = asking(prompter, password);
    ASSERT_TRUE(line.wait_for("Password: "));
    line.type(key);
    auto result = left.get();
    ASSERT_TRUE(result);
    EXPECT_FALSE(*result);
  }
  password.cancel.clear();  // cannot be left
  auto asked = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.type("\x04");
  ASSERT_TRUE(line.wait_for("\a"));
  line.type("x\r");
  EXPECT_EQ(text_of(*asked.get().value()), "x");
}

TEST_F(Serial, CtrlCLeavesTheQuestionWhateverWasTyped) {
  ConsolePrompter prompter = prompter_on(line);
  auto answer = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.type("half a passw\x03");
  Result<std::optional<Secret>> left = answer.get();
  ASSERT_TRUE(left) << left.error().message();
  EXPECT_FALSE(*left);
}

TEST_F(Serial, RefusesControlCharactersAndWhatIsTooLong) {
  ConsolePrompter prompter = prompter_on(line);
  auto answer = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.type(std::string_view("\0", 1));
  ASSERT_TRUE(line.wait_for("\a"));
  std::string longest(kLongestAnswer, 'x');
  line.type(longest);
  line.type("y");
  ASSERT_TRUE(line.wait_for("\a"));
  line.type("\r");
  EXPECT_EQ(text_of(*answer.get().value()), longest);
}

TEST_F(Serial, ForgetsWhatWasTypedBeforeTheQuestion) {
  ConsolePrompter prompter = prompter_on(line);
  line.type("early\r");
  std::this_thread::sleep_for(50ms);
  auto answer = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.type("late\r");
  EXPECT_EQ(text_of(*answer.get().value()), "late");
}

TEST_F(Serial, LetsChooseByNumber) {
  ConsolePrompter prompter = prompter_on(line);
  Question question{.notice = {.heading = "Keyboard"}, .label = "Layout"};
  std::vector<std::string> options{"English", "German", "French"};
  auto choosing = [&] { return std::async(std::launch::async, [&] { return prompter.choose(question, options, 1); }); };
  auto chosen = choosing();
  ASSERT_TRUE(line.wait_for("  3  French\r\nLayout [2]: ")) << line.seen;
  line.type("4\r");
  ASSERT_TRUE(line.wait_for("A number from 1 to 3, please.\r\nLayout [2]: ")) << line.seen;
  line.type("3\r");
  EXPECT_EQ(chosen.get().value(), 2U);
  chosen = choosing();
  ASSERT_TRUE(line.wait_for("Layout [2]: "));
  line.type("\r");
  EXPECT_EQ(chosen.get().value(), 1U);
}

TEST_F(Serial, ShowsNothingThatMovesTheTerminal) {
  ConsolePrompter prompter = prompter_on(line);
  prompter.show({.heading = "a\x1b[2Jb\xc2\x9b"
                            "c",
                 .lines = {{"", {"d\re"}}},
                 .written_down = "ABCDE-FGHJK"});
  ASSERT_TRUE(line.wait_for("a?[2Jb?c\r\nd?e\r\n\r\n    ABCDE-FGHJK\r\n")) << line.seen;
}

TEST_F(Serial, SaysThatTheLineWasHungUp) {
  ConsolePrompter prompter = prompter_on(line);
  auto answer = asking(prompter, password);
  ASSERT_TRUE(line.wait_for("Password: "));
  line.hang_up();
  auto result = answer.get();
  ASSERT_FALSE(result);
  EXPECT_NE(result.error().message().find("nobody can answer any more: "), std::string::npos)
      << result.error().message();
}

TEST_F(Serial, RestoresTheTerminal) {
  EXPECT_TRUE(line.echoes());
  {
    ConsolePrompter prompter = prompter_on(line);
    EXPECT_FALSE(line.echoes());
  }
  EXPECT_TRUE(line.echoes());
}

TEST(TerminalConsole, NeedsATerminal) {
  EXPECT_FALSE(TerminalConsole::open("/nowhere"));
  EXPECT_FALSE(TerminalConsole::open("/dev/null"));
}

// No keyboard, but its screen: what it shows is remembered.
std::unique_ptr<Console> screen_without_keyboard(std::vector<std::string>& shown) {
  return std::make_unique<ScreenConsole>(
      [&shown](const Page& page) { shown.push_back(page.heading + "|" + page.hint); },
      Keyboard::open("us", "/nowhere").value());
}

TEST(ConsolePrompter, SaysThatThereIsNothingToTypeOn) {
  ConsolePrompter nobody({});
  Result<std::optional<Secret>> answer = nobody.ask({.label = kPasswordLabel}, Echo::dots);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "nobody can answer any more: there is no console");

  std::vector<std::string> shown;
  std::vector<std::unique_ptr<Console>> consoles;
  consoles.push_back(screen_without_keyboard(shown));
  ConsolePrompter prompter(std::move(consoles), 100ms);
  answer = prompter.ask({.notice = {.heading = "Unlock"}, .label = kPasswordLabel}, Echo::dots);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message(), "no keyboard is connected, so nobody can answer");
  ASSERT_FALSE(shown.empty());
  EXPECT_EQ(shown.front(), "Unlock|No keyboard found. Plug one in.");
}

TEST(ConsolePrompter, TakesTheAnswerOfEitherConsole) {
  Line first;
  Line second;
  std::vector<std::string> shown;
  std::vector<std::unique_ptr<Console>> consoles;
  consoles.push_back(screen_without_keyboard(shown));
  consoles.push_back(std::make_unique<TerminalConsole>(TerminalConsole::open(first.path).value()));
  consoles.push_back(std::make_unique<TerminalConsole>(TerminalConsole::open(second.path).value()));
  ConsolePrompter prompter(std::move(consoles), 100ms);
  auto asking = [&] {
    return std::async(std::launch::async,
                      [&] { return prompter.ask({.notice = {.heading = "Unlock"}, .label = "Password"}, Echo::dots); });
  };
  auto answer = asking();
  ASSERT_TRUE(first.wait_for("Password: ") && second.wait_for("Password: "));
  first.type("half");
  second.type("whole\r");
  EXPECT_EQ(text_of(*answer.get().value()), "whole");
  EXPECT_TRUE(first.wait_for("(answered elsewhere)"));

  // One that is lost leaves the others.
  answer = asking();
  ASSERT_TRUE(first.wait_for("Password: ") && second.wait_for("Password: "));
  second.hang_up();
  first.type("still here\r");
  EXPECT_EQ(text_of(*answer.get().value()), "still here");
}

TEST(ConsolePrompter, RefusesAnUnknownLayout) {
  std::vector<std::string> shown;
  std::vector<std::unique_ptr<Console>> consoles;
  consoles.push_back(screen_without_keyboard(shown));
  ConsolePrompter prompter(std::move(consoles));
  EXPECT_FALSE(prompter.use_keyboard_layout("zz"));
  EXPECT_TRUE(prompter.use_keyboard_layout("de(nodeadkeys)"));
}

TEST(FakePrompter, AnswersAsItWasTold) {
  FakePrompter fake;
  fake.answers = {"right", std::nullopt};
  fake.choices = {2};
  EXPECT_EQ(text_of(*fake.ask({.label = kPasswordLabel, .remark = "Again."}, Echo::dots).value()), "right");
  EXPECT_FALSE(fake.ask({.label = kPasswordLabel}, Echo::dots).value());
  EXPECT_FALSE(fake.ask({.label = kPasswordLabel}, Echo::dots));
  EXPECT_EQ(fake.choose({.label = "Layout"}, {"a", "b", "c"}, 0).value(), 2U);
  EXPECT_EQ(fake.seen.front(), "ask Password [Again.]");
}

}  // namespace
}  // namespace ashlar
