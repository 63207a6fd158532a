// The directory with what outlives one power cycle of a machine, and its preparation.
#pragma once

#include "vm/arguments.h"

namespace ashlar::vm {

class StateDirectory {
 public:
  // `kept` empty: a temporary directory that goes with the object.
  static Result<StateDirectory> open(const fs::path& kept);
  StateDirectory(StateDirectory&& other) noexcept;
  StateDirectory& operator=(StateDirectory&&) = delete;
  ~StateDirectory();

  [[nodiscard]] const fs::path& path() const { return path_; }

  // The machine's own copy of the firmware's variables, made from `template_file` when there is none yet.
  Result<fs::path> variables(const fs::path& template_file) const;
  // The overlay over `image`, made when there is none yet; an error when the image changed since it was made.
  Result<fs::path> overlay(const fs::path& image) const;
  Result<std::map<std::string, fs::path>> write_fw_cfg(const std::map<std::string, std::string>& entries) const;

 private:
  enum class Lifetime { kept, temporary };
  StateDirectory(fs::path path, Lifetime lifetime) : path_(std::move(path)), lifetime_(lifetime) {}

  fs::path path_;
  Lifetime lifetime_;
};

}  // namespace ashlar::vm
