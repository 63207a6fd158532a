// Another machine, another firmware, another image: what the prompt says before it asks for a password, and that the
// recovery key opens /data all the same. The control of all of them is SameMachine.OpensWithThePassword.
#include <gtest/gtest.h>

#include <thread>

#include "data/prompt.h"
#include "data_machine.h"
#include "image/pcr_policies.h"
#include "outsider.h"
#include "prove/target.h"
#include "sys/tpm_authority.h"
#include "sys/tpm_rollback.h"

namespace ashlar::test {
namespace {

#define ASSERT_OK(result) ASSERT_TRUE((result).has_value()) << (result).error().message()

class Refusal : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<Origin> made = ashlar::test::origin();
    ASSERT_OK(made);
    origin_ = std::move(*made);
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    Result<DataMachine> copy = DataMachine::like(origin_, std::string("refusal-") + test->name());
    ASSERT_OK(copy);
    machine_ = std::make_unique<DataMachine>(std::move(*copy));
  }
  void TearDown() override { machine_.reset(); }

  // Starts it. The recovery key is asked for at once, and the page says each of `why`.
  void expect_refused(std::initializer_list<std::string_view> why) {
    Result<Asked> asked = machine_->start();
    ASSERT_OK(asked);
    expect_says(*asked, why);
  }
  static void expect_says(const Asked& asked, std::initializer_list<std::string_view> why) {
    ASSERT_EQ(asked.label, kRecoveryKeyLabel) << asked.text();
    EXPECT_TRUE(asked.says("/data does not open")) << asked.text();
    for (std::string_view each : why) EXPECT_TRUE(asked.says(each)) << each << " is missing in:\n" << asked.text();
  }
  // The recovery key opens, and then `answer` is chosen.
  void recover(std::string_view answer = "Not now") {
    ASSERT_OK(machine_->console().answer(origin_.recovery_key));
    Result<Asked> asked = machine_->console().next_question(kBootLimit);
    ASSERT_OK(asked);
    ASSERT_TRUE(asked->says("Shall it open by password again?")) << asked->text();
    ASSERT_OK(machine_->console().choose(*asked, answer));
    asked = machine_->console().next_question(kBootLimit);
    ASSERT_OK(asked);
    if (asked->label == kPasswordLabel) {
      ASSERT_OK(machine_->console().answer(kPassword));
      asked = machine_->console().next_question(kBootLimit);
      ASSERT_OK(asked);
    }
    ASSERT_TRUE(asked->at_shell()) << asked->text();
    expect_kept(kFile);
  }
  void expect_kept(const char* file) {
    Result<std::string> said = machine_->console().run(std::string("cat ") + file);
    ASSERT_OK(said);
    EXPECT_NE(said->find(kContent), std::string::npos) << *said;
  }
  void expect_opens() {
    Result<Asked> asked = machine_->unlock();
    ASSERT_OK(asked);
    ASSERT_TRUE(asked->at_shell()) << asked->text();
    expect_kept(kHomeFile);
  }

  // Starts it, and does something to its TPM while the prompt stands, with the authorizations that set-up hid: who has
  // the recovery key can read them.
  void as_owner(const std::function<void(Outsider&, const TpmAuthorities&, Tpm&)>& what) {
    Result<Asked> asked = machine_->start();
    ASSERT_OK(asked);
    ASSERT_EQ(asked->label, kPasswordLabel) << asked->text();
    Result<Outsider> owner = Outsider::with(origin_.disk());
    ASSERT_OK(owner);
    Result<UnlockedVolume> volume = owner->recover(origin_.recovery_key);
    ASSERT_OK(volume);
    Result<TpmAuthorities> authorities = Outsider::authorities(*volume);
    ASSERT_OK(authorities);
    Result<Tpm> tpm = machine_->live_tpm();
    ASSERT_OK(tpm);
    what(*owner, *authorities, *tpm);
  }
  // The first question of a start in which keys are enrolled and the machine starts again.
  Result<Asked> start_and_enrol() {
    TRY(machine_->power_on());
    Asked asked = TRY(machine_->console().next_question(kBootLimit));
    if (!asked.label.empty()) return asked;
    return machine_->console().next_question(kBootLimit);
  }

