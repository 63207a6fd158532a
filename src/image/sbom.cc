#include "image/sbom.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "image/tree_view.h"

namespace ashlar::image {
namespace {

using Kind = SbomComponent::Kind;

constexpr const char* kOwnLicence = "Apache-2.0";
constexpr const char* kKernelLicence = "GPL-2.0-only WITH Linux-syscall-note";

// Packages of the workshop whose content ends up in the image.
constexpr const char* kBootloaderPackage = "systemd-boot-efi";  // systemd-boot, and the stub in front of the UKI
constexpr const char* kFontPackage = "console-setup-linux";     // the font of the initramfs's screen
constexpr std::array<const char*, 3> kLinkedPackages = {"libc6-dev", "libgcc-14-dev", "libstdc++-14-dev"};

// SPDX identifiers allow letters, digits, '.' and '-'. Debian's names have no upper case, so nothing is confused.
std::string identifier_of(const LockedPackage& package) {
  std::string id = "Package-";
  for (char c : package.name) c == '+' ? id.push_back('P') : id.push_back(c);
  return id;
}

SbomComponent debian_component(const LockedPackage& package) {
  return {.kind = Kind::kDebianPackage,
          .id = identifier_of(package),
          .name = package.name,
          .version = package.version,
          .sha256 = package.sha256,
          .package = package};
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

Result<std::string> sha1_hex(ByteView content) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(content.data(), content.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    return fail("SHA-1 is not to be had from OpenSSL");
  return to_hex(std::span(digest).first(size));
}

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

Result<std::optional<LicenceFile>> find_licence_file(const fs::path& tree, const std::string& package) {
  TreeView view(tree);
  std::optional<fs::path> path = view.resolve(fs::path("/usr/share/doc") / package / "copyright");
  if (!path || !view.has_file(*path)) return std::nullopt;
  Bytes content = TRY(read_file(view.on_host(*path)));
  return LicenceFile{path->string(), sha256(content), TRY(sha1_hex(content))};
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
  std::string boot = built(Kind::kProgram, "ashlar-boot", "ashlar-boot", inputs.boot, kOwnLicence);
  std::string init = built(Kind::kProgram, "ashlar-init", "ashlar-init", inputs.init, kOwnLicence);
  for (const std::string& part : {bootloader, uki, init}) bill.relate(kSbomImage, SbomRelation::kContains, part);
  for (const std::string& part : {kernel, boot}) bill.relate(uki, SbomRelation::kContains, part);

  for (const LockedPackage& package : inputs.packages) {
    SbomComponent component = debian_component(package);
    component.licence_file = TRY(find_licence_file(inputs.tree, package.name));
    bill.relate(kSbomImage, SbomRelation::kContains, bill.add(std::move(component)));
  }
  for (const LockedPackage& source : inputs.kernel_source)
    bill.relate(kernel, SbomRelation::kGeneratedFrom, bill.add(debian_component(source)));
  std::string loader = bill.add(debian_component(TRY(package_named(inputs.workshop, kBootloaderPackage))));
  for (const std::string& part : {bootloader, uki}) bill.relate(part, SbomRelation::kGeneratedFrom, loader);
  bill.relate(boot, SbomRelation::kGeneratedFrom,
              bill.add(debian_component(TRY(package_named(inputs.workshop, kFontPackage)))));
  for (const char* name : kLinkedPackages) {
    std::string library = bill.add(debian_component(TRY(package_named(inputs.workshop, name))));
    for (const std::string& program : {boot, init}) bill.relate(program, SbomRelation::kStaticLink, library);
  }
  return sbom;
}

}  // namespace ashlar::image
