// fscrypt version 2, the ioctls (linux: Documentation/filesystems/fscrypt.rst). `root`: the file system that the homes
// lie on. The contract is Storage's.
#pragma once

#include "data/storage.h"

namespace ashlar {

Result<HomeKeyId> add_fscrypt_key(const fs::path& root, const Secret& key);
Status set_fscrypt_policy(const fs::path& directory, const HomeKeyId& key);
Result<Eviction> remove_fscrypt_key(const fs::path& root, const HomeKeyId& key);

}  // namespace ashlar
