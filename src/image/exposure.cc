#include "image/exposure.h"

#include <fmt/format.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <functional>
#include <initializer_list>

#include "image/json_read.h"
#include "image/system_calls.h"
#include "image/toml.h"

namespace ashlar::image {
namespace {

constexpr std::uint64_t bits(std::initializer_list<unsigned> capabilities) {
  std::uint64_t all = 0;
  for (unsigned capability : capabilities) all |= std::uint64_t{1} << capability;
  return all;
}

struct CapabilityQuestion {
  std::string_view setting;
  std::uint64_t capabilities;
  unsigned weight;
  std::string_view why;
};
constexpr std::array kCapabilityQuestions = {
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_ADMIN", bits({CAP_SYS_ADMIN}), 1500, "administers the system"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SET(UID|GID|PCAP)", bits({CAP_SETUID, CAP_SETGID, CAP_SETPCAP}),
                       1500, "becomes other users"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_PTRACE", bits({CAP_SYS_PTRACE}), 1500, "looks into processes"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_TIME", bits({CAP_SYS_TIME}), 1000, "sets the clock"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_NET_ADMIN", bits({CAP_NET_ADMIN}), 1000, "configures the network"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_RAWIO", bits({CAP_SYS_RAWIO}), 1000, "reaches raw hardware"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_MODULE", bits({CAP_SYS_MODULE}), 1000, "loads kernel modules"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_AUDIT_*", bits({CAP_AUDIT_CONTROL, CAP_AUDIT_READ, CAP_AUDIT_WRITE}),
                       500, "reaches the audit log"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYSLOG", bits({CAP_SYSLOG}), 500, "reaches the kernel's log"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_(NICE|RESOURCE)", bits({CAP_SYS_NICE, CAP_SYS_RESOURCE}), 500,
                       "raises priorities and limits"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_MKNOD", bits({CAP_MKNOD}), 500, "makes device nodes"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_(CHOWN|FSETID|SETFCAP)", bits({CAP_CHOWN, CAP_FSETID, CAP_SETFCAP}),
                       1000, "gives files away"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_(DAC_*|FOWNER|IPC_OWNER)",
                       bits({CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_IPC_OWNER}), 1000,
                       "reads and writes other users' files"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_KILL", bits({CAP_KILL}), 500, "ends other users' processes"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_NET_(BIND_SERVICE|BROADCAST|RAW)",
                       bits({CAP_NET_BIND_SERVICE, CAP_NET_BROADCAST, CAP_NET_RAW}), 500, "has raw sockets, low ports"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_BOOT", bits({CAP_SYS_BOOT}), 100, "restarts the machine"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_MAC_*", bits({CAP_MAC_ADMIN, CAP_MAC_OVERRIDE}), 100,
                       "changes mandatory policies"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_LINUX_IMMUTABLE", bits({CAP_LINUX_IMMUTABLE}), 75,
                       "marks files immutable"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_IPC_LOCK", bits({CAP_IPC_LOCK}), 50, "locks any amount of memory"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_CHROOT", bits({CAP_SYS_CHROOT}), 50, "changes its root"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_BLOCK_SUSPEND", bits({CAP_BLOCK_SUSPEND}), 25, "keeps it awake"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_WAKE_ALARM", bits({CAP_WAKE_ALARM}), 25, "wakes the machine"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_LEASE", bits({CAP_LEASE}), 25, "takes leases on files"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_TTY_CONFIG", bits({CAP_SYS_TTY_CONFIG}), 25,
                       "hangs up terminals"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_SYS_PACCT", bits({CAP_SYS_PACCT}), 25, "keeps process accounts"},
    CapabilityQuestion{"CapabilityBoundingSet=~CAP_BPF", bits({CAP_BPF}), 25, "loads BPF programs"},
};

// Calls, one of which is enough. systemd's groups of these names, without what no service here may list anyway.
struct CallQuestion {
  std::string_view setting;
  unsigned weight;
  std::vector<std::string> calls;
};
const std::array kCallQuestions = {
    CallQuestion{"SystemCallFilter=~@clock", 1000, {"adjtimex", "clock_adjtime", "clock_settime", "settimeofday"}},
    CallQuestion{"SystemCallFilter=~@cpu-emulation", 250, {}},
    CallQuestion{"SystemCallFilter=~@debug", 1000, {}},
    CallQuestion{"SystemCallFilter=~@module", 1000, {}},
    CallQuestion{"SystemCallFilter=~@mount",
                 1000,
                 {"chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
                  "open_tree", "pivot_root", "umount2"}},
    CallQuestion{"SystemCallFilter=~@obsolete", 250, {"sysfs", "ustat"}},
    CallQuestion{
        "SystemCallFilter=~@privileged",
        700,
        {"capset", "chown", "chroot", "clock_adjtime", "clock_settime", "fanotify_init", "fchown", "fchownat", "lchown",
         "pivot_root", "setdomainname", "setfsuid", "setgroups", "sethostname", "setresuid", "setreuid", "setuid"}},
    CallQuestion{"SystemCallFilter=~@raw-io", 1000, {}},
    CallQuestion{"SystemCallFilter=~@reboot", 1000, {}},
    CallQuestion{"SystemCallFilter=~@resources",
                 700,
                 {"ioprio_set", "mbind", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
                  "set_mempolicy", "setpriority", "setrlimit"}},
    CallQuestion{"SystemCallFilter=~@swap", 1000, {}},
};

struct NamespaceQuestion {
  std::string_view setting;
  std::uint64_t flag;
  unsigned weight;
};
constexpr std::array kNamespaceQuestions = {
    NamespaceQuestion{"RestrictNamespaces=~user", CLONE_NEWUSER, 1500},
    NamespaceQuestion{"RestrictNamespaces=~mnt", CLONE_NEWNS, 500},
    NamespaceQuestion{"RestrictNamespaces=~ipc", CLONE_NEWIPC, 500},
    NamespaceQuestion{"RestrictNamespaces=~pid", CLONE_NEWPID, 500},
    NamespaceQuestion{"RestrictNamespaces=~cgroup", CLONE_NEWCGROUP, 500},
    NamespaceQuestion{"RestrictNamespaces=~net", CLONE_NEWNET, 500},
    NamespaceQuestion{"RestrictNamespaces=~uts", CLONE_NEWUTS, 100},
};

class Questions {
 public:
  explicit Questions(const Service& service) : service_(service) {
    ask_who_it_is();
    ask_what_it_sees();
    ask_what_it_has();
    ask_what_it_calls();
  }
  std::vector<ExposureItem> take() { return std::move(items_); }

