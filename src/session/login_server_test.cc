#include "session/login_server.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <map>
#include <thread>

#include "data/home_key_wraps.h"

namespace ashlar {
namespace {

using namespace std::chrono_literals;

Secret secret(std::string_view text) { return Secret::copy_of(as_bytes(text)).value(); }
const Argon2idParameters kQuick{kLeastArgon2idMemory, 1, 1, {}};

// Users whose records hold what their passwords wrap; the kernel's part is played.
class FakeRecords final : public Records {
 public:
  void add(unsigned user, std::string_view password, std::string_view interrupted_change = "") {
    UserRecord record{.user = user, .name = "Anna"};
    record.home.fill(static_cast<std::uint8_t>(user));
    Secret key = Secret::copy_of(Bytes(kHomeKeySize, static_cast<std::uint8_t>(user))).value();
    for (std::string_view one : {password, interrupted_change}) {
      if (one.empty()) continue;
      PasswordKeys keys = derive_password_keys(secret(one), kQuick).value();
      record.wraps.push_back(wrap_by_password(record, key, {kQuick, keys.home}).value());
    }
    records[user] = record;
  }
  Result<UserRecord> get(unsigned user) override {
    auto found = records.find(user);
    if (found == records.end()) return fail("there is no such user");
    return found->second;
  }
  Result<HomeKeyId> open(const Secret& key) override {
    HomeKeyId id{};
    id.fill(key.bytes().front());
    opened.push_back(key.bytes().front());
    return id;
  }

  std::map<unsigned, UserRecord> records;
  std::vector<unsigned> opened;
};

class LoginServerTest : public ::testing::Test {
 protected:
  Answer answer(unsigned user, std::string_view password) { return server_.answer(user, secret(password)); }
  // What the service sends back to one packet; nothing: it hung up.
  std::string packet(std::string_view sent) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
    Fd client(ends[0]);
    Fd server(ends[1]);
    EXPECT_EQ(::send(client.get(), sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
    server_.serve_connection(server, 1);
    server = Fd();
    std::array<char, 8> got{};
    ssize_t size = ::recv(client.get(), got.data(), got.size(), 0);
    return {got.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }

  FakeRecords records_;
  Throttle::Time time_ = 1000s;
  std::vector<std::string> log_;
  LoginServer server_{records_,
                      {[this] { return time_; }, [this](Throttle::Time then) { time_ = then; }},
                      [this](std::string_view line) { log_.emplace_back(line); }};
};

TEST_F(LoginServerTest, TellsRightFromWrongAndOpensTheHomeByTheRightOne) {
  records_.add(1, "violin");
  records_.add(2, "harbour");
  EXPECT_EQ(answer(1, "harbour"), Answer::wrong) << "another user's";
  EXPECT_EQ(answer(1, ""), Answer::wrong);
  EXPECT_TRUE(records_.opened.empty());
  EXPECT_EQ(answer(1, "violin"), Answer::right);
  EXPECT_EQ(records_.opened, std::vector<unsigned>{1});
  EXPECT_EQ(answer(2, "harbour"), Answer::right);
}

TEST_F(LoginServerTest, TakesEitherPasswordOfAChangeThatWasInterrupted) {
  records_.add(1, "violin", "harbour");
  EXPECT_EQ(answer(1, "violin"), Answer::right);
  EXPECT_EQ(answer(1, "harbour"), Answer::right);
  EXPECT_EQ(answer(1, "crowded"), Answer::wrong);
}

TEST_F(LoginServerTest, SaysWhenItCannotTell) {
  EXPECT_EQ(answer(3, "violin"), Answer::unknown);
  EXPECT_EQ(log_, std::vector<std::string>{"u3: there is no such user"});
  records_.add(1, "violin");
  records_.records[1].home.fill(9);  // the wraps are for another home
  EXPECT_EQ(answer(1, "violin"), Answer::wrong);
}

TEST_F(LoginServerTest, LooksAtTheNextTryOnlyWhenItsTimeHasCome) {
  records_.add(1, "violin");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answer(1, "wrong"), Answer::wrong);
  EXPECT_EQ(time_, 1000s);
  EXPECT_EQ(answer(1, "violin"), Answer::right) << "it is right, and waits all the same";
  EXPECT_EQ(time_, 1002s);
  EXPECT_EQ(answer(1, "violin"), Answer::right);
  EXPECT_EQ(time_, 1002s);
}

TEST_F(LoginServerTest, AnswersQuestionsAndNothingElse) {
  records_.add(1, "violin");
  EXPECT_EQ(packet("pviolin"), "y");
  EXPECT_EQ(packet("pvioli"), "n");
  EXPECT_EQ(packet("p"), "n");
  EXPECT_EQ(packet("violin"), "");
  EXPECT_EQ(packet("p" + std::string(kLongestTypedPassword, 'x')), "n");
  EXPECT_EQ(packet("p" + std::string(kLongestTypedPassword + 1, 'x')), "");
  EXPECT_EQ(packet("p" + std::string(10 * kLongestTypedPassword, 'x')), "");
}

TEST_F(LoginServerTest, DoesNotWaitForWhoSaysNothing) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()), 0);
  Fd client(ends[0]);
  Fd server(ends[1]);
  server_.serve_connection(server, 1);
  EXPECT_TRUE(records_.opened.empty());
}

}  // namespace
}  // namespace ashlar
