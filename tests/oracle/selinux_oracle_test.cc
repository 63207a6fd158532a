// The SELinux policy of this source tree, compiled by the workshop's secilc and asked by setools' sesearch.
#include <algorithm>

#include "oracle.h"

namespace ashlar {
namespace {

using namespace oracle;

class Selinux : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = std::make_unique<TempDir>();
    compile("release", {"."});
    compile("dev", {".", "dev"});
  }
  static void TearDownTestSuite() { directory_.reset(); }

  static void compile(const std::string& name, const std::vector<std::string>& folders) {
    std::vector<std::string> argv = {"secilc", "-c", "33", "-O", "-o", name, "-f", "/dev/null"};
    for (const std::string& folder : folders) {
      std::vector<fs::path> sources;
      for (const auto& entry : fs::directory_iterator(fs::path(ASHLAR_SOURCE_DIR) / "os/policy/selinux" / folder)) {
        if (entry.path().extension() == ".cil") sources.push_back(entry.path());
      }
      std::ranges::sort(sources);
      for (const fs::path& source : sources) {
        argv.push_back(
            directory_->put((folder == "." ? "" : "dev-") + source.filename().string(), content_of(source)).filename());
      }
    }
    succeed_in_workshop(argv, *directory_);
  }

  // The rules that sesearch finds, a line each; nothing of what is only asked of attributes is left out.
  static std::string rules(std::vector<std::string> question, const std::string& policy = "release") {
    question.insert(question.begin(), "sesearch");
    question.push_back(directory_->path(policy));
    return succeed(question);
  }

  static std::unique_ptr<TempDir> directory_;
};
std::unique_ptr<TempDir> Selinux::directory_;

TEST_F(Selinux, NothingWritesWhatIsExecuted) {
  for (const char* policy : {"release", "dev"}) {
    EXPECT_EQ(
        rules({"-A", "-c", "process", "-p", "execmem,execstack,execheap,ptrace,setcurrent,dyntransition"}, policy), "");
    EXPECT_EQ(rules({"-A", "-c", "file", "-p", "execmod"}, policy), "");
    EXPECT_EQ(
        rules({"-A", "-t", "verified", "-c", "file", "-p", "write,append,create,unlink,rename,relabelto"}, policy), "");
    for (const char* where : {"writable", "kernel_file", "device"}) {
      EXPECT_EQ(rules({"-A", "-t", where, "-c", "file", "-p", "execute,execute_no_trans,entrypoint"}, policy), "");
    }
  }
  EXPECT_NE(rules({"-A", "-t", "library_t", "-c", "file", "-p", "execute"}), "") << "the control";
  EXPECT_NE(rules({"-A", "-s", "session_t", "-t", "home_t", "-c", "file", "-p", "write"}), "") << "the control";
}

TEST_F(Selinux, NobodyHasWhatWouldChangeThePolicyOrTheKernel) {
  for (const char* policy : {"release", "dev"}) {
    EXPECT_EQ(rules({"-A", "-c", "security", "-p", "load_policy,setenforce,setbool"}, policy), "");
    EXPECT_EQ(rules({"-A", "-c", "capability2", "-p", "mac_admin,mac_override,bpf,perfmon"}, policy), "");
    EXPECT_EQ(rules({"-A", "-c", "system", "-p", "module_load,module_request,kexec_image_load"}, policy), "");
    for (const char* nobodys : {"bpf", "perf_event", "alg_socket", "io_uring"}) {
      EXPECT_EQ(rules({"-A", "-c", nobodys}, policy), "") << nobodys;
    }
  }
}

TEST_F(Selinux, WhatOneMayOnlyOneMay) {
  std::string namespaces = rules({"-A", "-c", "user_namespace", "-p", "create"});
  EXPECT_EQ(std::ranges::count(namespaces, '\n'), 1) << namespaces;
  EXPECT_NE(namespaces.find("allow chromium_t "), std::string::npos) << namespaces;
  std::string asking = rules({"-A", "-t", "login_t", "-c", "unix_stream_socket", "-p", "connectto"});
  EXPECT_NE(asking.find("allow lock_t login_t"), std::string::npos) << asking;
  EXPECT_EQ(asking.find("session_t"), std::string::npos) << asking;
  EXPECT_EQ(rules({"-A", "-s", "chromium_t", "-t", "home_t", "-c", "file", "-p", "open,read,map"}), "")
      << "the browser and the home's files";
  EXPECT_EQ(rules({"-A", "-s", "session_t", "-t", "input_device_t", "-c", "chr_file"}), "") << "who reads keys";
}

// The dev variant's shell is in no release policy; nobody is permissive in either.
TEST_F(Selinux, TheConsoleIsTheDevVariantsAlone) {
  EXPECT_EQ(succeed({"seinfo", directory_->path("release"), "-t"}).find("console_t"), std::string::npos);
  EXPECT_NE(succeed({"seinfo", directory_->path("dev"), "-t"}).find("console_t"), std::string::npos);
  for (const char* policy : {"release", "dev"}) {
    std::string counts = succeed({"seinfo", directory_->path(policy)});
    for (const char* none : {"Permissives:           0", "Booleans:              0"}) {
      EXPECT_NE(counts.find(none), std::string::npos) << counts;
    }
  }
}

}  // namespace
}  // namespace ashlar
