#include "vm/accelerator.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "base/subprocess.h"
#include "vm/qmp.h"
#include "vm/sockets.h"

namespace ashlar::vm {
namespace {

struct Answer {
  Accelerator accelerator;
  std::string reason;
};

// Starts a machine without disk or firmware worth the name, lets it run, and asks whether it still does.
Status try_kvm() {
  SocketPair sockets = TRY(socket_pair());
  Fd nothing = TRY(open_file("/dev/null", O_WRONLY));
  Process qemu = TRY(
      Process::start({"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-accel", "kvm", "-cpu", "host",
                      "-machine", "q35", "-m", "64", "-display", "none", "-S", "-chardev",
                      "socket,id=qmp,fd=" + std::to_string(sockets.theirs.get()), "-mon", "chardev=qmp,mode=control"},
                     nothing, {.inherit = {sockets.theirs.get()}, .lifetime = ProcessOptions::Lifetime::bound}));
  sockets.theirs = Fd();
  Deadline deadline = Deadline::after(std::chrono::seconds(10));
  QmpClient client = TRY(QmpClient::connect(std::move(sockets.ours), deadline));
  TRY(client.execute("cont", deadline));
  nlohmann::json status = TRY(client.execute("query-status", deadline));
  if (!status.is_object() || status.value("status", "") != "running") return fail("a machine does not run with it");
  return {};
}

Answer probe() {
  if (const char* wish = std::getenv("ASHLAR_ACCELERATOR"); wish != nullptr) {
    if (std::string_view(wish) == "kvm") return {Accelerator::kvm, "KVM, as ASHLAR_ACCELERATOR says"};
    if (std::string_view(wish) == "tcg") return {Accelerator::tcg, "emulation, as ASHLAR_ACCELERATOR says"};
  }
  if (::access("/dev/kvm", F_OK) != 0) return {Accelerator::tcg, "emulation: this host has no /dev/kvm"};
  if (::access("/dev/kvm", R_OK | W_OK) != 0) return {Accelerator::tcg, "emulation: you may not open /dev/kvm"};
  if (Status tried = try_kvm(); !tried) {
    return {Accelerator::tcg, "emulation: there is a /dev/kvm, but a machine does not start with it"};
  }
  return {Accelerator::kvm, "KVM"};
}

const Answer& answer() {
  static const Answer kAnswer = probe();
  return kAnswer;
}

}  // namespace

Accelerator accelerator() { return answer().accelerator; }
std::string accelerator_reason() { return answer().reason; }

std::vector<std::string> accelerator_arguments(Accelerator chosen) {
  if (chosen == Accelerator::kvm) return {"-accel", "kvm", "-cpu", "host"};
  // Emulation does `rep stosb` byte by byte, and a fifth page-table level costs each miss one read more: a kernel that
  // is not told of either clears its memory and starts in four fifths of the time. QEMU 7.2's AVX draws stripes through
  // the browser's pages.
  return {"-accel", "tcg,thread=multi", "-cpu", "max,la57=off,erms=off,fsrm=off,avx=off,avx2=off"};
}

}  // namespace ashlar::vm
