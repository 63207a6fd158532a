#include "image/services.h"

#include <gtest/gtest.h>

#include "image/cache.h"

namespace ashlar::image {
namespace {

ServiceWords words() {
  ServiceWords words;
  words.groups = SystemCallGroups::parse("[group.base]\nwhat = \"x\"\ncalls = [\"read\", \"mseal\"]\n", "x").value();
  words.accounts = build_accounts(R"(
[[user]]
name = "root"
id = 0
home = "/root"
shell = "/bin/sh"
[[user]]
name = "u1"
id = 1001
home = "/data/home/u1"
shell = "/bin/sh"
[[group]]
name = "seat"
id = 104
)",
                                  "users.toml")
                       .value();
  return words;
}

constexpr std::string_view kGood = R"(description = "x"
kind = "daemon"
program = "/usr/bin/seatd"
ready = "descriptor"
user = "root"
memory-mib = 16
processes = 4
system-calls = ["@base"]
)";

std::string error_of(const std::string& text) {
  Result<Service> service = parse_service(text, "os/services/x.toml", words());
  if (service) return "accepted";
  EXPECT_TRUE(service.error().is_misuse());
  return service.error().message();
}
std::string error_with(const std::string& line) { return error_of(std::string(kGood) + line); }
// The good file with one of its lines replaced.
std::string error_instead(std::string_view line, std::string_view other) {
  std::string text(kGood);
  return error_of(text.replace(text.find(line), line.size(), other));
}

TEST(Services, ReadsEveryKey) {
  Service service = parse_service(std::string(kGood) + R"(called = "seat-daemon"
arguments = ["-n", "3"]
environment = ["SEATD_VTBOUND=0", "HOME=/run/x"]
groups = ["seat"]
needs = ["udevd"]
after = ["audio"]
ready-within-s = 20
restart = "always"
restart-limit = 7
stop-within-s = 1
capabilities = ["sys_admin", "chown"]
shares = ["devices", "network"]
directories = ["/run/x"]
writable = ["/run"]
open-files = 1024
)",
                                  "os/services/seatd.toml", words())
                        .value();
  EXPECT_EQ(service.name, "seatd");
  EXPECT_EQ(service.arguments, (std::vector<std::string>{"seat-daemon", "-n", "3"}));
  EXPECT_EQ(service.environment, (std::vector<std::string>{"HOME=/run/x", "LANG=C.UTF-8", "LOGNAME=root",
                                                           "PATH=/usr/sbin:/usr/bin", "SEATD_VTBOUND=0", "USER=root"}));
  EXPECT_EQ(service.groups, std::vector<std::uint32_t>{104});
  EXPECT_EQ(service.needs, std::vector<std::string>{"udevd"});
  EXPECT_EQ(service.readiness, Readiness::descriptor);
  EXPECT_EQ(service.ready_within, std::chrono::seconds(20));
  EXPECT_EQ(service.restart, RestartPolicy::always);
  EXPECT_EQ(service.restart_limit, 7U);
  EXPECT_EQ(service.capabilities, 1U << 21 | 1U);
  EXPECT_EQ(service.shares, shared::kDevices | shared::kNetwork);
  EXPECT_EQ(service.memory_mib, 16U);
}

TEST(Services, ASessionIsWhoeverUnlockedData) {
  std::string text(kGood);
  text.replace(text.find("\"daemon\""), 8, "\"session\"");
  EXPECT_EQ(error_of(text), "os/services/x.toml:5: 'user': a session is the person's who unlocked /data");
  text.replace(text.find("user = \"root\"\n"), 14, "");
  Service session = parse_service(text, "os/services/x.toml", words()).value();
  EXPECT_EQ(session.user, kNobody.number);
  EXPECT_EQ(session.environment, (std::vector<std::string>{"LANG=C.UTF-8", "PATH=/usr/sbin:/usr/bin"}));
  for (const char* name : {"HOME", "XDG_RUNTIME_DIR", "ASHLAR_SESSION"}) {
    EXPECT_NE(error_of(text + "environment = [\"" + name + "=x\"]\n"), "accepted");
  }
}

TEST(Services, DefaultsAreNarrow) {
  Service service = parse_service(kGood, "os/services/x.toml", words()).value();
  EXPECT_EQ(service.arguments, std::vector<std::string>{"seatd"});
  EXPECT_EQ(service.capabilities, 0U);
  EXPECT_EQ(service.shares, 0);
  EXPECT_TRUE(service.writable.empty() && service.groups.empty() && service.devices.empty());
}

