// Inputs of a small bill of materials, for tests.
#pragma once

#include "image/sbom.h"

namespace ashlar::image {

inline LockedPackage test_package(const std::string& name, const std::string& version = "1-1") {
  return {.name = name,
          .version = version,
          .architecture = "amd64",
          .size = 1,
          .sha256 = sha256(name),
          .suite = "trixie",
          .path = "pool/main/x/" + name + "_" + version.substr(version.find(':') + 1) + "_amd64.deb",
          .profiles = {"core"}};
}

// Below `work` trees are made: in that of the profile its two packages share one licence file.
inline SbomInputs sbom_inputs(const fs::path& work) {
  fs::path doc = work / "tree/usr/share/doc";
  fs::create_directories(doc / "gcc-14-base");
  fs::create_symlink("gcc-14-base", doc / "libstdc++6");
  (void)write_file(doc / "gcc-14-base/copyright", as_bytes("a licence\n"));
  for (const char* tool : {"console-setup-linux", "libc6-dev", "libclang-rt-19-dev", "libgcc-14-dev",
                           "libstdc++-14-dev", "linux-source-7.3", "systemd-boot-efi"}) {
    fs::create_directories(work / "licences/usr/share/doc" / tool);
    (void)write_file(work / "licences/usr/share/doc" / tool / "copyright", as_bytes(tool));
  }
  auto built = [](const char* content) { return BuiltFile{"0.1.0", sha256(content)}; };
  return {.profile = "core",
          .variant = Variant::kDev,
          .version = "0.1.0",
          .root_hash = RootHash{sha256("root")},
          .bootloader = built("bootloader"),
          .uki = built("uki"),
          .kernel = {"7.3.4-ashlar", sha256("kernel")},
          .programs = {{kBootProgram, built("boot")}, {kInitProgram, built("init")}},
          .packages = {test_package("gcc-14-base"), test_package("libstdc++6", "1:14.2.0+b1")},
          .workshop = {test_package("console-setup-linux"), test_package("libc6-dev"),
                       test_package("libclang-rt-19-dev"), test_package("libgcc-14-dev"),
                       test_package("libstdc++-14-dev"), test_package("systemd-boot-efi"), test_package("clang-19")},
          .kernel_source = {test_package("linux-source-7.3")},
          .tree = work / "tree",
          .licences = work / "licences"};
}

}  // namespace ashlar::image
