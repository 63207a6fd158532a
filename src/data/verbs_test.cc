// What the unlocking program does when it is called with a verb, on a machine that was set up as a person does it.
#include "data/verbs.h"

#include "base/random.h"
#include "data/apply_verb.h"
#include "data/boot_good.h"
#include "data/data_header.h"
#include "data/fake_prompter.h"
#include "data/home_verbs.h"
#include "data/queue_verb.h"
#include "data/status_gathering.h"
#include "data/strict_json.h"
#include "data/turn_testing.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar::testing {
namespace {

using namespace std::chrono_literals;

class VerbsTest : public TurnTest {
 protected:
  // The TPM as a verb meets it: PID 1 has closed the door.
  TurnTpm closed_tpm() {
    return TurnTpm([this]() -> Result<Tpm> {
      Tpm tpm = TRY(power_tpm_on());
      TRY(tpm.extend_pcr(kPcrUnlockingEnded, sha256(std::string_view("the unlocking program has ended"))));
      return tpm;
    });
  }
  DataStatus status() {
    TurnTpm tpm = closed_tpm();
    Result<DataStatus> gathered = gather_status(storage_, tpm, image_.carried());
    EXPECT_TRUE(gathered) << gathered.error().message();
    return gathered ? std::move(*gathered) : DataStatus{};
  }
  // Why u1's password would not do at the next start, as the status has it.
  std::optional<TpmFailure> foreseen() {
    DataStatus now = status();
    EXPECT_EQ(now.users.size(), 1U);
    return now.users.at(0).refusal ? now.users.at(0).refusal->kind<TpmFailure>() : std::nullopt;
  }

  Status queue(std::vector<std::string_view> arguments) {
    Request request = TRY(parse_queue_arguments(arguments));
    said_ = TRY(queue_request(storage_, request));
    return {};
  }
  Status apply() {
    Turn turn{.prompter = person_,
              .storage = storage_,
              .tpm = closed_tpm(),
              .image = image_.carried(),
              .calibrate = [] { return Result<Argon2idParameters>(quick()); },
              .log = [this](std::string_view line) { log_.emplace_back(line); }};
    return apply_requests(turn);
  }
  void add_berta() {
    ASSERT_TRUE(queue({"add-user", "Berta"}));
    person_.new_password = "umbrella quartz meadow tango";
    person_.wishes = {"Add Berta"};
    expect_open();
    ASSERT_TRUE(Homes(storage_).get(2)) << person_.story();
  }

