#include "format/tpm_command.h"

namespace ashlar {
namespace {

constexpr std::uint16_t kSessions = 0x8002;             // TPM_ST_SESSIONS
constexpr std::uint16_t kNoSessions = 0x8001;           // TPM_ST_NO_SESSIONS
constexpr std::uint32_t kPcrExtend = 0x00000182;        // TPM_CC_PCR_Extend
constexpr std::uint32_t kShutdown = 0x00000145;         // TPM_CC_Shutdown
constexpr std::uint16_t kClear = 0x0000;                // TPM_SU_CLEAR
constexpr std::uint32_t kPasswordSession = 0x40000009;  // TPM_RS_PW
constexpr std::uint16_t kSha256 = 0x000b;               // TPM_ALG_SHA256

// What an answer begins with.
struct AnswerHeader {
  Be16 tag;
  Be32 size;
  Be32 code;
};

struct PcrExtend {
  Be16 tag = kSessions;
  Be32 size = sizeof(PcrExtend);
  Be32 command = kPcrExtend;
  Be32 pcr;
  Be32 authorization_size = 9;
  Be32 session = kPasswordSession;
  Be16 nonce_size = 0;
  std::uint8_t attributes = 0;
  Be16 password_size = 0;
  Be32 digests = 1;
  Be16 algorithm = kSha256;
  std::array<std::uint8_t, 32> digest;
};
struct Shutdown {
  Be16 tag = kNoSessions;
  Be32 size = sizeof(Shutdown);
  Be32 command = kShutdown;
  Be16 type = kClear;
};
static_assert(sizeof(PcrExtend) == 65 && sizeof(Shutdown) == 12 && sizeof(AnswerHeader) == 10);

}  // namespace

Bytes build_pcr_extend(std::uint32_t pcr, const Sha256Digest& digest) {
  PcrExtend command{.pcr = pcr, .digest = digest.bytes};
  ByteView bytes = bytes_of(command);
  return {bytes.begin(), bytes.end()};
}

Bytes build_tpm_shutdown() {
  Shutdown command;
  ByteView bytes = bytes_of(command);
  return {bytes.begin(), bytes.end()};
}

Status check_tpm_answer(ByteView answer) {
  Reader reader(answer);
  auto header = TRY(reader.read<AnswerHeader>("TPM answer"));
  if (header.size != answer.size()) return fail("the TPM's answer is cut off");
  std::uint32_t code = header.code;
  if (code != 0) {
    Be32 stored(code);
    return fail("the TPM refused with 0x" + to_hex(bytes_of(stored)));
  }
  return {};
}

}  // namespace ashlar
