// The power is cut at moments chosen at random, while something is being changed. Afterwards /data opens with the old
// or the new password, and what was written before is there; a first boot that was cut starts again.
//
// $ASHLAR_POWER_CUTS says how many (6), $ASHLAR_SEED which (1).
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "data/prompt.h"
#include "data_machine.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

constexpr char kNext[] = "seventeen patient herons";
// Longer than any change takes on a busy host: a cut that comes late finds everything done, which is a case too.
constexpr unsigned kLongestPhase = 12000;  // milliseconds

unsigned number_from(const char* name, unsigned otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? static_cast<unsigned>(std::strtoul(text, nullptr, 10)) : otherwise;
}

enum class During { first_boot, unlock, password_change, reseal };

class PowerCut : public ::testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override {
    random_.seed(number_from("ASHLAR_SEED", 1) * 1000 + GetParam());
    name_ = "power-cut-" + std::to_string(GetParam());
  }
  void TearDown() override { machine_.reset(); }

  void take(Result<DataMachine> made) {
    ASSERT_OK(made);
    machine_ = std::make_unique<DataMachine>(std::move(*made));
  }
  void next() {
    asked_ = machine_->console().next_question(kBootLimit);
    ASSERT_OK(asked_);
  }
  void answer(std::string_view text) {
    ASSERT_OK(machine_->console().answer(text));
    next();
  }
  void choose(std::string_view option) {
    ASSERT_OK(machine_->console().choose(*asked_, option));
    next();
  }
  // After the last answer: some time of the change passes, and the power is gone.
  void cut() {
    auto wait = std::chrono::milliseconds(std::uniform_int_distribution<unsigned>(0, kLongestPhase)(random_));
    RecordProperty("cut_after_ms", static_cast<int>(wait.count()));
    vm::Deadline deadline = vm::Deadline::after(wait);
    while (!deadline.passed()) ASSERT_OK(machine_->machine().read_serial(vm::Milliseconds(deadline.left())));
    ASSERT_OK(machine_->cut_power());
  }
  // From power-on; one of the passwords opens, and everything is there.
  void expect_opens(std::initializer_list<std::string_view> passwords) {
    asked_ = machine_->start();
    ASSERT_OK(asked_);
    for (std::string_view password : passwords) {
      if (asked_->label == kPasswordLabel) answer(password);
      if (HasFatalFailure()) return;
    }
    // What was queued may be asked for again.
    if (asked_->option("Not now")) choose("Not now");
    ASSERT_TRUE(asked_->at_shell()) << asked_->text();
    Result<std::string> said = machine_->console().run(std::string("cat ") + kFile + " " + kHomeFile);
    ASSERT_OK(said);
    std::size_t first = said->find(kContent);
    ASSERT_NE(first, std::string::npos) << *said;
    EXPECT_NE(said->find(kContent, first + 1), std::string::npos) << *said;
  }

  void during_first_boot() {
    take(DataMachine::new_machine(name_));
    ASSERT_OK(machine_->power_on());
    // Set-up begins when the password was typed the second time.
    Result<FirstBoot> begun = set_up(*machine_, [](const Asked& asked) { return asked.label == kAgainLabel; });
    ASSERT_OK(begun);
    ASSERT_OK(machine_->console().answer(kPassword));
    cut();
    if (HasFatalFailure()) return;
    ASSERT_OK(machine_->power_on());
    Result<FirstBoot> done = set_up(*machine_);
    ASSERT_OK(done);
    ASSERT_TRUE(done->last.at_shell()) << done->last.text();
    EXPECT_FALSE(done->recovery_key.empty()) << "it started again, since nobody had the key yet";
    ASSERT_OK(machine_->power_off());
    asked_ = machine_->unlock();
    ASSERT_OK(asked_);
    EXPECT_TRUE(asked_->at_shell()) << asked_->text();
  }

  void during_unlock() {
    asked_ = machine_->start();
    ASSERT_OK(asked_);
    ASSERT_OK(machine_->console().answer(kPassword));
    cut();
    if (!HasFatalFailure()) expect_opens({kPassword});
  }

  void during_password_change() {
    asked_ = machine_->unlock();
    ASSERT_OK(asked_);
    ASSERT_TRUE(asked_->at_shell()) << asked_->text();
    ASSERT_OK(machine_->console().run("ashlarctl user passwd u1"));
    ASSERT_OK(machine_->power_off());
    asked_ = machine_->unlock();
    ASSERT_OK(asked_);
    choose("Choose a new password");
    answer(kNext);
    ASSERT_EQ(asked_->label, kAgainLabel) << asked_->text();
    ASSERT_OK(machine_->console().answer(kNext));
    cut();
    if (!HasFatalFailure()) expect_opens({kNext, kPassword});
  }

  void during_reseal(const Origin& origin) {
    fs::remove_all(machine_->directory() / "tpm");  // another machine
    asked_ = machine_->start();
    ASSERT_OK(asked_);
    ASSERT_EQ(asked_->label, kRecoveryKeyLabel) << asked_->text();
    answer(origin.recovery_key);
    choose("Type my password");
    ASSERT_EQ(asked_->label, kPasswordLabel) << asked_->text();
    ASSERT_OK(machine_->console().answer(kPassword));
    cut();
    if (HasFatalFailure()) return;
    asked_ = machine_->start();
    ASSERT_OK(asked_);
    if (asked_->label == kRecoveryKeyLabel) {  // before it was sealed
      answer(origin.recovery_key);
      choose("Type my password");
      answer(kPassword);
      ASSERT_TRUE(asked_->at_shell()) << asked_->text();
      ASSERT_OK(machine_->power_off());
    } else {
      ASSERT_OK(machine_->cut_power());
    }
    expect_opens({kPassword});
  }

  std::mt19937 random_;
  std::string name_;
  std::unique_ptr<DataMachine> machine_;
  Result<Asked> asked_;
};

TEST_P(PowerCut, LosesNothing) {
  constexpr std::array kTurns = {During::first_boot,      During::password_change, During::reseal,
                                 During::password_change, During::unlock,          During::first_boot};
  During during = kTurns[GetParam() % kTurns.size()];
  if (during == During::first_boot) return during_first_boot();
  Result<Origin> made = origin();
  ASSERT_OK(made);
  take(DataMachine::like(*made, name_));
  if (HasFatalFailure()) return;
  if (during == During::unlock) during_unlock();
  if (during == During::password_change) during_password_change();
  if (during == During::reseal) during_reseal(*made);
}

INSTANTIATE_TEST_SUITE_P(Moments, PowerCut, ::testing::Range(0U, number_from("ASHLAR_POWER_CUTS", 6)));

}  // namespace
}  // namespace ashlar::test
