// The programs of an image that are ours: where their sources are and where they lie in it.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

namespace ashlar::image {

// What a program is compiled with, and so what it may be linked to.
enum class Toolset {
  kWorkshop,  // nothing but libc and libstdc++, static
  kSdk,       // the profile `sdk`: the workshop and libraries
  kAttack,    // the workshop; for images that are attacked from inside, which nobody ships
};

struct OwnProgram {
  std::string_view name;    // as a recipe's `programs` has it
  std::string_view folder;  // src/FOLDER
  std::string_view target;  // what CMake and the bill of materials call it
  std::string_view place;   // in the root; the initramfs's program has none
  Toolset toolset;
};

// Every image has boot, init and the heap library; the others are there when its recipe asks for them.
inline constexpr OwnProgram kBootProgram = {"boot", "boot", "ashlar-boot", "", Toolset::kWorkshop};
inline constexpr OwnProgram kInitProgram = {"init", "init", "ashlar-init", "usr/lib/ashlar/init", Toolset::kWorkshop};
inline constexpr OwnProgram kDataProgram = {"data", "data", "ashlar-data", "usr/lib/ashlar/data", Toolset::kSdk};
inline constexpr OwnProgram kCtlProgram = {"ashlarctl", "ctl", "ashlarctl", "usr/bin/ashlarctl", Toolset::kSdk};
inline constexpr OwnProgram kBacklightProgram = {"backlight", "session", "ashlar-backlight", "usr/lib/ashlar/backlight",
                                                 Toolset::kSdk};
inline constexpr OwnProgram kBarProgram = {"bar", "session", "ashlar-bar", "usr/lib/ashlar/bar", Toolset::kSdk};
inline constexpr OwnProgram kLoginProgram = {"login", "session", "ashlar-login", "usr/lib/ashlar/login", Toolset::kSdk};
inline constexpr OwnProgram kLoggerProgram = {"logger", "logger", "ashlar-logger", "usr/lib/ashlar/logger",
                                              Toolset::kWorkshop};
inline constexpr OwnProgram kPamModule = {"pam-module", "session", "pam_ashlar",
                                          "usr/lib/x86_64-linux-gnu/security/pam_ashlar.so", Toolset::kSdk};
// Breaks its heap, for the tests.
inline constexpr OwnProgram kHeapFaultsProgram = {"heap-faults", "heap", "heap-faults", "usr/lib/ashlar/heap-faults",
                                                  Toolset::kWorkshop};
// What `ashlar prove --live` attacks an image with.
inline constexpr OwnProgram kAttackProgram = {"attack", "prove/live", "ashlar-attack", "usr/lib/ashlar/attack",
                                              Toolset::kAttack};
// Debian's with changes of ours (shell.h); it takes the place of the package's.
inline constexpr OwnProgram kShellProgram = {"sh", "", "dash", "usr/bin/dash", Toolset::kWorkshop};

// What os/root/etc/ld.so.preload names.
inline constexpr OwnProgram kHeapLibrary = {"heap", "heap", "ashlar_scudo", "usr/lib/ashlar/libscudo.so",
                                            Toolset::kWorkshop};

inline constexpr std::array kOwnPrograms = {kBootProgram,   kInitProgram,      kHeapLibrary,       kDataProgram,
                                            kCtlProgram,    kBacklightProgram, kBarProgram,        kLoginProgram,
                                            kLoggerProgram, kPamModule,        kHeapFaultsProgram, kAttackProgram};
// Whether an absolute path of the image is one of theirs.
inline bool is_own_program(std::string_view path) {
  auto is = [&](const OwnProgram& own) {
    return !own.place.empty() && path.starts_with('/') && path.substr(1) == own.place;
  };
  return std::ranges::any_of(kOwnPrograms, is) || is(kShellProgram);
}
inline constexpr std::array kOptionalPrograms = {kCtlProgram.name,    kAttackProgram.name, kBacklightProgram.name,
                                                 kBarProgram.name,    kDataProgram.name,   kHeapFaultsProgram.name,
                                                 kLoggerProgram.name, kLoginProgram.name,  kPamModule.name};

}  // namespace ashlar::image
