#include "prove/data_machine.h"

#include <regex>

#include "base/log.h"
#include "base/subprocess.h"
#include "data/prompt.h"
#include "sys/tpm_tcti.h"

namespace ashlar::prove {
namespace {

using vm::Asked;

Status copy_sparse(const fs::path& from, const fs::path& to) {
  TRY(run_checked({.argv = {"cp", "-rL", "--reflink=auto", "--sparse=always", from.string(), to.string()}}));
  return {};
}

Status make_anew(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) fs::create_directories(directory, error);
  if (error) return fail_errno("make " + directory.string(), error.value());
  return {};
}

// The 13 groups in what was said.
std::optional<std::string> recovery_key_in(const Asked& asked) {
  static const std::regex kGroups("[2-9A-HJ-NP-Z]{5}(-[2-9A-HJ-NP-Z]{5}){12}");
  for (const std::string& line : asked.lines) {
    std::smatch found;
    if (std::regex_search(line, found, kGroups)) return found[0].str();
  }
  return std::nullopt;
}

}  // namespace

Result<Origin> make_origin(const DataSetting& setting, const fs::path& directory) {
  DataMachine machine = TRY(DataMachine::new_machine(setting, "first-boot"));
  TRY(machine.own_disk());
  TRY(machine.power_on());
  FirstBoot done = TRY(set_up(machine));
  if (!done.last.at_shell()) return fail("set-up ended before the shell:\n" + done.last.text());
  std::string write = "echo '" + std::string(kContent) + "' > ";
  std::string said =
      TRY(machine.console().run(write + kFile + " && " + write + kHomeFile + " && sync && echo written:42"));
  if (said.find("\nwritten:42") == std::string::npos) return fail("nothing can be written to /data: " + said);
  TRY(machine.power_off());
  TRY(make_anew(directory));
  std::error_code error;
  fs::rename(machine.config.disk, directory / "disk.raw", error);
  if (error) return fail_errno("keep the disk", error.value());
  TRY(copy_sparse(machine.directory() / "variables.fd", directory));
  TRY(copy_sparse(machine.directory() / "tpm", directory));
  return Origin{setting, directory, done.recovery_key};
}

Result<DataMachine> DataMachine::make(const DataSetting& setting, const std::string& name, const fs::path& disk,
                                      const fs::path& variables) {
  DataMachine machine(name, setting.work / name);
  TRY(make_anew(machine.directory_));
  machine.config.disk = disk;
  machine.config.disk_mode = vm::DiskMode::overlay;
  machine.config.state_directory = machine.directory_;
  machine.config.firmware_variables = variables;
  machine.config.serial_log = setting.logs / (name + ".log");
  machine.config.memory_mib = setting.memory_mib;
  machine.config.tpm = vm::Tpm::tapped;
  return machine;
}

Result<DataMachine> DataMachine::like(const Origin& origin, const std::string& name) {
  DataMachine machine = TRY(make(origin.setting, name, origin.disk(), origin.directory / "variables.fd"));
  TRY(copy_sparse(origin.directory / "tpm", machine.directory_));
  return machine;
}

Result<DataMachine> DataMachine::new_machine(const DataSetting& setting, const std::string& name) {
  return make(setting, name, setting.image, setting.variables);
}

DataMachine::DataMachine(DataMachine&& other) noexcept
    : config(std::move(other.config)),
      name_(std::move(other.name_)),
      directory_(std::exchange(other.directory_, {})),
      machine_(std::move(other.machine_)),
      kept_(other.kept_) {}

DataMachine::~DataMachine() {
  machine_.reset();
  if (directory_.empty() || kept_) return;
  std::error_code error;
  fs::remove_all(directory_, error);
  if (error) log::warn("remove " + directory_.string() + ": " + error.message());
}

Result<fs::path> DataMachine::own_disk() {
  fs::path own = directory_ / "disk.raw";
  if (config.disk == own) return own;
  TRY(copy_sparse(config.disk, own));
  config.disk = own;
  config.disk_mode = vm::DiskMode::direct;
  return own;
}

