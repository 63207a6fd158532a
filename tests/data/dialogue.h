// A test that is a conversation with one machine: what is asked is in asked_, what answers it moves on to the next
// question.
#pragma once

#include <gtest/gtest.h>

#include "data_machine.h"

namespace ashlar::test {

class Dialogue : public ::testing::Test {
 protected:
  void TearDown() override { machine_.reset(); }

  // The machine the test talks with: `made`, or a failed test.
  void talk_with(Result<DataMachine> made) {
    ASSERT_OK(made);
    machine_ = std::make_unique<DataMachine>(std::move(*made));
  }
  void start() {
    asked_ = machine_->start();
    ASSERT_OK(asked_);
  }
  void answer(std::string_view text) {
    asked_ = machine_->answer(text);
    ASSERT_OK(asked_);
  }
  void choose(std::string_view option) {
    asked_ = machine_->choose(*asked_, option);
    ASSERT_OK(asked_);
  }
  // At the shell: what a command prints.
  std::string run(const std::string& command) {
    Result<std::string> said = machine_->console().run(command);
    EXPECT_TRUE(said) << command << ": " << said.error().message();
    return said.value_or("");
  }
  static std::string name_of_test() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  std::unique_ptr<DataMachine> machine_;
  Result<Asked> asked_;
};

}  // namespace ashlar::test
