#include "format/denial.h"

#include <gtest/gtest.h>

namespace ashlar {
namespace {

// Records of a machine that `ashlar prove --live` attacked, as its kernel wrote them.
TEST(Denial, SaysWhoWantedWhatAndWhoDeniedIt) {
  const std::pair<const char*, const char*> records[] = {
      {"audit: type=1420 audit(1795665182.469:12): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=193 "
       "comm=\"exec.mount\" path=\"/run/live/program\" dev=\"tmpfs\" ino=2 rule=\"DEFAULT action=DENY\"",
       "exec.mount (process 193) wanted to run /run/live/program. Denied by IPE, rule \"DEFAULT action=DENY\"."},
      {"audit: type=1420 audit(1795665178.241:5): ipe_op=EXECUTE ipe_hook=MMAP enforcing=1 pid=120 "
       "comm=\"ld-linux-x86-64\" path=\"/tmp/true\" dev=\"tmpfs\" ino=4 rule=\"DEFAULT action=DENY\"",
       "ld-linux-x86-64 (process 120) wanted to map /tmp/true to execute it. Denied by IPE, rule \"DEFAULT "
       "action=DENY\"."},
      {"audit: type=1420 audit(1795665183.001:19): ipe_op=EXECUTE ipe_hook=MPROTECT enforcing=1 pid=205 "
       "comm=\"memory.rw-rx\" path=? dev=? ino=? rule=\"DEFAULT action=DENY\"",
       "memory.rw-rx (process 205) wanted to make memory without a file executable. Denied by IPE, rule \"DEFAULT "
       "action=DENY\"."},
      {"audit: type=1420 audit(1795665184.153:26): ipe_op=EXECUTE ipe_hook=BPRM_CHECK enforcing=1 pid=227 "
       "comm=\"exec.memfd\" path=2F6D656D66643A70726F6772616D202864656C6574656429 dev=\"tmpfs\" ino=4 rule=\"DEFAULT "
       "action=DENY\"",
       "exec.memfd (process 227) wanted to run /memfd:program (deleted). Denied by IPE, rule \"DEFAULT action=DENY\"."},
      {"audit: type=1400 audit(1795676821.967:87): avc:  denied  { execute } for  pid=335 comm=\"exec.mount\" "
       "name=\"program\" dev=\"tmpfs\" ino=2 scontext=system_u:system_r:session_t "
       "tcontext=system_u:object_r:session_memory_t tclass=file permissive=0",
       "exec.mount (process 335) in the domain session_t wanted to execute a file program of the type "
       "session_memory_t. Denied by SELinux, for want of a rule (allow session_t session_memory_t (file (execute)))."},
      {"audit: type=1326 audit(1795676808.431:69): auid=4294967295 uid=1001 gid=1001 ses=4294967295 "
       "subj=system_u:system_r:session_t pid=294 comm=\"memory.brk\" exe=\"/usr/lib/ashlar/attack\" sig=0 "
       "arch=c000003e syscall=135 compat=0 ip=0x70b76a6e33a7 code=0x50000",
       "memory.brk (process 294) made the system call personality. Denied by seccomp, since the list of its service "
       "does not have it, or not with these arguments."},
      {"ptrace attach of \"attack once user trace.other\"[366] was attempted by \"attack once user "
       "trace.other\"[364]",
       "attack once user trace.other (process 364) wanted to trace attack once user trace.other. Denied by Yama."},
      {"Lockdown: kernel.register: unsafe use of perf is restricted; see man kernel_lockdown.7",
       "kernel.register wanted unsafe use of perf. Denied by lockdown."},
  };
  for (const auto& [record, words] : records) {
    std::optional<Denial> denial = parse_denial(record);
    ASSERT_TRUE(denial) << record;
    EXPECT_EQ(in_words(*denial), words);
  }
  // A policy that was loaded is no denial.
  EXPECT_FALSE(
      parse_denial("audit: type=1422 audit(1795665184.329:29): policy_name=? policy_version=? policy_digest=? "
                   "auid=4294967295 ses=4294967295 lsm=ipe res=0 errno=-1"));
}

// In the form the kernel's sources give them; no machine of ours has written one yet.
TEST(Denial, KnowsTheOtherLayersRecords) {
  auto avc = parse_denial(
      "audit: type=1400 audit(1.2:3): avc:  denied  { execmem } for  pid=7 comm=\"x\" "
      "scontext=system_u:system_r:session:s0 tcontext=system_u:system_r:session:s0 tclass=process permissive=0");
  ASSERT_TRUE(avc);
  EXPECT_EQ(
      in_words(*avc),
      "x (process 7) in the domain session wanted to execmem a process of the type session. Denied by SELinux, for "
      "want of a rule (allow session session (process (execmem))).");
  for (const char* context : {"", ":", "a", "a:b", "a:b:"}) {
    auto odd = parse_denial("audit: type=1400 audit(1.2:3): avc:  denied  { read } for  pid=7 scontext=" +
                            std::string(context) + " tcontext=a:b:c tclass=file permissive=1");
    ASSERT_TRUE(odd) << context;
    EXPECT_EQ(odd->domain, "") << context;
    EXPECT_EQ(odd->object_domain, "c");
    EXPECT_FALSE(odd->enforced);
  }
  auto landlock = parse_denial(
      "audit: type=1423 audit(1.2:3): domain=195ba459b blockers=fs.execute path=\"/tmp/x\" dev=\"tmpfs\" ino=9");
  ASSERT_TRUE(landlock);
  EXPECT_EQ(in_words(*landlock), "Somebody wanted fs.execute of /tmp/x. Denied by Landlock, rules 195ba459b.");
  // Its digits are those of a number, not of a name in hexadecimal.
  for (const char* call : {"4000", "100000"}) {
    auto seccomp = parse_denial("audit: type=1326 audit(1.2:3): pid=9 comm=\"x\" syscall=" + std::string(call) + " ");
    ASSERT_TRUE(seccomp);
    EXPECT_EQ(in_words(*seccomp), "x (process 9) made the system call " + std::string(call) +
                                      ". Denied by seccomp, since the list of its service does not have it, or not "
                                      "with these arguments.");
  }
}

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
