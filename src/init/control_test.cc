#include "init/control.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

#include "base/packet_socket.h"
#include "init/control_server.h"
#include "init/supervised_machine.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

const Peer kRoot{.user = 0, .group = "/"};
constexpr std::uint32_t kPerson = 1001;

// A session, a daemon of root's, the logger.
Machine desktop() {
  std::vector<ServiceDefinition> table = {definition("session", Readiness::started),
                                          definition("seatd", Readiness::started),
                                          definition("logger", Readiness::started)};
  table[0].kind = ServiceKind::session;
  table[2].kind = ServiceKind::logger;
  return Machine(std::move(table));
}

class ControlTest : public ::testing::Test {
 protected:
  ControlAnswer answer(std::string_view packet, Rights rights = Rights::all) {
    return parse_control_answer(std::get<std::string>(control_.answer(packet, rights, 9s))).value();
  }
  Outcome outcome(std::string_view packet, Rights rights = Rights::all) { return answer(packet, rights).outcome; }

  Machine machine_ = desktop();
  BootPhases phases_;
  Control control_{machine_.supervisor, phases_};
};

TEST_F(ControlTest, KnowsWhoMayDoWhat) {
  EXPECT_EQ(control_.rights_of(kRoot), Rights::all);
  EXPECT_EQ(control_.rights_of({.user = kPerson, .group = "/session"}), Rights::session);
  EXPECT_EQ(control_.rights_of({.user = 0, .group = "/logger"}), Rights::logger);
  EXPECT_EQ(control_.rights_of({.user = 0, .group = "/seatd"}), Rights::none) << "root in a service";
  EXPECT_EQ(control_.rights_of({.user = 0, .group = "/logger/x"}), Rights::none);
  EXPECT_EQ(control_.rights_of({.user = 0, .group = ""}), Rights::none);
  EXPECT_EQ(control_.rights_of({.user = 1002, .group = "/"}), Rights::none) << "another person's";
  EXPECT_EQ(control_.rights_of({.user = 65534, .group = "/"}), Rights::none);
  EXPECT_EQ(control_.rights_of({.user = kPerson, .group = "/logger"}), Rights::session);
}

TEST_F(ControlTest, NobodysSessionIsNobodys) {
  std::vector<ServiceDefinition> table = {definition("a", Readiness::started)};
  FakeKernel kernel;
  FakeProcesses processes;
  Supervisor supervisor(table, kernel, processes);
  Control control(supervisor, phases_);
  EXPECT_EQ(control.rights_of({.user = 1000, .group = "/"}), Rights::none);
  EXPECT_EQ(control.rights_of({.user = kPerson, .group = "/"}), Rights::none) << "before it is known who it is";
  EXPECT_EQ(control.rights_of(kRoot), Rights::all);
}

TEST_F(ControlTest, ReportsPhasesAndServices) {
  phases_.begin("kernel", 0ms);
  phases_.begin("initramfs", 2s);
  machine_.happens(ServiceEvent::Kind::executed, 1);
  for (Rights rights : {Rights::all, Rights::session}) {
    ControlAnswer said = answer("report\n", rights);
    ASSERT_EQ(said.outcome, Outcome::done);
    Report report = parse_report(said.text).value();
    EXPECT_EQ(report.now, 9s);
    EXPECT_EQ(report.phases.at(0), (BootPhase{"kernel", 0ms, 2s}));
    EXPECT_EQ(report.phases.at(1), (BootPhase{"initramfs", 2s, std::nullopt}));
    EXPECT_EQ(report.services.at(1).name, "seatd");
    EXPECT_EQ(report.services.at(1).state, ServiceState::running);
    EXPECT_EQ(report.services.at(1).process, FakeProcesses::process(1));
  }
}

