#include "vm/tpm_tap.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>

#include "vm/sockets.h"

namespace ashlar::vm {
namespace {

bool send_all(const Fd& socket, ByteView bytes) {
  while (!bytes.empty()) {
    ssize_t sent = ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(sent));
  }
  return true;
}

bool read_exactly(const Fd& socket, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    // A command and its answer under one lock: the host's must not come between the machine's.
    ssize_t got =
        ::recv(socket.get(), into.data(), into.size(), 0);  // NOLINT(clang-analyzer-unix.BlockInCriticalSection)
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(got));
  }
  return true;
}

// One command or answer; nullopt at the end, and after what is none.
std::optional<Bytes> read_message(const Fd& socket) {
  Bytes message(kTpmHeader);
  if (!read_exactly(socket, message)) return std::nullopt;
  Result<std::size_t> size = tpm_message_size(message);
  if (!size) return std::nullopt;
  message.resize(*size);
  if (!read_exactly(socket, std::span(message).subspan(kTpmHeader))) return std::nullopt;
  return message;
}

// What one read of a control socket gave: bytes, and perhaps a descriptor that came with them.
struct Control {
  Bytes bytes;
  Fd descriptor;
};

std::optional<Control> read_control(const Fd& socket) {
  std::array<std::uint8_t, 4096> buffer{};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> ancillary{};
  iovec part{buffer.data(), buffer.size()};
  msghdr message{
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.data(), .msg_controllen = ancillary.size()};
  ssize_t got = ::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC);
  if (got <= 0) return std::nullopt;
  Control control{.bytes = {buffer.begin(), buffer.begin() + got}};
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    int number = -1;
    std::memcpy(&number, CMSG_DATA(header), sizeof number);
    control.descriptor = Fd(number);
  }
  return control;
}

bool send_control(const Fd& socket, ByteView bytes, const Fd& descriptor) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> ancillary{};
  iovec part{const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  msghdr message{
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = ancillary.data(), .msg_controllen = ancillary.size()};
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  int number = descriptor.get();
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  return ::sendmsg(socket.get(), &message, MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
}

// Wakes who reads it, for good.
void end(const Fd& socket) {
  if (socket.valid()) ::shutdown(socket.get(), SHUT_RDWR);
}

}  // namespace

Result<std::unique_ptr<TpmTap>> TpmTap::start(Fd machine, Fd tpm) {
  if (!machine.valid() || !tpm.valid()) return fail_misuse("TPM tap: needs two sockets");
  std::unique_ptr<TpmTap> tap(new TpmTap(std::move(machine), std::move(tpm)));
  tap->control_thread_ = std::thread([raw = tap.get()] { raw->pass_control(); });
  return tap;
}

TpmTap::~TpmTap() {
  end(machine_);
  end(tpm_);
  control_thread_.join();  // the only one that starts the other
  end(data_machine_);
  end(data_tpm_);
  if (data_thread_.joinable()) data_thread_.join();
}

void TpmTap::wire(const std::function<void(TpmWire&)>& use) {
  std::lock_guard lock(mutex_);
  use(wire_);
}

Result<Bytes> TpmTap::exchange(const Bytes& command) {
  std::lock_guard lock(mutex_);
  if (!has_data_) return fail("TPM tap: the machine has not opened its TPM yet");
  std::optional<Bytes> answer = ask(command);
  if (!answer) return fail("TPM tap: the software TPM is gone");
  return std::move(*answer);
}

// When either side ends, so does the other: swtpm ends with the machine, as without a tap.
void TpmTap::pass_control() {
  for (;;) {
    std::array<pollfd, 2> polled = {pollfd{machine_.get(), POLLIN, 0}, pollfd{tpm_.get(), POLLIN, 0}};
    if (::poll(polled.data(), polled.size(), -1) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    if (polled[0].revents != 0 && !pass_to_tpm()) break;
    if (polled[1].revents != 0 && !pass_to_machine()) break;
  }
  end(machine_);
  end(tpm_);
  std::lock_guard lock(mutex_);
  end(data_tpm_);
}

bool TpmTap::pass_to_tpm() {
  std::optional<Control> control = read_control(machine_);
  if (!control) return false;
  std::lock_guard lock(mutex_);  // swtpm takes no control command in the middle of a TPM's
  if (!control->descriptor.valid()) return send_all(tpm_, control->bytes);
  Result<Fd> own = take_data(std::move(control->descriptor));
  return own && send_control(tpm_, control->bytes, *own);
}

bool TpmTap::pass_to_machine() {
  std::optional<Control> control = read_control(tpm_);
  return control && send_all(machine_, control->bytes);
}

Result<Fd> TpmTap::take_data(Fd machine_end) {
  if (has_data_) return fail("TPM tap: a second data channel");
  SocketPair own = TRY(socket_pair());
  data_machine_ = std::move(machine_end);
  data_tpm_ = std::move(own.ours);
  has_data_ = true;
  data_thread_ = std::thread([this] { pass_data(); });
  return std::move(own.theirs);
}

void TpmTap::pass_data() {
  while (std::optional<Bytes> command = read_message(data_machine_)) {
    std::optional<Bytes> answer;
    {
      std::lock_guard lock(mutex_);
      answer = wire_.pass(*command, [this](const Bytes& passed) { return ask(passed); });
    }
    if (!answer || !send_all(data_machine_, *answer)) break;
  }
  end(data_machine_);
}

std::optional<Bytes> TpmTap::ask(const Bytes& command) {
  if (!send_all(data_tpm_, command)) return std::nullopt;
  return read_message(data_tpm_);
}

}  // namespace ashlar::vm