  std::string said_;
};

std::string error_of(const Status& status) { return status ? "(no error)" : status.error().message(); }

TEST_F(VerbsTest, StatusTellsOfAMachineThatIsWell) {
  set_up();
  DataStatus now = status();
  EXPECT_TRUE(now.mounted);
  EXPECT_FALSE(now.header) << now.header->message();
  EXPECT_TRUE(now.recovery_key);
  EXPECT_FALSE(now.change_unfinished);
  ASSERT_EQ(now.users.size(), 1U);
  EXPECT_EQ(now.users[0].name, "Anna");
  EXPECT_TRUE(now.users[0].uses_tpm);
  EXPECT_FALSE(now.users[0].refusal) << now.users[0].refusal->message();  // although PCR 15 was extended
  ASSERT_TRUE(now.tpm) << now.tpm_failure->message();
  EXPECT_EQ(now.tpm->storage_key, StorageKeyStatus::same);
  EXPECT_EQ(now.tpm->rollback, RollbackStatus::ours);
  EXPECT_EQ(now.tpm->retired_bits, 0U);
  EXPECT_TRUE(now.tpm->lockout.owner_set && now.tpm->lockout.lockout_set);
  EXPECT_EQ(now.users[0].enrolled.at(7), now.tpm->present.at(7));
  EXPECT_FALSE(without_tpm(now));

  storage_.put_away();
  now = status();
  EXPECT_FALSE(now.mounted);
  EXPECT_EQ(now.users.at(0).name, "");
}

TEST_F(VerbsTest, StatusForeseesWhyTheNextStartWillAskForTheRecoveryKey) {
  set_up();
  EXPECT_EQ(foreseen(), std::nullopt);
  firmware_[0] = "updated";
  EXPECT_EQ(foreseen(), TpmFailure::firmware_changed);
  firmware_[0] = "firmware";
  const TestImage first = image_;
  image_ = {"an image of epoch 6", 6};
  {
    TurnTpm tpm = closed_tpm();
    Result<std::string> good = mark_boot_good(storage_, tpm, image_.carried());
    ASSERT_TRUE(good) << good.error().message();
  }
  EXPECT_EQ(foreseen(), std::nullopt);
  EXPECT_EQ(status().tpm->retired_bits, std::uint64_t{1} << 6);
  image_ = first;
  EXPECT_EQ(foreseen(), TpmFailure::image_retired);
  machine_->clear();
  DataStatus cleared = status();
  EXPECT_EQ(cleared.tpm->storage_key, StorageKeyStatus::another);
  EXPECT_EQ(cleared.tpm->rollback, RollbackStatus::missing);
  EXPECT_TRUE(cleared.users.at(0).refusal);
  machine_.reset();
  EXPECT_EQ(foreseen(), TpmFailure::absent);
  EXPECT_FALSE(status().tpm_failure);
}

TEST_F(VerbsTest, StatusCountsTriesAndCostsNone) {
  set_up();
  person_.passwords = {"wrong one", "wrong two"};
  person_.wishes = {"Turn off"};
  storage_.restart();
  {
    Result<TurnEnd> end = boot();  // two wrong, then the right one
    ASSERT_TRUE(end);
  }
  EXPECT_EQ(status().tpm->lockout.used, 0U);  // cleared by the right one
  for (int i = 0; i < 3; ++i) EXPECT_EQ(status().tpm->lockout.used, 0U);
}

TEST_F(VerbsTest, StatusSaysWhatIsOnTheDiskInsteadOfAHeader) {
  EXPECT_EQ(status().partition, PartitionState::absent);
  set_up();
  Fd file = open_file(storage_.device(), O_RDWR).value();
  ASSERT_TRUE(write_at(file, 0, Bytes(64 << 10)));
  ASSERT_TRUE(write_at(file, 64 << 10, Bytes(64 << 10)));
  DataStatus now = status();
  ASSERT_TRUE(now.header);
  EXPECT_EQ(now.header->kind<VolumeFailure>(), VolumeFailure::not_luks2);
  EXPECT_TRUE(now.tpm);  // all else is told
}

TEST_F(VerbsTest, StatusMarksAMachineThatHadNoTpm) {
  machine_.reset();
  person_.wishes = {"Set up without a TPM"};
  person_.password = person_.new_password = "violin ticket marmalade orbit canyon whisper";
  expect_open();
  DataStatus now = status();
  EXPECT_TRUE(without_tpm(now));
  EXPECT_FALSE(now.users.at(0).refusal);
  machine_ = std::make_unique<TestTpm>();  // one that comes later changes nothing
  EXPECT_TRUE(without_tpm(status()));
  EXPECT_NE(status_text(status()).find("the password alone protects it"), std::string::npos);
  TurnTpm tpm = closed_tpm();
  EXPECT_TRUE(mark_boot_good(storage_, tpm, image_.carried()));
  EXPECT_NE(error_of(queue({"expect-change"})).find("set up without a TPM"), std::string::npos);
}

TEST_F(VerbsTest, RequestsAreCheckedAtOnce) {
  set_up();
  for (std::vector<std::string_view> arguments : {std::vector<std::string_view>{},
                                                  {"add-user"},
                                                  {"add-user", ""},
                                                  {"add-user", " x"},
                                                  {"add-user", "a", "b"},
                                                  {"remove-user", "u9"},
                                                  {"remove-user", "anna"},
                                                  {"expect-change", "now"},
                                                  {"format"}}) {
    Status queued = queue(arguments);
    ASSERT_FALSE(queued);
    EXPECT_EQ(queued.error().exit_status(), 2) << queued.error().message();
  }
  EXPECT_NE(error_of(queue({"remove-user", "u1"})).find("u1 is the only user"), std::string::npos);
  EXPECT_NE(error_of(queue({"remove-user", "u2"})).find("there is no user u2"), std::string::npos);
  EXPECT_NE(error_of(queue({"change-password", "u2"})).find("there is no user u2"), std::string::npos);
  EXPECT_TRUE(read_queue(storage_.root()).value().requests.empty());

  ASSERT_TRUE(queue({"expect-change"}));
  EXPECT_TRUE(said_.starts_with("Waits for the next start: preparing for a change of the firmware.")) << said_;
  ASSERT_TRUE(queue({"expect-change"}));
  EXPECT_TRUE(said_.starts_with("Waits for the next start already")) << said_;
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(queue({"add-user", "Berta " + std::to_string(i)}));
  EXPECT_NE(error_of(queue({"add-user", "Ida"})).find("eight users"), std::string::npos);
  EXPECT_EQ(status().requests.size(), 8U);

  storage_.put_away();
  EXPECT_NE(error_of(queue({"expect-change"})).find("/data is closed"), std::string::npos);
}

TEST_F(VerbsTest, OpensAndClosesAHomeWithItsOwnPassword) {
  set_up();
  add_berta();
  const UserRecord berta = Homes(storage_).get(2).value();
  ASSERT_FALSE(storage_.is_open(berta.home));
  EXPECT_EQ(users_text(storage_).value(), "u1  Anna\nu2  Berta\n");
  EXPECT_EQ(users_json(storage_).value(), R"([{"name":"Anna","user":"u1"},{"name":"Berta","user":"u2"}])"
                                          "\n");

  FakePrompter terminal;
  terminal.answers = {"", person_.password, "umbrella quartz meadow tango"};
  const auto start = std::chrono::steady_clock::now();
  Status opened = open_home(storage_, terminal, 2, {.least = 300ms});
  EXPECT_TRUE(opened) << error_of(opened);
  EXPECT_GE(std::chrono::steady_clock::now() - start, 600ms);  // two tries: nothing typed is none
  EXPECT_TRUE(storage_.is_open(berta.home));
  EXPECT_EQ(terminal.seen, (std::vector<std::string>{"ask Password", "ask Password [Nothing was typed.]",
                                                     "ask Password [Wrong password.]"}));

  storage_.eviction = Eviction::files_busy;
  EXPECT_NE(error_of(close_home(storage_, 2)).find("still have files open"), std::string::npos);
  EXPECT_FALSE(storage_.is_open(berta.home));
  storage_.eviction = Eviction::complete;

  terminal.answers = {"a", "b", "c", "umbrella quartz meadow tango"};
  EXPECT_NE(error_of(open_home(storage_, terminal, 2, {.least = 0ms})).find("3 wrong passwords"), std::string::npos);
  terminal.answers = {std::nullopt};
  EXPECT_NE(error_of(open_home(storage_, terminal, 2)).find("was left closed"), std::string::npos);
  EXPECT_NE(error_of(open_home(storage_, terminal, 3)).find("there is no user u3"), std::string::npos);
  EXPECT_FALSE(storage_.is_open(berta.home));
  terminal.answers = {"umbrella quartz meadow tango"};
  ASSERT_TRUE(open_home(storage_, terminal, 2));
  EXPECT_TRUE(close_home(storage_, 2));
}

TEST_F(VerbsTest, AGoodBootRetiresWhatIsOlderAndCostsNoTry) {
  set_up();
  const TestImage first = image_;
  image_ = {"an image of epoch 6", 6};
  expect_open();
  for (int twice = 0; twice < 2; ++twice) {
    TurnTpm tpm = closed_tpm();
    Result<std::string> good = mark_boot_good(storage_, tpm, image_.carried());
    ASSERT_TRUE(good) << good.error().message();
    EXPECT_EQ(*good, "images of an epoch below 6 open /data no longer");
    EXPECT_EQ(tpm_command_code(machine_->wire().commands.back()), 0x145U);  // TPM2_Shutdown is the last word
  }
  expect_open();
  EXPECT_EQ(status().tpm->lockout.used, 0U);
  TurnTpm tpm = closed_tpm();
  EXPECT_FALSE(mark_boot_good(storage_, tpm, std::nullopt));
  image_ = first;
  expect_open();  // with the recovery key
  EXPECT_EQ(person_.times_asked(kRecoveryKeyLabel), 1);
  EXPECT_TRUE(person_.saw("retired")) << person_.story();
}

TEST_F(VerbsTest, DoesNowWhatWaitsWithTheRecoveryKey) {
  set_up();
  EXPECT_NE(error_of(apply()).find("nothing waits"), std::string::npos);
  ASSERT_TRUE(queue({"add-user", "Berta"}));
  person_.recovery_keys = {std::nullopt};
  EXPECT_NE(error_of(apply()).find("it waits for the next start"), std::string::npos);
  EXPECT_EQ(status().requests.size(), 1U);

  std::string typo = person_.paper;
  std::swap(typo[12], typo[13]);
  person_.recovery_keys = {typo, "22222-" + person_.paper.substr(6)};
  person_.new_passwords = {"umbrella quartz meadow tango"};
  person_.wishes = {"Add Berta"};
  person_.seen.clear();
  Status done = apply();
  ASSERT_TRUE(done) << error_of(done);
  EXPECT_TRUE(person_.saw("typing error in group 3")) << person_.story();
  EXPECT_EQ(tpm_command_code(machine_->wire().commands.back()), 0x145U);
  EXPECT_TRUE(storage_.is_mounted());
  EXPECT_TRUE(storage_.is_open(Homes(storage_).get(1).value().home));  // who works here is not disturbed
  EXPECT_TRUE(status().requests.empty());
  EXPECT_EQ(status().users.size(), 2U);

  person_.password = "umbrella quartz meadow tango";
  person_.wishes = {"User 2"};
  expect_open(2);
}

TEST_F(VerbsTest, ANewPasswordNowLeavesTheOpenHomeOpen) {
  set_up();
  ASSERT_TRUE(queue({"change-password", "u1"}));
  person_.wishes = {"Choose a new password"};
  person_.new_passwords = {"umbrella quartz meadow tango"};
  Status done = apply();
  ASSERT_TRUE(done) << error_of(done);
  EXPECT_TRUE(storage_.is_open(Homes(storage_).get(1).value().home)) << person_.story();
  person_.password = "umbrella quartz meadow tango";
  expect_open();
  EXPECT_EQ(person_.times_asked(kPasswordLabel), 1) << person_.story();
}

TEST_F(VerbsTest, EachVerbIsCalledByItsName) {
  set_up();
  std::vector<std::string_view> asked_on;
  auto call = [&](std::vector<std::string_view> arguments) {
    VerbMachine machine{.storage = storage_,
                        .tpm = closed_tpm(),
                        .image = image_.carried(),
                        .terminal = [&]() -> Result<std::unique_ptr<Prompter>> {
                          asked_on.push_back(arguments.front());
                          return fail("the test has no terminal");
                        },
                        .calibrate = [] { return Result<Argon2idParameters>(quick()); },
                        .log = [](std::string_view) {}};
    return carry_out_verb(arguments, machine);
  };
  EXPECT_TRUE(call({"status"}).value().starts_with("/data\n  State           open\n"));
  EXPECT_TRUE(call({"status", "--json"}).value().starts_with("{\"damaged_requests\":"));
  EXPECT_EQ(call({"users"}).value(), "u1  Anna\n");
  EXPECT_TRUE(call({"users", "--json"}).value().starts_with("[{"));
  EXPECT_TRUE(call({"queue", "add-user", "Berta"}));
  EXPECT_EQ(call({"boot-good"}).value(), "images of an epoch below 5 open /data no longer\n");
  EXPECT_EQ(call({"close-home", "u1"}).value(), "the home of u1 is closed\n");
  EXPECT_FALSE(call({"open-home", "u1"}));
  EXPECT_FALSE(call({"apply"}));
  EXPECT_EQ(asked_on, (std::vector<std::string_view>{"open-home", "apply"}));
  EXPECT_TRUE(call({"--help"}).value().find("  data boot-good ") != std::string::npos);
  for (std::vector<std::string_view> arguments : {std::vector<std::string_view>{"format"},
                                                  {""},
                                                  {"status", "--yes"},
                                                  {"status", "--json", "--json"},
                                                  {"open-home"},
                                                  {"open-home", "u9"},
                                                  {"close-home", "anna"},
                                                  {"apply", "now"},
                                                  {"boot-good", "now"}}) {
    Result<std::string> done = call(arguments);
    ASSERT_FALSE(done) << arguments.front();
    EXPECT_EQ(done.error().exit_status(), 2) << done.error().message();
  }
}

}  // namespace
}  // namespace ashlar::testing
