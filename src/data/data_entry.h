// The data partition in a disk's GPT: looked up, made and named. The changes are libfdisk's, on a copy of the table in
// memory; what it made is read again strictly (format/gpt.h), and only then written, so that a power cut at any moment
// leaves a table that firmware and kernel understand.
#pragma once

#include <optional>

#include "base/fd.h"
#include "data/storage.h"
#include "format/gpt.h"

namespace ashlar {

constexpr const char* kUnfinishedDataLabel = "data-new";
constexpr const char* kDataLabel = "data";
constexpr std::uint64_t kLeastDataSize = std::uint64_t{64} << 20;  // bytes

// What a label says: absent for that of any other partition.
PartitionState data_state(std::string_view label);

// `disk`: the whole disk or an image of one, sectors of 512 bytes. Errors: no GPT, or several data partitions.
Result<std::optional<GptPartition>> find_data_entry(const Fd& disk);
// Makes an unfinished one from behind the last partition to the end of the disk, aligned to 1 MiB, or gives the one
// that is there. Where the disk is larger than the image that was written to it, the second copy of the table moves to
// the end. Errors: a complete one, or no room.
Result<GptPartition> make_data_entry(const Fd& disk);
// The unfinished one is complete from here on. One that is already is as good.
Status complete_data_entry(const Fd& disk);

}  // namespace ashlar
