#include "prove/target.h"

#include <unistd.h>

#include "base/log.h"
#include "base/subprocess.h"
#include "image/disk.h"

namespace ashlar::prove {

Result<Target> Target::make(const Lab& lab, const std::string& name) {
  vm::MachineConfig machine;
  machine.disk = lab.options.work / (name + ".raw");
  machine.firmware_variables = lab.enrolled;
  machine.serial_log = lab.options.work / (name + ".log");
  TRY(run_checked(
      {.argv = {"cp", "--reflink=auto", "--sparse=always", lab.options.image.string(), machine.disk.string()}}));
  return Target(lab, std::move(machine));
}

Target Target::over(const Lab& lab, const fs::path& disk) {
  vm::MachineConfig machine;
  machine.disk = disk;
  Target target(lab, std::move(machine));
  target.keep();
  return target;
}

Target::Target(Target&& other) noexcept
    : machine(std::exchange(other.machine, {})), lab_(other.lab_), esp_(std::move(other.esp_)), kept_(other.kept_) {}

Target::~Target() {
  if (machine.disk.empty() || kept_) return;
  std::error_code error;
  fs::remove(machine.disk, error);
  if (error) log::warn("remove " + machine.disk.string() + ": " + error.message());
}

Status Target::flip(std::uint64_t offset, unsigned bit) const {
  Bytes byte = TRY(read(offset, 1));
  byte[0] ^= static_cast<std::uint8_t>(1U << bit);
  return write(offset, byte);
}

Result<Bytes> Target::read(std::uint64_t offset, std::uint64_t bytes) const {
  Fd file = TRY(open_file(disk(), O_RDONLY));
  Bytes content(bytes);
  TRY(read_at(file, offset, content));
  return content;
}

Status Target::write(std::uint64_t offset, ByteView bytes) const {
  Fd file = TRY(open_file(disk(), O_RDWR));
  TRY(write_at(file, offset, bytes));
  return file.close();
}

Status Target::edit_esp(const std::function<Status(image::EspFiles&)>& edit) {
  TRY(edit(esp_));
  image::TemporaryDirectory work = TRY(image::TemporaryDirectory::below(lab_->options.work));
  const fs::path esp = work.path() / "esp";
  TRY(image::write_esp(lab_->tools, esp_, lab_->esp_extent.bytes >> 20, esp));
  Fd file = TRY(open_file(disk(), O_RDWR));
  TRY(image::write_partition(file, lab_->esp_extent.offset, lab_->esp_extent.bytes, esp));
  return file.close();
}

Status Target::replace_uki(Bytes uki) {
  return edit_esp([&](image::EspFiles& files) -> Status {
    files[image::uki_path(lab_->version)] = std::move(uki);
    return {};
  });
}

Status Target::rename_partition(std::size_t index, const Guid& id) const {
  return image::set_partition_id(disk(), index, id);
}

}  // namespace ashlar::prove
