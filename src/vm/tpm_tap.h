// The wire between a machine and its software TPM, tapped: every command and answer is kept and may be changed or cut,
// and the host puts commands of its own to the running TPM, between two of the machine's.
//
// QEMU speaks swtpm's control protocol (swtpm_ioctls(3)) over a stream socket, and with its command CMD_SET_DATAFD
// hands swtpm a descriptor over which TPM commands then pass. The tap stands between the two, passes the control
// protocol on as it is, keeps that descriptor for itself, and gives swtpm one of its own.
#pragma once

#include <memory>
#include <mutex>
#include <thread>

#include "base/fd.h"
#include "format/tpm_wire.h"

namespace ashlar::vm {

class TpmTap {
 public:
  // `machine`: the socket whose other end QEMU gets; `tpm`: swtpm's control socket.
  static Result<std::unique_ptr<TpmTap>> start(Fd machine, Fd tpm);
  TpmTap(const TpmTap&) = delete;
  TpmTap& operator=(const TpmTap&) = delete;
  ~TpmTap();

  // Looks at the wire, or sets what it does, while nothing passes. What is set there runs in a thread of the tap's, and
  // must call nothing of the tap.
  void wire(const std::function<void(TpmWire&)>& use);
  // A command of the host's own, and its answer; the record does not have them. Waits until the machine's present
  // command is answered. It meets the machine's sessions and objects as they are: what it makes it should flush.
  // Errors: no machine uses the TPM yet, or it is gone.
  Result<Bytes> exchange(const Bytes& command);

 private:
  TpmTap(Fd machine, Fd tpm) : machine_(std::move(machine)), tpm_(std::move(tpm)) {}
  void pass_control();
  bool pass_to_tpm();
  bool pass_to_machine();
  // Takes the machine's end of the data channel and gives one of our own for swtpm.
  Result<Fd> take_data(Fd machine_end);
  void pass_data();
  std::optional<Bytes> ask(const Bytes& command);

  Fd machine_, tpm_;            // control
  Fd data_machine_, data_tpm_;  // data, once there is a channel
  std::mutex mutex_;            // of what follows, and of swtpm: one command at a time
  TpmWire wire_;
  bool has_data_ = false;
  std::thread control_thread_, data_thread_;
};

}  // namespace ashlar::vm
