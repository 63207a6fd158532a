#include "format/kernel_cmdline.h"

#include "format/testing.h"

namespace ashlar {
namespace {

using testing::error_of;
using Parameters = std::vector<KernelParameter>;

TEST(KernelCmdline, SplitsAtTheSeparator) {
  KernelCmdline line = parse_kernel_cmdline("quiet ashlar.root=abc  lsm=a,b -- single a=b\n").value();
  EXPECT_EQ(line.parameters, (Parameters{{"quiet", {}}, {"ashlar.root", "abc"}, {"lsm", "a,b"}}));
  EXPECT_TRUE(line.has_separator);
  EXPECT_EQ(line.init_arguments, (std::vector<std::string>{"single", "a=b"}));
  line = parse_kernel_cmdline("quiet --").value();
  EXPECT_TRUE(line.has_separator);
  EXPECT_TRUE(line.init_arguments.empty());
  line = parse_kernel_cmdline("--x=-- a--").value();
  EXPECT_FALSE(line.has_separator);
  EXPECT_EQ(line.parameters.size(), 2U);
  EXPECT_TRUE(parse_kernel_cmdline("")->parameters.empty());
}

TEST(KernelCmdline, TakesQuotesAsTheKernelDoes) {
  EXPECT_EQ(parse_kernel_cmdline("a=\"b c\" d").value().parameters, (Parameters{{"a", "b c"}, {"d", {}}}));
  EXPECT_EQ(parse_kernel_cmdline("\"a=b c\" d").value().parameters, (Parameters{{"a", "b c"}, {"d", {}}}));
  EXPECT_EQ(parse_kernel_cmdline("\"a b\"").value().parameters, (Parameters{{"a b", {}}}));
  EXPECT_EQ(parse_kernel_cmdline("a=b\"c d\"e").value().parameters, (Parameters{{"a", "b\"c d\"e"}}));
  EXPECT_TRUE(parse_kernel_cmdline("\"--\" x")->has_separator);  // the kernel takes the quotes off first
  EXPECT_EQ(error_of(parse_kernel_cmdline("a=\"b")), "kernel command line: a quote is not closed");
}

TEST(KernelCmdline, WantsAValueOnce) {
  KernelCmdline line = parse_kernel_cmdline("root-hash=1 twice=1 twice=2 flag -- late=1").value();
  EXPECT_EQ(line.only_value("root-hash").value(), "1");
  EXPECT_EQ(line.only_value("root_hash").value(), "1");
  EXPECT_EQ(error_of(line.only_value("twice")), "kernel command line: twice is there twice");
  EXPECT_EQ(error_of(line.only_value("flag")), "kernel command line: flag has no value");
  EXPECT_EQ(error_of(line.only_value("late")), "kernel command line: late is missing");
  EXPECT_TRUE(line.has("flag"));
  EXPECT_FALSE(line.has("late"));
}

TEST(KernelCmdline, RefusesNulAndExcess) {
  EXPECT_FALSE(parse_kernel_cmdline(std::string_view("a\0b", 3)));
  EXPECT_FALSE(parse_kernel_cmdline(std::string(4097, 'a')));
  EXPECT_TRUE(parse_kernel_cmdline(std::string(4096, 'a')));
}

}  // namespace
}  // namespace ashlar
