#include "data/program.h"

#include "data/keyboard_layouts.h"
#include "data/screen_console.h"
#include "data/terminal_console.h"
#include "sys/release.h"

namespace ashlar {
namespace {

constexpr std::uint64_t kMaxPolicyFile = 65536;  // bytes
constexpr char kSerialLine[] = "/dev/ttyS0";

Result<SignedImage> read_policies(const fs::path& directory) {
  Bytes json = TRY(read_file(directory / "tpm2-pcr-signature.json", kMaxPolicyFile));
  Bytes pem = TRY(read_file(directory / "tpm2-pcr-public-key.pem", kMaxPolicyFile));
  PcrSignature signature = TRY(in(".pcrsig", parse_pcr_signature(json)));
  RsaPublicKey owner = TRY(in(".pcrpkey", parse_rsa_public_key_pem(pem)));
  return SignedImage{signature, owner};
}

}  // namespace

std::optional<SignedImage> read_signed_image(const fs::path& directory,
                                             const std::function<void(std::string_view)>& log) {
  Result<SignedImage> image = read_policies(directory);
  if (image) return *image;
  log("ashlar: data: what the owner signed for this image: " + image.error().message());
  return std::nullopt;
}

std::vector<std::unique_ptr<Console>> open_consoles(Kernel& kernel) {
  std::vector<std::unique_ptr<Console>> consoles;
  auto lost = [&](const Error& error) { kernel.say(Severity::failure, "ashlar: data: " + error.message()); };
  Result<Keyboard> keyboard = Keyboard::open(std::string(keyboard_layouts().front().name));
  if (keyboard) {
    auto show = [&kernel](const Page& page) { kernel.show(page); };
    consoles.push_back(std::make_unique<ScreenConsole>(show, std::move(*keyboard)));
  } else {
    lost(keyboard.error());
  }
  if constexpr (kDev) {
    Result<TerminalConsole> serial = TerminalConsole::open(kSerialLine);
    if (serial) {
      consoles.push_back(std::make_unique<TerminalConsole>(std::move(*serial)));
    } else {
      lost(serial.error());
    }
  }
  return consoles;
}

}  // namespace ashlar
