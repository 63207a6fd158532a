#include "image/triggers.h"

#include "image/toml.h"

namespace ashlar::image {

Result<std::vector<Trigger>> parse_triggers(std::string_view toml, std::string_view file) {
  TomlTable document = TRY(TomlTable::parse(toml, file));
  std::vector<Trigger> triggers;
  for (TomlTable& table : document.tables("trigger")) {
    Trigger trigger = {table.text("name"), table.text("when"), table.list("run")};
    TRY(table.finish());
    if (trigger.run.empty()) return fail_misuse(table.where() + ": run names no command");
    triggers.push_back(std::move(trigger));
  }
  TRY(document.finish());
  return triggers;
}

Status run_triggers(const std::vector<Trigger>& triggers, const Workshop& workshop, const fs::path& tree) {
  for (const Trigger& trigger : triggers) {
    if (!fs::exists(fs::symlink_status(tree.string() + trigger.when))) continue;
    TRY(in("trigger " + trigger.name,
           workshop.run({.binds = {{tree, kTreeInside, Bind::Access::kReadWrite}}, .argv = trigger.run})));
  }
  return {};
}

}  // namespace ashlar::image