Status DataMachine::replace_tpm() const {
  std::error_code error;
  fs::remove_all(directory_ / "tpm", error);
  if (error) return fail_errno("remove the TPM's state", error.value());
  return {};
}

Status DataMachine::power_on() {
  machine_.reset();
  machine_.emplace(TRY(vm::Machine::start(config)));
  return {};
}

Status DataMachine::power_off() {
  TRY(machine_->type_serial("poweroff\n"));
  TRY(machine_->wait_exit(std::chrono::minutes(4)));
  machine_.reset();  // swtpm has written its state when it has ended
  return {};
}

Status DataMachine::cut_power() {
  TRY(machine_->cut_power());
  machine_.reset();
  return {};
}

bool DataMachine::is_on() { return machine_ && machine_->status().phase != vm::Phase::ended; }

Result<Tpm> DataMachine::live_tpm() {
  vm::TpmTap* tap = &machine_->tpm_tap();
  return Tpm::over(tcti_over([tap](const Bytes& command) -> std::optional<Bytes> {
    Result<Bytes> answer = tap->exchange(command);
    if (!answer) return std::nullopt;
    return std::move(*answer);
  }));
}

TpmWire DataMachine::traffic() {
  TpmWire copy;
  machine_->tpm_tap().wire([&](TpmWire& wire) {
    copy.commands = wire.commands;
    copy.answers = wire.answers;
  });
  return copy;
}

Result<Asked> DataMachine::start() {
  TRY(power_on());
  Asked asked = TRY(console().next_question(kBootLimit));
  if (!asked.label.empty() || !is_on()) return asked;
  return console().next_question(kBootLimit);
}

Result<Asked> DataMachine::answer(std::string_view text) {
  TRY(console().answer(text));
  return console().next_question(kBootLimit);
}

Result<Asked> DataMachine::choose(const Asked& asked, std::string_view option) {
  TRY(console().choose(asked, option));
  return console().next_question(kBootLimit);
}

Result<Asked> DataMachine::unlock(std::string_view password) {
  Asked asked = TRY(start());
  if (asked.label != kPasswordLabel) return asked;
  return answer(password);
}

Result<Asked> DataMachine::unlock_again(const Asked& page, std::string_view password) {
  Asked asked = TRY(choose(page, "Try again"));
  if (asked.label != kPasswordLabel) return fail("no password is asked for after trying again: " + asked.text());
  return answer(password);
}

Status DataMachine::expect_kept(const char* file) {
  std::string said = TRY(console().run(std::string("cat ") + file));
  if (said.find(kContent) == std::string::npos) return fail(std::string(file) + " is not what it was: " + said);
  return {};
}

Status DataMachine::expect_opens() {
  Asked asked = TRY(unlock());
  if (!asked.at_shell()) return fail("the password does not open: " + asked.text());
  TRY(expect_kept(kFile));
  return expect_kept(kHomeFile);
}

Result<FirstBoot> set_up(DataMachine& machine, const std::function<bool(const Asked&)>& stop) {
  FirstBoot done;
  constexpr unsigned kMostQuestions = 20;
  for (unsigned i = 0; i < kMostQuestions; ++i) {
    done.last = TRY(machine.console().next_question(kBootLimit));
    if (std::optional<std::string> key = recovery_key_in(done.last)) done.recovery_key = *key;
    if (done.last.label.empty() || done.last.at_shell() || (stop && stop(done.last))) return done;
    const Asked& asked = done.last;
    vm::Console console = machine.console();
    if (asked.option("Set up this machine")) {
      TRY(console.choose(asked, "Set up this machine"));
    } else if (asked.label == kNameLabel) {
      TRY(console.answer(kName));
    } else if (asked.label == kPasswordLabel || asked.label == kNewPasswordLabel || asked.label == kAgainLabel) {
      TRY(console.answer(kPassword));
    } else if (asked.label == kRecoveryKeyLabel) {
      TRY(console.answer(done.recovery_key));
    } else {
      TRY(console.answer(""));  // the layout, and whatever else has an answer chosen already
    }
  }
  return fail("first boot asks on and on; last:\n" + done.last.text());
}

}  // namespace ashlar::prove
