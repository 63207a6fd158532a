#include "cost/place.h"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/fd.h"
#include "format/user_accounts.h"
#include "sys/personal_service.h"
#include "sys/sandbox.h"

namespace ashlar::cost {
namespace {

constexpr unsigned kPerson = 1;
constexpr char kHomeBeside[] = "/run/cost";  // a home, where nobody's is

Result<std::vector<std::string>> enter_session() {
  auto services = service_table();
  auto found =
      std::ranges::find_if(services, [](const ServiceDefinition& each) { return each.kind == ServiceKind::session; });
  if (found == services.end()) return fail("this image has no session");
  Result<std::string> line = read_text(kSessionOwnerFile);
  SessionOwner owner = {.user = kPerson, .home_on_data = false};
  if (line) owner = TRY(parse_session_owner(*line));
  PersonalService personal(*found, owner);
  // Before what would forbid to write there. Without a policy the kernel takes it and nothing comes of it.
  Fd context = TRY(open_file("/proc/self/attr/exec", O_WRONLY));
  TRY(in("choose the domain", write_all(context, as_bytes(std::string_view("system_u:system_r:session_t")))));
  context = {};
  TRY(enter_sandbox(personal.definition()));
  std::vector<std::string> environment;
  for (const char* entry : personal.definition().environment) {
    if (entry != nullptr) environment.emplace_back(entry);
  }
  return environment;
}

Result<std::vector<std::string>> stand_beside() {
  const auto id = account_id(kPerson);
  ::mkdir(kHomeBeside, 0700);
  if (::chown(kHomeBeside, id, id) != 0) return fail_errno("make a home");
  if (::setgroups(0, nullptr) != 0 || ::setresgid(id, id, id) != 0 || ::setresuid(id, id, id) != 0) {
    return fail_errno("become the person");
  }
  return std::vector<std::string>{std::string("HOME=") + kHomeBeside};
}

Status hide_browser_policies() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", "/etc/chromium/policies", "tmpfs", 0, "mode=0755") != 0) {
    return fail_errno("hide the browser's policies");
  }
  return {};
}

}  // namespace

Result<std::vector<std::string>> enter(const std::string& place) {
  if (place == "session") return enter_session();
  if (place == "free") TRY(hide_browser_policies());
  if (place == "beside" || place == "free") return stand_beside();
  return fail("there is no place " + place);
}

}  // namespace ashlar::cost
