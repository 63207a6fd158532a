// What ashlarctl makes of PID 1's answers.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "base/packet_socket.h"
#include "ctl/boot_timeline.h"
#include "ctl/carry_out.h"
#include "ctl/durations.h"
#include "ctl/service_report.h"
#include "format/log_message.h"
#include "sys/efi_variables.h"
#include "sys/fake_kernel.h"

namespace ashlar::ctl {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

ServiceReport service(std::string name, ServiceState state, std::optional<BootTime> started,
                      std::optional<BootTime> ready) {
  return {.name = std::move(name),
          .kind = ServiceKind::daemon,
          .state = state,
          .since = 5s,
          .process = 71,
          .restarts = 0,
          .started = started,
          .ready = ready,
          .why = "",
          .status = ""};
}

Report some_report() {
  Report report{
      .now = 70s,
      .phases = {{"kernel", 0s, 2s}, {"initramfs", 2s, 3s}, {"unlocking", 3s, 8s}},
      .services = {service("seatd", ServiceState::running, 8s, 9s), service("session", ServiceState::running, 9s, 15s),
                   service("broken", ServiceState::failed, 8500ms, std::nullopt),
                   service("never", ServiceState::waiting, std::nullopt, std::nullopt)}};
  report.services[1].kind = ServiceKind::session;
  report.services[1].status = "the first page is there";
  report.services[2].why = "ended with status 3 & \"more\"";
  report.services[2].restarts = 5;
  return report;
}

TEST(Durations, AreReadByPeople) {
  EXPECT_EQ(duration_text(0ms), "0.00 s");
  EXPECT_EQ(duration_text(1059ms), "1.05 s");
  EXPECT_EQ(duration_text(59'999ms), "59.99 s");
  EXPECT_EQ(duration_text(72s), "1 min 12 s");
  EXPECT_EQ(duration_text(7500s), "2 h 5 min");
  EXPECT_EQ(seconds_text(72'050ms), "72.05 s");
}

TEST(ServiceList, IsATableAndJson) {
  EXPECT_EQ(list_text(some_report()),
            "SERVICE  STATE     FOR           PROCESS  RESTARTS\n"
            "seatd    running   1 min 5 s          71         0\n"
            "session  running   1 min 5 s          71         0  the first page is there\n"
            "broken   failed    1 min 5 s          71         5  ended with status 3 & \"more\"\n"
            "never    waiting   1 min 5 s          71         0\n"
            "4 services, 1 failed\n");
  const std::string json = list_json(some_report());
  EXPECT_TRUE(json.starts_with(R"({"now_ms":70000,"services":[{"name":"seatd","kind":"daemon","state":"running",)"))
      << json;
  EXPECT_NE(json.find(R"("why":"ended with status 3 & \"more\"")"), std::string::npos) << json;
}

TEST(ServiceStatus, HasWhatTheKernelCounts) {
  FakeKernel kernel;
  kernel.put("/sys/fs/cgroup/seatd/memory.current", "1572864\n");
  kernel.put("/sys/fs/cgroup/seatd/pids.current", "1\n");
  kernel.put("/sys/fs/cgroup/seatd/cpu.stat", "usage_usec 1234567\nuser_usec 1\n");
  Report report = some_report();
  EXPECT_EQ(status_text(report.services[0], usage_of(kernel, "seatd"), report.now),
            "seatd: running for 1 min 5 s\n"
            "  kind        daemon\n"
            "  process     71\n"
            "  started     8.00 s after the kernel\n"
            "  ready       1.00 s after its start\n"
            "  restarts    0\n"
            "  memory      1.5 MiB\n"
            "  processes   1\n"
            "  cpu time    1.23 s\n");
  EXPECT_NE(status_json(report.services[0], usage_of(kernel, "other"), report.now).find(R"("memory_bytes":null)"),
            std::string::npos);
}

TEST(Timeline, CountsFromPowerOnWhereItIsKnown) {
  Timeline timeline = make_timeline(some_report(), std::nullopt);
  EXPECT_FALSE(timeline.from_power_on);
  EXPECT_EQ(timeline.session_ready, 15s);
  EXPECT_EQ(timeline.end, 15s);
  std::vector<std::string> names;
  for (const Span& span : timeline.spans) names.push_back(span.name);
  EXPECT_EQ(names, (std::vector<std::string>{"kernel", "initramfs", "unlocking", "seatd", "broken", "session"}));

  timeline = make_timeline(some_report(), Firmware{.loader_began = 4s, .kernel_began = 5s});
  EXPECT_TRUE(timeline.from_power_on);
  EXPECT_EQ(timeline.spans[0].name, "firmware");
  EXPECT_EQ(timeline.spans[1].name, "loader");
  EXPECT_EQ(timeline.spans[1].end, 5s);
  EXPECT_EQ(timeline.spans[2].begin, 5s);
  EXPECT_EQ(timeline.session_ready, 20s);
  EXPECT_EQ(summary_of(timeline),
            "The session was ready 20.00 s after power-on. Unlocking took 5.00 s of it, the person at the prompt "
            "included.");
}

TEST(Timeline, IsTextJsonAndAPicture) {
  Timeline timeline = make_timeline(some_report(), std::nullopt);
  const std::string text = timeline_text(timeline);
  EXPECT_NE(text.find("\nseatd      8.00 s    1.00 s      " + std::string(29, ' ') + "####\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("\nbroken     8.50 s    failed "), std::string::npos) << text;
  EXPECT_NE(text.find("restarted: 5\n"), std::string::npos) << text;
  const std::string json = timeline_json(timeline);
  EXPECT_NE(json.find(R"({"name":"broken","kind":"service","begin_ms":8500,"end_ms":null,"failed":true,"restarts":5})"),
            std::string::npos)
      << json;
  const std::string svg = timeline_svg(timeline, "a <title>");
  EXPECT_TRUE(svg.starts_with("<svg ")) << svg;
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
  EXPECT_NE(svg.find("a &lt;title&gt;"), std::string::npos);
}

TEST(Timeline, OfAMachineThatHasNotBegunIsWhole) {
  Timeline timeline = make_timeline(Report{}, std::nullopt);
  EXPECT_NE(timeline_text(timeline), "");
  EXPECT_TRUE(timeline_svg(timeline, "x").ends_with("</svg>\n"));
}

TEST(LoaderTime, IsDigitsInUtf16) {
  FakeKernel kernel;
  const std::string path = "/sys/firmware/efi/efivars/LoaderTimeInitUSec-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";
  EXPECT_EQ(loader_time(kernel, "LoaderTimeInitUSec").value(), std::nullopt);
  kernel.put(path, "\6\0\0\0001\0002\0003\0\0\0"sv);
  EXPECT_EQ(loader_time(kernel, "LoaderTimeInitUSec").value(), 123us);
  kernel.put(path, "\6\0\0\0001\000x\000\0\0"sv);
  EXPECT_FALSE(loader_time(kernel, "LoaderTimeInitUSec"));
}

// PID 1, played: one connection after the other.
class AskPid1 : public ::testing::Test {
 protected:
  AskPid1() {
    std::string name = (fs::temp_directory_path() / "ashlar-ctl-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    listening_ = listen_for_packets(path(), 4).value();
  }
  ~AskPid1() override { fs::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return (directory_ / "socket").string(); }

  // Carries out what was typed, while PID 1 answers its one question with these packets.
  Result<int> call(const std::vector<std::string_view>& arguments, const std::vector<std::string>& answers) {
    std::thread pid_1([&] {
      Fd connection(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      std::array<char, 1024> packet{};
      ssize_t size = ::recv(connection.get(), packet.data(), packet.size(), 0);
      asked_.assign(packet.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0)));
      for (const std::string& answer : answers) ::send(connection.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    });
    FakeKernel kernel;
    ::testing::internal::CaptureStdout();
    Result<int> done =
        carry_out(parse_command_line(arguments).value(),
                  {.root = false, .data_program = directory_ / "none", .control_socket = path()}, kernel);
    pid_1.join();
    printed_ = ::testing::internal::GetCapturedStdout();
    return done;
  }

  fs::path directory_;
  Fd listening_;
  std::string asked_;
  std::string printed_;
};

TEST_F(AskPid1, NeedsNoRoot) {
  EXPECT_EQ(call({"service", "list"}, {"done\n" + build_report(some_report())}).value(), 0);
  EXPECT_EQ(asked_, "report\n");
  EXPECT_EQ(printed_, list_text(some_report()));
  EXPECT_EQ(call({"power", "off"}, {"done\n"}).value(), 0);
  EXPECT_EQ(asked_, "power off\n");
  EXPECT_EQ(call({"power", "restart"}, {"done\n"}).value(), 0);
  EXPECT_EQ(asked_, "power restart\n");
  EXPECT_EQ(call({"service", "restart", "seatd"}, {"done\n"}).value(), 0);
  EXPECT_EQ(asked_, "restart seatd\n");
  EXPECT_EQ(call({"boot", "--svg"}, {"done\n" + build_report(some_report())}).value(), 0);
  EXPECT_TRUE(printed_.starts_with("<svg "));
  EXPECT_EQ(call({"boot", "--json"}, {"done\n" + build_report(some_report())}).value(), 0);
  EXPECT_TRUE(printed_.starts_with(R"({"from":"kernel")"));
}

TEST_F(AskPid1, PrintsALogWithoutALineThatLostItsBeginning) {
  EXPECT_EQ(call({"service", "log", "a"},
                 {"done\n" + build_output_part({.service = "a", .user = 0, .begin = 0, .bytes = "one\ntwo\n"})})
                .value(),
            0);
  EXPECT_EQ(asked_, "log a 0\n");
  EXPECT_EQ(printed_, "one\ntwo\n");
  EXPECT_EQ(call({"service", "log", "a"},
                 {"done\n" + build_output_part({.service = "a", .user = 0, .begin = 9, .bytes = "ne\ntwo\n"})})
                .value(),
            0);
  EXPECT_EQ(printed_, "two\n");
  EXPECT_EQ(call({"service", "log", "a", "--boot", "-1"}, {"done\nof the ", "last start\n"}).value(), 0);
  EXPECT_EQ(asked_, "past a 1\n");
  EXPECT_EQ(printed_, "of the last start\n");
}

TEST_F(AskPid1, SaysWhatFailedAndWhatWasMisused) {
  Result<int> done = call({"service", "restart", "a"}, {"failed only root may\n"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status(), 1);
  EXPECT_EQ(done.error().message(), "only root may");
  done = call({"service", "log", "a"}, {"misused there is no service a\n"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status(), 2);
  done = call({"service", "status", "nobody"}, {"done\n" + build_report(some_report())});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().exit_status(), 2);
  done = call({"service", "list"}, {});
  ASSERT_FALSE(done);
  EXPECT_NE(done.error().message().find("hung up"), std::string::npos) << done.error().message();
  done = call({"service", "list"}, {"done\nwhat is this\n"});
  ASSERT_FALSE(done);
}

TEST(ServiceCommands, TakeTheirOptionsAndNoOthers) {
  auto parse = [](const std::vector<std::string_view>& arguments) { return parse_command_line(arguments); };
  EXPECT_EQ(parse({"service", "log", "a", "--boot=-2"})->boots_ago, 2U);
  EXPECT_EQ(parse({"service", "log", "--boot", "0", "a"})->boots_ago, 0U);
  EXPECT_EQ(parse({"service", "log", "a"})->boots_ago, std::nullopt);
  EXPECT_TRUE(parse({"service", "log", "a", "--follow"})->follow);
  EXPECT_TRUE(parse({"boot", "--svg"})->svg);
  for (const std::vector<std::string_view>& misuse :
       std::vector<std::vector<std::string_view>>{{"service", "log", "a", "--boot", "1"},
                                                  {"service", "log", "a", "--boot", "x"},
                                                  {"service", "log", "a", "--boot"},
                                                  {"service", "log", "a", "--boot=-1", "--follow"},
                                                  {"service", "list", "--follow"},
                                                  {"service", "list", "--svg"},
                                                  {"boot", "--svg", "--json"},
                                                  {"power", "off", "--json"},
                                                  {"power"},
                                                  {"service", "restart"}}) {
    Result<CommandLine> line = parse(misuse);
    ASSERT_FALSE(line) << misuse.back();
    EXPECT_EQ(line.error().exit_status(), 2);
  }
}

}  // namespace
}  // namespace ashlar::ctl
