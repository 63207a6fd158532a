#include "image/exposure.h"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/socket.h>

namespace ashlar::image {
namespace {

// A service that has nothing.
Service closed() {
  Service service;
  service.name = "x";
  service.where = "os/services/x.toml";
  service.user = 1001;
  return service;
}

TEST(Exposure, EverySettingThatOpensSomethingCounts) {
  const double least = exposure_of(closed()).overall;
  EXPECT_LT(least, 1.0);
  const std::vector<std::pair<const char*, std::function<void(Service&)>>> openings = {
      {"user", [](Service& service) { service.user = 0; }},
      {"groups", [](Service& service) { service.groups = {44}; }},
      {"ready", [](Service& service) { service.readiness = Readiness::notify; }},
      {"capabilities", [](Service& service) { service.capabilities = 1U << 21; }},
      {"shares", [](Service& service) { service.shares = shared::kNetwork; }},
      {"shares", [](Service& service) { service.shares = shared::kDevices; }},
      {"shares", [](Service& service) { service.shares = shared::kTemporary; }},
      {"shares", [](Service& service) { service.shares = shared::kData; }},
      {"shares", [](Service& service) { service.shares = shared::kHostName; }},
      {"devices", [](Service& service) { service.devices = {"/dev/dri"}; }},
      {"writable", [](Service& service) { service.writable = {"/sys/class"}; }},
      {"namespaces", [](Service& service) { service.seccomp.namespaces = CLONE_NEWUSER; }},
      {"sockets", [](Service& service) { service.seccomp.families = {AF_UNIX}; }},
      {"system-calls", [](Service& service) { service.seccomp.calls = {*system_call("mount")}; }},
  };
  for (const auto& [key, open] : openings) {
    Service service = closed();
    open(service);
    EXPECT_GT(exposure_of(service).overall, least) << key;
    Status checked = check_exposure({service}, least);
    ASSERT_FALSE(checked) << key;
    EXPECT_NE(checked.error().message().find(std::string("  ") + key + " "), std::string::npos)
        << checked.error().message();
  }
  EXPECT_TRUE(check_exposure({closed()}, least));
}

TEST(Exposure, WhoIsAboveTheLimitIsNamedWithWhatIsOpen) {
  Service service = closed();
  service.capabilities = 1U << 21;
  const double overall = exposure_of(service).overall;
  EXPECT_TRUE(check_exposure({closed(), service}, overall));
  Status checked = check_exposure({closed(), service}, overall - 0.1);
  ASSERT_FALSE(checked);
  EXPECT_TRUE(checked.error().is_misuse());
  for (const char* part : {"os/services/x.toml: exposure ", "CapabilityBoundingSet=~CAP_SYS_ADMIN", "administers"}) {
    EXPECT_NE(checked.error().message().find(part), std::string::npos) << checked.error().message();
  }
}

TEST(Exposure, TheImagesFileSaysTheSame) {
  Service service = closed();
  service.shares = shared::kNetwork;
  const std::string json = exposure_json(exposures_of({service}), 4.0);
  AuditedServices audited = parse_exposures(json).value();
  ASSERT_EQ(audited.exposures.size(), 1U);
  EXPECT_EQ(exposure_json(audited.exposures, audited.most), json);
  EXPECT_NE(exposure_table(audited).find("it has the network's interfaces"), std::string::npos);
  for (const char* bad : {"", "{}", "[1]", R"({"services":[]})"}) EXPECT_FALSE(parse_exposures(bad)) << bad;
  // Numbers that nobody counted do no harm.
  EXPECT_TRUE(parse_exposures(R"({"services":[{"items":[{"weight":-1e300,"open":"x"}]},7]})"));
}

}  // namespace
}  // namespace ashlar::image
