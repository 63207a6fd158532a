#include "sys/personal_service.h"

#include "format/user_accounts.h"

namespace ashlar {

PersonalService::PersonalService(const ServiceDefinition& general, const SessionOwner& owner) : definition_(general) {
  if (owner.user == 0) return;
  const std::string account = account_name(owner.user);
  const std::uint32_t id = account_id(owner.user);
  const char* home = keep((owner.home_on_data ? "/data/home/" : "/run/home/") + account);
  const char* runtime = keep("/run/user/" + std::to_string(id));

  for (const auto& [name, value] :
       std::initializer_list<std::pair<std::string, std::string>>{{"HOME", home},
                                                                  {"USER", account},
                                                                  {"LOGNAME", account},
                                                                  {"XDG_RUNTIME_DIR", runtime},
                                                                  {"XKB_DEFAULT_LAYOUT", owner.layout},
                                                                  {"XKB_DEFAULT_VARIANT", owner.variant}}) {
    environment_.push_back(keep(name + "=" + value));
  }
  environment_.insert(environment_.end(), general.environment.begin(), general.environment.end());

  ServiceSandbox& sandbox = definition_.sandbox;
  directories_.assign(sandbox.directories.begin(), sandbox.directories.end());
  directories_.push_back(runtime);
  if (!owner.home_on_data) directories_.push_back(home);
  if (owner.home_on_data) sandbox.home = home;
  sandbox.directories = directories_;
  sandbox.user = UserId{id};
  sandbox.group = GroupId{id};
  definition_.environment = environment_;
}

}  // namespace ashlar
