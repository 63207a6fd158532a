#include "image/lock.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace ashlar::image {
namespace {

LockedPackage package(std::string name, std::string version, std::vector<std::string> profiles) {
  LockedPackage package{.name = name, .version = version, .architecture = "amd64", .size = 10};
  package.sha256 = sha256(name + version);
  package.suite = "trixie";
  package.path = "pool/main/x/" + name + "/" + name + "_1_amd64.deb";
  package.profiles = std::move(profiles);
  return package;
}

Lock sample() {
  return {.suites = {{"trixie", "2026-11-21T09:15:44Z", sha256("release")}},
          .profiles = {{"core", sha256("core")}, {"desktop", sha256("desktop")}},
          .packages = {package("dash", "0.5-1", {"core", "desktop"}), package("foot", "1:1.21~rc1+b2", {"desktop"})}};
}

std::string error_of(const std::string& text) {
  Result<Lock> lock = parse_lock(as_bytes(text));
  return lock ? "accepted" : lock.error().message();
}

// The sample's text with one piece replaced by another.
std::string changed(std::string_view from, std::string_view to) {
  std::string text = write_lock(sample());
  std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(Lock, IsWrittenAndReadBack) {
  Lock lock = sample();
  std::string text = write_lock(lock);
  EXPECT_EQ(parse_lock(as_bytes(text)).value(), lock);
  EXPECT_EQ(write_lock(parse_lock(as_bytes(text)).value()), text);
}

TEST(Lock, KnowsTheArchivesOfASourcePackage) {
  std::string source = changed(" amd64 ", " source ");
  EXPECT_NE(error_of(source).find("path of an archive in the pool"), std::string::npos) << error_of(source);
  std::size_t at = source.find("_amd64.deb");
  source.replace(at, std::string_view("_amd64.deb").size(), ".orig.tar.gz");
  EXPECT_EQ(parse_lock(as_bytes(source)).value().packages.front().architecture, kSource) << source;
  EXPECT_NE(error_of(changed("_amd64.deb", ".orig.tar.gz")).find("path of a .deb"), std::string::npos);
}

TEST(Lock, IsTheSameWhateverTheOrder) {
  Lock lock = sample();
  std::ranges::reverse(lock.packages);
  std::ranges::reverse(lock.profiles);
  std::ranges::reverse(lock.packages[1].profiles);
  EXPECT_EQ(write_lock(lock), write_lock(sample()));
}

TEST(Lock, RefusesWhatItWouldNotWrite) {
  EXPECT_EQ(error_of(""), "the lock ends before its packages");
  EXPECT_NE(error_of("hello\n").find("line 1: this is not a lock of format 1"), std::string::npos);
  EXPECT_NE(error_of(changed("format 1", "format 2")).find("line 1"), std::string::npos);
  EXPECT_NE(error_of(changed("dash 0.5-1", "Dash 0.5-1")).find("not a package name"), std::string::npos);
  EXPECT_NE(error_of(changed("dash 0.5-1", "zash 0.5-1")).find("does not sort after"), std::string::npos);
  EXPECT_NE(error_of(changed("foot 1:", "dash 1:")).find("does not sort after"), std::string::npos);
  EXPECT_NE(error_of(changed("0.5-1", "0.5_1")).find("not a version"), std::string::npos);
  EXPECT_NE(error_of(changed("amd64 10", "i386 10")).find("not a architecture"), std::string::npos);
  EXPECT_NE(error_of(changed("amd64 10", "amd64 010")).find("not a package size"), std::string::npos);
  EXPECT_NE(error_of(changed("amd64 10", "amd64 99999999999999999999")).find("not a package size"), std::string::npos);
  EXPECT_NE(error_of(changed(" trixie pool", " sid pool")).find("not a suite"), std::string::npos);
  EXPECT_NE(error_of(changed("pool/main/x/dash", "pool/main/../dash")).find("not a path"), std::string::npos);
  EXPECT_NE(error_of(changed("pool/main/x/dash", "/pool/main/x/dash")).find("not a path"), std::string::npos);
  EXPECT_NE(error_of(changed("pool/main/x/dash", "pool/main//dash")).find("not a path"), std::string::npos);
  EXPECT_NE(error_of(changed("core,desktop\n", "desktop,core\n")).find("not sorted"), std::string::npos);
  EXPECT_NE(error_of(changed("core,desktop\n", "core,,desktop\n")).find("not a profile"), std::string::npos);
  EXPECT_NE(error_of(changed("core,desktop\n", "core, desktop\n")).find("8 fields"), std::string::npos);
  EXPECT_NE(error_of(changed("2026-11-21T09:15:44Z", "21.11.2026")).find("not a date"), std::string::npos);
  EXPECT_NE(error_of(changed(sha256("release").hex(), std::string(64, 'A'))).find("not a SHA-256"), std::string::npos);
  std::string text = write_lock(sample());
  EXPECT_NE(error_of(text + "\n").find("1"), std::string::npos);
  text.pop_back();
  EXPECT_NE(error_of(text).find("ends within it"), std::string::npos);
}

// What is accepted is what would be written, whatever byte was changed.
TEST(Lock, SurvivesHostileBytes) {
  std::mt19937 random(1);
  const std::string original = write_lock(sample());
  for (int round = 0; round < 20000; ++round) {
    std::string text = original;
    for (int change = 0; change <= round % 3; ++change) {
      std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, random() % 8);
          break;
        default:
          text.insert(at, 1, " \n,#/0a"[random() % 7]);
          break;
      }
    }
    Result<Lock> lock = parse_lock(as_bytes(text));
    if (lock) {
      ASSERT_EQ(write_lock(*lock), text);
    }
  }
}

TEST(PackagesOf, SelectsByProfile) {
  Lock lock = sample();
  EXPECT_EQ(packages_of(lock, {"core"}).value().size(), 1U);
  EXPECT_EQ(packages_of(lock, {"core", "desktop"}).value().size(), 2U);
  EXPECT_TRUE(packages_of(lock, {"laptop"}).error().is_misuse());
}

TEST(DiffLocks, NamesEveryChange) {
  Lock before = sample();
  Lock after = sample();
  EXPECT_TRUE(diff_locks(before, after).empty());
  after.packages[0].version = "0.6-1";
  after.packages.pop_back();
  after.packages.push_back(package("sway", "1.10-1", {"desktop"}));
  EXPECT_EQ(diff_locks(before, after),
            (std::vector<std::string>{"dash 0.5-1 -> 0.6-1 (core, desktop)", "foot 1:1.21~rc1+b2 is gone (desktop)",
                                      "sway 1.10-1 is new (desktop)"}));
  after = sample();
  after.packages[0].sha256 = sha256("other");
  EXPECT_EQ(diff_locks(before, after), std::vector<std::string>{"dash 0.5-1 has other content under the same version"});
}

}  // namespace
}  // namespace ashlar::image
