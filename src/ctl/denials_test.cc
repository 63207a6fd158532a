#include "ctl/denials.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sys/fake_kernel.h"
#include "sys/kernel_log.h"

namespace ashlar::ctl {
namespace {

const std::string kIpe =
    "audit: type=1420 audit(1.2:3): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=12 comm=\"sh\" "
    "path=\"/tmp/x\" dev=\"tmpfs\" ino=3 rule=\"DEFAULT action=DENY\"";
const std::string kIpeAgain =
    "audit: type=1420 audit(1.4:5): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=99 comm=\"sh\" "
    "path=\"/tmp/x\" dev=\"tmpfs\" ino=3 rule=\"DEFAULT action=DENY\"";
const std::string kLockdown = "Lockdown: perf: use of perf is restricted; see man kernel_lockdown.7";

TEST(Denials, CountsTheSameAndTellsTheServiceOfWhoStillRuns) {
  FakeKernel kernel;
  kernel.put("/proc/12/cgroup", "0::/session\n");
  std::vector<std::string> records = {"usb 1-1: new device", kIpe, kLockdown, kIpeAgain};
  std::vector<ToldDenial> told = denials_in(records);
  ASSERT_EQ(told.size(), 2U);
  find_services(kernel, told);
  EXPECT_EQ(denials_text(told),
            "sh (process 12) wanted to run /tmp/x. Denied by IPE, rule \"DEFAULT action=DENY\". Service session. 2 "
            "times.\n"
            "perf wanted use of perf. Denied by lockdown.\n");
  auto json = nlohmann::json::parse(denials_json(told));
  EXPECT_EQ(json.at(0).at("times"), 2);
  EXPECT_EQ(json.at(0).at("service"), "session");
  EXPECT_EQ(json.at(1).at("layer"), "lockdown");
}

TEST(Denials, SaysThatThereWasNone) {
  EXPECT_TRUE(denials_text({}).starts_with("Nothing was denied"));
  EXPECT_EQ(denials_json({}), "[]\n");
}

TEST(KernelLog, TakesTheTextOutOfARecord) {
  EXPECT_EQ(text_of_record("5,12,34567,-;audit: type=1420 x; y\n SUBSYSTEM=x\n"), "audit: type=1420 x; y");
  EXPECT_EQ(text_of_record("5,12,34567,-;\n"), "");
  EXPECT_EQ(text_of_record("5,12"), "");
  EXPECT_EQ(text_of_record("\n;"), "");
}

}  // namespace
}  // namespace ashlar::ctl
