#include "sys/personal_service.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

constexpr const char* const kEnvironment[] = {"PATH=/usr/bin", nullptr};
constexpr const char* const kDirectories[] = {"/run/x"};

ServiceDefinition general() {
  ServiceDefinition session{};
  session.name = "session";
  session.kind = ServiceKind::session;
  session.environment = kEnvironment;
  session.sandbox.user = kNobody;
  session.sandbox.group = GroupId{kNobody.number};
  session.sandbox.directories = kDirectories;
  return session;
}

std::vector<std::string> texts(std::span<const char* const> values) {
  std::vector<std::string> all;
  for (const char* value : values) all.emplace_back(value != nullptr ? value : "(end)");
  return all;
}

TEST(PersonalService, IsThePersonsWithAHomeInData) {
  std::vector<PersonalService> kept;
  kept.emplace_back(general(), SessionOwner{.user = 2, .layout = "de", .variant = "nodeadkeys"});
  PersonalService moved = std::move(kept.front());
  const ServiceDefinition& session = moved.definition();
  EXPECT_EQ(session.sandbox.user.number, 1002U);
  EXPECT_EQ(session.sandbox.group.number, 1002U);
  EXPECT_STREQ(session.sandbox.home, "/data/home/u2");
  EXPECT_EQ(texts(session.sandbox.directories), (std::vector<std::string>{"/run/x", "/run/user/1002"}));
  EXPECT_EQ(
      texts(session.environment),
      (std::vector<std::string>{"HOME=/data/home/u2", "USER=u2", "LOGNAME=u2", "XDG_RUNTIME_DIR=/run/user/1002",
                                "XKB_DEFAULT_LAYOUT=de", "XKB_DEFAULT_VARIANT=nodeadkeys", "PATH=/usr/bin", "(end)"}));
}

TEST(PersonalService, HasItsHomeInMemoryWhereThereIsNoData) {
  PersonalService personal(general(), {.user = 1, .layout = "us", .variant = "", .home_on_data = false});
  const ServiceSandbox& sandbox = personal.definition().sandbox;
  EXPECT_EQ(sandbox.home, nullptr);
  EXPECT_EQ(texts(sandbox.directories), (std::vector<std::string>{"/run/x", "/run/user/1001", "/run/home/u1"}));
  EXPECT_EQ(texts(personal.definition().environment).front(), "HOME=/run/home/u1");
}

TEST(PersonalService, StaysNobodysWithoutAPerson) {
  PersonalService personal(general(), {.user = 0});
  EXPECT_EQ(personal.definition().sandbox.user.number, kNobody.number);
  EXPECT_EQ(texts(personal.definition().environment), texts(kEnvironment));
}

}  // namespace
}  // namespace ashlar
