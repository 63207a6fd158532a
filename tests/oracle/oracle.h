// What the oracle tests share: a directory that goes away, and running the world's tools.
#pragma once

#include <gtest/gtest.h>

#include <random>

#include "base/fd.h"
#include "base/subprocess.h"
#include "format/testing.h"

namespace ashlar::oracle {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] fs::path path(std::string_view name) const { return directory_ / name; }
  // Writes a file there and gives its path.
  [[nodiscard]] fs::path put(std::string_view name, ByteView content) const;
  [[nodiscard]] fs::path put(std::string_view name, std::string_view content) const {
    return put(name, as_bytes(content));
  }

 private:
  fs::path directory_;
};

// Runs a tool of the host. A tool that is not there is a failure of the test.
CommandOutput tool(const std::vector<std::string>& argv, std::string input = {});
// The same, and it has to succeed; gives its standard output.
std::string succeed(const std::vector<std::string>& argv, std::string input = {});

// The tree named by ASHLAR_WORKSHOP; a failure of the test when it is not set.
fs::path workshop();
// Runs a tool of the workshop; `shared` is the one directory it may write to.
std::string succeed_in_workshop(const std::vector<std::string>& argv, const TempDir& shared);

Bytes content_of(const fs::path& path);

struct SignerFiles {
  fs::path key;
  fs::path certificate;  // PEM
};
SignerFiles write_signer(const TempDir& directory, std::string_view name, const Signer& signer);

// Random, and printed with a failure so that it can be repeated: ASHLAR_SEED sets it.
std::uint64_t seed();
Bytes random_bytes(std::mt19937_64& random, std::size_t size);

}  // namespace ashlar::oracle
