// The TCG event log: what firmware, boot loader and stub measured into the TPM, in order (TCG PC Client Platform
// Firmware Profile 1.05, chapter 10, "Event Logging"). The crypto-agile form of TPM 2.0 alone, of whose digests the
// SHA-256 ones are used. Host only.
#pragma once

#include "format/pcr.h"

namespace ashlar {

// One hash algorithm the log keeps digests of.
struct EventLogAlgorithm {
  std::uint16_t id = 0;           // TPM_ALG_ID
  std::uint16_t digest_size = 0;  // bytes
  bool operator==(const EventLogAlgorithm&) const = default;
};
constexpr EventLogAlgorithm kTpmSha256 = {0x000b, 32};

// Event types (10.4.1) that are looked at here; the others are numbers.
constexpr std::uint32_t kEventNoAction = 0x3;  // says something, extends nothing
constexpr std::uint32_t kEventSeparator = 0x4;

struct LoggedEvent {
  unsigned pcr = 0;
  std::uint32_t type = 0;
  Sha256Digest digest;  // what the PCR was extended with; zeros for kEventNoAction
  ByteView data;        // says what was measured; whether it is what was hashed depends on the type
};

// Views into the bytes that were parsed: they must outlive it.
struct EventLog {
  std::vector<EventLogAlgorithm> algorithms;  // in the order of the header; SHA-256 is among them
  std::vector<LoggedEvent> events;            // without the header
};

// Reads a whole log: header ("Spec ID Event03"), then events to the end. Errors: the form of TPM 1.2, no SHA-256, a
// digest size that is not the algorithm's, an event that does not bear every algorithm's digest exactly once, a PCR
// above 23, a digest of something that extends nothing, half an event at the end.
Result<EventLog> parse_event_log(ByteView bytes);

// The log of a machine whose TPM has the SHA-256 bank alone; `log.algorithms` is not looked at.
Bytes build_event_log(const EventLog& log);

// What the events leave in PCR 0 to 15, each extended or not. PCR 0 starts with the locality that started the TPM
// (StartupLocality, 10.4.5.3). Errors: a second or late StartupLocality, one that no TPM has, an event for PCR 16 or
// above: those are for debugging and for a dynamic launch, which nothing in our chain does.
Result<PcrValues> replay(const EventLog& log);

}  // namespace ashlar
