#include "sys/test_tpm.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <new>

#include "sys/tpm_esys.h"

namespace ashlar {
namespace {

constexpr std::size_t kHeader = 10;  // tag, size, code (Part 1, 18)

// A TCTI over a socket. The first member is what libtss2 looks at.
struct SocketTcti {
  TSS2_TCTI_CONTEXT_COMMON_CURRENT common{};
  Fd socket;
  TpmWire* wire = nullptr;
  Bytes pending;  // an answer that is ready
  bool cut = false;
};
SocketTcti& of(TSS2_TCTI_CONTEXT* context) { return *reinterpret_cast<SocketTcti*>(context); }

bool read_exactly(const Fd& socket, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    ssize_t got = ::recv(socket.get(), to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Bytes> receive_answer(const Fd& socket) {
  Bytes answer(kHeader);
  if (!read_exactly(socket, answer.data(), kHeader)) return std::nullopt;
  Be32 size;
  std::memcpy(&size, answer.data() + 2, sizeof size);
  if (size < kHeader || size > 8192) return std::nullopt;
  answer.resize(size);
  if (!read_exactly(socket, answer.data() + kHeader, size - kHeader)) return std::nullopt;
  return answer;
}

TSS2_RC transmit(TSS2_TCTI_CONTEXT* context, std::size_t size, const std::uint8_t* bytes) {
  SocketTcti& tcti = of(context);
  if (tcti.cut) return TSS2_TCTI_RC_IO_ERROR;
  Bytes command(bytes, bytes + size);
  tcti.wire->commands.push_back(command);
  std::optional<Bytes> own = tcti.wire->intercept ? tcti.wire->intercept(command) : std::nullopt;
  if (own) {
    tcti.pending = std::move(*own);
    return TSS2_RC_SUCCESS;
  }
  if (::send(tcti.socket.get(), bytes, size, MSG_NOSIGNAL) != static_cast<ssize_t>(size)) return TSS2_TCTI_RC_IO_ERROR;
  std::optional<Bytes> answer = receive_answer(tcti.socket);
  if (!answer) return TSS2_TCTI_RC_IO_ERROR;
  tcti.pending = std::move(*answer);
  if (tcti.wire->meddle) tcti.wire->meddle(command, tcti.pending);
  tcti.cut = tcti.pending.empty();
  return TSS2_RC_SUCCESS;
}

TSS2_RC receive(TSS2_TCTI_CONTEXT* context, std::size_t* size, std::uint8_t* bytes, std::int32_t) {
  SocketTcti& tcti = of(context);
  if (tcti.cut) return TSS2_TCTI_RC_IO_ERROR;
  if (bytes == nullptr) {
    *size = tcti.pending.size();
    return TSS2_RC_SUCCESS;
  }
  if (*size < tcti.pending.size()) return TSS2_TCTI_RC_INSUFFICIENT_BUFFER;
  std::ranges::copy(tcti.pending, bytes);
  *size = tcti.pending.size();
  tcti.wire->answers.push_back(std::move(tcti.pending));
  tcti.pending.clear();
  return TSS2_RC_SUCCESS;
}

void finalize(TSS2_TCTI_CONTEXT* context) { of(context).~SocketTcti(); }

Tcti socket_tcti(Fd socket, TpmWire& wire) {
  auto* tcti = new (std::malloc(sizeof(SocketTcti))) SocketTcti();  // freed by TctiRelease
  tcti->common.v1.magic = 0x7465737474706d00;
  tcti->common.v1.version = 1;
  tcti->common.v1.transmit = transmit;
  tcti->common.v1.receive = receive;
  tcti->common.v1.finalize = finalize;
  tcti->socket = std::move(socket);
  tcti->wire = &wire;
  return Tcti(reinterpret_cast<TSS2_TCTI_CONTEXT*>(tcti));
}

}  // namespace

bool TpmWire::carried(ByteView needle) const {
  auto holds = [&](const Bytes& message) { return !std::ranges::search(message, needle).empty(); };
  return std::ranges::any_of(commands, holds) || std::ranges::any_of(answers, holds);
}

std::uint32_t tpm_command_code(const Bytes& command) {
  Be32 code;
  std::memcpy(&code, command.data() + 6, sizeof code);
  return code;
}

Bytes tpm_answer(std::uint32_t code) {
  Bytes answer;
  append(answer, bytes_of(Be16(std::uint16_t{TPM2_ST_NO_SESSIONS})));
  append(answer, bytes_of(Be32(std::uint32_t{kHeader})));
  append(answer, bytes_of(Be32(code)));
  return answer;
}

TestTpm::TestTpm() : wire_(std::make_unique<TpmWire>()) {
  std::string name = (fs::temp_directory_path() / "ashlar-tpm-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) std::abort();
  directory_ = name;
}

TestTpm::~TestTpm() {
  power_off();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void TestTpm::power_off() {
  if (!process_) return;
  ::kill(process_->pid(), SIGKILL);  // like pulling the plug: swtpm says nothing to the TPM
  process_.reset();
}

Tpm TestTpm::power_on() {
  power_off();
  EXPECT_TRUE(find_program("swtpm")) << "install the package swtpm";
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) std::abort();
  Fd ours(ends[0]);
  Fd theirs(ends[1]);
  Fd log = open_file(directory_ / "swtpm.log", O_WRONLY | O_CREAT | O_APPEND, 0600).value();
  process_ = Process::start({"swtpm", "socket", "--tpm2", "--tpmstate", "dir=" + directory_.string(), "--fd",
                             std::to_string(theirs.get()), "--flags", "not-need-init,startup-clear", "--terminate"},
                            log, {.inherit = {theirs.get()}, .lifetime = ProcessOptions::Lifetime::bound})
                 .value();
  return Tpm::over(socket_tcti(std::move(ours), *wire_)).value();
}

Tpm TestTpm::clear() {
  {
    Tpm tpm = power_on();
    TSS2_RC code = Esys_Clear(tpm.esys(), ESYS_TR_RH_PLATFORM, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
    EXPECT_EQ(code, TSS2_RC_SUCCESS);
  }
  return power_on();
}

}  // namespace ashlar
