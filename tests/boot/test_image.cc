#include "test_image.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "base/subprocess.h"

namespace ashlar::test {

fs::path work_directory() {
  const char* work = std::getenv("ASHLAR_TEST_WORK");
  return work != nullptr ? work : fs::path("/nonexistent-ASHLAR_TEST_WORK-is-not-set");
}

fs::path image_of(const std::string& profile, const std::string& variant) {
  return work_directory() / "images" / ("ashlar-" + profile + "-" + variant + ".raw");
}

fs::path keys_of(const std::string& variant) { return work_directory() / "keys" / variant; }

std::string lock_file() {
  const char* lock = std::getenv("ASHLAR_TEST_LOCK");
  return lock != nullptr ? lock : "";
}

fs::path result_path(const std::string& name) {
  fs::path directory = work_directory() / "results";
  fs::create_directories(directory);
  return directory / name;
}

Result<fs::path> enrolled_variables() {
  fs::path kept = work_directory() / "enrolled.fd";
  if (fs::exists(kept)) return kept;
  vm::MachineConfig config;
  config.disk = image_of("core", "dev");
  config.state_directory = work_directory() / "enrolment";
  config.serial_log = result_path("enrolment.log");
  vm::Machine machine = TRY(vm::Machine::start(config));
  std::string ready = TRY(machine.wait_for_line("ashlar: ready", kBootLimit));
  if (ready.find("SecureBoot=1 SetupMode=0") == std::string::npos) return fail("Secure Boot is not on: " + ready);
  TRY(machine.quit());
  TRY(machine.wait_exit(std::chrono::seconds(30)));
  TRY(write_file(kept, TRY(read_file(machine.variables()))));
  return kept;
}

Result<vm::MachineConfig> machine_with_keys(const fs::path& disk, const std::string& name) {
  vm::MachineConfig config;
  config.disk = disk;
  config.firmware_variables = TRY(enrolled_variables());
  config.serial_log = result_path(name + ".log");
  return config;
}

Result<vm::MachineConfig> desktop_with_keys(const std::string& name, std::uint64_t memory_mib) {
  vm::MachineConfig config = TRY(machine_with_keys(image_of("desktop", "dev"), name));
  config.memory_mib = memory_mib;
  config.cpus = 2;
  return config;
}

Status start_without_data(vm::Console& console) {
  vm::Asked first_boot = TRY(console.next_question(kBootLimit));
  return console.choose(first_boot, "Start without /data");
}

KeepsEvidence::~KeepsEvidence() {
  if (!testing::Test::HasFailure()) return;
  std::cerr << "serial log: " << result_path(name_ + ".log").string() << std::endl;
  Status taken = machine_.screenshot(result_path(name_ + ".png"));
  if (taken) std::cerr << "screenshot: " << result_path(name_ + ".png").string() << std::endl;
}

}  // namespace ashlar::test
