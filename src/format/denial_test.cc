#include "format/denial.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

TEST(Denial, PassesOverWhatDeniesNothing) {
  for (const char* record :
       {"", "audit:", "audit: type=1420", "audit: type=1420 audit(1.2:3): ",
        "audit: type=1403 audit(1764115200.123:2): auid=4294967295 ses=4294967295 lsm=selinux res=1",
        "Lockdown: ", "Lockdown: is restricted", "ptrace attach of", "usb 1-1: new device"}) {
    EXPECT_FALSE(parse_denial(record)) << record;
  }
}

// What a program calls itself, and its files, are its own words: they may look like fields, and may be anything.
TEST(Denial, IsNotToldWhatToSayByNames) {
  auto named = parse_denial(
      "audit: type=1420 audit(1.2:3): ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=12 comm=\"x pid=1\" "
      "path=2F746D702F610A62 dev=\"tmpfs\" ino=3 rule=\"DEFAULT action=DENY\"");
  ASSERT_TRUE(named);
  EXPECT_EQ(named->process, 12U);
  EXPECT_EQ(named->object, "/tmp/a?b");
}

}  // namespace
}  // namespace ashlar