 private:
  void ask(std::string_view setting, unsigned weight, std::string_view key, double open, std::string_view why) {
    items_.push_back({std::string(setting), std::string(key), open > 0 ? std::string(why) : "", weight, open});
  }
  void closed(std::string_view setting, unsigned weight) { ask(setting, weight, "", 0, ""); }
  [[nodiscard]] bool shares(std::uint8_t what) const { return (service_.shares & what) != 0; }
  [[nodiscard]] bool calls(const std::string& name) const {
    Result<std::uint32_t> number = system_call(name);
    return number && service_.seccomp.calls.contains(*number);
  }
  [[nodiscard]] bool has_family(int family) const {
    return std::ranges::find(service_.seccomp.families, family) != service_.seccomp.families.end();
  }
  [[nodiscard]] bool writes_below(std::string_view top) const {
    return std::ranges::any_of(service_.writable, [&](const std::string& path) {
      return path == top || path.starts_with(std::string(top) + "/");
    });
  }

  void ask_who_it_is() {
    const bool root = service_.user == 0;
    const bool session = service_.kind == ServiceKind::session;
    ask("User=/DynamicUser=", 2000, "user", root ? 1 : 0, "it is root");
    if (!root) ask("SupplementaryGroups=", 200, "groups", service_.groups.empty() ? 0 : 1, "it has groups");
    if (!root) closed("RemoveIPC=", 100);  // the kernel has none
    ask("UMask=", 100, "kind", session ? 0 : 0.8, "what it writes others can read");
    closed("KeyringMode=", 1000);  // no service calls keyctl
    ask("PrivateUsers=", 1000, "", 1, "users are the same as outside");
    closed("Delegate=", 100);
    ask("NotifyAccess=", 1000, "ready", service_.readiness == Readiness::notify ? 1 : 0,
        "each of its processes can say that it is ready");
    ask("AmbientCapabilities=", 500, "capabilities", service_.capabilities == 0 ? 0 : 1,
        "each of its programs has its capabilities");
  }

