// ashlarctl: what a person asks of this machine, put into words for the unlocking program.

#include <unistd.h>

#include "base/log.h"
#include "ctl/carry_out.h"
#include "sys/linux_kernel.h"

int main(int argc, char** argv) {
  using namespace ashlar;
  std::vector<std::string_view> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  LinuxKernel kernel;
  Result<int> done = [&]() -> Result<int> {
    ctl::CommandLine line = TRY(ctl::parse_command_line(arguments));
    return ctl::carry_out(line, {.root = ::geteuid() == 0}, kernel);
  }();
  if (done) return *done;
  log::error(done.error());
  return done.error().exit_status();
}
