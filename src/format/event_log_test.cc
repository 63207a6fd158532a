#include "format/event_log.h"

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;

constexpr std::uint32_t kEventIpl = 0xd;
constexpr std::size_t kHeaderSize = 32 + 28 + 4 + 1;  // with one algorithm and no vendor information

LoggedEvent event(unsigned pcr, std::string_view data) { return {pcr, kEventIpl, sha256(data), as_bytes(data)}; }
LoggedEvent no_action(std::string_view data) { return {0, kEventNoAction, {}, as_bytes(data)}; }
constexpr std::string_view kFromLocality3("StartupLocality\0\3", 17);
EventLog log_of(std::vector<LoggedEvent> events) { return {{kTpmSha256}, std::move(events)}; }

// A log with SHA-1 and SHA-256 and vendor information, as larger TPMs have it; one event, of PCR 4.
Bytes two_banks() {
  Bytes spec;
  append(spec, as_bytes({"Spec ID Event03\0\0\0\0\0\0\2\0\2\2\0\0\0", 28}));
  append(spec, as_bytes({"\x04\0\x14\0\x0b\0\x20\0", 8}));
  append(spec, as_bytes("\3abc"));
  Bytes out;
  append(out, as_bytes({"\0\0\0\0\3\0\0\0", 8}));
  append(out, Bytes(20));
  append(out, bytes_of(Le32(static_cast<std::uint32_t>(spec.size()))));
  append(out, spec);
  append(out, as_bytes({"\4\0\0\0\x0d\0\0\0\2\0\0\0\x04\0", 14}));
  append(out, Bytes(20, 0xaa));
  append(out, as_bytes({"\x0b\0", 2}));
  append(out, sha256("x").bytes);
  append(out, as_bytes({"\1\0\0\0x", 5}));
  return out;
}

void expect_refused(const Bytes& bytes, std::string_view why) {
  std::string said = error_of(parse_event_log(bytes));
  EXPECT_NE(said.find(why), std::string::npos) << "expected \"" << why << "\" in: " << said;
}

TEST(EventLog, RoundTrips) {
  Bytes bytes = build_event_log(log_of({event(4, "one"), event(11, ""), no_action(kFromLocality3)}));
  EventLog log = parse_event_log(bytes).value();
  ASSERT_EQ(log.events.size(), 3U);
  EXPECT_EQ(log.algorithms, std::vector{kTpmSha256});
  EXPECT_EQ(log.events[0].pcr, 4U);
  EXPECT_EQ(log.events[0].type, kEventIpl);
  EXPECT_EQ(log.events[0].digest, sha256("one"));
  EXPECT_EQ(as_text(log.events[0].data), "one");
  EXPECT_TRUE(log.events[1].data.empty());
  EXPECT_EQ(build_event_log(log), bytes);
}

TEST(EventLog, TakesTheSha256OfSeveralBanks) {
  Bytes bytes = two_banks();
  EventLog log = parse_event_log(bytes).value();
  ASSERT_EQ(log.events.size(), 1U);
  EXPECT_EQ(log.algorithms.size(), 2U);
  EXPECT_EQ(log.events[0].digest, sha256("x"));
  EXPECT_EQ(as_text(log.events[0].data), "x");
}

