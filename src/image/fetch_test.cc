#include "image/fetch.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>

#include "image/cache.h"
#include "image/test_archive.h"
#include "image/test_server.h"

namespace ashlar::image {
namespace {

using testing::Answer;
using testing::Request;
using testing::TestServer;

// A file of `size` bytes that is not the same everywhere.
std::string content(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i * 7919);
  text.resize(size);
  return text;
}

class Fetch : public ::testing::Test {
 protected:
  Fetch() {
    options_.cache = work_.path() / "cache";
    options_.download.first_pause = std::chrono::milliseconds(1);
    options_.download.attempts = 3;
    lock_ = {.suites = {{"trixie", "2026-01-01T00:00:00Z", sha256("r")}}, .profiles = {{"core", sha256("c")}}};
    add("dash");
  }

  void add(const std::string& name, std::size_t size = 100'000) {
    body_[name] = content(size);
    body_[name].replace(0, name.size(), name);
    lock_.packages.push_back({.name = name,
                              .version = "1-1",
                              .architecture = "amd64",
                              .size = size,
                              .sha256 = sha256(body_[name]),
                              .suite = "trixie",
                              .path = "pool/" + name + ".deb",
                              .profiles = {"core"}});
  }

  Result<std::vector<fs::path>> fetch_from(const TestServer& server) {
    options_.mirror = Mirror{server.url(), server.url()};
    return fetch(lock_, {"core"}, options_);
  }

  // Whatever happened, nothing but whole files and parts is in the cache.
  void expect_only_whole_or_part() {
    for (const auto& entry : fs::directory_iterator(options_.cache / "packages")) {
      std::string name = entry.path().filename();
      if (name == "busy" || name.ends_with(".deb.part")) continue;
      std::string text = read_text(entry.path()).value();
      EXPECT_EQ(name, sha256(text).hex() + ".deb");
    }
  }

  fs::path part() { return cached_package(options_.cache, lock_.packages[0]).string() + ".part"; }

  TemporaryDirectory work_ = TemporaryDirectory::below(::testing::TempDir()).value();
  FetchOptions options_;
  Lock lock_;
  std::map<std::string, std::string> body_;
};

// A machine that knows no archive builds from a full cache; with an empty one it says what it lacks.
TEST_F(Fetch, AsksForAnArchiveOnlyWhenSomethingIsMissing) {
  options_.mirror = fail_misuse("no archive here");
  Result<std::vector<fs::path>> missing = fetch(lock_, {"core"}, options_);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message().find("no archive here"), std::string::npos) << missing.error().message();
  TestServer server([&](const Request& request) { return Answer{.body = body_.at(request.path.substr(6, 4))}; });
  ASSERT_TRUE(fetch_from(server));
  options_.mirror = fail_misuse("no archive here");
  EXPECT_TRUE(fetch(lock_, {"core"}, options_));
}

TEST_F(Fetch, DownloadsOnceInOrder) {
  add("foot");
  add("sway", 10);
  TestServer server([&](const Request& request) { return Answer{.body = body_.at(request.path.substr(6, 4))}; });
  std::vector<fs::path> files = fetch_from(server).value();
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(read_text(files[0]).value(), body_["dash"]);
  EXPECT_EQ(read_text(files[2]).value(), body_["sway"]);
  EXPECT_EQ(server.requests().size(), 3U);
  ASSERT_TRUE(fetch_from(server));
  EXPECT_EQ(server.requests().size(), 3U);
}

TEST_F(Fetch, DownloadsTheSameContentOnce) {
  add("dish");
  body_["dish"] = body_["dash"];
  lock_.packages[1].sha256 = lock_.packages[0].sha256;
  TestServer server([&](const Request& request) { return Answer{.body = body_.at(request.path.substr(6, 4))}; });
  std::vector<fs::path> files = fetch_from(server).value();
  EXPECT_EQ(files[0], files[1]);
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Fetch, NoticesWhatTheArchiveNoLongerHas) {
  TestServer server([&](const Request&) { return Answer{.status = 404, .body = "<html>gone</html>"}; });
  auto files = fetch_from(server);
  ASSERT_FALSE(files);
  EXPECT_TRUE(gone_from_mirror(files.error()));
  EXPECT_NE(files.error().message().find("no longer serves dash 1-1: run `ashlar lock`"), std::string::npos);
  EXPECT_EQ(server.requests().size(), 1U);
  expect_only_whole_or_part();
}

