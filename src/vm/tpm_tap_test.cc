// A tap between a machine, which is played here, and a real software TPM.
#include "vm/tpm_tap.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/subprocess.h"
#include "vm/sockets.h"
#include "vm/tpm.h"

namespace ashlar::vm {
namespace {

const Bytes kStartup = from_hex("80010000000c000001440000").value();
const Bytes kGetRandom = from_hex("80010000000c0000017b0008").value();
constexpr std::uint32_t kGetRandomCode = 0x17b;

class TpmTapTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "ashlar-tap-test-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    tpm_.emplace(SoftwareTpm::start(directory_ / "tpm", directory_ / "tpm.log").value());
    SocketPair wire = socket_pair().value();
    tap_ = TpmTap::start(std::move(wire.ours), tpm_->take_machine_end()).value();
    control_ = std::move(wire.theirs);
    timeval limit{20, 0};  // a test that hangs should fail
    ::setsockopt(control_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  void TearDown() override {
    tap_.reset();
    tpm_.reset();
    fs::remove_all(directory_);
  }

  // What QEMU does when it starts: a socket pair for the data, and CMD_INIT.
  void power_on() {
    SocketPair data = socket_pair().value();
    timeval limit{20, 0};
    ::setsockopt(data.ours.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> ancillary{};
    Bytes set_data = from_hex("00000010").value();
    iovec part{set_data.data(), set_data.size()};
    msghdr message{
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.data(), .msg_controllen = ancillary.size()};
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    *header = {.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
    int number = data.theirs.get();
    std::memcpy(CMSG_DATA(header), &number, sizeof number);
    ASSERT_EQ(::sendmsg(control_.get(), &message, MSG_NOSIGNAL), 4);
    expect_control_success();
    Bytes init = from_hex("0000000200000000").value();
    ASSERT_EQ(::send(control_.get(), init.data(), init.size(), MSG_NOSIGNAL), 8);
    expect_control_success();
    data_ = std::move(data.ours);
  }
  void expect_control_success() {
    Bytes result(4, 0xff);
    ASSERT_EQ(::recv(control_.get(), result.data(), result.size(), MSG_WAITALL), 4);
    EXPECT_EQ(result, Bytes(4));
  }
  // One command of the machine's; nothing when the wire is cut.
  std::optional<Bytes> command(const Bytes& bytes) {
    if (::send(data_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
      return std::nullopt;
    }
    Bytes answer(kLargestTpmMessage);
    ssize_t got = ::recv(data_.get(), answer.data(), answer.size(), 0);
    if (got <= 0) return std::nullopt;
    answer.resize(static_cast<std::size_t>(got));
    return answer;
  }

  fs::path directory_;
  std::optional<SoftwareTpm> tpm_;
  std::unique_ptr<TpmTap> tap_;
  Fd control_, data_;
};

TEST_F(TpmTapTest, PassesOnAndKeepsEverything) {
  power_on();
  EXPECT_EQ(command(kStartup), tpm_answer(0));
  std::optional<Bytes> random = command(kGetRandom);
  ASSERT_TRUE(random);
  EXPECT_EQ(random->size(), kTpmHeader + 2 + 8);
  tap_->wire([&](TpmWire& wire) {
    EXPECT_EQ(wire.commands, (std::vector<Bytes>{kStartup, kGetRandom}));
    EXPECT_EQ(wire.answers, (std::vector<Bytes>{tpm_answer(0), *random}));
    EXPECT_TRUE(wire.carried(ByteView(*random).last(8)));
    EXPECT_FALSE(wire.carried(as_bytes("never said")));
  });
}

TEST_F(TpmTapTest, TheHostPutsCommandsOfItsOwn) {
  EXPECT_FALSE(tap_->exchange(kGetRandom)) << "no machine yet";
  power_on();
  EXPECT_EQ(tap_->exchange(kGetRandom).value(), tpm_answer(0x100)) << "before TPM2_Startup: TPM_RC_INITIALIZE";
  EXPECT_EQ(command(kStartup), tpm_answer(0));
  EXPECT_EQ(tap_->exchange(kGetRandom).value().size(), kTpmHeader + 2 + 8);
  tap_->wire([&](TpmWire& wire) { EXPECT_EQ(wire.commands, (std::vector<Bytes>{kStartup})) << "the machine's alone"; });
}

TEST_F(TpmTapTest, AnswersCanBeChangedGivenAndCut) {
  power_on();
  EXPECT_EQ(command(kStartup), tpm_answer(0));
  tap_->wire([&](TpmWire& wire) { wire.meddle = [](const Bytes&, Bytes& answer) { answer.back() = 0x5a; }; });
  EXPECT_EQ(command(kGetRandom).value().back(), 0x5a);
  tap_->wire([&](TpmWire& wire) {
    wire.meddle = nullptr;
    wire.intercept = [](const Bytes& asked) -> std::optional<Bytes> {
      if (tpm_command_code(asked) != kGetRandomCode) return std::nullopt;
      return tpm_answer(0x922);
    };
  });
  EXPECT_EQ(command(kGetRandom), tpm_answer(0x922));
  tap_->wire([&](TpmWire& wire) {
    wire.intercept = nullptr;
    wire.meddle = [](const Bytes&, Bytes& answer) { answer.clear(); };
  });
  EXPECT_EQ(command(kGetRandom), std::nullopt);
  EXPECT_EQ(command(kGetRandom), std::nullopt) << "for good";
  EXPECT_TRUE(tap_->exchange(kGetRandom)) << "the TPM itself is there";
}

TEST_F(TpmTapTest, TheTpmEndsWithItsMachine) {
  power_on();
  EXPECT_EQ(command(kStartup), tpm_answer(0));
  EXPECT_EQ(tpm_->poll(), std::nullopt) << "the control: it runs";
  control_ = Fd();
  data_ = Fd();
  for (int i = 0; i < 1000 && !tpm_->poll(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_TRUE(tpm_->poll());
}

}  // namespace
}  // namespace ashlar::vm
