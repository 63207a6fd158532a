// systemd-analyze security: each service of the image, written as a unit of systemd's with the same sandbox, is as
// exposed as `ashlar audit` says.
#include <linux/capability.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "image/exposure.h"
#include "image/recipe.h"
#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;
using namespace image;

// systemd rounds what each question adds, and newer versions ask more of them.
constexpr double kTolerance = 0.2;

bool calls(const Service& service, const std::string& name) {
  return service.seccomp.calls.contains(*system_call(name));
}
const char* yes_if(bool set) { return set ? "yes" : "no"; }

std::string unit_of(const Service& service) {
  const bool session = service.kind == ServiceKind::session;
  const bool devices = (service.shares & shared::kDevices) != 0;
  const bool network = (service.shares & shared::kNetwork) != 0;
  const auto& families = service.seccomp.families;
  auto writes = [&](std::string_view top) {
    return std::ranges::any_of(service.writable, [&](const std::string& path) { return path.starts_with(top); });
  };
  std::string unit = "[Service]\nExecStart=/bin/true\n";
  auto set = [&](const std::string& name, const std::string& value) { unit += name + "=" + value + "\n"; };
  if (service.user != 0) set("User", "u1");
  if (!service.groups.empty()) set("SupplementaryGroups", "video");
  set("UMask", session ? "0077" : "0022");
  set("KeyringMode", "private");
  set("NotifyAccess", service.readiness == Readiness::notify ? "all" : "none");
  set("RemoveIPC", "yes");
  set("PrivateMounts", "yes");
  set("PrivateDevices", yes_if(!devices && service.devices.empty()));
  set("DevicePolicy", devices ? "auto" : "closed");
  for (const std::string& device : service.devices) set("DeviceAllow", device + " rw");
  set("PrivateNetwork", yes_if(!network));
  if (!network || std::ranges::find(families, AF_INET) == families.end()) set("IPAddressDeny", "any");
  set("PrivateTmp", yes_if((service.shares & shared::kTemporary) == 0));
  set("ProtectSystem", "strict");
  set("ProtectHome", (service.shares & shared::kData) != 0 ? "read-only" : session ? "tmpfs" : "yes");
  set("ProtectControlGroups", yes_if(!writes("/sys")));
  set("ProtectKernelTunables", yes_if(!writes("/sys") && !writes("/proc")));
  set("ProtectKernelModules", "yes");
  set("ProtectKernelLogs", "yes");
  set("ProtectClock", "yes");
  set("ProtectHostname", yes_if((service.shares & shared::kHostName) == 0));
  set("ProtectProc", "invisible");
  set("NoNewPrivileges", "yes");
  set("LockPersonality", "yes");
  set("MemoryDenyWriteExecute", "yes");
  set("RestrictRealtime", yes_if(!calls(service, "sched_setscheduler")));
  set("RestrictSUIDSGID", yes_if(!calls(service, "chmod") && !calls(service, "mkdir")));
  set("SystemCallArchitectures", "native");

  std::string capabilities;
  for (unsigned bit = 0; bit < 41; ++bit) {
    if ((service.capabilities >> bit & 1) != 0) capabilities += "CAP_" + std::string(name_of_capability(bit)) + " ";
  }
  set("CapabilityBoundingSet", capabilities);
  set("AmbientCapabilities", capabilities);
  std::string namespaces;
  for (auto [name, flag] : {std::pair{"user", CLONE_NEWUSER},
                            {"mnt", CLONE_NEWNS},
                            {"pid", CLONE_NEWPID},
                            {"net", CLONE_NEWNET},
                            {"uts", CLONE_NEWUTS},
                            {"ipc", CLONE_NEWIPC}}) {
    if ((service.seccomp.namespaces & static_cast<std::uint64_t>(flag)) != 0) namespaces += std::string(name) + " ";
  }
  set("RestrictNamespaces", namespaces.empty() ? "yes" : namespaces);
  std::string sockets;
  for (auto [name, family] : {std::pair{"AF_UNIX", AF_UNIX},
                              {"AF_INET", AF_INET},
                              {"AF_INET6", AF_INET6},
                              {"AF_NETLINK", AF_NETLINK},
                              {"AF_PACKET", AF_PACKET}}) {
    if (std::ranges::find(families, family) != families.end()) sockets += std::string(name) + " ";
  }
  set("RestrictAddressFamilies", sockets.empty() ? "none" : sockets);
  std::string listed;
  for (std::uint32_t call : service.seccomp.calls) listed += name_of_system_call(call) + " ";
  set("SystemCallFilter", listed);
  return unit;
}

TEST(ExposureOracle, AgreesWithSystemd) {
  const fs::path os = fs::path(ASHLAR_SOURCE_DIR) / "os";
  Recipes recipes = read_recipes(os / "profiles").value();
  std::vector<Service> services =
      read_services(os / "services", recipes.at("desktop").services, read_service_words(os).value()).value();
  ASSERT_GT(services.size(), 3U);
  TempDir work;
  for (const Service& service : services) {
    fs::path unit = work.put(service.name + ".service", std::string_view(unit_of(service)));
    // The last line: "→ Overall exposure level for X.service: 3.2 OK".
    std::string told = succeed({"systemd-analyze", "security", "--offline=true", "--no-pager", unit.string()});
    std::size_t at = told.rfind(".service: ");
    ASSERT_NE(at, std::string::npos) << told;
    const double theirs = std::stod(told.substr(at + std::strlen(".service: ")));
    const Exposure ours = exposure_of(service);
    EXPECT_NEAR(ours.overall, theirs, kTolerance) << service.name << "\n" << unit_of(service) << told;
  }
}

TEST(ExposureOracle, AServiceWithNoSandboxIsAsExposedAsAUnitOfSystemds) {
  TempDir work;
  fs::path unit = work.put("open.service", std::string_view("[Service]\nExecStart=/bin/true\n"));
  std::string told = succeed({"systemd-analyze", "security", "--offline=true", "--no-pager", unit.string()});
  EXPECT_GT(std::stod(told.substr(told.rfind(".service: ") + std::strlen(".service: "))), 9.0) << "the control";
}

}  // namespace
}  // namespace ashlar
