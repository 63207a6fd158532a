// What the files of src/sys/tpm* share and nobody else needs: calling libtss2-esys, its memory, its handles.
#pragma once

#include <tss2/tss2_esys.h>
#include <tss2/tss2_mu.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/secret.h"
#include "format/tpm_policy.h"
#include "sys/tpm.h"

namespace ashlar::esys {

struct Free {
  template <typename T>
  void operator()(T* answer) const {
    ::explicit_bzero(answer, sizeof *answer);
    Esys_Free(answer);
  }
};
// What a command gave back; zeroed before it is freed.
template <typename T>
using Answer = std::unique_ptr<T, Free>;

// A structure that holds a secret for the time of a call.
template <typename T>
struct Wiped {
  T value{};
  Wiped() = default;
  Wiped(const Wiped&) = delete;
  Wiped& operator=(const Wiped&) = delete;
  ~Wiped() { ::explicit_bzero(&value, sizeof value); }
};

// Puts a command to the TPM. "Later" (TPM_RC_RETRY, a running self-test, a busy NV memory, Part 2, 6.6.3) is waited
// for, two seconds at most in all; libtss2 itself asks again five times without a pause.
template <typename Command>
Status call(std::string_view what, Command command) {
  std::chrono::milliseconds pause(1);
  for (;;) {
    TSS2_RC code = command();
    if (code == TSS2_RC_SUCCESS) return {};
    bool later = code == TPM2_RC_RETRY || code == TPM2_RC_TESTING || code == TPM2_RC_YIELDED ||
                 code == TPM2_RC_NV_RATE || code == TPM2_RC_NV_UNAVAILABLE;
    if (!later || pause > std::chrono::seconds(1)) return std::unexpected(tpm_error(what, code));
    std::this_thread::sleep_for(pause);
    pause *= 2;
  }
}

// An object, session or sequence in the TPM's volatile memory; flushed when it goes.
class Transient {
 public:
  Transient(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
  Transient(Transient&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, static_cast<ESYS_TR>(ESYS_TR_NONE))) {}
  Transient& operator=(Transient&&) = delete;
  ~Transient() {
    if (handle_ != ESYS_TR_NONE) Esys_FlushContext(context_, handle_);
  }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

// What libtss2 knows of something that stays in the TPM; forgotten when it goes.
class Permanent {
 public:
  Permanent(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
  Permanent(Permanent&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, static_cast<ESYS_TR>(ESYS_TR_NONE))) {}
  Permanent& operator=(Permanent&&) = delete;
  ~Permanent() {
    if (handle_ != ESYS_TR_NONE) Esys_TR_Close(context_, &handle_);
  }
  [[nodiscard]] ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

// The authorization value libtss2 uses for `handle`, for as long as this lives. No secret: the empty value.
class Authorized {
 public:
  static Result<Authorized> with(ESYS_CONTEXT* context, ESYS_TR handle, const Secret* auth);
  Authorized(Authorized&& other) noexcept
      : context_(other.context_), handle_(std::exchange(other.handle_, static_cast<ESYS_TR>(ESYS_TR_NONE))) {}
  Authorized& operator=(Authorized&&) = delete;
  ~Authorized();

 private:
  Authorized(ESYS_CONTEXT* context, ESYS_TR handle) : context_(context), handle_(handle) {}
  ESYS_CONTEXT* context_;
  ESYS_TR handle_;
};

// Bytes into a TPM2B; an error when they are more than it holds.
template <typename Sized, std::size_t N>
Status fill(Sized& size, BYTE (&buffer)[N], ByteView bytes, std::string_view what) {
  if (bytes.size() > N) return fail("TPM: " + std::string(what) + " of " + std::to_string(bytes.size()) + " bytes");
  std::ranges::copy(bytes, buffer);
  size = static_cast<Sized>(bytes.size());
  return {};
}

// A structure as the TPM sees it on the wire, and back; nothing may be left behind it.
template <typename T, typename Marshal>
Result<Bytes> marshal(const T& value, Marshal function, std::string_view what) {
  Bytes bytes(sizeof value + 64);
  std::size_t size = 0;
  if (TSS2_RC code = function(&value, bytes.data(), bytes.size(), &size); code != TSS2_RC_SUCCESS) {
    return std::unexpected(tpm_error(what, code));
  }
  bytes.resize(size);
  return bytes;
}
template <typename T, typename Unmarshal>
Result<T> unmarshal(ByteView bytes, Unmarshal function, std::string_view what) {
  T value{};
  std::size_t size = 0;
  TSS2_RC code = function(bytes.data(), bytes.size(), &size, &value);
  if (code != TSS2_RC_SUCCESS || size != bytes.size()) {
    return std::unexpected(Error("TPM: " + std::string(what) + " is damaged").as(TpmFailure::damaged));
  }
  return value;
}

// The name a public area has (Part 1, 16); an error when its name algorithm is not SHA-256.
Result<TpmName> name_of(const TPM2B_PUBLIC& area);
Result<TpmName> name_of(const TPM2B_NV_PUBLIC& area);

TPM2B_DIGEST digest_of(const Sha256Digest& digest);
// These PCRs of the SHA-256 bank, numbers 0 to 23.
Result<TPML_PCR_SELECTION> selection_of(const std::vector<unsigned>& pcrs);

}  // namespace ashlar::esys
