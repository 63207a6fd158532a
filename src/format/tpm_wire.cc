#include "format/tpm_wire.h"

#include <algorithm>
#include <cstring>

namespace ashlar {

bool TpmWire::carried(ByteView needle) const {
  auto holds = [&](const Bytes& message) { return !std::ranges::search(message, needle).empty(); };
  return std::ranges::any_of(commands, holds) || std::ranges::any_of(answers, holds);
}

std::optional<Bytes> TpmWire::pass(const Bytes& command,
                                   const std::function<std::optional<Bytes>(const Bytes& command)>& exchange) {
  commands.push_back(command);
  std::optional<Bytes> answer = intercept ? intercept(command) : std::nullopt;
  if (!answer) {
    answer = exchange(command);
    if (!answer) return std::nullopt;
    if (meddle) meddle(command, *answer);
  }
  if (answer->empty()) return std::nullopt;
  answers.push_back(*answer);
  return answer;
}

Result<std::size_t> tpm_message_size(ByteView header) {
  if (header.size() < kTpmHeader) return fail("TPM: a message of less than a header");
  Be32 size;
  std::memcpy(&size, header.data() + 2, sizeof size);
  if (size < kTpmHeader || size > kLargestTpmMessage) {
    return fail("TPM: a message of " + std::to_string(std::uint32_t{size}) + " bytes");
  }
  return std::size_t{size};
}

std::uint32_t tpm_command_code(ByteView message) {
  Be32 code;
  std::memcpy(&code, message.data() + 6, sizeof code);
  return code;
}

Bytes tpm_answer(std::uint32_t code) {
  constexpr std::uint16_t kNoSessions = 0x8001;  // TPM_ST_NO_SESSIONS (Part 2, 6.9)
  Bytes answer;
  append(answer, bytes_of(Be16(kNoSessions)));
  append(answer, bytes_of(Be32(static_cast<std::uint32_t>(kTpmHeader))));
  append(answer, bytes_of(Be32(code)));
  return answer;
}

}  // namespace ashlar
