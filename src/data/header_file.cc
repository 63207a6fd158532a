#include "data/header_file.h"

#include <unistd.h>

#include "base/digest.h"
#include "data/volume.h"

namespace ashlar {
namespace {

constexpr std::size_t kBinary = 4096;
constexpr std::size_t kChecksum = 448;  // in the binary header
constexpr std::size_t kChecksumSize = 64;

}  // namespace

Result<HeaderFile> HeaderFile::blank() {
  std::string name = (fs::temp_directory_path() / "ashlar-header-XXXXXX").string();
  Fd file(::mkstemp(name.data()));
  if (!file.valid()) return fail_errno("make " + name);
  HeaderFile made{fs::path(name)};
  if (::ftruncate(file.get(), static_cast<off_t>(kSize)) != 0) return fail_errno("make " + name);
  return made;
}

Result<HeaderFile> HeaderFile::copy() const {
  HeaderFile made = TRY(blank());
  std::error_code error;
  fs::copy_file(path_, made.path_, fs::copy_options::overwrite_existing, error);
  if (error) return fail_errno("copy " + path_.string(), error.value());
  return made;
}

HeaderFile::~HeaderFile() {
  std::error_code ignored;
  if (!path_.empty()) fs::remove(path_, ignored);
}

Status HeaderFile::edit(const std::function<void(Json&)>& edit,
                        const std::function<void(std::span<std::uint8_t>)>& edit_binary) const {
  Fd file = TRY(open_file(path_, O_RDWR));
  for (std::uint64_t at : {std::uint64_t{0}, kMetadataSize}) {
    Bytes header(kMetadataSize);
    TRY(read_at(file, at, header));
    std::span<std::uint8_t> area = std::span(header).subspan(kBinary);
    std::string_view text = as_text(area);
    Json json = Json::parse(text.substr(0, text.find('\0')), nullptr, false);
    if (json.is_discarded()) return fail(path_.string() + " has no LUKS2 header to edit");
    edit(json);
    std::string edited = json.dump();
    if (edited.size() >= area.size()) return fail("the edited header is too long");
    std::ranges::fill(area, std::uint8_t{0});
    std::ranges::copy(edited, area.begin());
    if (edit_binary) edit_binary(std::span(header).first(kBinary));
    std::ranges::fill(std::span(header).subspan(kChecksum, kChecksumSize), std::uint8_t{0});
    Sha256Digest checksum = sha256(header);
    std::ranges::copy(checksum.bytes, header.begin() + kChecksum);
    TRY(write_at(file, at, header));
  }
  return {};
}

}  // namespace ashlar
