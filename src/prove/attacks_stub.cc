// Attacks through what systemd-boot and systemd-stub read besides the signed UKI: files beside it, strings of the
// machine, menu and keyboard.
#include "format/authenticode.h"
#include "prove/weaken.h"

namespace ashlar::prove {
namespace {

using image::EspFiles;
using std::chrono::seconds;

constexpr const char* kAddedBehind = "ashlar: failed: kernel command line: .* was added behind what the owner signed";

// The directory beside the UKI from which the stub takes credentials, add-ons and extensions.
std::string beside(const Lab& lab, const std::string& name) {
  return image::uki_path(lab.version) + ".extra.d/" + name;
}
Bytes text(std::string_view content) {
  ByteView bytes = as_bytes(content);
  return {bytes.begin(), bytes.end()};
}

std::function<Status(Target&)> puts(std::string name, Bytes content) {
  return [name = std::move(name), content = std::move(content)](Target& target) {
    return target.edit_esp([&](EspFiles& files) -> Status {
      files[name.starts_with('/') ? name.substr(1) : beside(target.lab(), name)] = content;
      return {};
    });
  };
}

// The stub takes the file, measures it, and puts it into the initramfs, where nothing looks at it.
Attack measured(std::string id, std::string what, std::string name, unsigned pcr) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::initramfs,
          .outcome = Outcome::unchanged,
          .offline = "ESP content",
          .carry_out = puts(std::move(name), text("attack")),
          .changed = {pcr}};
}

enum class SignedBy { nobody, stranger, owner };

// An add-on is a PE image whose command line the stub appends to the UKI's.
std::function<Status(Target&)> puts_addon(SignedBy signer) {
  return [signer](Target& target) -> Status {
    const Lab& lab = target.lab();
    Bytes stub = TRY(read_file(lab.tools.root() / "usr/lib/systemd/boot/efi/addonx64.efi.stub"));
    UkiSection line{".cmdline", as_bytes("init=/usr/bin/dash")};
    Bytes addon = TRY(build_uki(stub, std::span(&line, 1)));
    if (signer != SignedBy::nobody) {
      addon = TRY(sign_pe(addon, signer == SignedBy::owner ? lab.owner.image : lab.stranger.image));
    }
    return puts("attack.addon.efi", std::move(addon))(target);
  };
}

Attack foreign_addon(std::string id, std::string what, SignedBy signer) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::firmware,  // the stub asks it
          .outcome = Outcome::unchanged,
          .evidence = "load_addons: .*ignoring: (Access denied|Security violation)",
          .offline = "only one is expected",
          .carry_out = puts_addon(signer),
          .control = without_secure_boot(kAddedBehind)};
}

Attack added_behind(std::string id, std::string what, std::string offline, std::function<Status(Target&)> carry_out) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::initramfs,
          .evidence = kAddedBehind,
          .offline = std::move(offline),
          .carry_out = std::move(carry_out),
          .control = without_end_of_line()};
}

std::function<Status(Target&)> smbios(std::string string) {
  return [string = std::move(string)](Target& target) -> Status {
    target.machine.smbios.push_back("type=11,value=" + string);
    return {};
  };
}

// fw_cfg is how QEMU hands the firmware a kernel of its own; credentials and the like are for an init that reads them.
Attack fw_cfg_kernel() {
  return {
      .id = "stub.fw_cfg-kernel",
      .what =
          "The machine hands the firmware another kernel by fw_cfg: the UKI without signature, with a line of its own",
      .denied_by = Layer::firmware,
      .outcome = Outcome::unchanged,
      .carry_out = [](Target& target) -> Status {
        fs::path kernel = target.disk().string() + ".kernel";
        TRY(write_file(kernel, TRY(make_uki(target.lab(), ".cmdline",
                                            as_bytes("console=ttyS0 no_timer_check loglevel=4"), nullptr))));
        target.machine.extra_arguments = {"-kernel", kernel.string()};
        return {};
      },
      .control = without_secure_boot(kForeignLine)};
}

Attack fw_cfg_strings() {
  return {.id = "stub.fw_cfg",
          .what = "fw_cfg carries credentials and an SMBIOS-like command line",
          .denied_by = Layer::initramfs,
          .outcome = Outcome::unchanged,
          .carry_out = [](Target& target) -> Status {
            target.machine.fw_cfg = {{"opt/io.systemd.credentials/attack", "attack"},
                                     {"opt/io.systemd.stub.kernel-cmdline-extra", "init=/usr/bin/dash"}};
            return {};
          }};
}

// --- Boot menu.

Status add_to_loader_conf(Target& target, std::string_view lines) {
  return target.edit_esp([&](EspFiles& files) -> Status {
    append(files[std::string(image::kLoaderConfPath)], as_bytes(lines));
    return {};
  });
}

// An entry of its own for the signed UKI, which is then the default.
Status add_entry(Target& target, const std::string& lines) {
  TRY(puts("/loader/entries/attack.conf", text("title attack\n" + lines))(target));
  return add_to_loader_conf(target, "default attack.conf\n");
}

