#include "data/testing.h"

#include "base/digest.h"

namespace ashlar::testing {
namespace {

constexpr std::size_t kBinary = 4096;
constexpr std::size_t kChecksum = 448;  // in the binary header
constexpr std::size_t kChecksumSize = 64;

}  // namespace

void edit_header(const Disk& disk, const std::function<void(Json&)>& edit,
                 const std::function<void(std::span<std::uint8_t>)>& edit_binary) {
  Fd file = open_file(disk.path(), O_RDWR).value();
  for (std::uint64_t at : {std::uint64_t{0}, kMetadataSize}) {
    Bytes header(kMetadataSize);
    ASSERT_TRUE(read_at(file, at, header));
    std::span<std::uint8_t> area = std::span(header).subspan(kBinary);
    std::string_view text = as_text(area);
    Json json = Json::parse(text.substr(0, text.find('\0')), nullptr, false);
    ASSERT_FALSE(json.is_discarded());
    edit(json);
    std::string edited = json.dump();
    ASSERT_LT(edited.size(), area.size());
    std::ranges::fill(area, std::uint8_t{0});
    std::ranges::copy(edited, area.begin());
    if (edit_binary) edit_binary(std::span(header).first(kBinary));
    std::ranges::fill(std::span(header).subspan(kChecksum, kChecksumSize), std::uint8_t{0});
    Sha256Digest checksum = sha256(header);
    std::ranges::copy(checksum.bytes, header.begin() + kChecksum);
    ASSERT_TRUE(write_at(file, at, header));
  }
}

}  // namespace ashlar::testing