  void ask_what_it_sees() {
    const bool session = service_.kind == ServiceKind::session;
    const bool all_devices = shares(shared::kDevices);
    const bool some_devices = !service_.devices.empty();
    ask("PrivateDevices=", 1000, all_devices ? "shares" : "devices", all_devices || some_devices ? 1 : 0,
        "it has devices");
    ask("DeviceAllow=", 1000, all_devices ? "shares" : "devices",
        all_devices    ? 1
        : some_devices ? 0.5
                       : 0,
        all_devices ? "all devices" : "some devices");
    closed("PrivateMounts=", 1000);
    ask("PrivateNetwork=", 2500, "shares", shares(shared::kNetwork) ? 1 : 0, "it has the network's interfaces");
    const bool internet = shares(shared::kNetwork) && (has_family(AF_INET) || has_family(AF_INET6));
    ask("IPAddressDeny=", 1000, "sockets", internet ? 1 : 0, "it reaches any address");
    ask("PrivateTmp=", 1000, "shares", shares(shared::kTemporary) ? 1 : 0, "/tmp is everybody's");
    ask("ProtectControlGroups=", 1000, "writable", writes_below("/sys") ? 1 : 0, "/sys/fs/cgroup can be written");
    ask("ProtectKernelTunables=", 1000, "writable", writes_below("/proc") || writes_below("/sys") ? 1 : 0,
        "/proc or /sys can be written");
    closed("ProtectKernelModules=", 1000);  // there are none
    closed("ProtectKernelLogs=", 1000);
    ask("ProtectClock=", 1000, "capabilities", (service_.capabilities & bits({CAP_SYS_TIME})) != 0 ? 1 : 0,
        "it sets the clock");
    // Its own home alone is seen as through ProtectHome=tmpfs.
    ask("ProtectHome=", 1000, session ? "kind" : "shares",
        shares(shared::kData) ? 0.5
        : session             ? 0.1
                              : 0,
        session ? "it has its person's home" : "/data can be read");
    ask("ProtectHostname=", 50, "shares", shares(shared::kHostName) ? 1 : 0, "it sets the host's name");
    closed("ProtectSystem=", 1000);
    ask("RootDirectory=/RootImage=", 200, "", 1, "its root is the system's");
    closed("ProtectProc=", 1000);
    ask("ProcSubset=", 10, "", 1, "/proc shows the system's parts too");
  }

  void ask_what_it_has() {
    closed("NoNewPrivileges=", 1000);
    for (const CapabilityQuestion& question : kCapabilityQuestions) {
      ask(question.setting, question.weight, "capabilities",
          (service_.capabilities & question.capabilities) != 0 ? 1 : 0, question.why);
    }
  }

  void ask_what_it_calls() {
    closed("LockPersonality=", 100);
    closed("MemoryDenyWriteExecute=", 100);
    closed("SystemCallArchitectures=", 1000);
    ask("RestrictRealtime=", 500, "system-calls", calls("sched_setscheduler") ? 1 : 0, "it may ask for real time");
    ask("RestrictSUIDSGID=", 1000, "system-calls", calls("chmod") || calls("mkdir") ? 1 : 0,
        "it marks files set-id (which nothing honours)");
    for (const NamespaceQuestion& question : kNamespaceQuestions) {
      ask(question.setting, question.weight, "namespaces", (service_.seccomp.namespaces & question.flag) != 0 ? 1 : 0,
          "it makes such namespaces");
    }
    ask("RestrictAddressFamilies=~AF_(INET|INET6)", 1500, "sockets", has_family(AF_INET) ? 1 : 0, "Internet sockets");
    ask("RestrictAddressFamilies=~AF_UNIX", 25, "sockets", has_family(AF_UNIX) ? 1 : 0, "local sockets");
    ask("RestrictAddressFamilies=~AF_NETLINK", 200, "sockets", has_family(AF_NETLINK) ? 1 : 0, "netlink sockets");
    ask("RestrictAddressFamilies=~AF_PACKET", 1000, "sockets", has_family(AF_PACKET) ? 1 : 0, "packet sockets");
    closed("RestrictAddressFamilies=~…", 1250);
    for (const CallQuestion& question : kCallQuestions) {
      std::vector<std::string> listed;
      std::ranges::copy_if(question.calls, std::back_inserter(listed), [&](const auto& name) { return calls(name); });
      ask(question.setting, question.weight, "system-calls", listed.empty() ? 0 : 1,
          fmt::format("{}", fmt::join(listed, ", ")));
    }
  }

