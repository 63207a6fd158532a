#include "data_machine.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>

namespace ashlar::test {
namespace {

fs::path data_directory() { return work_directory() / "data"; }

Result<prove::Lab> open_lab(const std::string& profile) {
  image::BuildOptions tools{.lock = lock_file()};
  if (const char* mirror = std::getenv("ASHLAR_TEST_MIRROR")) tools.mirror = mirror;
  fs::path work = data_directory();
  std::error_code error;
  fs::create_directories(work, error);
  if (error) return fail_errno("create " + work.string(), error.value());
  prove::Lab lab = TRY(prove::open_lab(
      {.image = image_of(profile, "dev"), .keys = keys_of("dev"), .tools = tools, .work = std::move(work)}));
  lab.enrolled = TRY(enrolled_variables());
  return lab;
}

// What `ashlar prove` would take for the image of the profile; opened once a process.
Result<const prove::Lab*> lab_for(const std::string& profile) {
  static std::map<std::string, prove::Lab> opened;
  auto found = opened.find(profile);
  if (found == opened.end()) found = opened.emplace(profile, TRY(open_lab(profile))).first;
  return &found->second;
}

Result<prove::DataSetting> setting_for(const std::string& profile) {
  std::optional<prove::DataSetting> setting = TRY(prove::data_setting(*TRY(lab_for(profile))));
  if (!setting) return fail("the profile " + profile + " has no /data");
  setting->work = data_directory();
  setting->logs = result_path("data");
  std::error_code error;
  fs::create_directories(setting->logs, error);
  if (error) return fail_errno("create " + setting->logs.string(), error.value());
  return std::move(*setting);
}

Result<std::string> identity(const fs::path& image) {
  std::error_code error;
  auto size = fs::file_size(image, error);
  if (error) return fail(image.string() + ": " + error.message());
  return image.string() + " " + std::to_string(size) + " " +
         std::to_string(fs::last_write_time(image).time_since_epoch().count());
}

}  // namespace

std::string data_profile() {
  const char* profile = std::getenv("ASHLAR_DATA_PROFILE");
  return profile != nullptr ? profile : "storage";
}

Result<Origin> origin() {
  prove::DataSetting setting = TRY(setting_for(data_profile()));
  const fs::path directory = data_directory() / "origin";
  Fd lock = TRY(open_file(data_directory() / "lock", O_RDWR | O_CREAT, 0600));
  TRY(lock_exclusively(lock, data_directory() / "lock"));
  std::string now = TRY(identity(setting.image));
  if (read_text(directory / "image").value_or("") == now) {
    return Origin{setting, directory, TRY(read_text(directory / "recovery-key"))};
  }
  Origin made = TRY(in("set up the machine the tests copy", prove::make_origin(setting, directory)));
  TRY(write_file(directory / "recovery-key", as_bytes(made.recovery_key)));
  TRY(write_file(directory / "image", as_bytes(now)));
  return made;
}

Result<const prove::DataLab*> data_lab() {
  static std::optional<prove::DataLab> opened;
  if (!opened) opened.emplace(*TRY(lab_for(data_profile())), TRY(origin()));
  return &*opened;
}

Result<DataMachine> DataMachine::like(const Origin& origin, const std::string& name) {
  return DataMachine(TRY(prove::DataMachine::like(origin, name)));
}

Result<DataMachine> DataMachine::new_machine(const std::string& name, const std::string& profile) {
  return DataMachine(TRY(prove::DataMachine::new_machine(TRY(setting_for(profile)), name)));
}

DataMachine::~DataMachine() {
  if (!::testing::Test::HasFailure() || directory().empty()) return;
  if (is_on()) KeepsEvidence(machine(), "data/" + name());
  keep();
  std::cerr << "the machine is in " << directory().string() << std::endl;
}

}  // namespace ashlar::test
