// The same by screen and keyboard on the image that people use, as a person does it: every page is kept as a picture.
#include <gtest/gtest.h>

#include <thread>

#include "base/subprocess.h"
#include "data/prompt.h"
#include "data_machine.h"

namespace ashlar::test {
namespace {

constexpr char kBertasPassword[] = "seventeen patient herons";

class Screens : public ::testing::TestWithParam<const char*> {
 protected:
  void TearDown() override { machine_.reset(); }

  // Waits for the next question, which the serial line shows as well, types by keyboard, and takes a picture before
  // Enter.
  void page(const std::string& name, std::string_view heading, std::string_view typed) {
    asked_ = machine_->console().next_question(kBootLimit);
    ASSERT_OK(asked_);
    ASSERT_TRUE(asked_->says(heading)) << asked_->text();
    ASSERT_OK(machine_->machine().type_keys(typed));
    std::this_thread::sleep_for(std::chrono::milliseconds(120) * typed.size());  // QEMU presses key after key
    picture(name);
    ASSERT_OK(machine_->console().forget());
    press("ret");
  }
  void picture(const std::string& name) {
    std::this_thread::sleep_for(std::chrono::seconds(2));  // the guest draws in its own time
    ASSERT_OK(machine_->machine().screenshot(kept(name)));
    EXPECT_GT(fs::file_size(kept(name)), 1000U);
  }
  // What zbarimg sees in a picture that was kept.
  static std::string read_by_a_camera(const std::string& name) {
    Result<CommandOutput> seen =
        run({.argv = {"zbarimg", "--quiet", "--raw", "-Sbinary", "-Sdisable", "-Sqrcode.enable", kept(name)}});
    EXPECT_TRUE(seen) << "zbarimg (Debian: zbar-tools)";
    return seen ? seen->out : "";
  }
  static fs::path kept(const std::string& name) {
    return result_path(std::string("screen-") + GetParam() + "-" + name + ".png");
  }
  void press(const char* key) { ASSERT_OK(machine_->machine().send_keys({key})); }
  [[nodiscard]] std::string shown_key() const {
    for (const std::string& line : asked_->lines) {
      if (std::ranges::count(line, '-') == 12) return line.substr(line.find_first_not_of(' '));
    }
    return {};
  }

  std::unique_ptr<DataMachine> machine_;
  Result<Asked> asked_;
};

TEST_P(Screens, FirstBootUnlockRecoveryAndASecondUserByKeyboard) {
  Result<DataMachine> made = DataMachine::new_machine(std::string("screens-") + GetParam(), GetParam());
  ASSERT_OK(made);
  machine_ = std::make_unique<DataMachine>(std::move(*made));
  ASSERT_OK(machine_->power_on());
  page("01-welcome", "Welcome", "");
  page("02-keyboard", "Which keyboard is this?", "");
  page("03-name", "Who is going to use this machine?", kName);
  page("04-weak-password", "A password for Anna", "password");
  page("05-password", "Too easy to guess.", kPassword);
  page("06-again", "A password for Anna", kPassword);
  page("07-recovery-key", "Write down the recovery key", "");
  if (HasFatalFailure()) return;
  std::string key = shown_key();
  ASSERT_EQ(key.size(), 77U) << asked_->text();
  EXPECT_EQ(read_by_a_camera("07-recovery-key"), key);
  EXPECT_EQ(read_by_a_camera("06-again"), "") << "the control: a page without a QR code";
  page("08-typed-back", "Type the recovery key from what you wrote down", key);
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  picture("09-open");
  ASSERT_OK(machine_->power_off());

  ASSERT_OK(machine_->power_on());
  page("10-unlock", "Unlock this machine", "wrong");
  page("11-wrong-password", "Wrong password. 9 tries left.", kPassword);
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  picture("12-open");
  ASSERT_OK(machine_->power_off());

  ASSERT_OK(machine_->replace_tpm());
  ASSERT_OK(machine_->power_on());
  page("13-why-not", "The TPM does not know this disk", key);
  page("14-again-by-password", "Shall it open by password again?", "");
  page("15-which-password", "The password of Anna", kPassword);
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();

  // Sealed anew, so by password; and a second user.
  ASSERT_OK(machine_->console().run("ashlarctl user add Berta"));
  ASSERT_OK(machine_->power_off());
  ASSERT_OK(machine_->power_on());
  page("16-sealed-anew", "Unlock this machine", kPassword);
  page("17-add-a-user", "Add a user: Berta", "");
  page("18-bertas-password", "A password for Berta", kBertasPassword);
  page("19-again", "A password for Berta", kBertasPassword);
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  ASSERT_OK(machine_->power_off());

  ASSERT_OK(machine_->power_on());
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->option("User 2")) << asked_->text();
  press("down");
  picture("20-who");
  ASSERT_OK(machine_->console().forget());
  press("ret");
  page("21-berta", "Unlock this machine", kBertasPassword);
  asked_ = machine_->console().next_question(kBootLimit);
  ASSERT_OK(asked_);
  ASSERT_TRUE(asked_->at_shell()) << asked_->text();
  ASSERT_OK(machine_->power_off());
}

INSTANTIATE_TEST_SUITE_P(Images, Screens, ::testing::Values("desktop"),
                         [](const auto& image) { return std::string(image.param); });

}  // namespace
}  // namespace ashlar::test