TEST_F(ControlTest, ThePersonReadsTheSessionsLogAndNoOther) {
  machine_.writes(0, "from the session\n");
  machine_.writes(1, "from seatd\n");
  OutputPart part = parse_output_part(answer("log session 0\n", Rights::session).text).value();
  EXPECT_EQ(part, (OutputPart{.service = "session", .user = kPerson, .begin = 0, .bytes = "from the session\n"}));
  EXPECT_EQ(parse_output_part(answer("log session 5\n", Rights::session).text)->bytes, "the session\n");
  EXPECT_EQ(outcome("log seatd 0\n", Rights::session), Outcome::failed);
  EXPECT_EQ(parse_output_part(answer("log seatd 0\n").text)->bytes, "from seatd\n") << "the control: root does";
  EXPECT_EQ(outcome("log nobody 0\n"), Outcome::misused);
}

TEST_F(ControlTest, OfEarlierStartsThePersonReadsWhatWasTheirs) {
  EXPECT_EQ(std::get<LogRequest>(control_.answer("past session 1\n", Rights::session, 9s)),
            (LogRequest{.service = "session", .boots_ago = 1, .user = kPerson}));
  EXPECT_EQ(std::get<LogRequest>(control_.answer("past seatd 1\n", Rights::session, 9s)).user, kPerson);
  EXPECT_EQ(std::get<LogRequest>(control_.answer("past seatd 2\n", Rights::all, 9s)),
            (LogRequest{.service = "seatd", .boots_ago = 2, .user = std::nullopt}));
}

TEST_F(ControlTest, OnlyRootStartsServicesAgain) {
  machine_.happens(ServiceEvent::Kind::executed, 1);
  EXPECT_EQ(outcome("restart seatd\n", Rights::session), Outcome::failed);
  EXPECT_EQ(outcome("restart session\n", Rights::session), Outcome::failed);
  EXPECT_EQ(machine_.state(1), ServiceState::running);
  EXPECT_EQ(outcome("restart seatd\n"), Outcome::done);
  EXPECT_EQ(machine_.state(1), ServiceState::stopping);
  EXPECT_EQ(outcome("restart nobody\n"), Outcome::misused);
}

TEST_F(ControlTest, RootAndThePersonTurnTheMachineOff) {
  for (Rights rights : {Rights::all, Rights::session}) {
    EXPECT_EQ(outcome("power off\n", rights), Outcome::done);
    EXPECT_EQ(control_.take_wanted(), PowerState::off);
    EXPECT_EQ(control_.take_wanted(), std::nullopt) << "it is asked once";
    EXPECT_EQ(outcome("power restart\n", rights), Outcome::done);
    EXPECT_EQ(control_.take_wanted(), PowerState::restart);
  }
}

TEST_F(ControlTest, NobodyElseIsAnsweredAnything) {
  for (Rights rights : {Rights::none, Rights::logger}) {
    for (std::string_view question :
         {"report\n", "log session 0\n", "past session 1\n", "restart seatd\n", "power off\n"}) {
      ControlAnswer said = answer(question, rights);
      EXPECT_EQ(said.outcome, Outcome::failed) << question;
      EXPECT_EQ(said.text, "this is for root and for the person of the session");
    }
  }
  EXPECT_EQ(control_.take_wanted(), std::nullopt);
  EXPECT_EQ(outcome("reboot\n"), Outcome::misused);
}

TEST_F(ControlTest, TheLoggerAloneFollows) {
  EXPECT_TRUE(std::holds_alternative<Follow>(control_.answer("follow\n", Rights::logger, 9s)));
  for (Rights rights : {Rights::none, Rights::session, Rights::all}) {
    EXPECT_EQ(outcome("follow\n", rights), Outcome::failed);
  }
}