TEST(Services, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_with("need = []\n"), "os/services/x.toml:9: 'need' is not a key known here");
  EXPECT_EQ(error_instead("memory-mib = 16\n", ""), "os/services/x.toml:1: 'memory-mib' is missing");
  EXPECT_EQ(error_instead("\"daemon\"", "\"deamon\""),
            "os/services/x.toml:2: 'kind' is one of daemon, logger, oneshot, session, not 'deamon'");
  EXPECT_EQ(error_instead("\"root\"", "\"toor\""), "os/services/x.toml:5: 'user': os/users.toml has no user 'toor'");
  EXPECT_EQ(error_with("groups = [\"seats\"]\n"), "os/services/x.toml:9: 'groups': os/users.toml has no group 'seats'");
  EXPECT_EQ(error_with("capabilities = [\"cap_chown\"]\n"),
            "os/services/x.toml:9: 'capabilities': there is no 'cap_chown'");
  EXPECT_EQ(error_with("shares = [\"network\", \"network\"]\n"),
            "os/services/x.toml:9: 'shares': 'network' is named twice");
  EXPECT_EQ(error_instead("processes = 4", "processes = 0"),
            "os/services/x.toml:7: 'processes' must lie between 1 and 1048576");
}

TEST(Services, ListTheirSystemCalls) {
  auto instead = [](const std::string& lines) { return error_instead("system-calls = [\"@base\"]\n", lines); };
  EXPECT_EQ(instead(""), "os/services/x.toml:1: 'system-calls' is missing");
  const std::string at = "os/services/x.toml:8: 'system-calls': ";
  EXPECT_EQ(instead("system-calls = [\"@files\"]\n"), at + "there is no group '@files'");
  EXPECT_EQ(instead("system-calls = [\"raed\"]\n"), at + "there is no system call 'raed'");
  EXPECT_EQ(instead("system-calls = [\"socketcall\"]\n"), at + "there is no system call 'socketcall'") << "i386's";
  EXPECT_EQ(instead("system-calls = [\"@base\", \"read\"]\n"), at + "'read' is named already");
  EXPECT_EQ(instead("system-calls = [\"bpf\"]\n"), at + "no service may call 'bpf'");
  EXPECT_EQ(instead("system-calls = [\"socket\"]\n"), at + "it may call 'socket', and 'sockets' names no family");
  EXPECT_EQ(error_with("sockets = [\"unix\"]\n"),
            "os/services/x.toml:9: 'sockets': it may not call 'socket': add @sockets to 'system-calls'");
  EXPECT_EQ(instead("system-calls = [\"socket\"]\nsockets = [\"alg\"]\n"),
            "os/services/x.toml:9: 'sockets' is one of internet, netlink, packet, unix, not 'alg'");
  EXPECT_EQ(instead("system-calls = [\"socket\"]\nsockets = [\"unix\"]\nnamespaces = [\"user\"]\n"), "accepted");
}

TEST(Services, RefusesWhatContradictsItself) {
  for (const char* line :
       {"ready-within-s = 0\n", "restart = \"never\"\nrestart-limit = 2\n", "needs = [\"a\"]\nafter = [\"a\"]\n",
        "devices = [\"/dev/dri\"]\nshares = [\"devices\"]\n", "devices = [\"/etc/x\"]\n", "writable = [\"/\"]\n",
        "writable = [\"/tmp\"]\n", "writable = [\"/data/home/u1\"]\n", "writable = [\"/run/../etc\"]\n",
        "writable = [\"/run/\"]\n", "writable = [\"run\"]\n", "directories = [\"/etc/x\"]\n",
        "directories = [\"/run/x\"]\nwritable = [\"/run/x\"]\n", "environment = [\"PATH=/tmp\"]\n",
        "environment = [\"X\"]\n", "environment = [\"A=1\", \"A=2\"]\n"}) {
    EXPECT_NE(error_with(line), "accepted") << line;
  }
  EXPECT_NE(error_instead("\"descriptor\"", "\"exit\""), "accepted");
  EXPECT_NE(error_instead("\"daemon\"", "\"oneshot\""), "accepted");
  EXPECT_NE(error_instead("/usr/bin/seatd", "seatd"), "accepted");
  EXPECT_EQ(error_with(""), "accepted");
  EXPECT_FALSE(parse_service(kGood, "os/services/X_1.toml", words()));
}

