#include "data/volume.h"

#include <libcryptsetup.h>
#include <openssl/hmac.h>

#include "base/random.h"
#include "data/password_key.h"

namespace ashlar {
namespace detail {

void CryptRelease::operator()(crypt_device* device) const { crypt_free(device); }

// libcryptsetup's context, and what it last complained of.
struct Crypt {
  std::unique_ptr<crypt_device, CryptRelease> device;
  std::string complaint;

  [[nodiscard]] Error error(std::string_view doing, int code) const {
    std::string why = complaint.empty() ? std::strerror(-code) : complaint;
    while (!why.empty() && (why.back() == '\n' || why.back() == '.')) why.pop_back();
    return Error(std::string(doing) + ": " + why, -code);
  }
  // 0 or a number is success.
  Status check(std::string_view doing, int code) {
    if (code < 0) return std::unexpected(error(doing, code));
    complaint.clear();
    return {};
  }
};

}  // namespace detail

namespace {

using detail::Crypt;

constexpr std::size_t kVolumeKeySize = 64;
constexpr std::string_view kHmacLabel = "ashlar header hmac";

void remember(int level, const char* message, void* crypt) {
  if (level == CRYPT_LOG_ERROR) static_cast<Crypt*>(crypt)->complaint = message;
}

Result<std::unique_ptr<Crypt>> open(const fs::path& path) {
  // Token handlers are plugins that libcryptsetup would load by the type a header names.
  crypt_token_external_disable();
  crypt_set_log_callback(nullptr, [](int, const char*, void*) {}, nullptr);  // what it says before there is a device
  auto crypt = std::make_unique<Crypt>();
  crypt_device* device = nullptr;
  if (int code = crypt_init(&device, path.c_str()); code < 0) return fail_errno("open " + path.string(), -code);
  crypt->device.reset(device);
  crypt_set_log_callback(device, remember, crypt.get());
  return crypt;
}

Result<Luks2Metadata> read_metadata(Crypt& crypt) {
  const char* json = nullptr;
  TRY(crypt.check("read the LUKS2 header", crypt_dump_json(crypt.device.get(), &json, 0)));
  Result<Luks2Metadata> metadata = parse_luks2_metadata(as_bytes(json));
  if (!metadata) return std::unexpected(std::move(metadata).error().as(VolumeFailure::foreign));
  return metadata;
}

crypt_pbkdf_type least_pbkdf() {
  crypt_pbkdf_type pbkdf{};
  pbkdf.type = CRYPT_KDF_PBKDF2;
  pbkdf.hash = "sha512";
  pbkdf.iterations = kPbkdf2Iterations;
  pbkdf.flags = CRYPT_PBKDF_NO_BENCHMARK;
  return pbkdf;
}

const char* text_of(const Secret& secret) { return reinterpret_cast<const char*>(secret.bytes().data()); }

template <typename Used>
unsigned first_free(const Used& used) {
  unsigned number = 0;
  while (used.contains(number)) ++number;
  return number;
}

}  // namespace

UnlockedVolume::UnlockedVolume(std::unique_ptr<Crypt> crypt, Secret volume_key, Luks2Metadata metadata)
    : crypt_(std::move(crypt)), volume_key_(std::move(volume_key)), metadata_(std::move(metadata)) {}
UnlockedVolume::UnlockedVolume(UnlockedVolume&&) noexcept = default;
UnlockedVolume& UnlockedVolume::operator=(UnlockedVolume&&) noexcept = default;
UnlockedVolume::~UnlockedVolume() = default;

Volume::Volume(std::unique_ptr<Crypt> crypt, Luks2Metadata metadata)
    : crypt_(std::move(crypt)), metadata_(std::move(metadata)) {}
Volume::Volume(Volume&&) noexcept = default;
Volume& Volume::operator=(Volume&&) noexcept = default;
Volume::~Volume() = default;

Result<UnlockedVolume> Volume::format(const fs::path& path) {
  std::unique_ptr<Crypt> crypt = TRY(open(path));
  crypt_device* device = crypt->device.get();
  std::string doing = "make the volume on " + path.string();
  Secret key = TRY(random_secret(kVolumeKeySize));
  crypt_pbkdf_type pbkdf = least_pbkdf();
  TRY(crypt->check(doing, crypt_set_pbkdf_type(device, &pbkdf)));
  TRY(crypt->check(doing, crypt_set_metadata_size(device, kMetadataSize, kKeyslotsSize)));
  TRY(crypt->check(doing, crypt_set_data_offset(device, kDataOffset / 512)));
  crypt_params_luks2 parameters{};
  parameters.pbkdf = &pbkdf;
  parameters.sector_size = 4096;
  TRY(crypt->check(doing, crypt_format(device, CRYPT_LUKS2, "aes", "xts-plain64", nullptr, text_of(key), kVolumeKeySize,
                                       &parameters)));
  Luks2Metadata metadata = TRY(in(doing, read_metadata(*crypt)));
  return UnlockedVolume(std::move(crypt), std::move(key), std::move(metadata));
}

Result<Volume> Volume::load(const fs::path& path) {
  std::unique_ptr<Crypt> crypt = TRY(open(path));
  Status loaded =
      crypt->check("no LUKS2 volume on " + path.string(), crypt_load(crypt->device.get(), CRYPT_LUKS2, nullptr));
  if (!loaded) return std::unexpected(std::move(loaded).error().as(VolumeFailure::not_luks2));
  Luks2Metadata metadata = TRY(in(path.string(), read_metadata(*crypt)));
  return Volume(std::move(crypt), std::move(metadata));
}

std::string Volume::uuid() const { return crypt_get_uuid(crypt_->device.get()); }

Result<UnlockedVolume> Volume::unlock(unsigned keyslot, const Secret& key) {
  crypt_device* device = crypt_->device.get();
  if (key.bytes().empty() || !metadata_.keyslots.contains(keyslot)) {
    return std::unexpected(
        Error("there is no keyslot " + std::to_string(keyslot) + " for this key").as(VolumeFailure::wrong_key));
  }
  Secret volume_key = TRY(Secret::of_size(kVolumeKeySize));
  std::size_t size = kVolumeKeySize;
  int code = crypt_volume_key_get(device, static_cast<int>(keyslot), reinterpret_cast<char*>(volume_key.bytes().data()),
                                  &size, text_of(key), key.bytes().size());
  Status opened = crypt_->check("open keyslot " + std::to_string(keyslot), code);
  if (!opened && (code == -EPERM || code == -ENOENT)) {
    return std::unexpected(
        Error("keyslot " + std::to_string(keyslot) + " does not open with this key").as(VolumeFailure::wrong_key));
  }
  TRY(std::move(opened));
  if (size != kVolumeKeySize) return std::unexpected(Error("a volume key of another size").as(VolumeFailure::altered));

  UnlockedVolume volume(nullptr, std::move(volume_key), metadata_);
  volume.crypt_ = std::move(crypt_);
  Status verified = volume.verify();
  if (!verified) {
    crypt_ = std::move(volume.crypt_);
    return std::unexpected(std::move(verified).error());
  }
  return volume;
}

Result<Secret> UnlockedVolume::derive_key(std::string_view label, std::size_t size) const {
  return hkdf_sha512({.key = volume_key_.bytes(), .salt = {}, .label = label}, size);
}

Result<std::array<std::uint8_t, 32>> UnlockedVolume::hmac(const HeaderParts& changing) const {
  Secret key = TRY(derive_key(kHmacLabel, 32));
  std::string content = metadata_.authenticated(changing, crypt_get_uuid(crypt_->device.get()));
  std::array<std::uint8_t, 32> out{};
  unsigned size = 0;
  ByteView bytes = as_bytes(content);
  if (HMAC(EVP_sha256(), key.bytes().data(), static_cast<int>(key.bytes().size()), bytes.data(), bytes.size(),
           out.data(), &size) == nullptr ||
      size != out.size()) {
    return fail("HMAC-SHA-256 of the header failed");
  }
  return out;
}

Status UnlockedVolume::verify() {
  if (!metadata_.hmac_number) {
    return std::unexpected(
        Error("the volume was never finished: its header is not authenticated").as(VolumeFailure::unfinished));
  }
  auto wanted = TRY(hmac(metadata_.hmac.changing));
  if (CRYPTO_memcmp(wanted.data(), metadata_.hmac.hmac.data(), wanted.size()) != 0) {
    return std::unexpected(
        Error("the volume's header was altered by somebody who does not have its key: it is not opened")
            .as(VolumeFailure::altered));
  }
  return {};
}

Status UnlockedVolume::reload() {
  HeaderParts changing = unfinished();
  metadata_ = TRY(read_metadata(*crypt_));
  if (!metadata_.hmac_number) metadata_.hmac.changing = std::move(changing);
  return {};
}

Status UnlockedVolume::write_hmac(const HeaderParts& changing) {
  HmacToken token;
  token.hmac = TRY(hmac(changing));
  token.changing = changing;
  unsigned number = metadata_.hmac_number.value_or(free_token());
  int code = crypt_token_json_set(crypt_->device.get(), static_cast<int>(number), build_hmac_token(token).c_str());
  TRY(crypt_->check("authenticate the header", code));
  return reload();
}

Status UnlockedVolume::begin(const HeaderParts& changing) {
  if (!unfinished().empty()) return fail("change the header: another change was not finished");
  if (metadata_.hmac_number && changing.tokens.contains(*metadata_.hmac_number)) {
    return fail("change the header: its HMAC is not changed by hand");
  }
  // A new volume's HMAC comes last: until then it is known to be unfinished.
  if (metadata_.hmac_number) return write_hmac(changing);
  metadata_.hmac.changing = changing;
  return {};
}

Status UnlockedVolume::go_on_with(const HeaderParts& changing) {
  if (!metadata_.hmac_number) return fail("change the header: it was never authenticated");
  return write_hmac(changing);
}

Status UnlockedVolume::finish() { return write_hmac({}); }

Status UnlockedVolume::discard_unfinished() {
  HeaderParts parts = unfinished();
  for (unsigned token : parts.tokens) {
    if (metadata_.tokens.contains(token)) TRY(remove_token(token));
  }
  for (unsigned keyslot : parts.keyslots) {
    if (metadata_.keyslots.contains(keyslot)) TRY(remove_keyslot(keyslot));
  }
  return finish();
}

Status UnlockedVolume::add_keyslot(unsigned number, const Secret& key) {
  if (!unfinished().keyslots.contains(number)) return fail("add a keyslot: it was not named at the beginning");
  if (metadata_.keyslots.contains(number)) return fail("add a keyslot: there is one with this number");
  crypt_pbkdf_type pbkdf = least_pbkdf();
  TRY(crypt_->check("add a keyslot", crypt_set_pbkdf_type(crypt_->device.get(), &pbkdf)));
  TRY(crypt_->check("add a keyslot", crypt_keyslot_add_by_volume_key(crypt_->device.get(), static_cast<int>(number),
                                                                     text_of(volume_key_), kVolumeKeySize, text_of(key),
                                                                     key.bytes().size())));
  return reload();
}

Status UnlockedVolume::remove_keyslot(unsigned number) {
  if (!unfinished().keyslots.contains(number)) return fail("remove a keyslot: it was not named at the beginning");
  TRY(crypt_->check("remove a keyslot", crypt_keyslot_destroy(crypt_->device.get(), static_cast<int>(number))));
  return reload();
}

Status UnlockedVolume::put_token(unsigned number, const std::string& json) {
  if (!unfinished().tokens.contains(number)) return fail("write a token: it was not named at the beginning");
  TRY(crypt_->check("write a token",
                    crypt_token_json_set(crypt_->device.get(), static_cast<int>(number), json.c_str())));
  return reload();
}

Status UnlockedVolume::remove_token(unsigned number) {
  if (!unfinished().tokens.contains(number)) return fail("remove a token: it was not named at the beginning");
  TRY(crypt_->check("remove a token", crypt_token_json_set(crypt_->device.get(), static_cast<int>(number), nullptr)));
  return reload();
}

unsigned UnlockedVolume::free_keyslot() const { return first_free(metadata_.keyslots); }
unsigned UnlockedVolume::free_token() const { return first_free(metadata_.tokens); }

Status UnlockedVolume::activate(const std::string& name) {
  if (!unfinished().empty()) return fail("activate the volume: a change of its header was not finished");
  TRY(verify());
  return crypt_->check("activate " + name, crypt_activate_by_volume_key(crypt_->device.get(), name.c_str(),
                                                                        text_of(volume_key_), kVolumeKeySize, 0));
}

Status deactivate_volume(const std::string& name) {
  if (int code = crypt_deactivate_by_name(nullptr, name.c_str(), 0); code < 0) {
    return fail_errno("take " + name + " away", -code);
  }
  return {};
}

}  // namespace ashlar
