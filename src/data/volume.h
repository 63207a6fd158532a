// The encrypted volume behind /data: LUKS2 through libcryptsetup, with a header that is authenticated.
#pragma once

#include "base/fd.h"
#include "base/secret.h"
#include "data/luks2_metadata.h"

struct crypt_device;

namespace ashlar {

// What programs must tell apart: error.kind<VolumeFailure>().
enum class VolumeFailure {
  not_luks2,   // no LUKS2 header, or one that is damaged beyond its second copy
  foreign,     // a LUKS2 header, but not in the form we write: never opened
  wrong_key,   // no keyslot opens with this key
  altered,     // the key is right, and the header is not the one that was authenticated with it: never activated
  unfinished,  // no HMAC: the making of this volume was interrupted
};

namespace detail {
struct CryptRelease {
  void operator()(crypt_device* device) const;
};
struct Crypt;
}  // namespace detail

// A volume of which the key is known and the header verified. Only Volume::unlock and Volume::format make one.
class UnlockedVolume {
 public:
  UnlockedVolume(UnlockedVolume&&) noexcept;
  UnlockedVolume& operator=(UnlockedVolume&&) noexcept;
  ~UnlockedVolume();

  [[nodiscard]] const Luks2Metadata& metadata() const { return metadata_; }

  // Changing the header. begin() names the keyslots and tokens that will be added, changed or removed; finish()
  // authenticates what has become of them. Between the two the volume opens with every keyslot that is whole, also
  // after a power cut; unfinished() then says what was under way.
  Status begin(const HeaderParts& changing);
  Status finish();
  // finish() and begin() in one write: there is no moment in which both what was added and what will be removed count.
  Status go_on_with(const HeaderParts& changing);
  [[nodiscard]] const HeaderParts& unfinished() const { return metadata_.hmac.changing; }
  // Removes what an interrupted change has left half done, and finishes it.
  Status discard_unfinished();

  // Each only for a part that was named. `key` is binary, with full entropy.
  Status add_keyslot(unsigned number, const Secret& key);
  Status remove_keyslot(unsigned number);
  Status put_token(unsigned number, const std::string& json);
  Status remove_token(unsigned number);
  // The lowest number that is not in use.
  [[nodiscard]] unsigned free_keyslot() const;
  [[nodiscard]] unsigned free_token() const;

  // A key for something kept in the header: HKDF over the volume key with this label.
  Result<Secret> derive_key(std::string_view label, std::size_t size) const;

  // Maps the volume as /dev/mapper/NAME. Needs device-mapper.
  Status activate(const std::string& name);

 private:
  friend class Volume;
  UnlockedVolume(std::unique_ptr<detail::Crypt> crypt, Secret volume_key, Luks2Metadata metadata);
  Status reload();
  Result<std::array<std::uint8_t, 32>> hmac(const HeaderParts& changing) const;
  Status write_hmac(const HeaderParts& changing);
  Status verify();

  std::unique_ptr<detail::Crypt> crypt_;
  Secret volume_key_;
  Luks2Metadata metadata_;
};

// A volume whose header was read and has our form.
class Volume {
 public:
  // Errors: not_luks2, foreign.
  static Result<Volume> load(const fs::path& device);
  // Makes a volume with a random key and no keyslot yet; what was on the device is lost. Unauthenticated, and so of no
  // use to anybody, until the first finish().
  static Result<UnlockedVolume> format(const fs::path& device);
  ~Volume();
  Volume(Volume&&) noexcept;
  Volume& operator=(Volume&&) noexcept;

  [[nodiscard]] const Luks2Metadata& metadata() const { return metadata_; }
  [[nodiscard]] std::string uuid() const;

  // Opens one keyslot. Errors: wrong_key, altered, unfinished. Can be tried again after wrong_key.
  Result<UnlockedVolume> unlock(unsigned keyslot, const Secret& key);

 private:
  Volume(std::unique_ptr<detail::Crypt> crypt, Luks2Metadata metadata);
  std::unique_ptr<detail::Crypt> crypt_;
  Luks2Metadata metadata_;
};

// Takes a mapping away.
Status deactivate_volume(const std::string& name);

}  // namespace ashlar
