#include "base/surroundings.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>

namespace ashlar {
namespace {

// What a process can see of its surroundings, as text.
Result<std::string> look_around() {
  cpu_set_t processors;
  ::sched_getaffinity(0, sizeof processors, &processors);
  mode_t mask = ::umask(0);
  std::time_t epoch = 0;
  char hour[3];
  std::strftime(hour, sizeof hour, "%H", std::localtime(&epoch));
  const char* home = std::getenv("HOME");
  return std::to_string(::getuid()) + " " + std::to_string(::getgroups(0, nullptr)) + " " +
         std::to_string(CPU_COUNT(&processors)) + " " + std::to_string(mask) + " " + hour + " " +
         (home != nullptr ? home : "") + " " + fs::current_path().string();
}

TEST(Surroundings, AreWhatWasAskedFor) {
  std::string before = look_around().value();
  ::umask(022);
  Surroundings elsewhere = {.environment = {{"TZ", "<+14>-14"}, {"HOME", "/nowhere"}},
                            .umask = 077,
                            .processors = Surroundings::Processors::kOne,
                            .directory = "/"};
  std::string user = std::to_string(::getuid()) + " " + std::to_string(::getgroups(0, nullptr));
  if (::getuid() == 0) {
    elsewhere.user = 65000;
    user = "65000 0";
  }
  EXPECT_EQ(run_in(elsewhere, look_around).value(), user + " 1 63 14 /nowhere /");
  mode_t mask = ::umask(022);
  EXPECT_EQ(mask, 022U);
  EXPECT_EQ(look_around().value().substr(0, 2), before.substr(0, 2)) << "nothing of it stays";
}

TEST(Surroundings, ErrorsAndKindsOfErrorsComeBack) {
  auto failed = run_in({}, []() -> Result<std::string> { return fail("no paper"); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), "no paper");
  EXPECT_FALSE(failed.error().is_misuse());
  auto misused = run_in({}, []() -> Result<std::string> { return fail_misuse("no such colour"); });
  ASSERT_FALSE(misused);
  EXPECT_TRUE(misused.error().is_misuse());
  EXPECT_FALSE(run_in({.directory = "/nonexistent"}, look_around));
  EXPECT_FALSE(run_in({}, []() -> Result<std::string> { ::_exit(0); })) << "without an answer there is no success";
}

TEST(Surroundings, LargeResultsComeBackWhole) {
  EXPECT_EQ(run_in({}, []() -> Result<std::string> { return std::string(1 << 20, 'x'); }).value().size(), 1U << 20);
}

}  // namespace
}  // namespace ashlar
