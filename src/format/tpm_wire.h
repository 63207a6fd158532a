// What passes between a program or a machine and its TPM, as a test sees it: kept, looked through, changed, cut.
// TPM 2.0 Library, Part 1, 18 has the layout of commands and answers.
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace ashlar {

struct TpmWire {
  std::vector<Bytes> commands;
  std::vector<Bytes> answers;  // as whoever asked got them
  // When set: changes an answer, given its command. An empty answer cuts the wire, for good.
  std::function<void(const Bytes& command, Bytes& answer)> meddle;
  // When set: gives the answer itself; nullopt lets the command through.
  std::function<std::optional<Bytes>(const Bytes& command)> intercept;

  [[nodiscard]] bool carried(ByteView needle) const;
  // One command through this wire: `exchange` puts it to the TPM, nullopt when that does not answer. The answer as
  // whoever asked gets it; nullopt when the wire is cut.
  std::optional<Bytes> pass(const Bytes& command,
                            const std::function<std::optional<Bytes>(const Bytes& command)>& exchange);
};

constexpr std::size_t kTpmHeader = 10;            // bytes: tag, size, code
constexpr std::size_t kLargestTpmMessage = 4096;  // bytes: what TPMs and their drivers take

// The size a message says it has. Errors: less than a header, more than kLargestTpmMessage.
Result<std::size_t> tpm_message_size(ByteView header);
// The command code in a command, the return code in an answer; both have at least a header.
std::uint32_t tpm_command_code(ByteView message);
// An answer that is nothing but this return code.
Bytes tpm_answer(std::uint32_t code);

}  // namespace ashlar
