#include "image/inspect.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>

#include "base/log.h"
#include "format/authenticode.h"
#include "format/cpio.h"
#include "format/efi_auth.h"
#include "format/efi_signature.h"
#include "format/ipe_policy.h"
#include "format/kernel_cmdline.h"
#include "format/pe.h"
#include "format/uki.h"
#include "image/attestations.h"
#include "image/json_read.h"
#include "image/pcr_policies.h"

namespace ashlar::image {
namespace {

std::string type_name(const Guid& type) {
  if (type == kEspType) return "ESP";
  if (type == kRootX64Type) return "root (x86-64)";
  if (type == kRootVerityX64Type) return "root verity (x86-64)";
  if (type == kLinuxDataType) return "Linux data";
  return type.text();
}

Result<Json> describe_pe(const FatFile& file) {
  PeImage pe = TRY(parse_pe(file.content));
  Sha256Digest authenticode = TRY(authenticode_digest(file.content));
  Json out = {{"path", file.path},
              {"bytes", file.content.size()},
              {"sha256", sha256(file.content).hex()},
              {"authenticode_sha256", authenticode.hex()}};
  out["signers"] = Json::array();
  for (const PeSignature& signature : TRY(pe_signatures(file.content))) out["signers"].push_back(signature.signer);
  for (const PeSection& section : pe.sections) {
    out["sections"].push_back(
        {{"name", section.name}, {"bytes", section.content.size()}, {"sha256", sha256(section.content).hex()}});
  }
  return out;
}

// What a signed update of a key database would enrol, and who signed it.
Result<Json> describe_key_update(ByteView file) {
  Json enrols = Json::array();
  for (const EfiSignatureList& list : TRY(parse_efi_signature_lists(TRY(parse_efi_auth(file)).value))) {
    for (const EfiSignature& entry : list.signatures) {
      bool is_certificate = list.type == kEfiX509Type;
      enrols.push_back(is_certificate ? certificate_subject(TRY(parse_certificate(entry.data))) : to_hex(entry.data));
    }
  }
  std::string signer = TRY(efi_auth_signer(file));
  return Json{{"enrols", std::move(enrols)}, {"signer", std::move(signer)}};
}

Json describe_other_file(const FatFile& file) {
  Json out = {{"path", file.path}, {"bytes", file.content.size()}};
  if (!file.path.ends_with(".auth")) return out;
  Result<Json> update = describe_key_update(file.content);
  if (update) {
    out.update(*update);
  } else {
    out["error"] = update.error().message();
  }
  return out;
}

std::string other_file_line(const Json& file) {
  std::string line =
      fmt::format("  {:26} {:>8} bytes\n", file["path"].get<std::string>(), file["bytes"].get<std::uint64_t>());
  for (const Json& enrolled : file.value("enrols", Json::array())) {
    line += "    enrols " + enrolled.get<std::string>() + "\n";
  }
  if (file.contains("signer")) line += "    signed by " + file["signer"].get<std::string>() + "\n";
  if (file.contains("error")) line += "    is no key update: " + file["error"].get<std::string>() + "\n";
  return line;
}

// Lines of name, version, architecture and SHA-256. A shorter line is refused: there could be a great many of them.
Result<Json> describe_packages(std::string_view lines) {
  Json out = Json::array();
  while (!lines.empty()) {
    std::size_t end = std::min(lines.find('\n'), lines.size());
    std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    std::array<std::string_view, 4> fields;
    for (std::string_view& field : fields) {
      field = line.substr(0, line.find(' '));
      line.remove_prefix(std::min(field.size() + 1, line.size()));
    }
    if (!line.empty() || !parse_sha256(fields[3])) {
      return fail("packages: line " + std::to_string(out.size() + 1) + " does not name a package");
    }
    out.push_back({{"name", fields[0]}, {"version", fields[1]}});
  }
  return out;
}

Json describe_ipe_policy(ByteView policy) {
  Result<Bytes> content = attached_content(policy);
  Result<std::string> signer = signer_of(policy);
  if (!content || !signer) return {{"error", (content ? signer.error() : content.error()).message()}};
  return {{"signer", *signer}, {"text", as_text(*content)}};
}

std::string ipe_policy_lines(const Json& policy) {
  if (policy.contains("error")) return "IPE policy    UNREADABLE: " + policy["error"].get<std::string>() + "\n";
  return "IPE policy    signature " + policy["signer"].get<std::string>() + "\n" + policy["text"].get<std::string>();
}

// Checked by the key that the UKI brings along: whose it is says `verify`.
Json describe_pcr_policies(ByteView uki) {
  Result<PcrPolicies> policies = check_pcr_policies(uki);
  if (!policies) return {{"hold", false}, {"error", policies.error().message()}};
  const ImagePolicies& digests = policies->signature.policies;
  return {{"hold", true},
          {"epoch", policies->signature.epoch.number()},
          {"key_fingerprint", policies->key.fingerprint().hex()},
          {"unseal", digests.unseal.hex()},
          {"write", digests.write.hex()},
          {"first_write", digests.first_write.hex()}};
}

std::string pcr_policies_lines(const Json& policies) {
  if (!policies["hold"].get<bool>()) return "PCR policies  DO NOT HOLD: " + policies["error"].get<std::string>() + "\n";
  return fmt::format(
      "PCR policies  epoch {}, signed for PCR 11 of this image by key {}\n  unseal      {}\n  write       {}\n"
      "  first write {}\n",
      policies["epoch"].get<unsigned>(), policies["key_fingerprint"].get<std::string>(),
      policies["unseal"].get<std::string>(), policies["write"].get<std::string>(),
      policies["first_write"].get<std::string>());
}

Result<Json> describe_attestations(const fs::path& path, const OpenedImage& image) {
  Json out = Json::array();
  for (const AttestationCheck& check : TRY(check_attestations(path, image, nullptr))) {
    Json entry = {{"what", check.link}, {"file", check.path.string()}, {"present", check.is_present}};
    if (check.is_present) {
      entry["says"] = check.says;
      entry["agrees_with_image"] = check.holds.has_value();
    }
    if (!check.holds) entry["error"] = check.holds.error().message();
    out.push_back(std::move(entry));
  }
  return out;
}

std::string attestation_line(const Json& attestation) {
  std::string what = attestation["what"].get<std::string>();
  if (!attestation["present"].get<bool>()) return fmt::format("  {:27} is not there\n", what);
  std::string verdict = attestation["agrees_with_image"].get<bool>()
                            ? "agrees with the image"
                            : "DISAGREES: " + attestation["error"].get<std::string>();
  return fmt::format("  {:27} {}\n  {:27} {}\n", what, verdict, "", attestation["says"].get<std::string>());
}

Result<Json> describe(const fs::path& path) {
  OpenedImage image = TRY(open_image(path));
  Json out = {
      {"image", path.string()}, {"bytes", image.file.bytes().size()}, {"disk_guid", image.table.disk_id.text()}};
  for (const GptPartition& partition : image.table.partitions) {
    out["partitions"].push_back({{"label", partition.name},
                                 {"type", type_name(partition.type)},
                                 {"guid", partition.id.text()},
                                 {"first_byte", partition.first_lba * kSectorSize},
                                 {"bytes", partition.sectors() * kSectorSize}});
  }
  out["programs"] = Json::array();
  out["other_files"] = Json::array();
  for (const FatFile& file : image.esp) {
    if (file.path.ends_with(".efi") || file.path.ends_with(".EFI")) {
      out["programs"].push_back(TRY(in(file.path, describe_pe(file))));
    } else {
      out["other_files"].push_back(describe_other_file(file));
    }
  }
  const FatFile* uki_file = TRY(image.only_file(kUkiDirectory, ".efi"));
  OpenedUki uki = TRY(in(uki_file->path, open_uki(uki_file->content)));
  out["command_line"] = uki.command_line;
  out["root_hash"] = uki.root_hash.hex();
  Result<std::string> signer = signer_of(uki.root_hash_signature);
  out["root_hash_signer"] = signer ? *signer : signer.error().message();
  out["ipe_policy"] = describe_ipe_policy(uki.ipe_policy);
  out["pcr_policies"] = describe_pcr_policies(uki_file->content);
  out["os_release"] = uki.os_release;
  out["attestations"] = TRY(describe_attestations(path, image));
  out["packages"] = TRY(in(uki_file->path, describe_packages(uki.packages)));
  return out;
}

std::string as_lines(const Json& out) {
  std::string text =
      fmt::format("image      {}\nsize       {} bytes\ndisk GUID  {}\n\npartitions\n", out["image"].get<std::string>(),
                  out["bytes"].get<std::uint64_t>(), out["disk_guid"].get<std::string>());
  for (const Json& partition : out["partitions"]) {
    text += fmt::format("  {:24} {:22} {:>12} bytes  {}\n", partition["label"].get<std::string>(),
                        partition["type"].get<std::string>(), partition["bytes"].get<std::uint64_t>(),
                        partition["guid"].get<std::string>());
  }
  for (const Json& program : out["programs"]) {
    text += fmt::format("\n{}\n  {} bytes, SHA-256 {}\n  Authenticode {}\n", program["path"].get<std::string>(),
                        program["bytes"].get<std::uint64_t>(), program["sha256"].get<std::string>(),
                        program["authenticode_sha256"].get<std::string>());
    for (const Json& signer : program["signers"]) text += "  signed by " + signer.get<std::string>() + "\n";
    if (program["signers"].empty()) text += "  not signed\n";
    for (const Json& section : program["sections"]) {
      text += fmt::format("  {:10} {:>10} bytes  {}\n", section["name"].get<std::string>(),
                          section["bytes"].get<std::uint64_t>(), section["sha256"].get<std::string>());
    }
  }
  text += "\nother files of the ESP\n";
  for (const Json& file : out["other_files"]) text += other_file_line(file);
  text += "\nbeside the image (signatures: ashlar verify)\n";
  for (const Json& attestation : out["attestations"]) text += attestation_line(attestation);
  text += fmt::format("\ncommand line  {}\nroot hash     {}\n  signature {}\n{}{}\n{}\n{} packages\n",
                      out["command_line"].get<std::string>(), out["root_hash"].get<std::string>(),
                      out["root_hash_signer"].get<std::string>(), ipe_policy_lines(out["ipe_policy"]),
                      pcr_policies_lines(out["pcr_policies"]), out["os_release"].get<std::string>(),
                      out["packages"].size());
  for (const Json& package : out["packages"]) {
    text += fmt::format("  {} {}\n", package["name"].get<std::string>(), package["version"].get<std::string>());
  }
  return text;
}

}  // namespace

ByteView OpenedImage::bytes_of(const GptPartition& partition) const {
  return file.bytes().subspan(partition.first_lba * kSectorSize, partition.sectors() * kSectorSize);
}

Result<const FatFile*> OpenedImage::only_file(std::string_view directory, std::string_view ending) const {
  const FatFile* found = nullptr;
  for (const FatFile& candidate : esp) {
    if (!candidate.path.starts_with(directory) || !candidate.path.ends_with(ending)) continue;
    if (found != nullptr) return fail(fmt::format("ESP: {} and {}: only one is expected", found->path, candidate.path));
    found = &candidate;
  }
  if (found == nullptr) return fail(fmt::format("ESP: there is no {}*{}", directory, ending));
  return found;
}

Result<GptTable> read_partition_table(ByteView disk) {
  std::uint64_t sectors = disk.size() / kSectorSize;
  if (disk.size() % kSectorSize != 0 || sectors < kGptFirstSectors + kGptLastSectors) {
    return fail("partition table: this is no disk image: " + std::to_string(disk.size()) + " bytes");
  }
  return in("partition table",
            parse_gpt(disk.first(kGptFirstSectors * kSectorSize), disk.last(kGptLastSectors * kSectorSize), sectors));
}

Result<OpenedImage> open_image(const fs::path& path) {
  MappedFile file = TRY(MappedFile::open(path));
  GptTable table = TRY(read_partition_table(file.bytes()));
  OpenedImage image{std::move(file), std::move(table), {}};
  const GptPartition* esp = nullptr;
  for (const GptPartition& partition : image.table.partitions) {
    if (partition.type != kEspType) continue;
    if (esp != nullptr) return fail("partition table: there are two ESPs");
    esp = &partition;
  }
  if (esp == nullptr) return fail("partition table: there is no ESP");
  image.esp = TRY(read_fat32(image.bytes_of(*esp)));
  return image;
}

Result<OpenedUki> open_uki(ByteView uki) {
  OpenedUki out;
  for (const UkiSection& section : TRY(inspect_uki(uki))) {
    if (section.name == ".cmdline") out.command_line = as_text(section.content);
    if (section.name == ".osrel") out.os_release = as_text(section.content);
    if (section.name != ".initrd") continue;
    for (const CpioNode& node : TRY(in("initramfs", parse_cpio(section.content)))) {
      if (node.path == "roothash.p7s") out.root_hash_signature.assign(node.content.begin(), node.content.end());
      if (node.path == kIpeRunPolicyFile) out.ipe_policy.assign(node.content.begin(), node.content.end());
      if (node.path == "packages") out.packages = as_text(node.content);
    }
  }
  KernelCmdline line = TRY(in("command line", parse_kernel_cmdline(out.command_line)));
  if (!line.has_separator || !line.init_arguments.empty()) {
    return fail("command line: it does not end in \" --\": what the stub appends would be read by the kernel");
  }
  out.root_hash = TRY(in("command line", parse_root_hash(TRY(line.only_value("roothash")))));
  return out;
}

Result<std::string> inspect_image(const fs::path& path, Format format) {
  Json description = TRY(in("inspect " + path.string(), describe(path)));
  // Text of the image need not be UTF-8.
  if (format == Format::kJson) return description.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  return log::printable(as_lines(description));
}

}  // namespace ashlar::image
