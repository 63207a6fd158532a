#include "image/accounts.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "image/toml.h"

namespace ashlar::image {
namespace {

constexpr std::int64_t kLargestId = 65534;

struct Group {
  std::string name;
  std::vector<std::string> members;
};

// Groups by number, with every name and number used once.
class GroupTable {
 public:
  Status add(const TomlTable& from, const std::string& name, std::int64_t id) {
    if (id < 0 || id > kLargestId) return fail_misuse(from.where() + ": id must lie between 0 and 65534");
    if (name.find_first_of(":,\n") != std::string::npos) return fail_misuse(from.where() + ": not a name: " + name);
    if (!numbers_.emplace(name, id).second) return fail_misuse(from.where() + ": " + name + " is there already");
    auto [known, fresh] = groups_.emplace(id, Group{name, {}});
    if (!fresh) return fail_misuse(fmt::format("{}: id {} is {}'s already", from.where(), id, known->second.name));
    return {};
  }

  Status add_member(const TomlTable& from, const std::string& group, const std::string& user) {
    auto found = numbers_.find(group);
    if (found == numbers_.end()) return fail_misuse(from.where() + ": there is no group " + group);
    groups_[found->second].members.push_back(user);
    return {};
  }

  [[nodiscard]] std::string text() const {
    std::string out;
    for (const auto& [id, group] : groups_) {
      out += fmt::format("{}:*:{}:{}\n", group.name, id, fmt::join(group.members, ","));
    }
    return out;
  }

 private:
  std::map<std::string, std::int64_t> numbers_;
  std::map<std::int64_t, Group> groups_;
};

// The fields of the line that begins with `name`; none when there is no such line.
std::vector<std::string> entry_of(std::string_view text, std::string_view name) {
  std::vector<std::string> fields;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() + 1);
    if (!line.starts_with(std::string(name) + ":")) continue;
    for (std::size_t colon = line.find(':'); colon != line.npos; colon = line.find(':')) {
      fields.emplace_back(line.substr(0, colon));
      line.remove_prefix(colon + 1);
    }
    fields.emplace_back(line);
    return fields;
  }
  return fields;
}

struct User {
  TomlTable table;
  std::string name;
  std::vector<std::string> groups;
};

}  // namespace

Result<AccountFiles> build_accounts(std::string_view toml, std::string_view file) {
  TomlTable document = TRY(TomlTable::parse(toml, file));
  GroupTable groups;
  std::map<std::int64_t, std::string> passwd;
  std::vector<User> users;
  for (TomlTable& table : document.tables("user")) {
    std::string name = table.text("name");
    std::int64_t id = table.integer("id");
    std::string home = table.text("home");
    std::string shell = table.text("shell");
    std::vector<std::string> member_of = table.list_or_empty("groups");
    TRY(table.finish());
    TRY(groups.add(table, name, id));
    passwd[id] = fmt::format("{0}:*:{1}:{1}::{2}:{3}\n", name, id, home, shell);
    users.push_back({std::move(table), std::move(name), std::move(member_of)});
  }
  for (TomlTable& table : document.tables("group")) {
    std::string name = table.text("name");
    std::int64_t id = table.integer("id");
    TRY(table.finish());
    TRY(groups.add(table, name, id));
  }
  TRY(document.finish());
  for (const User& user : users) {
    for (const std::string& group : user.groups) TRY(groups.add_member(user.table, group, user.name));
  }
  AccountFiles files;
  for (const auto& [id, line] : passwd) files.passwd += line;
  files.group = groups.text();
  return files;
}

std::optional<Account> find_user(const AccountFiles& files, std::string_view name) {
  std::vector<std::string> fields = entry_of(files.passwd, name);
  if (fields.size() != 7) return std::nullopt;
  return Account{static_cast<std::uint32_t>(std::stoul(fields[2])), fields[5]};
}

std::optional<std::uint32_t> find_group(const AccountFiles& files, std::string_view name) {
  std::vector<std::string> fields = entry_of(files.group, name);
  if (fields.size() != 4) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(fields[2]));
}

}  // namespace ashlar::image
