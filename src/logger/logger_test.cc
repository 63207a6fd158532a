#include "logger/logger.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>

#include "format/control_message.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

class LogStoreTest : public ::testing::Test {
 protected:
  LogStoreTest() {
    std::string name = (fs::temp_directory_path() / "ashlar-logger-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) std::abort();
    directory_ = name;
  }
  ~LogStoreTest() override { fs::remove_all(directory_); }

  LogStore open(const std::string& boot_id) { return LogStore::open(directory_, boot_id, bounds_).value(); }
  static std::string read(const LogStore& store, const std::string& service, std::uint32_t boots_ago,
                          std::optional<std::uint32_t> user = std::nullopt) {
    Result<std::string> text = store.read({.service = service, .boots_ago = boots_ago, .user = user});
    return text ? *text : "! " + text.error().message();
  }
  [[nodiscard]] std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      names.push_back(entry.path().lexically_relative(directory_).string());
    }
    std::ranges::sort(names);
    return names;
  }
  [[nodiscard]] std::uint64_t size() const {
    std::uint64_t size = 0;
    for (const auto& entry : fs::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file()) size += entry.file_size();
    }
    return size;
  }

  fs::path directory_;
  LogBounds bounds_{.file = 1000, .files = 4, .starts = 3, .total = 20'000};
};

