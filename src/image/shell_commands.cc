// Which commands sway will give to a shell (sway(5)): as sway writes them, words joined by one space.
#include <algorithm>
#include <map>
#include <vector>

#include "image/shell.h"

namespace ashlar::image {
namespace {

// Executed, it does nothing; read as a script, it would be these commands.
constexpr std::string_view kHead = "#!/usr/bin/false\n";

using Variables = std::map<std::string, std::string>;

// At blanks, but not within quotes, which stay.
std::vector<std::string> words_of(std::string_view line) {
  std::vector<std::string> words;
  std::string word;
  char quote = '\0';
  for (char c : line) {
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      if (!word.empty()) words.push_back(std::exchange(word, {}));
      continue;
    }
    if (quote != '\0' ? c == quote : (c == '"' || c == '\'')) quote = quote == '\0' ? c : '\0';
    word += c;
  }
  if (!word.empty()) words.push_back(std::move(word));
  return words;
}

std::string replace_variables(std::string word, const Variables& variables) {
  for (std::size_t at = word.find('$'); at != std::string::npos; at = word.find('$', at + 1)) {
    // The longest name that fits, as sway does.
    const Variables::value_type* best = nullptr;
    for (const Variables::value_type& one : variables) {
      if (word.compare(at, one.first.size(), one.first) != 0) continue;
      if (best == nullptr || one.first.size() > best->first.size()) best = &one;
    }
    if (best != nullptr) word.replace(at, best->first.size(), best->second);
  }
  return word;
}

// What follows `exec`; one quoted word loses its quotes.
std::string joined(std::vector<std::string> words) {
  if (!words.empty() && words.front() == "--no-startup-id") words.erase(words.begin());
  if (words.size() == 1 && words[0].size() > 1 && (words[0].front() == '"' || words[0].front() == '\'')) {
    return words[0].substr(1, words[0].size() - 2);
  }
  std::string command;
  for (const std::string& word : words) command += (command.empty() ? "" : " ") + word;
  return command;
}

std::string command_of(const std::vector<std::string>& words) {
  auto begins = [](const std::string& word) {
    return word == "exec" || word == "exec_always" || word == "status_command";
  };
  auto found = std::ranges::find_if(words, begins);
  if (found == words.end()) return {};
  return joined({found + 1, words.end()});
}

template <typename Use>
void for_each_line(std::string_view text, Use use) {
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    if (!line.empty() && line.front() != '#') use(line);
  }
}

}  // namespace

std::string shell_commands(std::string_view sway_configuration, std::string_view others) {
  std::vector<std::string> commands;
  Variables variables;
  for_each_line(sway_configuration, [&](std::string_view line) {
    std::vector<std::string> words = words_of(line);
    for (std::string& word : words) word = replace_variables(std::move(word), variables);
    if (words.size() > 2 && words[0] == "set") {
      variables[std::string(words_of(line)[1])] = joined({words.begin() + 2, words.end()});
      return;
    }
    if (std::string command = command_of(words); !command.empty()) commands.push_back(std::move(command));
  });
  for_each_line(others, [&](std::string_view line) { commands.emplace_back(line); });
  std::ranges::sort(commands);
  commands.erase(std::ranges::unique(commands).begin(), commands.end());
  std::string text(kHead);
  for (const std::string& command : commands) text += command + "\n";
  return text;
}

std::string commands_of_services(const std::vector<Service>& services) {
  std::string commands;
  for (const Service& service : services) {
    if (service.arguments.size() == 3 && service.arguments[1] == "-c") commands += service.arguments[2] + "\n";
  }
  return commands;
}

}  // namespace ashlar::image
