#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <functional>

#include "base/base64.h"
#include "base/digest.h"
#include "base/fd.h"
#include "base/guid.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/subprocess.h"
#include "base/xml.h"

namespace ashlar {
namespace {

TEST(Base64, IsRfc4648) {
  // Section 10.
  for (auto [bytes, text] : std::initializer_list<std::pair<const char*, const char*>>{{"", ""},
                                                                                       {"f", "Zg=="},
                                                                                       {"fo", "Zm8="},
                                                                                       {"foo", "Zm9v"},
                                                                                       {"foob", "Zm9vYg=="},
                                                                                       {"fooba", "Zm9vYmE="},
                                                                                       {"foobar", "Zm9vYmFy"},
                                                                                       {"\xfb\xff", "+/8="}}) {
    EXPECT_EQ(to_base64(as_bytes(bytes)), text);
    EXPECT_EQ(as_text(from_base64(text).value()), bytes);
  }
  for (const char* text :
       {"Z", "Zg", "Zg=", "Zh==", "Zm9=", "====", "Z===", "=Zg=", "Zg==Zg==", "Zm9v\n", "Zm 9", "-_8="}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
}

TEST(Hex, RoundTripsAndRefusesWhatIsNotHex) {
  Bytes bytes = {0x00, 0x7f, 0xff};
  EXPECT_EQ(to_hex(bytes), "007fff");
  EXPECT_EQ(from_hex("007FfF").value(), bytes);
  EXPECT_FALSE(from_hex("0"));
  EXPECT_FALSE(from_hex("0g"));
}

TEST(Log, PrintableTextMovesNoTerminal) {
  EXPECT_EQ(log::printable("a\x1b[2Jb\r\nc\x7f \xc3\xa9"), "a?[2Jb?\nc? \xc3\xa9");
}

TEST(Stored, KeepsItsByteOrder) {
  Le32 little = 0x01020304U;
  Be32 big = 0x01020304U;
  EXPECT_EQ(to_hex(bytes_of(little)), "04030201");
  EXPECT_EQ(to_hex(bytes_of(big)), "01020304");
  EXPECT_EQ(std::uint32_t(little), std::uint32_t(big));
}

TEST(Slice, NeverLeavesItsContainer) {
  Bytes bytes(10);
  EXPECT_EQ(slice(bytes, 4, 6, "x")->size(), 6U);
  EXPECT_FALSE(slice(bytes, 4, 7, "x"));
  EXPECT_FALSE(slice(bytes, ~0ULL, 2, "x"));
  EXPECT_FALSE(slice(bytes, 2, ~0ULL, "x"));
}

TEST(Guid, StoresTheFirstThreeFieldsLittleEndian) {
  constexpr Guid esp = "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"_guid;
  EXPECT_EQ(to_hex(esp.raw), "28732ac11ff8d211ba4b00a0c93ec93b");
  EXPECT_EQ(esp.text(), "c12a7328-f81f-11d2-ba4b-00a0c93ec93b");
  EXPECT_EQ(parse_guid("C12A7328-F81F-11D2-BA4B-00A0C93EC93B").value(), esp);
  EXPECT_FALSE(parse_guid("c12a7328f81f-11d2-ba4b-00a0c93ec93b1"));
  EXPECT_FALSE(parse_guid(""));
}

TEST(Sha256, AgreesWithTheStandardsExample) {
  EXPECT_EQ(sha256("abc").hex(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(parse_sha256(sha256("abc").hex()).value(), sha256("abc"));
  EXPECT_FALSE(parse_sha256("ba78"));
}

TEST(WriteFile, ReplacesWholeOrNotAtAll) {
  std::string directory = testing::TempDir() + "/ashlar-write-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  fs::path path = fs::path(directory) / "file";
  ASSERT_TRUE(write_file(path, as_bytes("one")));
  ASSERT_TRUE(write_file(path, as_bytes("two")));
  EXPECT_EQ(read_text(path).value(), "two");
  EXPECT_FALSE(read_file(path, 2)) << "the limit must hold";
  fs::create_directory(fs::path(directory) / "taken");
  EXPECT_FALSE(write_file(fs::path(directory) / "taken", as_bytes("x")));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(directory)) ++entries;
  EXPECT_EQ(entries, 2U) << "no temporary file may stay behind";
}

TEST(Secret, ComparesByContent) {
  Secret a = Secret::of_size(32).value();
  Secret b = Secret::of_size(32).value();
  EXPECT_TRUE(a.equals(b));
  b.bytes()[31] = 1;
  EXPECT_FALSE(a.equals(b));
  EXPECT_FALSE(a.equals(Secret::of_size(31).value()));
}

TEST(Secret, MayBeEmptyOrACopy) {
  Secret empty = Secret::of_size(0).value();
  EXPECT_TRUE(empty.bytes().empty());
  EXPECT_TRUE(empty.equals(Secret::of_size(0).value()));
  EXPECT_FALSE(empty.equals(Secret::of_size(1).value()));
  Bytes bytes = {1, 2, 3};
  Secret copy = Secret::copy_of(bytes).value();
  EXPECT_TRUE(std::ranges::equal(copy.bytes(), bytes));
}

TEST(Error, TellsItsKindThroughEveryLayer) {
  enum class Fruit { apple, pear };
  enum class Tree { apple, pear };
  Error error = Error("it fell").as(Fruit::pear).in("shake the tree");
  EXPECT_EQ(error.kind<Fruit>(), Fruit::pear);
  EXPECT_EQ(error.kind<Tree>(), std::nullopt);
  EXPECT_EQ(Error("it fell").kind<Fruit>(), std::nullopt);
}

TEST(Run, PassesInputAndCollectsBothStreams) {
  Result<CommandOutput> output =
      run({.argv = {"sh", "-c", "cat; echo oops >&2; exit 3"}, .input = std::string(200000, 'x')});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_status, 3);
  EXPECT_EQ(output->out.size(), 200000U);
  EXPECT_EQ(output->err, "oops\n");
}

TEST(Run, SurvivesAProgramThatDoesNotRead) {
  Result<CommandOutput> output = run({.argv = {"true"}, .input = std::string(1 << 20, 'x')});
  ASSERT_TRUE(output);
  EXPECT_EQ(output->exit_status, 0);
}

TEST(Run, NamesTheProgramThatCouldNotStart) {
  Result<CommandOutput> output = run({.argv = {"no-such-program"}});
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message().find("no-such-program"), std::string::npos);
  EXPECT_EQ(output.error().code(), ENOENT);
}

TEST(RunChecked, QuotesWhatTheProgramSaid) {
  Result<std::string> output = run_checked({.argv = {"sh", "-c", "echo reason >&2; exit 1"}});
  ASSERT_FALSE(output);
  EXPECT_NE(output.error().message().find("reason"), std::string::npos);
}

// What a Ctrl-C does, in a process of its own: an interrupt that was noted stays so.
int exit_status_interrupted(const std::function<Status()>& work) {
  note_interrupts();
  Status done = work();
  return !done && done.error().message().find("interrupted") != std::string::npos ? 0 : 1;
}

TEST(Interrupt, EndsTheWaitForALock) {
  std::string directory = testing::TempDir() + "ashlar-lock-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  fs::path path = fs::path(directory) / "lock";
  Fd held = open_file(path, O_RDWR | O_CREAT, 0600).value();
  ASSERT_TRUE(lock_exclusively(held, path)) << "the control";
  auto interrupted_wait = [&]() -> Status {
    Fd other = TRY(open_file(path, O_RDWR));
    std::raise(SIGINT);
    return lock_exclusively(other, path);
  };
  EXPECT_EXIT(::_exit(exit_status_interrupted(interrupted_wait)), testing::ExitedWithCode(0), "");
}

TEST(Interrupt, IsNotTheFailureOfTheCommandItEnded) {
  auto command = []() -> Status {
    TRY(run_checked({.argv = {"sh", "-c", "kill -INT $PPID; exit 130"}}));
    return {};
  };
  EXPECT_EXIT(::_exit(exit_status_interrupted(command)), testing::ExitedWithCode(0), "");
}

TEST(Xml, IsEscapedAndHasNoControlCharacters) {
  EXPECT_EQ(escape_xml("a < b & \"c\" > d\n"), "a &lt; b &amp; &quot;c&quot; &gt; d\n");
  EXPECT_EQ(escape_xml("\x1b[31mred\r"), "[31mred");
}

}  // namespace
}  // namespace ashlar
