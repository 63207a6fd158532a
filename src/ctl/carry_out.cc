#include "ctl/carry_out.h"

#include <unistd.h>

#include "base/subprocess.h"
#include "ctl/ask_pid_1.h"
#include "ctl/denials.h"
#include "ctl/print.h"
#include "ctl/system_status.h"
#include "sys/kernel_log.h"

namespace ashlar::ctl {
namespace {

// The way PID 1 calls it, whatever the caller's environment is.
Command data_command(const Caller& caller, const std::vector<std::string>& arguments) {
  Command command{.argv = arguments};
  command.argv.front() = caller.data_program.string();
  command.environment = {"PATH=/usr/sbin:/usr/bin", "HOME=/", "LANG=C.UTF-8"};
  return command;
}

Result<int> status(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  MachineState state = TRY(observe_system(kernel, caller.root));
  if (!caller.root) {
    TRY(print(line.json ? R"({"system":)" + system_json(state) + R"(,"data":null})" + "\n"
                        : system_text(state) + "\nHow /data is protected is told to root alone.\n"));
    return 0;
  }
  if (!line.json) {
    TRY(print(system_text(state) + "\n"));
    Command command = data_command(caller, {"data", "status"});
    command.interactive = true;
    return TRY(run(command)).exit_status;
  }
  CommandOutput data = TRY(run(data_command(caller, {"data", "status", "--json"})));
  if (::write(STDERR_FILENO, data.err.data(), data.err.size()) < 0) return fail_errno("write to standard error");
  if (data.exit_status != 0) return data.exit_status;
  while (data.out.ends_with('\n')) data.out.pop_back();
  TRY(print(R"({"system":)" + system_json(state) + R"(,"data":)" + data.out + "}\n"));
  return 0;
}

Status tell_denials(const CommandLine& line, Kernel& kernel) {
  std::vector<std::string> records = TRY(read_kernel_log());
  std::vector<ToldDenial> denials = denials_in(records);
  find_services(kernel, denials);
  return print(line.json ? denials_json(denials) : denials_text(denials));
}

}  // namespace

Result<int> carry_out(const CommandLine& line, const Caller& caller, Kernel& kernel) {
  if (!line.help.empty()) {
    TRY(print(line.help));
    return 0;
  }
  if (line.verb->way == Way::denials) {
    TRY(tell_denials(line, kernel));
    return 0;
  }
  if (line.verb->way != Way::data && line.verb->way != Way::status) {
    TRY(ask_pid_1(line, caller, kernel));
    return 0;
  }
  if (!caller.root && line.verb->way == Way::data)
    return fail("only root may do this: /data's header and the TPM are open to nobody else");
  if (!caller.root) return status(line, caller, kernel);
  if (::access(caller.data_program.c_str(), X_OK) != 0) {
    return fail_errno("this image has no unlocking program, and so no /data: " + caller.data_program.string());
  }
  if (line.verb->way == Way::status) return status(line, caller, kernel);
  Command command = data_command(caller, data_arguments(line));
  command.interactive = true;
  return TRY(run(command)).exit_status;
}

}  // namespace ashlar::ctl
