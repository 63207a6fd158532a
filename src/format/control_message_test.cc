#include "format/control_message.h"

#include <gtest/gtest.h>

#include "format/log_message.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;
using Verb = ControlQuestion::Verb;

TEST(ControlQuestion, IsALineAndComesBackAsItWas) {
  struct {
    ControlQuestion question;
    std::string line;
  } cases[] = {
      {{.verb = Verb::report, .service = ""}, "report\n"},
      {{.verb = Verb::follow, .service = ""}, "follow\n"},
      {{.verb = Verb::power_off, .service = ""}, "power off\n"},
      {{.verb = Verb::power_restart, .service = ""}, "power restart\n"},
      {{.verb = Verb::restart, .service = "seatd"}, "restart seatd\n"},
      {{.verb = Verb::past, .service = "seatd", .from = 2}, "past seatd 2\n"},
      {{.verb = Verb::log, .service = "a-1", .from = 18446744073709551615U}, "log a-1 18446744073709551615\n"},
  };
  for (const auto& [question, line] : cases) {
    EXPECT_EQ(build_control_question(question), line);
    Result<ControlQuestion> parsed = parse_control_question(line);
    ASSERT_TRUE(parsed) << line;
    EXPECT_EQ(*parsed, question) << line;
  }
}

TEST(ControlQuestion, RefusesEverythingElse) {
  for (std::string_view packet : {"",
                                  "\n",
                                  "report",
                                  "report \n",
                                  " report\n",
                                  "report\nreport\n",
                                  "report x\n",
                                  "power\n",
                                  "power on\n",
                                  "power off now\n",
                                  "restart\n",
                                  "restart \n",
                                  "restart A\n",
                                  "restart ../x\n",
                                  "restart a b\n",
                                  "restart -\n",
                                  "past a\n",
                                  "past a 4294967296\n",
                                  "log a\n",
                                  "log a -1\n",
                                  "log a 01\n",
                                  "log a +1\n",
                                  "log a 18446744073709551616\n",
                                  "log a 1 2\n",
                                  "restart abcdefghijklmnopqrstuvwxyz0123456\n"}) {
    EXPECT_FALSE(parse_control_question(packet)) << packet;
  }
  EXPECT_FALSE(parse_control_question(std::string(kLongestControlQuestion, 'x') + "\n"));
}

TEST(ControlAnswer, SaysWhatBecameOfIt) {
  EXPECT_EQ(build_control_answer(Outcome::done, "any\nthing"), "done\nany\nthing");
  EXPECT_EQ(build_control_answer(Outcome::failed, "no\x1b[2J\n"), "failed no[2J\n");
  for (Outcome outcome : {Outcome::done, Outcome::failed, Outcome::misused}) {
    ControlAnswer answer = parse_control_answer(build_control_answer(outcome, "why it is")).value();
    EXPECT_EQ(answer.outcome, outcome);
    EXPECT_EQ(answer.text, "why it is");
  }
  for (std::string_view packet :
       {"", "done", "done x\n", "failed\n", "failed why\nand more", "failed \x01\n", "perhaps\n"}) {
    EXPECT_FALSE(parse_control_answer(packet)) << packet;
  }
}

Report some_report() {
  return {.now = 20s,
          .phases = {{"kernel", 0ms, 2310ms}, {"unlocking", 2310ms, std::nullopt}},
          .services = {{.name = "udevd",
                        .kind = ServiceKind::daemon,
                        .state = ServiceState::running,
                        .since = 3s,
                        .process = 71,
                        .restarts = 2,
                        .started = 2s,
                        .ready = 3s,
                        .why = "was ended by signal 9",
                        .status = "Processing..."},
                       {.name = "session",
                        .kind = ServiceKind::session,
                        .state = ServiceState::waiting,
                        .since = 0s,
                        .process = std::nullopt,
                        .restarts = 0,
                        .started = std::nullopt,
                        .ready = std::nullopt,
                        .why = "",
                        .status = ""}}};
}

TEST(Report, ComesBackAsItWas) {
  const std::string text = build_report(some_report());
  EXPECT_EQ(text,
            "now 20000\n"
            "phase kernel 0 2310\n"
            "phase unlocking 2310 -\n"
            "service udevd daemon running 3000 71 2 2000 3000\n"
            "why was ended by signal 9\n"
            "says Processing...\n"
            "service session session waiting 0 - 0 - -\n");
  Result<Report> parsed = parse_report(text);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(*parsed, some_report());
}

TEST(Report, RefusesWhatPid1DoesNotWrite) {
  for (std::string_view text :
       {"now\n", "now -1\n", "phase kernel 0\n", "phase K 0 1\n", "why alone\n", "service a daemon up 0 - 0 - -\n",
        "service a demon running 0 - 0 - -\n", "service a daemon running 0 -1 0 - -\n",
        "service a daemon running 0 - 0 - - 1\n", "service a daemon running 0 - 0 - -\nwhy \n",
        "service a daemon running 0 - 0 - -\nwhy \x1b\n", "now 1"}) {
    EXPECT_FALSE(parse_report(text)) << text;
  }
}

TEST(OutputPart, CarriesAnyBytes) {
  OutputPart part{.service = "session", .user = 1001, .begin = 70000, .bytes = std::string("a\n\0\x1b\n", 5)};
  Result<OutputPart> parsed = parse_output_part(build_output_part(part));
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(*parsed, part);
  for (std::string_view text :
       {"", "output session 0 0", "output session 0\n", "input session 0 0\n", "output . 0 0\n"}) {
    EXPECT_FALSE(parse_output_part(text)) << text;
  }
}

TEST(LogRequest, SaysWhoseAndOfWhichStart) {
  for (const LogRequest& request : {LogRequest{.service = "session", .boots_ago = 1, .user = 1001},
                                    LogRequest{.service = "seatd", .boots_ago = 0, .user = std::nullopt}}) {
    Result<LogMessage> parsed = parse_log_message(build_log_request(request));
    ASSERT_TRUE(parsed) << parsed.error().message();
    EXPECT_EQ(std::get<LogRequest>(*parsed), request);
    EXPECT_FALSE(parse_output_part(build_log_request(request)));
  }
  EXPECT_EQ(build_log_request({.service = "a", .boots_ago = 1, .user = std::nullopt}), "read a 1 -\n");
  for (std::string_view packet :
       {"read a 1\n", "read a 1 x\n", "read a 1 -\nmore", "read a -1 -\n", "read - 1 -\n", ""}) {
    EXPECT_FALSE(parse_log_message(packet)) << packet;
  }
}

}  // namespace
}  // namespace ashlar