class ServicesOfAnImage : public testing::Test {
 protected:
  void put(const std::string& name, const std::string& more) {
    ASSERT_TRUE(write_file(work_.path() / (name + ".toml"), as_bytes(std::string(kGood) + more)));
  }
  std::string error(const std::vector<std::string>& names) {
    Result<std::vector<Service>> services = read_services(work_.path(), names, words());
    if (services) return "accepted";
    EXPECT_TRUE(services.error().is_misuse());
    std::string message = services.error().message();
    return message.starts_with(work_.path().string()) ? message.substr(work_.path().string().size() + 1) : message;
  }

  TemporaryDirectory work_ = TemporaryDirectory::below(testing::TempDir()).value();
};

TEST_F(ServicesOfAnImage, WaitOnlyForWhatIsThereAndNeverInACircle) {
  put("a", "needs = [\"b\"]\n");
  put("b", "after = [\"c\"]\n");
  put("c", "needs = [\"a\"]\n");
  put("d", "after = [\"none\"]\n");
  EXPECT_EQ(error({"a", "b"}), "accepted");
  EXPECT_EQ(error({"a"}), "a.toml: it needs 'b', which the image does not have");
  EXPECT_EQ(error({"c", "b", "a"}),
            "a.toml: none of these can start: a, which waits for b, which waits for c, which waits for a");
  EXPECT_TRUE(error({"d"}).starts_with("d.toml: it comes after 'none', which is not in "));
  EXPECT_TRUE(error({"e"}).starts_with("there is no service 'e' in "));
}

TEST_F(ServicesOfAnImage, NeedTheirPrograms) {
  put("a", "");
  std::vector<Service> services = read_services(work_.path(), {"a"}, words()).value();
  fs::path tree = work_.path() / "tree";
  EXPECT_FALSE(check_programs(services, {tree}, {}));
  EXPECT_TRUE(check_programs(services, {tree}, {"/usr/bin/seatd"}));
  fs::create_directories(tree / "usr/bin");
  ASSERT_TRUE(write_file(tree / "usr/bin/seatd", {}));
  EXPECT_TRUE(check_programs(services, {work_.path(), tree}, {}));
}

TEST_F(ServicesOfAnImage, BecomeATableThatNamesThemByNumber) {
  put("b", "environment = ['X=\"?\\']\n");
  put("a", "needs = [\"b\"]\ngroups = [\"seat\"]\n");
  std::string source = service_source(read_services(work_.path(), {"b", "a"}, words()).value());
  for (const char* part :
       {"constexpr ServiceNumber kNeeds0[] = {1};", "constexpr GroupId kGroups0[] = {GroupId{104}};",
        "\"X=\\042\\077\\134\"", ".memory_bytes = 16777216,", ".readiness = Readiness::descriptor,",
        "constexpr const char* const kArguments1[] = {\"seatd\", nullptr};", ".directories = {},",
        ".system_calls = kSystemCalls0,", "constexpr sock_filter kSystemCalls0[] = {{0x20, 0, 0, 0x4}, "}) {
    EXPECT_NE(source.find(part), source.npos) << part << "\nin\n" << source;
  }
}

TEST(Services, ALoggersStateIsADirectoryRightInData) {
  std::string logger(kGood);
  logger.replace(logger.find("daemon"), 6, "logger");
  Service service = parse_service(logger + "state = \"/data/log\"\n", "os/services/x.toml", words()).value();
  EXPECT_EQ(service.kind, ServiceKind::logger);
  EXPECT_EQ(service.state, "/data/log");
  EXPECT_NE(service_source({service}).find(".state = \"/data/log\""), std::string::npos);
  EXPECT_NE(error_with("state = \"/data/log\"\n").find("only a logger has one"), std::string::npos);
  for (const char* path : {"/data", "/data/home", "/data/home/u1", "/data/ashlar", "/var/log"}) {
    EXPECT_NE(error_of(logger + "state = \"" + path + "\"\n"), "accepted") << path;
  }
  EXPECT_NE(error_of(logger + "state = \"/data/log\"\nshares = [\"data\"]\n").find("it would see more of it"),
            std::string::npos);
}

}  // namespace
}  // namespace ashlar::image
