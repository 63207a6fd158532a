#include "format/event_log.h"

#include <algorithm>
#include <set>

namespace ashlar {
namespace {

constexpr std::string_view kSpecIdSignature("Spec ID Event03\0", 16);
constexpr std::string_view kStartupLocality("StartupLocality\0", 16);
constexpr std::uint32_t kLastPcr = 23;
constexpr std::uint8_t kUintn64 = 2;  // how the header says that addresses in events have 64 bits
constexpr unsigned kStaticPcrs = 16;  // PCR 0 to 15 change by extending alone until the machine is reset

// TCG_PCClientPCREvent, the form of TPM 1.2, in which the header is written (10.2.1).
struct HeaderEvent {
  Le32 pcr;
  Le32 type;
  std::array<std::uint8_t, 20> sha1;
  Le32 size;
};
static_assert(sizeof(HeaderEvent) == 32);

// TCG_EfiSpecIdEvent up to its lists (10.4.5.1).
struct SpecId {
  std::array<char, 16> signature;
  Le32 platform_class;
  std::uint8_t minor, major, errata, uintn_size;
  Le32 algorithm_count;
};
static_assert(sizeof(SpecId) == 28);

struct StoredAlgorithm {
  Le16 id;
  Le16 digest_size;
};

// TCG_PCR_EVENT2 up to its digests (10.2.2).
struct EventStart {
  Le32 pcr;
  Le32 type;
  Le32 digest_count;
};
static_assert(sizeof(EventStart) == 12);

// In bytes; nothing for an algorithm that is none of those PC clients have.
std::optional<std::uint16_t> digest_size_of(std::uint16_t algorithm) {
  switch (algorithm) {
    case 0x0004:
      return 20;  // SHA-1
    case 0x000b:
    case 0x0012:
      return 32;  // SHA-256, SM3
    case 0x000c:
      return 48;  // SHA-384
    case 0x000d:
      return 64;  // SHA-512
    default:
      return std::nullopt;
  }
}

Result<std::vector<EventLogAlgorithm>> read_header(Reader& log) {
  auto event = TRY(log.read<HeaderEvent>("the event log's header"));
  Reader content(TRY(log.take(event.size, "the event log's header")));
  auto spec = TRY(content.read<SpecId>("the event log's header"));
  if (event.pcr != 0 || event.type != kEventNoAction || event.sha1 != decltype(event.sha1){} ||
      std::string_view(spec.signature.data(), spec.signature.size()) != kSpecIdSignature) {
    return fail("not an event log of a TPM 2.0: it does not start with \"Spec ID Event03\"");
  }
  if (spec.major != 2 || spec.uintn_size != kUintn64) return fail("an event log of another version or machine");
  std::vector<EventLogAlgorithm> algorithms;
  for (std::uint32_t i = 0; i < spec.algorithm_count; ++i) {
    auto stored = TRY(content.read<StoredAlgorithm>("the event log's algorithms"));
    EventLogAlgorithm algorithm{stored.id, stored.digest_size};
    if (algorithm.digest_size != digest_size_of(algorithm.id)) return fail("the event log's header: an unknown digest");
    if (std::ranges::find(algorithms, algorithm) != algorithms.end()) {
      return fail("the event log's header names an algorithm twice");
    }
    algorithms.push_back(algorithm);
  }
  if (std::ranges::find(algorithms, kTpmSha256) == algorithms.end()) return fail("the event log has no SHA-256");
  auto vendor_size = TRY(content.read<std::uint8_t>("the event log's header"));
  TRY(content.take(vendor_size, "the event log's vendor information"));
  if (!content.at_end()) return fail("bytes behind the event log's header");
  return algorithms;
}

Result<Sha256Digest> read_digests(Reader& log, std::uint32_t count, const std::vector<EventLogAlgorithm>& algorithms) {
  if (count != algorithms.size()) return fail("it has " + std::to_string(count) + " digests");
  std::set<std::uint16_t> seen;
  Sha256Digest digest;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint16_t id = TRY(log.read<Le16>("a digest's algorithm"));
    auto algorithm = std::ranges::find(algorithms, id, &EventLogAlgorithm::id);
    if (algorithm == algorithms.end() || !seen.insert(id).second) return fail("a digest of another algorithm");
    ByteView bytes = TRY(log.take(algorithm->digest_size, "a digest"));
    if (*algorithm == kTpmSha256) std::ranges::copy(bytes, digest.bytes.begin());
  }
  return digest;
}

Result<LoggedEvent> read_event(Reader& log, const std::vector<EventLogAlgorithm>& algorithms) {
  auto start = TRY(log.read<EventStart>("an event"));
  if (start.pcr > kLastPcr) return fail("there is no PCR " + std::to_string(start.pcr));
  LoggedEvent event{start.pcr, start.type, TRY(read_digests(log, start.digest_count, algorithms)), {}};
  if (event.type == kEventNoAction && event.digest != Sha256Digest{}) return fail("no action, but a digest");
  std::uint32_t size = TRY(log.read<Le32>("an event's size"));
  event.data = TRY(log.take(size, "an event's data"));
  return event;
}

bool is_startup_locality(const LoggedEvent& event) {
  return event.type == kEventNoAction && as_text(event.data).starts_with(kStartupLocality);
}

}  // namespace

