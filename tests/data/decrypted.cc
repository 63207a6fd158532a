#include "decrypted.h"

#include <openssl/evp.h>
#include <unistd.h>

#include "base/subprocess.h"
#include "data/recovery_key.h"
#include "prove/outsider.h"

namespace ashlar::test {
namespace {

constexpr std::size_t kSector = 4096;

// The volume key, 64 bytes, as `cryptsetup luksDump --dump-volume-key` writes it.
Result<Bytes> volume_key(const fs::path& disk, const std::string& recovery_key) {
  HeaderFile header = TRY(prove::read_header(disk));
  Secret recovery = TRY(parse_recovery_text(TRY(Secret::copy_of(as_bytes(recovery_key)))));
  fs::path key_file = header.path().string() + ".key";
  fs::path out = header.path().string() + ".volume";
  TRY(write_file(key_file, recovery.bytes(), 0600));
  Status dumped = [&]() -> Status {
    TRY(run_checked({.argv = {"cryptsetup", "luksDump", "--batch-mode", "--dump-volume-key", "--volume-key-file", out,
                              "--key-file", key_file, header.path()}}));
    return {};
  }();
  Result<Bytes> key = dumped ? read_file(out) : std::unexpected(dumped.error());
  fs::remove(key_file);
  fs::remove(out);
  return key;
}

// One 4096-byte sector of LUKS2: aes-xts-plain64 with the number of its first 512 bytes.
Status decipher(EVP_CIPHER_CTX* context, const Bytes& key, std::uint64_t sector, std::span<std::uint8_t> bytes) {
  std::array<std::uint8_t, 16> tweak{};
  Le64 number(sector * (kSector / kSectorSize));
  std::memcpy(tweak.data(), &number, sizeof number);
  int done = 0;
  if (EVP_DecryptInit_ex(context, EVP_aes_256_xts(), nullptr, key.data(), tweak.data()) != 1 ||
      EVP_DecryptUpdate(context, bytes.data(), &done, bytes.data(), static_cast<int>(bytes.size())) != 1) {
    return fail("AES-XTS");
  }
  return {};
}

}  // namespace

Result<bool> volume_holds(const fs::path& disk, const std::string& recovery_key, std::string_view text) {
  Bytes key = TRY(volume_key(disk, recovery_key));
  if (key.size() != 64) return fail("the volume key has " + std::to_string(key.size()) + " bytes");
  GptPartition data = TRY(prove::partition_named(disk, "data"));
  const std::uint64_t start = data.first_lba * kSectorSize + kDataOffset;
  const std::uint64_t end = (data.last_lba + 1) * kSectorSize;
  Fd file = TRY(open_file(disk, O_RDONLY));
  std::unique_ptr<EVP_CIPHER_CTX, void (*)(EVP_CIPHER_CTX*)> context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  Bytes window;  // of what lies together; text is looked for across sectors
  for (std::uint64_t at = start; at < end;) {
    off_t found = ::lseek(file.get(), static_cast<off_t>(at), SEEK_DATA);
    if (found < 0 || static_cast<std::uint64_t>(found) >= end) break;
    std::uint64_t from = start + (static_cast<std::uint64_t>(found) - start) / kSector * kSector;
    off_t hole = ::lseek(file.get(), found, SEEK_HOLE);
    std::uint64_t to = std::min(end, hole < 0 ? end : static_cast<std::uint64_t>(hole));
    window.clear();
    for (at = from; at < to; at += kSector) {
      std::array<std::uint8_t, kSector> sector{};
      TRY(read_at(file, at, sector));
      TRY(decipher(context.get(), key, (at - start) / kSector, sector));
      append(window, sector);
      if (as_text(window).find(text) != std::string_view::npos) return true;
      if (window.size() > 2 * kSector) window.erase(window.begin(), window.end() - kSector);
    }
  }
  return false;
}

}  // namespace ashlar::test