TEST_F(Fetch, RefusesOtherContent) {
  TestServer server([&](const Request&) { return Answer{.body = std::string(100'000, 'x')}; });
  auto files = fetch_from(server);
  ASSERT_FALSE(files);
  EXPECT_FALSE(gone_from_mirror(files.error()));
  EXPECT_NE(files.error().message().find("not what the archive signed"), std::string::npos);
  EXPECT_FALSE(fs::exists(part()));
  expect_only_whole_or_part();
}

TEST_F(Fetch, RefusesAnotherSize) {
  std::string body;
  TestServer server([&](const Request&) { return Answer{.body = body}; });
  for (std::size_t size : {99'999U, 100'001U}) {
    body = content(size);
    auto files = fetch_from(server);
    ASSERT_FALSE(files);
    EXPECT_NE(files.error().message().find(std::to_string(size) + " bytes instead of 100000"), std::string::npos)
        << files.error().message();
    expect_only_whole_or_part();
  }
}

TEST_F(Fetch, ContinuesAfterABrokenConnection) {
  int answers = 0;
  TestServer server([&](const Request&) {
    return Answer{.body = body_["dash"],
                  .cut_after = ++answers < 3 ? std::optional<std::size_t>(30'000) : std::nullopt};
  });
  ASSERT_TRUE(fetch_from(server));
  ASSERT_EQ(server.requests().size(), 3U);
  EXPECT_EQ(server.requests()[1].range_from, 30'000U);
  EXPECT_EQ(server.requests()[2].range_from, 60'000U);
}

TEST_F(Fetch, ContinuesWhatAnEarlierCallLeft) {
  fs::create_directories(options_.cache / "packages");
  ASSERT_TRUE(write_file(part(), as_bytes(body_["dash"].substr(0, 12'345))));
  TestServer server([&](const Request&) { return Answer{.body = body_["dash"]}; });
  ASSERT_TRUE(fetch_from(server));
  ASSERT_EQ(server.requests().size(), 1U);
  EXPECT_EQ(server.requests()[0].range_from, 12'345U);
}

TEST_F(Fetch, StartsOverWhenThePartWasOfAnotherFile) {
  fs::create_directories(options_.cache / "packages");
  for (std::size_t size : {12'345U, 100'000U, 200'000U}) {
    ASSERT_TRUE(write_file(part(), as_bytes(std::string(size, 'x'))));
    TestServer server([&](const Request&) { return Answer{.body = body_["dash"]}; });
    auto files = fetch_from(server);
    ASSERT_TRUE(files) << files.error().message();
    fs::remove(files->at(0));
  }
}

TEST_F(Fetch, StartsOverWhenTheServerKnowsNoRanges) {
  fs::create_directories(options_.cache / "packages");
  ASSERT_TRUE(write_file(part(), as_bytes(body_["dash"].substr(0, 12'345))));
  TestServer server([&](const Request&) { return Answer{.body = body_["dash"], .ignores_ranges = true}; });
  ASSERT_TRUE(fetch_from(server));
  EXPECT_EQ(server.requests().size(), 1U);
}

TEST_F(Fetch, EndsWhenTheConnectionAlwaysBreaksAtTheSamePlace) {
  TestServer server(
      [&](const Request&) { return Answer{.body = body_["dash"], .cut_after = 30'000, .ignores_ranges = true}; });
  auto files = fetch_from(server);
  ASSERT_FALSE(files);
  EXPECT_LE(server.requests().size(), 4U);
  EXPECT_NE(files.error().message().find("30000 of 100000 bytes are there; the next call continues"), std::string::npos)
      << files.error().message();
  EXPECT_TRUE(fs::exists(part()));
}

TEST_F(Fetch, TriesAgainWhenTheServerIsInTrouble) {
  int answers = 0;
  TestServer server([&](const Request&) {
    return ++answers < 3 ? Answer{.status = 503, .body = "busy"} : Answer{.body = body_["dash"]};
  });
  auto done = fetch_from(server);
  ASSERT_TRUE(done) << done.error().message();
  TestServer broken([&](const Request&) { return Answer{.status = 500, .body = "broken"}; });
  fs::remove_all(options_.cache);
  auto files = fetch_from(broken);
  ASSERT_FALSE(files);
  EXPECT_EQ(broken.requests().size(), 3U);
  EXPECT_NE(files.error().message().find("answers 500"), std::string::npos);
}

TEST_F(Fetch, SaysWhenNobodyAnswers) {
  std::string url = "http://127.0.0.1:" + std::to_string(testing::closed_port());
  options_.mirror = Mirror{url, url};
  auto files = fetch(lock_, {"core"}, options_);
  ASSERT_FALSE(files);
  EXPECT_NE(files.error().message().find("Is the network up?"), std::string::npos);
  expect_only_whole_or_part();
}

TEST_F(Fetch, DownloadsAgainWhatWasDamagedInTheCache) {
  TestServer server([&](const Request&) { return Answer{.body = body_["dash"]}; });
  fs::path file = fetch_from(server).value().at(0);
  std::string damaged = body_["dash"];
  damaged[50'000] ^= 1;
  ASSERT_TRUE(write_file(file, as_bytes(damaged)));
  ASSERT_TRUE(fetch_from(server));
  EXPECT_EQ(read_text(file).value(), body_["dash"]);
}

// A limit on file sizes stands in for a full disk: the same path, another errno.
TEST_F(Fetch, SaysWhenItCannotWrite) {
  TestServer server([&](const Request&) { return Answer{.body = body_["dash"]}; });
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  auto* handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small{50'000, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  auto files = fetch_from(server);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(files);
  EXPECT_EQ(files.error().code(), EFBIG) << files.error().message();
  EXPECT_EQ(server.requests().size(), 1U);
  expect_only_whole_or_part();
  EXPECT_TRUE(fetch_from(server));
}

TEST_F(Fetch, TakesPackagesFromADirectory) {
  fs::path directory = work_.path() / "mirror";
  fs::create_directories(directory / "pool");
  ASSERT_TRUE(write_file(directory / "pool/dash.deb", as_bytes(body_["dash"])));
  options_.mirror = find_mirror(directory.string()).value();
  EXPECT_TRUE(fetch(lock_, {"core"}, options_));

  fs::remove_all(options_.cache);
  ASSERT_TRUE(write_file(directory / "pool/dash.deb", as_bytes(body_["dash"].substr(1))));
  EXPECT_FALSE(fetch(lock_, {"core"}, options_));
  fs::remove(directory / "pool/dash.deb");
  auto files = fetch(lock_, {"core"}, options_);
  ASSERT_FALSE(files);
  EXPECT_TRUE(gone_from_mirror(files.error()));
}

}  // namespace
}  // namespace ashlar::image
