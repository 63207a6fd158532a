#include "image/sbom.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace ashlar::image {
namespace {

using Kind = SbomComponent::Kind;

constexpr const char* kOwnLicence = "Apache-2.0";
constexpr const char* kKernelLicence = "GPL-2.0-only WITH Linux-syscall-note";

// Packages of the workshop whose content ends up in the image.
constexpr const char* kBootloaderPackage = "systemd-boot-efi";  // systemd-boot, and the stub in front of the UKI
constexpr const char* kFontPackage = "console-setup-linux";     // the font of our screen
constexpr std::array kLinkedPackages = {"libc6-dev", "libgcc-14-dev", "libstdc++-14-dev"};  // into all our programs
constexpr const char* kHeapPackage = "libclang-rt-19-dev";                                  // Scudo
constexpr std::array kProgramsWithHeap = {kBootProgram.name, kInitProgram.name, kCtlProgram.name, kHeapLibrary.name};
constexpr std::array kSdkPackages = {"nlohmann-json3-dev"};  // headers, into those that the sdk is for
constexpr std::array kProgramsWithFont = {kBootProgram.name, kDataProgram.name};

// SPDX identifiers allow letters, digits, '.' and '-'. Debian's names have no upper case, so nothing is confused.
std::string identifier_of(const LockedPackage& package) {
  std::string id = "Package-";
  for (char c : package.name) c == '+' ? id.push_back('P') : id.push_back(c);
  return id;
}

// `tree` is where its licence file is.
Result<SbomComponent> debian_component(const LockedPackage& package, const fs::path& tree) {
  std::optional<LicenceFile> licence_file = TRY(find_licence_file(tree, package.name));
  return SbomComponent{.kind = Kind::kDebianPackage,
                       .id = identifier_of(package),
                       .name = package.name,
                       .version = package.version,
                       .sha256 = package.sha256,
                       .package = package,
                       .licence_file = std::move(licence_file)};
}

Result<LockedPackage> package_named(const std::vector<LockedPackage>& packages, std::string_view name) {
  auto found = std::ranges::find(packages, name, &LockedPackage::name);
  if (found == packages.end()) return fail(fmt::format("bill of materials: the workshop has no {}", name));
  return *found;
}

// Components by identifier, each once.
class Bill {
 public:
  explicit Bill(Sbom& sbom) : sbom_(sbom) {}
  std::string add(SbomComponent component) {
    std::string id = component.id;
    if (std::ranges::find(sbom_.components, id, &SbomComponent::id) == sbom_.components.end())
      sbom_.components.push_back(std::move(component));
    return id;
  }
  void relate(std::string from, SbomRelation relation, std::string to) {
    sbom_.relationships.push_back({std::move(from), relation, std::move(to)});
  }

 private:
  Sbom& sbom_;
};

std::string percent_encoded(std::string_view text) {
  std::string out;
  for (char c : text) c == '+' ? out += "%2B" : out += c;
  return out;
}

}  // namespace

std::string package_url(const LockedPackage& package) {
  return fmt::format("pkg:deb/debian/{}@{}?arch={}&distro={}", percent_encoded(package.name),
                     percent_encoded(package.version), package.architecture, package.suite);
}

Result<Sbom> describe_contents(const SbomInputs& inputs) {
  Sbom sbom = {.name = fmt::format("ashlar-{}-{}", inputs.profile, name_of(inputs.variant)),
               .version = inputs.version,
               .root_hash = inputs.root_hash};
  Bill bill(sbom);
  auto built = [&](Kind kind, const char* id, std::string name, const BuiltFile& file, const char* licence) {
    return bill.add({.kind = kind,
                     .id = id,
                     .name = std::move(name),
                     .version = file.version,
                     .sha256 = file.sha256,
                     .licence = licence});
  };
  std::string bootloader = built(Kind::kFirmwareProgram, "Bootloader", "BOOTX64.EFI", inputs.bootloader, "");
  std::string uki = built(Kind::kFirmwareProgram, "UKI", fmt::format("ashlar_{}.efi", inputs.version), inputs.uki, "");
  std::string kernel = built(Kind::kKernel, "Kernel", "linux", inputs.kernel, kKernelLicence);
  for (const std::string& part : {bootloader, uki}) bill.relate(kSbomImage, SbomRelation::kContains, part);
  bill.relate(uki, SbomRelation::kContains, kernel);

  auto add_tool = [&](const char* name) -> Result<std::string> {
    return bill.add(TRY(debian_component(TRY(package_named(inputs.workshop, name)), inputs.licences)));
  };
  for (const LockedPackage& package : inputs.packages) {
    SbomComponent component = TRY(debian_component(package, inputs.tree));
    if (!component.licence_file) {
      return fail(fmt::format("bill of materials: the image has no licence file of {} (/usr/share/doc/{}/copyright)",
                              package.name, package.name));
    }
    component.licence_in_image = true;
    bill.relate(kSbomImage, SbomRelation::kContains, bill.add(std::move(component)));
  }
  for (const LockedPackage& source : inputs.kernel_source) {
    std::string package = bill.add(TRY(debian_component(source, inputs.licences)));
    bill.relate(kernel, SbomRelation::kGeneratedFrom, package);
  }
  std::string loader = TRY(add_tool(kBootloaderPackage));
  for (const std::string& part : {bootloader, uki}) bill.relate(part, SbomRelation::kGeneratedFrom, loader);
  for (const auto& [program, file] : inputs.programs) {
    std::string target(program.target);
    std::string part = built(Kind::kProgram, target.c_str(), target, file, kOwnLicence);
    bill.relate(program.place.empty() ? uki : kSbomImage, SbomRelation::kContains, part);
    if (std::ranges::find(kProgramsWithFont, program.name) != kProgramsWithFont.end()) {
      bill.relate(part, SbomRelation::kGeneratedFrom, TRY(add_tool(kFontPackage)));
    }
    if (std::ranges::find(kProgramsWithHeap, program.name) != kProgramsWithHeap.end()) {
      bill.relate(part, SbomRelation::kStaticLink, TRY(add_tool(kHeapPackage)));
    }
    for (const char* name : kLinkedPackages) bill.relate(part, SbomRelation::kStaticLink, TRY(add_tool(name)));
    if (program.toolset != Toolset::kSdk) continue;
    for (const char* name : kSdkPackages) bill.relate(part, SbomRelation::kStaticLink, TRY(add_tool(name)));
  }
  return sbom;
}

}  // namespace ashlar::image
