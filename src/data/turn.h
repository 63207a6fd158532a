// The unlocking program's turn of a boot: what it works with, and how it ends.
#pragma once

#include <functional>

#include "data/argon2id_parameters.h"
#include "data/prompt.h"
#include "data/storage.h"
#include "format/pcr_signature.h"
#include "format/rsa_public_key.h"
#include "format/session_owner.h"
#include "sys/tpm.h"

namespace ashlar {

// The program's exit statuses, which PID 1 knows. Inside the program a person's wish to leave travels as an error of
// this kind, past everything that was going on: error.kind<TurnEnd>().
enum class TurnEnd {
  open = 0,
  closed = 1,
  restart = 10,
  off = 11,
  skipped = 12,  // a machine that has no /data yet goes on without
};

// What the image carries for the TPM: .pcrsig and .pcrpkey, as the initramfs handed them over.
struct SignedImage {
  PcrSignature signature;
  RsaPublicKey owner;
};

// The machine's TPM. A connection that was interrupted is given up and opened anew when the TPM is wanted again.
class TurnTpm {
 public:
  using Open = std::function<Result<Tpm>()>;
  explicit TurnTpm(Open open) : open_(std::move(open)) {}

  // Errors: absent, where the machine has none. The pointer is good until give_up().
  Result<Tpm*> connect() {
    if (!tpm_) tpm_ = TRY(open_());
    return &*tpm_;
  }
  void give_up() { tpm_.reset(); }

 private:
  Open open_;
  std::optional<Tpm> tpm_;
};

struct Turn {
  Prompter& prompter;
  Storage& storage;
  TurnTpm tpm;
  std::optional<SignedImage> image;  // nullopt: this image has no signed policies, and the TPM is of no use to it
  std::function<Result<Argon2idParameters>()> calibrate;
  std::function<void(std::string_view line)> log;
  fs::path session_file = "/run/ashlar/data.json";  // what tells
  fs::path owner_file = kSessionOwnerFile;          // what PID 1 goes by
};

// First boot on a machine without /data, the prompt on one that has it. Whatever fails is told there, and can be tried
// again. Errors: nobody can answer any more.
Result<TurnEnd> take_turn(Turn& turn);

}  // namespace ashlar
