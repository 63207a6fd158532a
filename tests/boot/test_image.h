// The images the boot tests start, and machines that already know their keys.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "image/keys.h"
#include "vm/console.h"

// Ends the test with the words of an error. What it is given is evaluated once.
#define ASSERT_OK(result)                                      \
  GTEST_AMBIGUOUS_ELSE_BLOCKER_                                \
  if (const auto& asserted = (result); asserted.has_value()) { \
  } else                                                       \
    FAIL() << #result << ": " << asserted.error().message()

namespace ashlar::test {

using vm::kBootLimit;

// What `ashlar test` prepared, by environment: ASHLAR_TEST_WORK/images/ashlar-PROFILE-VARIANT.raw and
// ASHLAR_TEST_WORK/keys/VARIANT.
fs::path work_directory();
fs::path image_of(const std::string& profile, const std::string& variant);
fs::path keys_of(const std::string& variant);
// The lock they were built from, $ASHLAR_TEST_LOCK.
std::string lock_file();

// Where a test keeps what a person may want to look at: "<work>/results/<name>".
fs::path result_path(const std::string& name);

// Firmware variables with the owner's keys enrolled and Secure Boot on, made by booting the core image once.
Result<fs::path> enrolled_variables();

// A configuration for `disk` (writes are thrown away) with keys enrolled and a log named after the test.
Result<vm::MachineConfig> machine_with_keys(const fs::path& disk, const std::string& name);

// The same for the desktop image, with what its session needs.
Result<vm::MachineConfig> desktop_with_keys(const std::string& name, std::uint64_t memory_mib);
// Goes on without /data at the first question.
Status start_without_data(vm::Console& console);

// Takes a screenshot of the machine at the end of its scope if the test failed, and says where that and the serial log
// are. Made after the machine, so that it ends before it.
class KeepsEvidence {
 public:
  KeepsEvidence(vm::Machine& machine, std::string name) : machine_(machine), name_(std::move(name)) {}
  KeepsEvidence(const KeepsEvidence&) = delete;
  KeepsEvidence& operator=(const KeepsEvidence&) = delete;
  ~KeepsEvidence();

 private:
  vm::Machine& machine_;
  std::string name_;
};

}  // namespace ashlar::test
