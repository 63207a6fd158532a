#include "image/part_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace ashlar::image {

Status hash_file(const Fd& fd, std::uint64_t size, Sha256& hash) {
  constexpr std::uint64_t kPiece = std::uint64_t{1} << 20;
  Bytes buffer(std::min(kPiece, size));
  for (std::uint64_t at = 0; at < size;) {
    std::span<std::uint8_t> piece = std::span(buffer).first(std::min<std::uint64_t>(buffer.size(), size - at));
    TRY(read_at(fd, at, piece));
    hash.update(piece);
    at += piece.size();
  }
  return {};
}

Result<PartFile> PartFile::open(const Download& download) {
  PartFile part;
  part.path_ = download.to.string() + ".part";
  part.expected_ = download.size;
  part.fd_ = TRY(open_file(part.path_, O_RDWR | O_CREAT, 0644));
  struct stat status{};
  if (::fstat(part.fd_.get(), &status) != 0) return fail_errno("stat " + part.path_.string());
  auto there = static_cast<std::uint64_t>(status.st_size);
  if (there > download.size) {
    TRY(part.restart());
    return part;
  }
  TRY(in(part.path_.string(), hash_file(part.fd_, there, part.hash_)));
  part.received_ = there;
  part.resumed_ = there > 0;
  return part;
}

Status PartFile::append(ByteView bytes) {
  if (bytes.size() > expected_ - received_) return fail("more bytes came than the file has");
  TRY(in(path_.string(), write_at(fd_, received_, bytes)));
  hash_.update(bytes);
  received_ += bytes.size();
  return {};
}

Status PartFile::restart() {
  if (::ftruncate(fd_.get(), 0) != 0) return fail_errno("empty " + path_.string());
  hash_ = Sha256();
  received_ = 0;
  resumed_ = false;
  return {};
}

void PartFile::remove() { ::unlink(path_.c_str()); }

Status PartFile::keep_as(const fs::path& to) {
  TRY(in(path_.string(), fd_.close()));
  if (::rename(path_.c_str(), to.c_str()) != 0) return fail_errno("rename " + path_.string());
  return {};
}

}  // namespace ashlar::image