// The server's end of a connection, and a client's.
class ControlServerTest : public ControlTest {
 protected:
  ControlServerTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-control-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
    server_.emplace(ControlServer::create(path()).value());
  }
  ~ControlServerTest() override { fs::remove_all(directory_); }
  [[nodiscard]] std::string path() const { return (directory_ / "control").string(); }

  Fd connect(Rights rights) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    server_->admit(Fd(ends[0]), rights, now_);
    return Fd(ends[1]);
  }
  static void send(const Fd& client, std::string_view packet) {
    ::send(client.get(), packet.data(), packet.size(), MSG_NOSIGNAL);
  }
  void look() { server_->look(control_, now_); }
  // The next packet; "" at the end, "?" while there is none.
  static std::string receive(const Fd& client) {
    std::string packet(64 << 10, '\0');
    ssize_t size = ::recv(client.get(), packet.data(), packet.size(), 0);
    if (size < 0) return errno == EAGAIN ? "?" : "";
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

  fs::path directory_;
  std::optional<ControlServer> server_;
  BootTime now_ = 10s;
};

TEST_F(ControlServerTest, AnswersOneQuestionAConnection) {
  Fd client = connect(Rights::session);
  look();
  EXPECT_EQ(receive(client), "?") << "it waits for nobody";
  send(client, "power off\n");
  look();
  EXPECT_EQ(receive(client), "done\n");
  EXPECT_EQ(receive(client), "");
  EXPECT_EQ(control_.take_wanted(), PowerState::off);
}

