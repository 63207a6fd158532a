// Files whose size and SHA-256 are known, from a web server or a local directory, several at a time.
//
// A file is written beside its final name with ".part" added and renamed once it is what was asked for: whatever
// interrupts a download leaves only ".part" files, which the next call continues by an HTTP range.
#pragma once

#include <chrono>
#include <span>
#include <string>

#include "base/digest.h"
#include "base/fd.h"

namespace ashlar::image {

struct Download {
  std::string url;  // http, https or file
  fs::path to;
  std::uint64_t size = 0;  // bytes
  Sha256Digest sha256;
  std::string what;  // "bash 5.2.37-2", for messages
};

struct DownloadOptions {
  unsigned connections = 8;
  unsigned attempts = 4;                       // per file, for faults that may pass
  std::chrono::milliseconds first_pause{500};  // before the second attempt; doubles with each
  std::chrono::seconds stall_timeout{30};      // without a byte
};

// The error for a file the server says it does not have carries this as its code().
inline constexpr int kGone = ESTALE;

// Downloads all or says why not: at the first fault that is final, what else is under way stops and keeps its ".part".
// Faults that may pass (a broken connection, a server in trouble) are tried again; a name that does not exist, wrong
// content and a full disk are not. Proxies are taken from the environment.
Status download_all(std::span<const Download> downloads, const DownloadOptions& options);

// Whether the file has this size and hash; the error says which of the two is wrong. A missing file: code() ENOENT.
Status check_file(const fs::path& file, std::uint64_t size, const Sha256Digest& sha256);

}  // namespace ashlar::image
