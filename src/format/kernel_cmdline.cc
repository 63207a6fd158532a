#include "format/kernel_cmdline.h"

#include <algorithm>

namespace ashlar {
namespace {

constexpr std::size_t kMaxSize = 4096;  // bytes; x86's COMMAND_LINE_SIZE is 2048

// The kernel's isspace (lib/ctype.c), which takes Latin-1's no-break space for one.
bool is_space(char letter) {
  return letter == ' ' || (letter >= '\t' && letter <= '\r') || static_cast<unsigned char>(letter) == 0xa0;
}

char canonical(char letter) { return letter == '-' ? '_' : letter; }

bool same_name(std::string_view one, std::string_view other) {
  return std::ranges::equal(one, other, {}, canonical, canonical);
}

std::string_view skip_spaces(std::string_view text) {
  auto start = std::ranges::find_if_not(text, is_space);
  return {start, text.end()};
}

// One word as next_arg() sees it. A quote anywhere keeps spaces; it is taken off only around the whole word or around
// the whole value.
Result<KernelParameter> next_word(std::string_view& text) {
  bool quoted = text.starts_with('"');
  bool in_quote = quoted;
  if (quoted) text.remove_prefix(1);
  std::size_t end = 0;
  std::size_t equals = 0;
  for (; end < text.size() && (in_quote || !is_space(text[end])); ++end) {
    if (equals == 0 && text[end] == '=') equals = end;
    if (text[end] == '"') in_quote = !in_quote;
  }
  if (in_quote) return fail("kernel command line: a quote is not closed");
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end);

  bool ends_quoted = word.ends_with('"');
  KernelParameter parameter;
  if (equals == 0) {
    parameter.name = word.substr(0, word.size() - (quoted && ends_quoted ? 1 : 0));
    return parameter;
  }
  parameter.name = word.substr(0, equals);
  std::string_view value = word.substr(equals + 1);
  bool value_quoted = value.starts_with('"');
  if (value_quoted) value.remove_prefix(1);
  if ((value_quoted || quoted) && ends_quoted && value.ends_with('"')) value.remove_suffix(1);
  parameter.value = value;
  return parameter;
}

}  // namespace

Result<KernelCmdline> parse_kernel_cmdline(std::string_view text) {
  if (text.size() > kMaxSize) return fail("kernel command line: longer than 4096 bytes");
  if (text.find('\0') != text.npos) return fail("kernel command line: a NUL in it");
  KernelCmdline cmdline;
  for (text = skip_spaces(text); !text.empty(); text = skip_spaces(text)) {
    KernelParameter parameter = TRY(next_word(text));
    if (cmdline.has_separator) {
      // The kernel gives init its words whole.
      std::string argument = parameter.name;
      if (parameter.value) argument += "=" + *parameter.value;
      cmdline.init_arguments.push_back(std::move(argument));
    } else if (parameter.name == "--" && !parameter.value) {
      cmdline.has_separator = true;
    } else {
      cmdline.parameters.push_back(std::move(parameter));
    }
  }
  return cmdline;
}

Result<std::string> KernelCmdline::only_value(std::string_view name) const {
  const KernelParameter* found = nullptr;
  for (const KernelParameter& parameter : parameters) {
    if (!same_name(parameter.name, name)) continue;
    if (found != nullptr) return fail("kernel command line: " + std::string(name) + " is there twice");
    found = &parameter;
  }
  if (found == nullptr) return fail("kernel command line: " + std::string(name) + " is missing");
  if (!found->value) return fail("kernel command line: " + std::string(name) + " has no value");
  return *found->value;
}

bool KernelCmdline::has(std::string_view name) const {
  return std::ranges::any_of(parameters, [&](const KernelParameter& each) { return same_name(each.name, name); });
}

}  // namespace ashlar
