// What a disk image says about itself, and whether its chain of signatures and hashes holds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "format/fat.h"
#include "format/gpt.h"
#include "format/verity.h"
#include "image/boot_files.h"
#include "image/keys.h"
#include "image/mapped_file.h"

namespace ashlar::image {

// A disk image opened and taken apart; nothing of it is believed. Views stay in the mapped file.
struct OpenedImage {
  MappedFile file;
  GptTable table;
  std::vector<FatFile> esp;

  // The bytes of a partition.
  [[nodiscard]] ByteView bytes_of(const GptPartition& partition) const;
  // The only file of the ESP below `directory` with that ending.
  [[nodiscard]] Result<const FatFile*> only_file(std::string_view directory, std::string_view ending) const;
};
// The partition table of a whole disk. Errors begin with "partition table".
Result<GptTable> read_partition_table(ByteView disk);
// Errors name the link: partition table, or ESP.
Result<OpenedImage> open_image(const fs::path& path);

// The UKI's parts as the chain uses them.
struct OpenedUki {
  std::string command_line;
  RootHash root_hash;
  std::string os_release;
  Bytes root_hash_signature;
  Bytes ipe_policy;      // signed, with the content inside
  std::string packages;  // "name version architecture sha256" lines, as the builder put them into the initramfs
};
Result<OpenedUki> open_uki(ByteView uki);

enum class Format { kText, kJson };
// `ashlar inspect`.
Result<std::string> inspect_image(const fs::path& path, Format format);

// `ashlar verify`: every link, from the key updates on the ESP to the last block of the root. One line for each link
// that held; the error names the link that broke.
Result<std::vector<std::string>> verify_image(const fs::path& path, const CertificateSet& certificates);

}  // namespace ashlar::image