  const Service& service_;
  std::vector<ExposureItem> items_;
};

unsigned total_weight(const std::vector<ExposureItem>& items) {
  unsigned total = 0;
  for (const ExposureItem& item : items) total += item.weight;
  return total;
}

// What is open, the most first.
std::vector<const ExposureItem*> open_items(const Exposure& exposure) {
  std::vector<const ExposureItem*> items;
  for (const ExposureItem& item : exposure.items) {
    if (item.open > 0) items.push_back(&item);
  }
  std::ranges::stable_sort(items, std::greater{}, [&](const auto* item) { return exposure.share(*item); });
  return items;
}

std::string line_of(const Exposure& exposure, const ExposureItem& item) {
  return fmt::format("  {:4.2f}  {:13} {:48} {}\n", exposure.share(item), item.key.empty() ? "-" : item.key,
                     item.setting, item.why);
}

}  // namespace

double Exposure::share(const ExposureItem& item) const {
  const unsigned total = total_weight(items);
  return total == 0 ? 0 : 10.0 * item.weight * item.open / total;
}

Exposure exposure_of(const Service& service) {
  Exposure exposure;
  exposure.service = service.name;
  exposure.items = Questions(service).take();
  for (const ExposureItem& item : exposure.items) exposure.overall += exposure.share(item);
  return exposure;
}

std::vector<Exposure> exposures_of(const std::vector<Service>& services) {
  std::vector<Exposure> exposures;
  for (const Service& service : services) exposures.push_back(exposure_of(service));
  return exposures;
}

Result<double> read_exposure_limit(const fs::path& os) {
  constexpr char kFile[] = "policy/exposure.toml";
  TomlTable table = TRY(TomlTable::parse(TRY(read_text(os / kFile)), (fs::path("os") / kFile).string()));
  const std::int64_t tenths = table.integer("most-tenths");
  TRY(table.finish());
  if (tenths < 0 || tenths > 100) return fail_misuse(table.where("most-tenths") + " must lie between 0 and 100");
  return static_cast<double>(tenths) / 10;
}

Status check_exposure(const std::vector<Service>& services, double most) {
  std::string above;
  for (const Service& service : services) {
    Exposure exposure = exposure_of(service);
    if (exposure.overall <= most) continue;
    above += fmt::format("\n{}: exposure {:.1f}, of which come from\n", service.where, exposure.overall);
    for (const ExposureItem* item : open_items(exposure)) above += line_of(exposure, *item);
  }
  if (above.empty()) return {};
  return fail_misuse(fmt::format("a service is more exposed than {:.1f} (os/policy/exposure.toml):{}", most, above));
}

std::string exposure_table(const AuditedServices& audited) {
  const auto& [exposures, most] = audited;
  std::string table = "exposure  service\n";
  for (const Exposure& exposure : exposures) table += fmt::format("{:8.1f}  {}\n", exposure.overall, exposure.service);
  table += fmt::format("{:8.1f}  at most (os/policy/exposure.toml)\n", most);
  for (const Exposure& exposure : exposures) {
    table += fmt::format("\n{}: {:.1f}\n", exposure.service, exposure.overall);
    for (const ExposureItem* item : open_items(exposure)) table += line_of(exposure, *item);
  }
  return table;
}

std::string exposure_json(const std::vector<Exposure>& exposures, double most) {
  Json out = {{"most", most}, {"services", Json::array()}};
  for (const Exposure& exposure : exposures) {
    Json items = Json::array();
    for (const ExposureItem& item : exposure.items) {
      items.push_back({{"setting", item.setting},
                       {"key", item.key},
                       {"open", item.open},
                       {"weight", item.weight},
                       {"exposure", exposure.share(item)},
                       {"why", item.why}});
    }
    out["services"].push_back({{"service", exposure.service}, {"exposure", exposure.overall}, {"items", items}});
  }
  return json_text(out);
}

Result<AuditedServices> parse_exposures(std::string_view json) {
  const Json read = TRY(parse_json(as_bytes(json)));
  auto number = [](const Json& object, const char* key) {
    const Json& value = member(object, key);
    return value.is_number() ? value.get<double>() : 0;
  };
  AuditedServices audited;
  audited.most = number(read, "most");
  for (const Json& service : member(read, "services")) {
    Exposure exposure;
    exposure.service = text_member(service, "service");
    exposure.overall = number(service, "exposure");
    for (const Json& item : member(service, "items")) {
      exposure.items.push_back({text_member(item, "setting"), text_member(item, "key"), text_member(item, "why"),
                                static_cast<unsigned>(std::clamp(number(item, "weight"), 0.0, 1e6)),
                                number(item, "open")});
    }
    audited.exposures.push_back(std::move(exposure));
  }
  if (audited.exposures.empty()) return fail("it names no services");
  return audited;
}

}  // namespace ashlar::image
