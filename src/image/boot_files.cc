#include "image/boot_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <map>

#include "format/authenticode.h"
#include "format/cpio.h"
#include "format/efi_signature.h"
#include "format/ipe_policy.h"
#include "format/pcr_signer.h"
#include "format/selinux.h"
#include "format/uki.h"
#include "image/cache.h"
#include "image/predict.h"

namespace ashlar::image {
namespace {

constexpr std::uint64_t kLargestUki = 25 * 1024 * 1024;
constexpr std::uint64_t kLargestInitramfs = 2 * 1024 * 1024;

// Firmware compares timestamps of key updates and refuses older ones; the first enrolment may have any.
constexpr EfiTime kKeyTimestamp = {.year = 2026, .month = 1, .day = 1};

// A GUID that marks who put a key into the firmware's databases: derived from PK, so that it is the owner's.
Guid owner_guid(const X509Certificate& platform) {
  Sha256Digest digest = sha256(certificate_der(platform));
  return guid_from_big_endian(std::span<const std::uint8_t, 32>(digest.bytes).first<16>());
}

}  // namespace

Result<Bytes> key_update(const EfiVariable& variable, const X509Certificate& certificate, const KeySet& keys) {
  EfiSignatureList list = efi_x509_list(owner_guid(keys.platform.certificate), certificate_der(certificate));
  Bytes value = TRY(build_efi_signature_lists(std::span(&list, 1)));
  bool is_database = variable.vendor == kEfiImageSecurityDatabase;
  return build_efi_auth(variable, kKeyTimestamp, value, is_database ? keys.key_exchange : keys.platform);
}

Result<EspFiles> esp_files(Bytes bootloader, Bytes uki, std::string_view version, const KeySet& keys) {
  ByteView conf = as_bytes(kLoaderConf);
  EspFiles files;
  files[std::string(kBootloaderPath)] = std::move(bootloader);
  files[uki_path(version)] = std::move(uki);
  files[std::string(kLoaderConfPath)] = Bytes(conf.begin(), conf.end());
  files[key_update_path(kEfiPk)] = TRY(key_update(kEfiPk, keys.platform.certificate, keys));
  files[key_update_path(kEfiKek)] = TRY(key_update(kEfiKek, keys.key_exchange.certificate, keys));
  files[key_update_path(kEfiDb)] = TRY(key_update(kEfiDb, keys.image.certificate, keys));
  return files;
}

Result<Bytes> build_initramfs(const fs::path& boot_program, const RootHash& root_hash, ByteView selinux_policy,
                              std::string_view packages, const Signer& signer) {
  Bytes init = TRY(read_file(boot_program));
  Bytes signature = TRY(sign_detached(signer, as_bytes(root_hash.hex())));
  Bytes policy = TRY(sign_attached(signer, as_bytes(ipe_run_policy(root_hash))));
  std::array<CpioNode, 5> nodes = {CpioNode::file("init", 0755, init), CpioNode::file("roothash.p7s", 0644, signature),
                                   CpioNode::file(kIpeRunPolicyFile, 0644, policy),
                                   CpioNode::file(kSelinuxPolicyFile, 0644, selinux_policy),
                                   CpioNode::file("packages", 0644, as_bytes(packages))};
  Bytes initramfs = TRY(build_cpio(nodes));
  if (initramfs.size() > kLargestInitramfs) {
    return fail("the initramfs has " + std::to_string(initramfs.size()) + " bytes, 2 MiB are allowed");
  }
  return initramfs;
}

Result<std::string> build_command_line(std::string_view parameters, const RootHash& root_hash, Variant variant) {
  std::string line;
  while (!parameters.empty()) {
    std::size_t end = std::min(parameters.find('\n'), parameters.size());
    std::string_view parameter = parameters.substr(0, end);
    parameters.remove_prefix(std::min(end + 1, parameters.size()));
    if (parameter.empty() || parameter.starts_with('#')) continue;
    if (parameter.find(' ') != std::string_view::npos || parameter == "--") {
      return fail_misuse("os/cmdline: one parameter a line, without spaces: " + std::string(parameter));
    }
    line.append(parameter).append(" ");
  }
  if (variant == Variant::kDev) line += "console=ttyS0 ";
  return line + "roothash=" + root_hash.hex() + " --";
}

Result<Bytes> build_signed_uki(const UkiInputs& inputs, const KeySet& keys) {
  Bytes stub = TRY(read_file(inputs.stub));
  Bytes kernel = TRY(read_file(inputs.kernel));
  std::string pcr_key = TRY(rsa_public_key_of(keys.pcr.certificate)).pem();
  std::vector<UkiSection> sections = {{".osrel", as_bytes(inputs.os_release)},
                                      {".cmdline", as_bytes(inputs.command_line)},
                                      {".uname", as_bytes(inputs.kernel_release)},
                                      {".pcrpkey", as_bytes(pcr_key)},
                                      {".initrd", inputs.initramfs},
                                      {".linux", kernel}};
  Bytes measured = TRY(build_uki(stub, sections));
  // Here PCR 11 is decided: of what follows the stub measures nothing.
  Sha256Digest pcr = TRY(predict_uki_pcr(measured));
  std::string pcr_signature = build_pcr_signature(TRY(in("PCR key", sign_image_policies(keys.pcr, pcr, inputs.epoch))));
  sections.push_back({".pcrsig", as_bytes(pcr_signature)});
  Bytes uki = TRY(sign_pe(TRY(build_uki(stub, sections)), keys.image));
  if (uki.size() > kLargestUki) return fail("the UKI has " + std::to_string(uki.size()) + " bytes, 25 MiB are allowed");
  return uki;
}

Status write_esp(const Workshop& workshop, const EspFiles& files, std::uint64_t size_mib, const fs::path& image) {
  TemporaryDirectory work = TRY(TemporaryDirectory::below(image.parent_path()));
  fs::path esp = work.path() / "esp";
  Fd file = TRY(open_file(esp, O_WRONLY | O_CREAT | O_EXCL, 0644));
  if (::ftruncate(file.get(), static_cast<off_t>(size_mib << 20)) != 0) return fail_errno("make room for the ESP");
  TRY(file.close());

  const fs::path inside = "/run/esp";
  auto run = [&](std::vector<std::string> argv) -> Status {
    TRY(workshop.run(
        {.binds = {{work.path(), inside, Bind::Access::kReadWrite}}, .directory = inside, .argv = std::move(argv)}));
    return {};
  };
  TRY(run({"mkfs.fat", "--invariant", "-F", "32", "-n", "ESP", "esp"}));
  // mtools does one thing at a time; one sandbox for all of them is faster than one each.
  std::string script = "set -e\n";
  std::map<std::string, bool> directories;
  std::size_t number = 0;
  for (const auto& [path, content] : files) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (directories.emplace(path.substr(0, slash), true).second)
        script += "mmd -i esp ::/" + path.substr(0, slash) + "\n";
    }
    std::string source = "file" + std::to_string(number++);
    TRY(write_file(work.path() / source, content));
    script += "mcopy -i esp " + source + " ::/" + path + "\n";
  }
  TRY(run({"sh", "-c", script}));
  if (::rename(esp.c_str(), image.c_str()) != 0) return fail_errno("rename " + esp.string());
  return {};
}

}  // namespace ashlar::image
