#include "tool.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ashlar::test {

fs::path work_directory() {
  const char* work = std::getenv("ASHLAR_TEST_WORK");
  return work != nullptr ? work : fs::path("/nonexistent-ASHLAR_TEST_WORK-is-not-set");
}
std::string lock_file() {
  const char* lock = std::getenv("ASHLAR_TEST_LOCK");
  return lock != nullptr ? lock : ASHLAR_SOURCE_DIR "/os/packages.lock";
}
fs::path core_image() { return work_directory() / "images/ashlar-core-dev.raw"; }
std::string keys_of(const std::string& variant) { return work_directory() / "keys" / variant; }

CommandOutput ashlar(std::vector<std::string> arguments, const std::vector<std::string>& environment) {
  std::vector<std::string> argv = {"env"};
  argv.insert(argv.end(), environment.begin(), environment.end());
  argv.emplace_back(ASHLAR_TOOL);
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  return run({.argv = argv}).value();
}

image::TemporaryDirectory scratch() { return image::TemporaryDirectory::below(work_directory()).value(); }

void expect_failure(const CommandOutput& output, int status, std::string_view said) {
  EXPECT_EQ(output.exit_status, status) << output.err;
  EXPECT_NE(output.err.find(said), std::string::npos) << "expected \"" << said << "\" in: " << output.err;
}

}  // namespace ashlar::test