Attack loader_entry(std::string id, std::string what, std::function<Status(Target&)> carry_out) {
  return {.id = std::move(id),
          .what = std::move(what),
          .denied_by = Layer::stub,
          .outcome = Outcome::unchanged,
          .offline = "ESP content",
          .carry_out = std::move(carry_out),
          .changed = {12},  // the stub measures the line it then ignores
          .control = without_secure_boot(kForeignLine)};
}

Status add_entry_with_options(Target& target) {
  return add_entry(target, "efi /" + image::uki_path(target.lab().version) +
                               "\noptions console=ttyS0 no_timer_check loglevel=4 init=/usr/bin/dash\n");
}

// systemd-boot reads this string only for entries that name a kernel.
Status add_entry_and_smbios(Target& target) {
  TRY(smbios("io.systemd.boot.kernel-cmdline-extra=console=ttyS0 no_timer_check loglevel=4 init=/usr/bin/dash")(
      target));
  return add_entry(target, "linux /" + image::uki_path(target.lab().version) + "\n");
}

// The menu reads one key at a time. What the machine says meanwhile stays for the watch to read.
Status type_slowly(vm::Machine& machine, std::initializer_list<const char*> keys) {
  for (const char* typed : keys) {
    TRY(machine.type_serial(typed));
    vm::Deadline pause = vm::Deadline::after(vm::Milliseconds(1500));
    while (!pause.passed()) TRY(machine.read_serial(vm::Milliseconds(pause.left())));
  }
  return {};
}

// Waits for the menu, opens the editor, adds a word in front of the line, where its cursor is, and starts.
Status edit_line_at_menu(vm::Machine& machine) {
  TRY(machine.wait_for_text("Boot in", seconds(120)));
  return type_slowly(machine, {"e", "roothash=00 ", "\r"});
}

Attack menu_editor() {
  return {.id = "menu.editor",
          .what = "loader.conf shows the menu and allows its editor, and somebody adds to the command line there",
          .denied_by = Layer::stub,
          .outcome = Outcome::unchanged,
          .offline = "loader.conf was changed",
          .carry_out = [](Target& target) -> Status {
            return target.edit_esp([](EspFiles& files) -> Status {
              files[std::string(image::kLoaderConfPath)] = text("timeout 60\neditor yes\n");
              return {};
            });
          },
          .play = edit_line_at_menu,
          .control = without_secure_boot(kForeignLine)};
}

// Holds keys while firmware and boot loader look for them, and then tries what the menu offers.
Status hold_keys(vm::Machine& machine) {
  // systemd-boot looks for a key for a tenth of a second.
  for (vm::Deadline limit = vm::Deadline::after(seconds(240)); !limit.passed();) {
    TRY(machine.type_serial(" "));
    TRY(machine.send_keys({"spc"}));
    vm::Deadline pause = vm::Deadline::after(vm::Milliseconds(40));
    while (!pause.passed()) TRY(machine.read_serial(vm::Milliseconds(pause.left())));
    if (machine.last_lines(3).find("ashlar: ready") != std::string::npos) return {};
    if (machine.last_lines(30).find(kMenu) != std::string::npos) break;
  }
  return type_slowly(machine, {"e", "roothash=00 ", "\r"});
}

Attack keys_held() {
  return {.id = "menu.keys",
          .what = "Keys are held from power-on, and the editor's key is tried at the menu",
          .denied_by = Layer::stub,
          .outcome = Outcome::unchanged,
          .evidence = kMenu,
          .carry_out = [](Target&) -> Status { return {}; },
          .play = hold_keys};
}

}  // namespace

std::vector<Attack> stub_attacks(const Lab&) {
  std::vector<Attack> attacks = {
      measured("stub.credential", "A credential lies beside the UKI", "attack.cred", 12),
      measured("stub.global-credential", "A credential lies where all UKIs find it", "/loader/credentials/attack.cred",
               12),
      measured("stub.sysext", "A system extension lies beside the UKI", "attack.sysext.raw", 13),
      measured("stub.confext", "A configuration extension lies beside the UKI", "attack.confext.raw", 12),
      foreign_addon("stub.addon-unsigned", "An add-on without signature adds to the command line", SignedBy::nobody),
      foreign_addon("stub.addon-stranger", "An add-on signed by a stranger adds to the command line",
                    SignedBy::stranger),
      added_behind("stub.addon-owner", "An add-on that the owner once signed adds to the command line",
                   "only one is expected", puts_addon(SignedBy::owner)),
      added_behind("stub.smbios", "An SMBIOS string asks the stub to add to the command line", "",
                   smbios("io.systemd.stub.kernel-cmdline-extra=init=/usr/bin/dash")),
      fw_cfg_kernel(),
      fw_cfg_strings(),
      loader_entry("menu.entry",
                   "A loader entry starts the signed UKI with a command line of its own, and is the default",
                   add_entry_with_options),
      loader_entry("menu.smbios", "A loader entry starts the signed UKI, and an SMBIOS string adds to its command line",
                   add_entry_and_smbios),
      menu_editor(),
      keys_held(),
  };
  for (Attack& attack : attacks) {
    if (attack.id == "stub.smbios" || attack.id == "stub.credential" || attack.id == "stub.addon-unsigned" ||
        attack.id == "menu.entry") {
      attack.tier = Tier::sample;
    }
  }
  return attacks;
}

}  // namespace ashlar::prove