TEST(EventLog, RefusesHalfAnEvent) {
  Bytes bytes = build_event_log(log_of({event(4, "one")}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(parse_event_log(ByteView(bytes).first(size)).has_value(), size == kHeaderSize) << size;
  }
  bytes.push_back(0);
  expect_refused(bytes, "event 2: ");
}

TEST(EventLog, RefusesAnotherHeader) {
  auto with = [](std::size_t offset, std::uint8_t value) {
    Bytes bytes = build_event_log(log_of({event(4, "one")}));
    bytes[offset] = value;
    return bytes;
  };
  EXPECT_TRUE(parse_event_log(with(32, 'S'))) << "the control";
  expect_refused(with(0, 1), "not an event log of a TPM 2.0");
  expect_refused(with(4, 1), "not an event log of a TPM 2.0");
  expect_refused(with(8, 1), "not an event log of a TPM 2.0");
  expect_refused(with(32 + 14, '2'), "not an event log of a TPM 2.0");
  expect_refused(with(32 + 21, 1), "another version");
  expect_refused(with(32 + 23, 1), "another version");
  expect_refused(with(32 + 24, 0), "no SHA-256");
  expect_refused(with(32 + 27, 0xff), "the event log's algorithms");
  expect_refused(with(32 + 28, 0x12), "no SHA-256");
  expect_refused(with(32 + 28, 0x77), "an unknown digest");
  expect_refused(with(32 + 30, 20), "an unknown digest");
  Bytes no_size = with(32 + 28, 0x77);
  no_size[32 + 30] = 0;
  expect_refused(no_size, "an unknown digest");
  expect_refused(with(32 + 32, 9), "vendor information");
  expect_refused(with(28, 32), "the event log's header");
}

TEST(EventLog, RefusesWhatNoEventIs) {
  auto with = [](std::size_t offset, std::uint8_t value) {
    Bytes bytes = build_event_log(log_of({event(4, "one")}));
    bytes[kHeaderSize + offset] = value;
    return bytes;
  };
  expect_refused(with(0, 24), "event 1: there is no PCR 24");
  expect_refused(with(4, kEventNoAction), "event 1: no action, but a digest");
  expect_refused(with(8, 0), "event 1: it has 0 digests");
  expect_refused(with(8, 2), "event 1: it has 2 digests");
  expect_refused(with(11, 0xff), "digests");
  expect_refused(with(12, 0x04), "event 1: a digest of another algorithm");
  expect_refused(with(14 + 32, 4), "event 1: an event's data");
  expect_refused(with(14 + 35, 0xff), "event 1: an event's data");

  Bytes twice = two_banks();
  std::size_t first = 32 + 28 + 8 + 4 + 12;
  EXPECT_TRUE(parse_event_log(twice));
  twice[first] = 0x0b;
  expect_refused(twice, "event 1: ");
}

TEST(Replay, ExtendsInOrder) {
  PcrValues values =
      replay(log_of({event(4, "a"), event(11, "c"), {4, kEventNoAction, {}, as_bytes("said")}, event(4, "b")})).value();
  EXPECT_EQ(values.size(), 16U);
  EXPECT_EQ(values[4], extend(extend({}, sha256("a")), sha256("b")));
  EXPECT_EQ(values[11], extend({}, sha256("c")));
  EXPECT_EQ(values[15], Sha256Digest{});
  PcrValues exchanged = replay(log_of({event(4, "b"), event(4, "a")})).value();
  EXPECT_NE(exchanged[4], values[4]);
}

TEST(Replay, StartsPcr0WithTheLocality) {
  for (std::string_view said :
       {std::string_view("StartupLocality\0\0", 17), kFromLocality3, std::string_view("StartupLocality\0\4", 17)}) {
    Sha256Digest start;
    start.bytes.back() = static_cast<std::uint8_t>(said.back());
    PcrValues values = replay(log_of({no_action(said), event(0, "a")})).value();
    EXPECT_EQ(values[0], extend(start, sha256("a")));
    EXPECT_EQ(values[1], Sha256Digest{});
  }
  EXPECT_FALSE(replay(log_of({no_action({"StartupLocality\0\1", 17})})));
  EXPECT_FALSE(replay(log_of({no_action({"StartupLocality\0", 16})})));
  EXPECT_FALSE(replay(log_of({no_action({"StartupLocality\0\3\3", 18})})));
  EXPECT_FALSE(replay(log_of({no_action(kFromLocality3), no_action(kFromLocality3)})));
  EXPECT_FALSE(replay(log_of({event(0, "a"), no_action(kFromLocality3)})));
}

TEST(Replay, RefusesWhatOnlyADynamicLaunchExtends) {
  EXPECT_TRUE(replay(log_of({event(15, "a")})));
  EXPECT_NE(error_of(replay(log_of({event(17, "a")}))).find("PCR 17"), std::string::npos);
}

}  // namespace
}  // namespace ashlar