Result<EventLog> parse_event_log(ByteView bytes) {
  Reader reader(bytes);
  EventLog log{TRY(read_header(reader)), {}};
  while (!reader.at_end()) {
    std::string which = "event " + std::to_string(log.events.size() + 1);
    log.events.push_back(TRY(in(which, read_event(reader, log.algorithms))));
  }
  return log;
}

Bytes build_event_log(const EventLog& log) {
  SpecId spec{{}, 0U, 0, 2, 0, kUintn64, 1U};
  std::ranges::copy(kSpecIdSignature, spec.signature.begin());
  Bytes header;
  append(header, bytes_of(spec));
  append(header, bytes_of(StoredAlgorithm{kTpmSha256.id, kTpmSha256.digest_size}));
  header.push_back(0);  // no vendor information

  Bytes out;
  append(out, bytes_of(HeaderEvent{0U, kEventNoAction, {}, static_cast<std::uint32_t>(header.size())}));
  append(out, header);
  for (const LoggedEvent& event : log.events) {
    append(out, bytes_of(EventStart{event.pcr, event.type, 1U}));
    append(out, bytes_of(Le16(kTpmSha256.id)));
    append(out, event.digest.bytes);
    append(out, bytes_of(Le32(static_cast<std::uint32_t>(event.data.size()))));
    append(out, event.data);
  }
  return out;
}

Result<PcrValues> replay(const EventLog& log) {
  PcrValues values;
  for (unsigned pcr = 0; pcr < kStaticPcrs; ++pcr) values[pcr] = {};
  bool started = false;  // the locality is told or no longer changes anything
  for (const LoggedEvent& event : log.events) {
    if (is_startup_locality(event)) {
      if (event.pcr != 0 || event.data.size() != kStartupLocality.size() + 1) return fail("a broken StartupLocality");
      std::uint8_t locality = event.data.back();
      // 4: a hardware root of trust measured before the TPM was started.
      if (locality != 0 && locality != 3 && locality != 4) return fail("the TPM was started from an unknown locality");
      if (started) return fail("a StartupLocality behind another one, or behind what was measured into PCR 0");
      values[0].bytes.back() = locality;
      started = true;
    }
    if (event.type == kEventNoAction) continue;
    auto value = values.find(event.pcr);
    if (value == values.end()) return fail("something was measured into PCR " + std::to_string(event.pcr));
    value->second = extend(value->second, event.digest);
    if (event.pcr == 0) started = true;
  }
  return values;
}

}  // namespace ashlar