  // Waits for PID 1 to have marked the boot good.
  void expect_bit(unsigned epoch) {
    Result<Outsider> outsider = Outsider::with(origin_.disk());
    ASSERT_OK(outsider);
    Result<Tpm> tpm = machine_->live_tpm();
    ASSERT_OK(tpm);
    Result<TpmStorageKey> key = outsider->storage_key(*tpm);
    ASSERT_OK(key);
    RollbackIndex index(outsider->owner().name());
    for (vm::Deadline deadline = vm::Deadline::after(kBootLimit); !deadline.passed();) {
      Result<std::uint64_t> bits = read_rollback_bits(*tpm, *key, kRollbackHandle, index.name());
      ASSERT_OK(bits);
      if ((*bits >> epoch & 1) != 0) return;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
    FAIL() << "the boot was not marked good";
  }

  // --- Disks made with the owner's keys, or with a stranger's.
  Result<prove::Lab> lab() {
    image::BuildOptions tools{.lock = lock_file()};
    if (const char* mirror = std::getenv("ASHLAR_TEST_MIRROR")) tools.mirror = mirror;
    return prove::open_lab(
        {.image = origin_.disk(), .keys = keys_of("dev"), .tools = tools, .work = machine_->directory()});
  }
  // The machine's disk becomes a copy on which `edit` worked.
  Status change_disk(const std::function<Status(prove::Target&)>& edit) {
    prove::Lab opened = TRY(lab());
    prove::Target target = TRY(prove::Target::make(opened, "disk"));
    TRY(edit(target));
    target.keep();
    machine_->config.disk = target.disk();
    machine_->config.disk_mode = vm::DiskMode::direct;
    return {};
  }
  // The same image with other signed policies, which are not measured.
  Status change_policies(const std::function<Result<PcrSignature>(const prove::Lab&, const Sha256Digest& uki)>& make) {
    return change_disk([&](prove::Target& target) -> Status {
      const prove::Lab& lab = target.lab();
      PcrSignature signature = TRY(make(lab, lab.predicted.at(kPcrUki)));
      std::string text = build_pcr_signature(signature);
      return target.replace_uki(TRY(prove::make_uki(lab, ".pcrsig", as_bytes(text), &lab.owner.image)));
    });
  }
  Origin origin_;
  std::unique_ptr<DataMachine> machine_;
};

using SameMachine = Refusal;
TEST_F(SameMachine, OpensWithThePassword) { expect_opens(); }

using Moved = Refusal;
TEST_F(Moved, ToAnotherMachineAndMadeAtHomeThere) {
  fs::remove_all(machine_->directory() / "tpm");
  expect_refused({"The TPM does not know this disk: it was cleared, or the disk is in another machine."});
  recover("Type my password");
  ASSERT_OK(machine_->power_off());
  expect_opens();
}

TEST_F(Moved, ToAMachineWithoutTpm) {
  machine_->config.tpm = vm::Tpm::absent;
  expect_refused({"This machine shows no TPM, and /data was sealed to one."});
  recover();
}

// Cleared while it runs, with the lockout authorization, which the owner of the recovery key can read: what the
// firmware's setup does with the platform's.
TEST_F(Moved, TheTpmIsCleared) {
  as_owner([](Outsider&, const TpmAuthorities& authorities, Tpm& tpm) {
    Result<esys::Authorized> authorized = esys::Authorized::with(tpm.esys(), ESYS_TR_RH_LOCKOUT, &authorities.lockout);
    ASSERT_OK(authorized);
    EXPECT_EQ(Esys_Clear(tpm.esys(), ESYS_TR_RH_LOCKOUT, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE),
              TSS2_RC_SUCCESS);
  });
  ASSERT_OK(machine_->cut_power());
  expect_refused({"The TPM does not know this disk: it was cleared, or the disk is in another machine."});
  recover("Type my password");
  ASSERT_OK(machine_->power_off());
  expect_opens();
}

using Firmware = Refusal;
// Debian's 2 MiB build: other code, and variables of its own in which the same keys are enrolled.
TEST_F(Firmware, AnotherBuild) {
  const fs::path code = "/usr/share/OVMF/OVMF_CODE.secboot.fd";
  ASSERT_TRUE(fs::exists(code)) << "the host's ovmf package has no second build";
  fs::remove(machine_->directory() / "variables.fd");
  machine_->config.firmware_code = code;
  machine_->config.firmware_variables = "/usr/share/OVMF/OVMF_VARS.fd";
  Result<Asked> asked = start_and_enrol();
  ASSERT_OK(asked);
  expect_says(*asked, {"PCR 0: the firmware itself (an update changes it)"});
  EXPECT_FALSE(asked->says("PCR 7")) << asked->text();
  EXPECT_FALSE(asked->says("PCR 2")) << asked->text();
  recover("Type my password");
  ASSERT_OK(machine_->power_off());
  expect_opens();
}

TEST_F(Firmware, ACardWithFirmwareOfItsOwn) {
  machine_->config.extra_arguments = {"-device", "virtio-net-pci,romfile=/usr/lib/ipxe/qemu/efi-virtio.rom"};
  expect_refused({"PCR 2: the firmware of cards that are plugged in"});
  recover();
}

TEST_F(Firmware, SecureBootSwitchedOff) {
  Result<Bytes> flash = read_file(origin_.directory / "variables.fd");
  ASSERT_OK(flash);
  ASSERT_OK(prove::switch_secure_boot_off(*flash));
  ASSERT_OK(write_file(machine_->directory() / "variables.fd", *flash));
  expect_refused({"PCR 7: Secure Boot: its keys, or whether it is on"});
  recover();
}

// The owner retires somebody else's certificate: an update of dbx, as a firmware vendor sends them.
TEST_F(Firmware, AnUpdateOfDbx) {
  ASSERT_OK(change_disk([](prove::Target& target) {
    return target.edit_esp([&](image::EspFiles& files) -> Status {
      const prove::Lab& lab = target.lab();
      files[image::key_update_path(kEfiDbx)] =
          TRY(image::key_update(kEfiDbx, lab.stranger.image.certificate, lab.owner));
      return {};
    });
  }));
  machine_->config.firmware_variables.clear();  // empty: everything on the ESP is enrolled, dbx among it
  Result<Asked> asked = start_and_enrol();
  ASSERT_OK(asked);
  expect_says(*asked, {"PCR 7: Secure Boot: its keys, or whether it is on"});
  EXPECT_FALSE(asked->says("PCR 0")) << asked->text();
  recover();
}

using ForeignImage = Refusal;
// A UKI that Secure Boot starts, with policies by somebody else.
TEST_F(ForeignImage, ItsPoliciesAreAStrangers) {
  ASSERT_OK(change_policies([](const prove::Lab& lab, const Sha256Digest& uki) {
    return sign_image_policies(lab.stranger.pcr, uki, Epoch::from(0).value());
  }));
  expect_refused({"What started is not what the owner signed: PCR 11, 12 or 13 differs."});
  recover();
}

TEST_F(ForeignImage, ItsPoliciesAreOfAnotherImage) {
  ASSERT_OK(change_policies([](const prove::Lab& lab, const Sha256Digest&) {
    return sign_image_policies(lab.owner.pcr, sha256(std::string_view("another image")), Epoch::from(0).value());
  }));
  expect_refused({"What started is not what the owner signed: PCR 11, 12 or 13 differs."});
  recover();
}

TEST_F(ForeignImage, ItHasNoPolicies) {
  ASSERT_OK(change_disk([](prove::Target& target) -> Status {
    const prove::Lab& lab = target.lab();
    return target.replace_uki(TRY(prove::make_uki(lab, ".pcrsig", as_bytes("{}\n"), &lab.owner.image)));
  }));
  expect_refused({"This image carries no policies that the owner signed"});
  recover();
}

// An image of the next epoch, started once: from then on those before it are retired.
TEST_F(ForeignImage, AnOlderEpoch) {
  unsigned present = 0;
  ASSERT_OK(change_policies([&](const prove::Lab& lab, const Sha256Digest& uki) -> Result<PcrSignature> {
    present = TRY(image::check_pcr_policies(lab.esp.at(image::uki_path(lab.version)))).signature.epoch.number();
    return sign_image_policies(lab.owner.pcr, uki, TRY(Epoch::from(present + 1)));
  }));
  expect_opens();  // the control: a new image of the owner's opens without sealing anew
  expect_bit(present + 1);
  ASSERT_OK(machine_->power_off());
  machine_->config.disk = origin_.disk();  // the older image, with the same /data
  machine_->config.disk_mode = vm::DiskMode::overlay;
  expect_refused({"This version of the system was retired: a newer one has been in use on this machine."});
  recover();
}

// With the owner's authorization, which set-up hid: made anew, it would know of no retired image.
TEST_F(ForeignImage, TheRollbackIndexIsMadeAnew) {
  as_owner([](Outsider& owner, const TpmAuthorities& authorities, Tpm& tpm) {
    Result<TpmStorageKey> key = owner.storage_key(tpm);
    ASSERT_OK(key);
    EXPECT_FALSE(undefine_nv_index(tpm, *key, nullptr, kRollbackHandle)) << "without the authorization";
    Status removed = undefine_nv_index(tpm, *key, &authorities.owner, kRollbackHandle);
    ASSERT_OK(removed);
    ASSERT_OK(define_nv_index(tpm, *key, &authorities.owner, RollbackIndex(owner.owner().name()).public_area()));
  });
  ASSERT_OK(machine_->cut_power());
  expect_refused({"The TPM's record of retired versions is gone, or is another one."});
  recover("Type my password");
  ASSERT_OK(machine_->power_off());
  expect_opens();
}

}  // namespace
}  // namespace ashlar::test
