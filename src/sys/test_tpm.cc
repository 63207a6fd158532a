#include "sys/test_tpm.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <csignal>
#include <cstdlib>

#include "sys/tpm_esys.h"
#include "sys/tpm_tcti.h"

namespace ashlar {
namespace {

bool read_exactly(const Fd& socket, std::uint8_t* to, std::size_t size) {
  while (size > 0) {
    ssize_t got = ::recv(socket.get(), to, size, 0);
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

std::optional<Bytes> ask(const Fd& socket, const Bytes& command) {
  if (::send(socket.get(), command.data(), command.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(command.size())) {
    return std::nullopt;
  }
  Bytes answer(kTpmHeader);
  if (!read_exactly(socket, answer.data(), kTpmHeader)) return std::nullopt;
  Result<std::size_t> size = tpm_message_size(answer);
  if (!size) return std::nullopt;
  answer.resize(*size);
  if (!read_exactly(socket, answer.data() + kTpmHeader, *size - kTpmHeader)) return std::nullopt;
  return answer;
}

}  // namespace

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
  auto socket = std::make_shared<Fd>(std::move(ours));
  TpmExchange pass = [this, socket](const Bytes& command) {
    return wire_->pass(command, [&](const Bytes& passed) { return ask(*socket, passed); });
  };
  return Tpm::over(tcti_over(std::move(pass))).value();
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