TEST_F(ControlServerTest, RefusesWhatIsTooLongOrNothing) {
  for (std::string packet :
       {std::string(kLongestControlQuestion + 1, 'x'), std::string(10'000, 'x'), std::string("x")}) {
    Fd client = connect(Rights::all);
    send(client, packet);
    look();
    EXPECT_TRUE(receive(client).starts_with("misused ")) << packet.size();
  }
}

TEST_F(ControlServerTest, ClosesWhoDoesNotAsk) {
  Fd client = connect(Rights::all);
  now_ += 999ms;
  look();
  EXPECT_EQ(receive(client), "?");
  EXPECT_EQ(server_->patience(now_), 1);
  now_ += 1ms;
  look();
  EXPECT_EQ(receive(client), "");
  EXPECT_EQ(server_->patience(now_), -1);
}

TEST_F(ControlServerTest, KeepsPlacesForRootFromTheSessionAndHasNoneForOthers) {
  Fd stranger = connect(Rights::none);
  EXPECT_EQ(receive(stranger), "");
  std::vector<Fd> clients;
  for (std::size_t i = 0; i < 20; ++i) clients.push_back(connect(Rights::session));
  std::size_t waiting = 0;
  for (const Fd& client : clients) waiting += receive(client) == "?" ? 1 : 0;
  EXPECT_EQ(waiting, ControlServer::kSessionsConnections);
  Fd root = connect(Rights::all);
  send(root, "report\n");
  look();
  EXPECT_TRUE(receive(root).starts_with("done\n"));
}

TEST_F(ControlServerTest, GivesTheLoggerWhatServicesWriteFromTheBeginning) {
  machine_.writes(1, "before it came\n");
  Fd logger = connect(Rights::logger);
  send(logger, "follow\n");
  look();
  OutputPart part = parse_output_part(receive(logger)).value();
  EXPECT_EQ(part, (OutputPart{.service = "seatd", .user = 0, .begin = 0, .bytes = "before it came\n"}));
  EXPECT_EQ(receive(logger), "?");
  machine_.writes(0, "and then\n");
  look();
  part = parse_output_part(receive(logger)).value();
  EXPECT_EQ(part.user, kPerson);
  EXPECT_EQ(part.bytes, "and then\n");

  // Started again, it goes on where the last one was.
  Fd next = connect(Rights::logger);
  send(next, "follow\n");
  machine_.writes(1, "after\n");
  look();
  EXPECT_EQ(parse_output_part(receive(next))->begin, 15U);
  EXPECT_EQ(receive(logger), "") << "there is one at a time";
}

TEST_F(ControlServerTest, ALoggerThatTakesNothingHoldsUpNobody) {
  Fd logger = connect(Rights::logger);
  send(logger, "follow\n");
  look();
  for (int i = 0; i < 1000; ++i) {
    machine_.writes(1, std::string(4096, 'x'));
    machine_.passes(1s);
    look();
  }
  pollfd ready{.fd = server_->events().get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0) << "it would be looked at without end";
  const std::uint64_t written = machine_.supervisor.services()[1].output().written();
  // It wakes up: what the ring has lost shows in the positions, what it has comes.
  std::uint64_t at = 0;
  std::uint64_t missing = 0;
  for (int i = 0; i < 10'000 && at < written; ++i) {
    std::string packet = receive(logger);
    if (packet == "?") {
      look();
      continue;
    }
    OutputPart part = parse_output_part(packet).value();
    missing += part.begin - at;
    at = part.begin + part.bytes.size();
  }
  EXPECT_EQ(at, written);
  EXPECT_GT(missing, 0U);
}

TEST_F(ControlServerTest, ALoggerThatEndsInOrderGetsTheRest) {
  Fd logger = connect(Rights::logger);
  send(logger, "follow\n");
  look();
  ::shutdown(logger.get(), SHUT_WR);
  machine_.writes(1, "the last words\n");
  look();
  EXPECT_EQ(parse_output_part(receive(logger))->bytes, "the last words\n");
  EXPECT_EQ(receive(logger), "");
}

TEST_F(ControlServerTest, HandsWhoWantsWhatIsKeptOverToTheLogger) {
  Fd early = connect(Rights::all);
  send(early, "past seatd 1\n");
  look();
  EXPECT_TRUE(receive(early).starts_with("failed nothing is kept"));

  Fd logger = connect(Rights::logger);
  send(logger, "follow\n");
  look();
  Fd client = connect(Rights::session);
  send(client, "past session 1\n");
  look();
  // What services said so far comes first.
  Fd handed_over;
  while (!handed_over.valid()) {
    std::optional<Packet> packet = receive_packet(logger, 8192).value();
    ASSERT_TRUE(packet);
    LogMessage message = parse_log_message(packet->text).value();
    if (std::holds_alternative<OutputPart>(message)) continue;
    EXPECT_EQ(std::get<LogRequest>(message).user, kPerson);
    ASSERT_TRUE(packet->descriptor.valid());
    handed_over = std::move(packet->descriptor);
  }
  send(handed_over, "done\nkept\n");
  EXPECT_EQ(receive(client), "done\nkept\n");
  client = Fd();
  pollfd ready{.fd = server_->events().get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(::poll(&ready, 1, 0), 0) << "it is the logger's now, and still open there";
}

TEST_F(ControlServerTest, SurvivesWithoutDescriptorsAndGoesOn) {
  Fd client = connect_for_packets(path()).value();
  // Sanitizers look at the test itself with descriptors of their own.
  ControlServer& server = *server_;
  Control& control = control_;
  pollfd ready{.fd = server.events().get(), .events = POLLIN, .revents = 0};
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none{.rlim_cur = 3, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  server.look(control, 10s);
  const int reported = ::poll(&ready, 1, 0);
  const int patience = server.patience(10s);
  server.look(control, 10s + 200ms);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(reported, 0) << "PID 1 would do nothing else";
  EXPECT_EQ(patience, 200);
  EXPECT_EQ(::poll(&ready, 1, 0), 1) << "who waits is seen again";
  server.look(control, 10s + 400ms);
  EXPECT_NE(server.patience(10s + 400ms), 200) << "and taken";
}

TEST_F(ControlServerTest, AsksTheKernelWhoConnects) {
  Fd client = connect_for_packets(path()).value();
  Result<Peer> peer = peer_of(client);  // the other end is this process as well
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->user, ::getuid());
  EXPECT_TRUE(peer->group.starts_with("/")) << peer->group;
}

}  // namespace
}  // namespace ashlar
