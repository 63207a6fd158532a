#include "vm/arguments.h"

namespace ashlar::vm {
namespace {

// A path inside an option: QEMU separates options by commas and reads two as one.
std::string value(const fs::path& path) {
  std::string out;
  for (char c : fs::absolute(path).string()) out += c == ',' ? ",," : std::string(1, c);
  return out;
}

std::string disk_drive(const MachineConfig& config, const fs::path& disk) {
  std::string drive = "if=none,id=disk,discard=unmap,file=" + value(disk);
  switch (config.disk_mode) {
    case DiskMode::discard:
      return drive + ",format=raw,snapshot=on,cache=unsafe";
    case DiskMode::overlay:
      return drive + ",format=qcow2";
    case DiskMode::direct:
      break;
  }
  return drive + ",format=raw";
}

}  // namespace

std::vector<std::string> qemu_arguments(const MachineConfig& config, const MachineParts& parts,
                                        Accelerator accelerator) {
  std::vector<std::string> out = {"qemu-system-x86_64", "-nodefaults", "-no-user-config", "-name", "ashlar"};
  auto add = [&out](std::initializer_list<std::string> more) { out.insert(out.end(), more); };

  const bool smm = config.secure_boot == SecureBoot::enforced;
  // Without the six SATA ports nobody uses, neither firmware nor kernel waits for disks that are not there.
  add({"-machine", smm ? "q35,sata=off,smm=on" : "q35,sata=off"});
  for (std::string& argument : accelerator_arguments(accelerator)) out.push_back(std::move(argument));
  add({"-smp", std::to_string(config.cpus), "-m", std::to_string(config.memory_mib), "-S"});
  // Only code in SMM may write the variables: without this the guest could edit its own Secure Boot keys.
  if (smm) add({"-global", "driver=cfi.pflash01,property=secure,value=on"});
  // Waking from suspend would run firmware code we do not test.
  add({"-global", "ICH9-LPC.disable_s3=1", "-global", "ICH9-LPC.disable_s4=1", "-boot", "menu=off,splash-time=0"});
  add({"-drive", "if=pflash,unit=0,format=raw,readonly=on,file=" + value(parts.firmware.code)});
  add({"-drive", "if=pflash,unit=1,format=raw,file=" + value(parts.firmware.variables)});

  add({"-chardev", "socket,id=qmp,fd=" + std::to_string(parts.qmp), "-mon", "chardev=qmp,mode=control"});
  add({"-chardev", "socket,id=serial,fd=" + std::to_string(parts.serial) + ",logfile=" + value(parts.serial_log) +
                       ",logappend=off"});
  add({"-serial", "chardev:serial"});
  if (parts.tpm >= 0) {
    add({"-chardev", "socket,id=tpm,fd=" + std::to_string(parts.tpm), "-tpmdev", "emulator,id=tpm0,chardev=tpm"});
    add({"-device", "tpm-crb,tpmdev=tpm0"});
  }
  if (!parts.disk.empty()) {
    add({"-drive", disk_drive(config, parts.disk), "-device", "virtio-blk-pci,drive=disk,bootindex=1"});
  }
  add({"-device", "virtio-rng-pci", "-vga", "none"});
  if (config.screen_and_keyboard) {
    add({"-device", "virtio-gpu-pci", "-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci"});
  }
  add({"-display", parts.display});
  // Without the card's boot ROM: it would be measured into PCR 2, and /data stay closed on a machine that was set up
  // without a network.
  if (config.network == Network::user) {
    add({"-netdev", "user,id=network", "-device", "virtio-net-pci,netdev=network,romfile="});
  }
  if (config.reset == Reset::ends) out.emplace_back("-no-reboot");
  for (const std::string& entry : config.smbios) add({"-smbios", entry});
  for (const auto& [name, file] : parts.fw_cfg) add({"-fw_cfg", "name=" + name + ",file=" + value(file)});
  out.insert(out.end(), config.extra_arguments.begin(), config.extra_arguments.end());
  return out;
}

}  // namespace ashlar::vm
