#include "image/services.h"

#include <fmt/format.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "image/toml.h"
#include "image/tree_view.h"

namespace ashlar::image {
namespace {

constexpr std::int64_t kMostSeconds = 600;
constexpr std::int64_t kMostMemoryMib = 1 << 20;

// In the kernel's order, which gives their numbers (linux/capability.h).
constexpr std::array<std::string_view, 41> kCapabilities = {"chown",
                                                            "dac_override",
                                                            "dac_read_search",
                                                            "fowner",
                                                            "fsetid",
                                                            "kill",
                                                            "setgid",
                                                            "setuid",
                                                            "setpcap",
                                                            "linux_immutable",
                                                            "net_bind_service",
                                                            "net_broadcast",
                                                            "net_admin",
                                                            "net_raw",
                                                            "ipc_lock",
                                                            "ipc_owner",
                                                            "sys_module",
                                                            "sys_rawio",
                                                            "sys_chroot",
                                                            "sys_ptrace",
                                                            "sys_pacct",
                                                            "sys_admin",
                                                            "sys_boot",
                                                            "sys_nice",
                                                            "sys_resource",
                                                            "sys_time",
                                                            "sys_tty_config",
                                                            "mknod",
                                                            "lease",
                                                            "audit_write",
                                                            "audit_control",
                                                            "setfcap",
                                                            "mac_override",
                                                            "mac_admin",
                                                            "syslog",
                                                            "wake_alarm",
                                                            "block_suspend",
                                                            "audit_read",
                                                            "perfmon",
                                                            "bpf",
                                                            "checkpoint_restore"};
// In the order of their bits in namespace shared.
constexpr std::array<std::string_view, 5> kShares = {"network", "host-name", "devices", "temporary", "data"};

template <typename E>
using Names = std::map<std::string, E, std::less<>>;
const Names<ServiceKind> kKinds = {{"oneshot", ServiceKind::oneshot},
                                   {"daemon", ServiceKind::daemon},
                                   {"session", ServiceKind::session},
                                   {"logger", ServiceKind::logger}};
const Names<Readiness> kReadiness = {{"started", Readiness::started},
                                     {"notify", Readiness::notify},
                                     {"descriptor", Readiness::descriptor},
                                     {"exit", Readiness::exit}};
const Names<RestartPolicy> kRestart = {
    {"never", RestartPolicy::never}, {"failure", RestartPolicy::failure}, {"always", RestartPolicy::always}};

const Names<std::uint64_t> kNamespaces = {
    {"mount", CLONE_NEWNS}, {"uts", CLONE_NEWUTS},     {"ipc", CLONE_NEWIPC},       {"user", CLONE_NEWUSER},
    {"pid", CLONE_NEWPID},  {"network", CLONE_NEWNET}, {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME}};
// The families a service may have sockets of. Others the kernel has for special programs, AF_ALG among them, are not
// to be had. (It has no IPv6: who asks is told so by the kernel, and not by the filter's line in the log.)
const Names<std::vector<int>> kFamilies = {
    {"unix", {AF_UNIX}}, {"internet", {AF_INET, AF_INET6}}, {"netlink", {AF_NETLINK}}, {"packet", {AF_PACKET}}};

bool is_service_name(std::string_view name) {
  auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  return !name.empty() && name.size() <= 32 && lower(name.front()) &&
         std::ranges::all_of(name, [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '-'; });
}

template <typename E>
Result<E> one_of(const TomlTable& table, std::string_view key, const std::string& word, const Names<E>& names) {
  auto found = names.find(word);
  if (found != names.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : names) known.push_back(name);
  return fail_misuse(fmt::format("{} is one of {}, not '{}'", table.where(key), fmt::join(known, ", "), word));
}

// The bits of the words, by their places among `names`.
Result<std::uint64_t> bits_of(const TomlTable& table, std::string_view key, const std::vector<std::string>& words,
                              std::span<const std::string_view> names) {
  std::uint64_t bits = 0;
  for (const std::string& word : words) {
    auto found = std::ranges::find(names, word);
    if (found == names.end()) return fail_misuse(table.where(key) + ": there is no '" + word + "'");
    std::uint64_t bit = std::uint64_t{1} << (found - names.begin());
    if ((bits & bit) != 0) return fail_misuse(table.where(key) + ": '" + word + "' is named twice");
    bits |= bit;
  }
  return bits;
}

// Absolute, without dots and doubled slashes: these paths are created and mounted on.
Status check_paths(const TomlTable& table, std::string_view key, const std::vector<std::string>& paths,
                   std::string_view below) {
  for (const std::string& path : paths) {
    bool plain = path.starts_with(below) && path.size() > below.size() && fs::path(path).lexically_normal() == path &&
                 !path.ends_with('/');
    if (!plain)
      return fail_misuse(table.where(key) + ": '" + path + "' is not a plain path below " + std::string(below));
  }
  return {};
}

Result<std::int64_t> number_in(TomlTable& table, std::string_view key, std::int64_t otherwise, std::int64_t most) {
  std::int64_t number = otherwise == 0 ? table.integer(key) : table.integer_or(key, otherwise);
  if (table.has(key) && (number < 1 || number > most)) {
    return fail_misuse(fmt::format("{} must lie between 1 and {}", table.where(key), most));
  }
  return number;
}

Status read_times(TomlTable& table, Service& service) {
  service.ready_within = std::chrono::seconds(TRY(number_in(table, "ready-within-s", 10, kMostSeconds)));
  service.stop_within = std::chrono::seconds(TRY(number_in(table, "stop-within-s", 2, kMostSeconds)));
  bool oneshot = service.kind == ServiceKind::oneshot;
  std::string ready = oneshot ? table.text_or("ready", "exit") : table.text("ready");
  if (!ready.empty()) service.readiness = TRY(one_of(table, "ready", ready, kReadiness));
  service.restart = TRY(one_of(table, "restart", table.text_or("restart", "failure"), kRestart));
  service.restart_limit = static_cast<unsigned>(TRY(number_in(table, "restart-limit", 5, 1000)));
  if (oneshot != (service.readiness == Readiness::exit)) {
    return fail_misuse(table.where("ready") + (oneshot ? ": a oneshot is ready when it ends, by 'exit'"
                                                       : ": only a oneshot is ready by its 'exit'"));
  }
  if (oneshot && service.restart == RestartPolicy::always) {
    return fail_misuse(table.where("restart") + ": a oneshot that is always started again is never done");
  }
  if (service.restart == RestartPolicy::never && table.has("restart-limit")) {
    return fail_misuse(table.where("restart-limit") + ": it is never restarted");
  }
  return {};
}

// Whose service it is, and so which variables follow from that: none for a session, of which PID 1 learns it when /data
// is open (sys/personal_service.h).
Result<std::map<std::string, std::string, std::less<>>> read_user(TomlTable& table, Service& service,
                                                                  const AccountFiles& accounts) {
  const bool session = service.kind == ServiceKind::session;
  if (session && table.has("user")) {
    return fail_misuse(table.where("user") + ": a session is the person's who unlocked /data");
  }
  if (session) service.user = service.group = kNobody.number;
  std::string user = session ? "" : table.text("user");
  if (user.empty()) return {};  // finish() says that it is missing
  std::optional<Account> account = find_user(accounts, user);
  if (!account) return fail_misuse(table.where("user") + ": os/users.toml has no user '" + user + "'");
  service.user = service.group = account->id;
  return {{{"HOME", account->home}, {"USER", user}, {"LOGNAME", user}}};
}

Status read_identity(TomlTable& table, Service& service, const AccountFiles& accounts) {
  auto variables = TRY(read_user(table, service, accounts));
  for (const std::string& name : table.list_or_empty("groups")) {
    std::optional<std::uint32_t> group = find_group(accounts, name);
    if (!group) return fail_misuse(table.where("groups") + ": os/users.toml has no group '" + name + "'");
    service.groups.push_back(*group);
  }

  std::set<std::string, std::less<>> named = {"PATH", "USER", "LOGNAME", "NOTIFY_SOCKET"};
  if (service.kind == ServiceKind::session) {
    named.insert({"HOME", "XDG_RUNTIME_DIR", "XKB_DEFAULT_LAYOUT", "XKB_DEFAULT_VARIANT", "ASHLAR_SESSION"});
  }
  variables["LANG"] = "C.UTF-8";
  for (const std::string& variable : table.list_or_empty("environment")) {
    std::string name = variable.substr(0, variable.find('='));
    if (name.empty() || name.size() == variable.size()) {
      return fail_misuse(table.where("environment") + ": '" + variable + "' is not NAME=value");
    }
    if (!named.insert(name).second) return fail_misuse(table.where("environment") + ": " + name + " is set already");
    variables[name] = variable.substr(name.size() + 1);
  }
  variables["PATH"] = "/usr/sbin:/usr/bin";
  if (service.readiness == Readiness::notify) variables["NOTIFY_SOCKET"] = notify_socket(service.name);
  for (const auto& [name, value] : variables) service.environment.push_back(fmt::format("{}={}", name, value));
  return {};
}

// The one place in /data that a service of the machine's has. It is not there on a machine without /data: who has one
// starts only where /data is open, and that is a logger.
Status check_state(const TomlTable& table, const Service& service) {
  TRY(check_paths(table, "state", {service.state}, "/data/"));
  if (service.state.find('/', std::string_view("/data/").size()) != std::string::npos ||
      service.state == "/data/home" || service.state == "/data/ashlar") {
    return fail_misuse(table.where("state") + ": '" + service.state + "' is not a directory of its own right in /data");
  }
  if (service.kind != ServiceKind::logger) return fail_misuse(table.where("state") + ": only a logger has one");
  if ((service.shares & shared::kData) != 0) {
    return fail_misuse(table.where("state") + ": with /data shared it would see more of it");
  }
  return {};
}

Status read_sandbox(TomlTable& table, Service& service) {
  service.capabilities = TRY(bits_of(table, "capabilities", table.list_or_empty("capabilities"), kCapabilities));
  service.shares = static_cast<std::uint8_t>(TRY(bits_of(table, "shares", table.list_or_empty("shares"), kShares)));
  service.directories = table.list_or_empty("directories");
  service.writable = table.list_or_empty("writable");
  service.state = table.text_or("state", "");
  service.devices = table.list_or_empty("devices");
  service.memory_mib = static_cast<std::uint64_t>(TRY(number_in(table, "memory-mib", 0, kMostMemoryMib)));
  service.processes = static_cast<std::uint32_t>(TRY(number_in(table, "processes", 0, 1 << 20)));
  service.open_files = static_cast<std::uint32_t>(TRY(number_in(table, "open-files", 256, 1 << 20)));
  TRY(check_paths(table, "directories", service.directories, "/run/"));
  TRY(check_paths(table, "writable", service.writable, "/"));
  if (!service.state.empty()) TRY(check_state(table, service));
  TRY(check_paths(table, "devices", service.devices, "/dev/"));
  if (!service.devices.empty() && (service.shares & shared::kDevices) != 0) {
    return fail_misuse(table.where("devices") + ": with the shared devices it has all of them");
  }
  for (const std::string& path : service.writable) {
    if (path == "/data" || path.starts_with("/data/")) {
      return fail_misuse(table.where("writable") + ": nothing of /data is written by a service but a session's home");
    }
    if (path == "/tmp" || path == "/dev" || path.starts_with("/tmp/") || path.starts_with("/dev/")) {
      return fail_misuse(table.where("writable") + ": '" + path + "' is its own, or shared, and writable either way");
    }
    if (std::ranges::find(service.directories, path) != service.directories.end()) {
      return fail_misuse(table.where("writable") + ": '" + path + "' is one of its directories");
    }
  }
  return {};
}

Status read_system_calls(TomlTable& table, Service& service, const SystemCallGroups& groups) {
  std::vector<std::string> listed = table.list("system-calls");
  std::vector<std::string> namespaces = table.list_or_empty("namespaces");
  std::vector<std::string> sockets = table.list_or_empty("sockets");
  if (listed.empty()) return {};  // finish() says that it is missing
  SeccompRules& rules = service.seccomp;
  rules.calls = TRY(in(table.where("system-calls"), groups.resolve(listed)));
  for (const std::string& word : namespaces) {
    rules.namespaces |= TRY(one_of(table, "namespaces", word, kNamespaces));
  }
  for (const std::string& word : sockets) {
    std::vector<int> families = TRY(one_of(table, "sockets", word, kFamilies));
    rules.families.insert(rules.families.end(), families.begin(), families.end());
  }
  const bool talks = rules.calls.contains(TRY(system_call("socket")));
  if (talks == rules.families.empty()) {
    return fail_misuse(table.where(talks ? "system-calls" : "sockets") +
                       (talks ? ": it may call 'socket', and 'sockets' names no family"
                              : ": it may not call 'socket': add @sockets to 'system-calls'"));
  }
  service.system_calls = TRY(in(service.where, build_seccomp_filter(rules)));
  return {};
}

// "a, which waits for b, which waits for a", or nothing. `path` is how we came to `name`.
std::optional<std::string> cycle_from(const std::map<std::string, const Service*>& services, const std::string& name,
                                      std::vector<std::string>& path, std::set<std::string>& done) {
  if (auto met = std::ranges::find(path, name); met != path.end()) {
    return fmt::format("{}, which waits for {}", fmt::join(met, path.end(), ", which waits for "), name);
  }
  if (!done.insert(name).second) return std::nullopt;
  path.push_back(name);
  for (const auto* list : {&services.at(name)->needs, &services.at(name)->after}) {
    for (const std::string& earlier : *list) {
      if (auto found = cycle_from(services, earlier, path, done)) return found;
    }
  }
  path.pop_back();
  return std::nullopt;
}

}  // namespace

Result<ServiceWords> read_service_words(const fs::path& os) {
  ServiceWords words;
  words.accounts = TRY(build_accounts(TRY(read_text(os / "users.toml")), "os/users.toml"));
  constexpr char kGroups[] = "policy/seccomp/groups.toml";
  words.groups = TRY(SystemCallGroups::parse(TRY(read_text(os / kGroups)), (fs::path("os") / kGroups).string()));
  return words;
}

Result<Service> parse_service(std::string_view text, const fs::path& file, const ServiceWords& words) {
  TomlTable table = TRY(TomlTable::parse(text, file.string()));
  Service service;
  service.name = file.stem().string();
  service.where = file.string();
  if (!is_service_name(service.name)) {
    return fail_misuse(file.string() + ": the file's name is not a service's: lower-case letters, digits and dashes");
  }
  table.text("description");
  std::string kind = table.text("kind");
  if (!kind.empty()) service.kind = TRY(one_of(table, "kind", kind, kKinds));
  service.program = table.text("program");
  service.domain = table.text_or("domain", "");
  service.domain_where = table.where("domain");
  service.arguments = table.list_or_empty("arguments");
  service.arguments.insert(service.arguments.begin(),
                           table.text_or("called", fs::path(service.program).filename().string()));
  service.needs = table.list_or_empty("needs");
  service.after = table.list_or_empty("after");
  TRY(read_times(table, service));
  TRY(read_identity(table, service, words.accounts));
  TRY(read_sandbox(table, service));
  TRY(read_system_calls(table, service, words.groups));
  TRY(table.finish());
  TRY(check_paths(table, "program", {service.program}, "/"));
  for (const std::string& name : service.needs) {
    if (std::ranges::find(service.after, name) == service.after.end()) continue;
    return fail_misuse(table.where("after") + ": what it needs, '" + name + "', it comes after in any case");
  }
  return service;
}

Result<std::vector<Service>> read_services(const fs::path& directory, const std::vector<std::string>& names,
                                           const ServiceWords& words) {
  std::vector<Service> services;
  std::set<std::string> in_image(names.begin(), names.end());
  auto file_of = [&](const std::string& name) { return directory / (name + ".toml"); };
  for (const std::string& name : in_image) {
    if (!fs::exists(file_of(name))) return fail_misuse("there is no service '" + name + "' in " + directory.string());
    services.push_back(TRY(parse_service(TRY(read_text(file_of(name))), file_of(name), words)));
  }
  std::map<std::string, const Service*> by_name;
  for (Service& service : services) {
    for (const std::string& name : service.needs) {
      if (in_image.contains(name)) continue;
      return fail_misuse(service.where + ": it needs '" + name + "', which the image does not have");
    }
    for (const std::string& name : service.after) {
      if (fs::exists(file_of(name))) continue;
      return fail_misuse(service.where + ": it comes after '" + name + "', which is not in " + directory.string());
    }
    std::erase_if(service.after, [&](const std::string& name) { return !in_image.contains(name); });
    by_name[service.name] = &service;
  }
  std::set<std::string> done;
  for (const Service& service : services) {
    std::vector<std::string> path;
    if (auto cycle = cycle_from(by_name, service.name, path, done)) {
      return fail_misuse(service.where + ": none of these can start: " + *cycle);
    }
  }
  return services;
}

std::string_view name_of_capability(unsigned number) { return kCapabilities.at(number); }

Status check_programs(const std::vector<Service>& services, const std::vector<fs::path>& roots,
                      const std::vector<std::string>& own) {
  for (const Service& service : services) {
    bool there =
        std::ranges::find(own, service.program) != own.end() ||
        std::ranges::any_of(roots, [&](const fs::path& root) { return TreeView(root).has_file(service.program); });
    if (!there) return fail_misuse(service.where + ": the image has no program " + service.program);
  }
  return {};
}

}  // namespace ashlar::image