TEST_F(LogStoreTest, KeepsStartsApartAndSurvivesBeingStartedAgain) {
  LogStore first = open("one");
  EXPECT_TRUE(first.is_new());
  ASSERT_TRUE(first.append("seatd", 0, "a\n"));
  LogStore again = open("one");
  EXPECT_FALSE(again.is_new());
  ASSERT_TRUE(again.append("seatd", 0, "b\n"));
  LogStore next = open("two");
  EXPECT_TRUE(next.is_new());
  ASSERT_TRUE(next.append("seatd", 0, "c\n"));
  EXPECT_EQ(read(next, "seatd", 0), "c\n");
  EXPECT_EQ(read(next, "seatd", 1), "a\nb\n");
  EXPECT_EQ(read(next, "seatd", 2), "! of 2 starts of this machine the services' output is kept, this one included");
  EXPECT_EQ(read(next, "sea", 0), "! nothing is kept of sea from that start of the machine");
  EXPECT_EQ(files(), (std::vector<std::string>{"00000001", "00000001/boot", "00000001/seatd.0", "00000002",
                                               "00000002/boot", "00000002/seatd.0"}));
  struct stat status{};
  ASSERT_EQ(::stat((directory_ / "00000002/seatd.0").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  ASSERT_EQ(::stat((directory_ / "00000002").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(LogStoreTest, APersonReadsOnlyWhatWasTheirs) {
  LogStore store = open("one");
  ASSERT_TRUE(store.append("session", 1001, "Anna's\n"));
  ASSERT_TRUE(store.append("session", 1002, "Bo's\n"));
  ASSERT_TRUE(store.append("seatd", 0, "root's\n"));
  EXPECT_EQ(read(store, "session", 0, 1001), "Anna's\n");
  EXPECT_EQ(read(store, "session", 0, 1002), "Bo's\n");
  EXPECT_EQ(read(store, "seatd", 0, 1001), "! nothing of yours is kept of seatd from that start of the machine");
  EXPECT_EQ(read(store, "session", 0), "Anna's\nBo's\n") << "the control: root reads all";
}

TEST_F(LogStoreTest, StaysWithinItsBounds) {
  LogStore store = open("one");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store.append("flood", 0, "line " + std::to_string(100 + i) + " " + std::string(90, 'x') + "\n"));
  }
  std::string text = read(store, "flood", 0);
  EXPECT_LE(text.size(), 2 * bounds_.file);
  EXPECT_TRUE(text.starts_with("line 1")) << "whole lines";
  EXPECT_NE(text.find("line 199 "), std::string::npos);
  EXPECT_LT(text.find("line 198 "), text.find("line 199 ")) << "oldest first";
  EXPECT_TRUE(store.append("flood", 0, std::string(100'000, 'x')));
  EXPECT_LE(read(store, "flood", 0).size(), 2 * bounds_.file);
  for (const char* name : {"a", "b", "c"}) EXPECT_TRUE(store.append(name, 0, "x\n"));
  EXPECT_FALSE(store.append("one-too-many", 0, "x\n"));

  for (int i = 0; i < 10; ++i) {
    LogStore start = open("start " + std::to_string(i));
    for (int line = 0; line < 100; ++line) ASSERT_TRUE(start.append("flood", 0, std::string(100, 'x') + "\n"));
    EXPECT_LE(size(), bounds_.total);
  }
  EXPECT_EQ(std::ranges::count_if(files(), [](const std::string& name) { return name.ends_with("/boot"); }), 3);
  bounds_.total = 9'500;
  LogStore small = open("small");
  EXPECT_EQ(std::ranges::count_if(files(), [](const std::string& name) { return name.ends_with("/boot"); }), 2)
      << "the oldest are gone so that this one has its room";
}

TEST_F(LogStoreTest, AFullDiskLosesOutputAndNothingElse) {
  LogStore store = open("one");
  ASSERT_TRUE(store.append("a", 0, "before\n"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit none{.rlim_cur = 7, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &none), 0);
  Status first = store.append("a", 0, "lost\n");
  Status second = store.append("a", 0, "lost too\n");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_FALSE(first);
  EXPECT_TRUE(second) << "it is said once, or saying it would be written down as well, without end";
  EXPECT_TRUE(store.append("a", 0, "after\n"));
  std::string text = read(store, "a", 0);
  EXPECT_TRUE(text.starts_with("before\nashlar: ")) << text;
  EXPECT_TRUE(text.ends_with(" bytes could not be written to the disk\nafter\n")) << text;
}

TEST_F(LogStoreTest, IgnoresWhatIsNotItsOwn) {
  fs::create_directory(directory_ / "lost+found");
  fs::create_directory(directory_ / "99999");
  LogStore store = open("one");
  EXPECT_TRUE(fs::exists(directory_ / "00000001"));
  EXPECT_EQ(read(store, "..", 0), "! nothing is kept of .. from that start of the machine");
}

class LoggerTest : public LogStoreTest {
 protected:
  Logger& logger() {
    if (!logger_) logger_.emplace(open("one"), [this](std::string_view line) { told_.emplace_back(line); });
    return *logger_;
  }
  void output(std::uint64_t begin, std::string bytes, LogTime now) {
    logger().take(build_output_part({.service = "a", .user = 0, .begin = begin, .bytes = std::move(bytes)}), Fd(), now);
  }
  [[nodiscard]] std::string kept() const { return read_text(directory_ / "00000001/a.0").value_or("none"); }

  // What somebody is answered who is handed over with this request.
  Fd ask(const LogRequest& request, LogTime now) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    logger().take(build_log_request(request), Fd(ends[0]), now);
    return Fd(ends[1]);
  }
  static std::string receive(const Fd& client) {
    std::string packet(256 << 10, '\0');
    ssize_t size = ::recv(client.get(), packet.data(), packet.size(), 0);
    if (size < 0) return "?";
    packet.resize(static_cast<std::size_t>(size));
    return packet;
  }

  std::optional<Logger> logger_;
  std::vector<std::string> told_;
};

TEST_F(LoggerTest, PutsTimesBeforeLinesAndSaysWhatIsMissing) {
  output(0, "one\ntw", 1234ms);
  output(6, "o\n", 2s);
  output(8, "thr", 3s);
  output(50, "four\n", 123'456'789ms);
  EXPECT_EQ(kept(),
            "[    1.234] one\n[    1.234] two\n[    3.000] thr\n"
            "[123456.789] ashlar: 39 bytes are missing here\n[123456.789] four\n");
}

TEST_F(LoggerTest, StartedAgainItDoesNotTakeWhatTheLastOneHadForMissing) {
  output(0, "one\n", 1s);
  logger_.reset();
  output(4, "two\n", 2s);
  EXPECT_EQ(kept(), "[    1.000] one\n[    2.000] two\n");
}

TEST_F(LoggerTest, AnswersWhoIsHandedOver) {
  output(0, "one\n", 1s);
  Fd client = ask({.service = "a", .boots_ago = 0, .user = std::nullopt}, 2s);
  EXPECT_EQ(receive(client), "done\n[    1.000] one\n");
  EXPECT_EQ(receive(client), "");
  client = ask({.service = "a", .boots_ago = 0, .user = 1001}, 2s);
  EXPECT_TRUE(receive(client).starts_with("failed nothing of yours is kept"));
  client = ask({.service = "a", .boots_ago = 1, .user = std::nullopt}, 2s);
  EXPECT_TRUE(receive(client).starts_with("failed of 1 starts"));
}

TEST_F(LoggerTest, WhoDoesNotTakeTheAnswerHoldsUpNobody) {
  bounds_ = LogBounds{};
  for (std::uint64_t i = 0; i < 240; ++i) output(i * 1000, std::string(999, 'x') + "\n", 1s);
  std::vector<Fd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(ask({.service = "a", .boots_ago = 0, .user = std::nullopt}, 2s));
  EXPECT_EQ(logger().readers().size(), Logger::kReaders);
  output(240'000, "goes on\n", 3s);
  EXPECT_NE(kept().find("goes on"), std::string::npos);
  std::string got;
  for (std::string packet; (packet = receive(clients.front())) != "";) {
    if (packet == "?") {
      logger().serve_readers(3s);
    } else {
      got += packet;
    }
  }
  EXPECT_GT(got.size(), 200'000U);
  logger().serve_readers(12s);
  EXPECT_TRUE(logger().readers().empty()) << "their time is over";
}

TEST_F(LoggerTest, PassesOverWhatIsNoMessage) {
  logger().take("nonsense", Fd(), 1s);
  EXPECT_EQ(told_.size(), 1U);
}

}  // namespace
}  // namespace ashlar
