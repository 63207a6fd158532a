#include "data_machine.h"

#include <gtest/gtest.h>

#include <iostream>
#include <regex>

#include "base/subprocess.h"
#include "data/prompt.h"
#include "sys/tpm_tcti.h"

namespace ashlar::test {
namespace {

// Small, so that Argon2id is.
constexpr std::uint64_t kMemoryMib = 768;

fs::path data_directory() { return work_directory() / "data"; }

Status copy_sparse(const fs::path& from, const fs::path& to) {
  TRY(run_checked({.argv = {"cp", "-r", "--reflink=auto", "--sparse=always", from.string(), to.string()}}));
  return {};
}

Result<fs::path> fresh_directory(const std::string& name) {
  fs::path directory = data_directory() / name;
  std::error_code error;
  fs::remove_all(directory, error);
  if (!error) fs::create_directories(directory, error);
  if (error) return fail("make " + directory.string() + ": " + error.message());
  return directory;
}

Result<std::string> identity(const fs::path& image) {
  std::error_code error;
  auto size = fs::file_size(image, error);
  if (error) return fail(image.string() + ": " + error.message());
  return std::to_string(size) + " " + std::to_string(fs::last_write_time(image).time_since_epoch().count());
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

Result<Origin> make_origin(const fs::path& directory) {
  DataMachine machine = TRY(DataMachine::new_machine("first-boot"));
  TRY(machine.own_disk());
  TRY(machine.power_on());
  FirstBoot done = TRY(set_up(machine));
  if (!done.last.at_shell()) return fail("set-up ended before the shell:\n" + done.last.text());
  std::string write = "echo '" + std::string(kContent) + "' > ";
  std::string said =
      TRY(machine.console().run(write + kFile + " && " + write + kHomeFile + " && sync && echo written:42"));
  if (said.find("\nwritten:42") == std::string::npos) return fail("nothing can be written to /data: " + said);
  TRY(machine.power_off());
  std::error_code error;
  fs::create_directories(directory, error);
  fs::rename(machine.config.disk, directory / "disk.raw", error);
  if (error) return fail("keep the disk: " + error.message());
  TRY(copy_sparse(machine.directory() / "variables.fd", directory));
  TRY(copy_sparse(machine.directory() / "tpm", directory));
  TRY(write_file(directory / "recovery-key", as_bytes(done.recovery_key)));
  return Origin{directory, done.recovery_key};
}

}  // namespace

Result<Origin> origin() {
  const fs::path image = image_of("storage", "dev");
  const fs::path directory = data_directory() / "origin";
  std::error_code error;
  fs::create_directories(data_directory(), error);
  Fd lock = TRY(open_file(data_directory() / "lock", O_RDWR | O_CREAT, 0600));
  TRY(lock_exclusively(lock, data_directory() / "lock"));
  std::string now = TRY(identity(image));
  if (read_text(directory / "image").value_or("") == now) {
    return Origin{directory, TRY(read_text(directory / "recovery-key"))};
  }
  fs::remove_all(directory, error);
  Origin made = TRY(in("set up the machine the tests copy", make_origin(directory)));
  TRY(write_file(directory / "image", as_bytes(now)));
  return made;
}

Result<DataMachine> DataMachine::make(const std::string& name, const fs::path& disk, const fs::path& variables) {
  DataMachine machine(name, TRY(fresh_directory(name)));
  machine.config.disk = disk;
  machine.config.disk_mode = vm::DiskMode::overlay;
  machine.config.state_directory = machine.directory_;
  machine.config.firmware_variables = variables;
  machine.config.serial_log = result_path("data-" + name + ".log");
  machine.config.memory_mib = kMemoryMib;
  machine.config.tpm = vm::Tpm::tapped;
  return machine;
}

Result<DataMachine> DataMachine::like(const Origin& origin, const std::string& name) {
  DataMachine machine = TRY(make(name, origin.disk(), origin.directory / "variables.fd"));
  TRY(copy_sparse(origin.directory / "tpm", machine.directory_));
  return machine;
}

Result<DataMachine> DataMachine::new_machine(const std::string& name, const std::string& profile) {
  return make(name, image_of(profile, "dev"), TRY(enrolled_variables()));
}

DataMachine::DataMachine(DataMachine&& other) noexcept
    : config(std::move(other.config)),
      name_(std::move(other.name_)),
      directory_(std::exchange(other.directory_, {})),
      machine_(std::move(other.machine_)) {}

DataMachine::~DataMachine() {
  if (directory_.empty()) return;
  if (machine_ && machine_->status().phase != vm::Phase::ended) KeepsEvidence(*machine_, "data-" + name_);
  machine_.reset();
  if (::testing::Test::HasFailure()) {
    std::cerr << "the machine is in " << directory_.string() << std::endl;
    return;
  }
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

Result<fs::path> DataMachine::own_disk() {
  fs::path own = directory_ / "disk.raw";
  if (config.disk == own) return own;
  TRY(copy_sparse(config.disk, own));
  config.disk = own;
  config.disk_mode = vm::DiskMode::direct;
  return own;
}

Status DataMachine::power_on() {
  machine_.reset();
  machine_.emplace(TRY(vm::Machine::start(config)));
  return {};
}

Status DataMachine::power_off() {
  TRY(machine_->type_serial("poweroff\n"));
  TRY(machine_->wait_exit(std::chrono::minutes(2)));
  machine_.reset();  // swtpm has written its state when it has ended
  return {};
}

Status DataMachine::cut_power() {
  TRY(machine_->cut_power());
  machine_.reset();
  return {};
}

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
  return console().next_question(kBootLimit);
}

Result<Asked> DataMachine::unlock(std::string_view password) {
  Asked asked = TRY(start());
  if (asked.label != kPasswordLabel) return asked;
  TRY(console().answer(password));
  return console().next_question(kBootLimit);
}

Result<Asked> DataMachine::unlock_again(const Asked& page, std::string_view password) {
  TRY(console().choose(page, "Try again"));
  Asked asked = TRY(console().next_question(kBootLimit));
  if (asked.label != kPasswordLabel) return fail("no password is asked for after trying again: " + asked.text());
  TRY(console().answer(password));
  return console().next_question(kBootLimit);
}

Result<FirstBoot> set_up(DataMachine& machine, const std::function<bool(const Asked&)>& stop) {
  FirstBoot done;
  constexpr unsigned kMostQuestions = 20;
  for (unsigned i = 0; i < kMostQuestions; ++i) {
    done.last = TRY(machine.console().next_question(kBootLimit));
    if (std::optional<std::string> key = recovery_key_in(done.last)) done.recovery_key = *key;
    if (done.last.label.empty() || done.last.at_shell() || (stop && stop(done.last))) return done;
    const Asked& asked = done.last;
    Console console = machine.console();
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

}  // namespace ashlar::test
