// One machine to attack: a private copy of the disk and the configuration it will be started with.
#pragma once

#include <functional>

#include "prove/lab.h"

namespace ashlar::prove {

class Target {
 public:
  // A copy of the lab's image that shares its blocks where the file system can, with the owner's keys enrolled.
  static Result<Target> make(const Lab& lab, const std::string& name);
  // A disk that somebody else keeps, with the same image on it: for editing it where it is.
  static Target over(const Lab& lab, const fs::path& disk);
  Target(Target&& other) noexcept;
  Target& operator=(Target&&) = delete;
  ~Target();  // deletes the copy unless it was kept

  [[nodiscard]] const Lab& lab() const { return *lab_; }
  [[nodiscard]] const fs::path& disk() const { return machine.disk; }
  // Leaves the disk where it is, for a person to look at.
  void keep() { kept_ = true; }

  // Inverts one bit of the byte at `offset`.
  Status flip(std::uint64_t offset, unsigned bit = 0) const;
  [[nodiscard]] Result<Bytes> read(std::uint64_t offset, std::uint64_t bytes) const;
  Status write(std::uint64_t offset, ByteView bytes) const;
  // Changes the files of the ESP and writes it anew.
  Status edit_esp(const std::function<Status(image::EspFiles&)>& edit);
  Status replace_uki(Bytes uki);
  // Gives the partition at `index` of the table another identifier, in both copies of the table.
  [[nodiscard]] Status rename_partition(std::size_t index, const Guid& id) const;

  vm::MachineConfig machine;

 private:
  Target(const Lab& lab, vm::MachineConfig config) : machine(std::move(config)), lab_(&lab), esp_(lab.esp) {}

  const Lab* lab_;
  image::EspFiles esp_;
  bool kept_ = false;
};

}  // namespace ashlar::prove
