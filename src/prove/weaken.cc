#include "prove/weaken.h"

#include "image/selinux_policy.h"

namespace ashlar::prove {

std::string direct_root(const Lab& lab) {
  return "console=ttyS0 loglevel=4 panic=10 no_timer_check ipe.enforce=0 devtmpfs.mount=1 rdinit=/none rootwait ro "
         "rootfstype=erofs root=PARTUUID=" +
         partition_guids(lab.root_hash).root.text();
}

Result<Bytes> watching_policy(const Lab& lab) {
  const image::BuildOptions& tools = lab.options.tools;
  image::PolicySources sources = TRY(image::read_policy_sources(tools.source / "os", image::Variant::kDev));
  image::PolicyNames names = TRY(image::policy_names(sources.cil));
  std::string permissive;
  for (const std::string& domain : names.domains) permissive += "(typepermissive " + domain + ")\n";
  sources.cil.push_back({.file = "os/policy/selinux/watching.cil", .text = std::move(permissive)});
  image::Cache cache = TRY(image::Cache::open_default());
  return TRY(image::build_selinux_policy(cache, lab.tools, sources)).binary;
}

namespace {

Control with_command_line(std::string what, std::function<std::string(const Lab&)> line) {
  return {.what = std::move(what), .weaken = [line = std::move(line)](Target& target) -> Status {
            const Lab& lab = target.lab();
            return target.replace_uki(TRY(make_uki(lab, ".cmdline", as_bytes(line(lab)), &lab.owner.image)));
          }};
}

}  // namespace

Control without_secure_boot(std::string evidence) {
  return {.what = "the same, with Secure Boot switched off in the firmware's menu",
          .weaken = [](Target& target) -> Status {
            target.machine.firmware_variables = target.lab().switched_off;
            return {};
          },
          .evidence = std::move(evidence)};
}

Control without_verity(std::string command, std::string evidence) {
  Control control = with_command_line("the same, with a signed command line that mounts the root without dm-verity",
                                      [](const Lab& lab) { return direct_root(lab) + " init=/usr/bin/dash --"; });
  control.command = std::move(command);
  control.evidence = std::move(evidence);
  return control;
}

Control without_end_of_line() {
  Control control = with_command_line("the same, with a signed command line that does not end in --", direct_root);
  control.command = "echo reached-$((40+2))";
  control.evidence = "reached-42";
  return control;
}

}  // namespace ashlar::prove
