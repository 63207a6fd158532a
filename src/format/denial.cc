#include "format/denial.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "format/system_call_name.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestText = 256;  // of one field, bytes

// audit.h's numbers of records.
constexpr unsigned kSeccompRecord = 1326;
constexpr unsigned kAvcRecord = 1400;
constexpr unsigned kIpeRecord = 1420;
constexpr unsigned kLandlockRecord = 1423;

std::string shown(std::string_view text) {
  std::string out(text.substr(0, kLongestText));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

// A program's text that has spaces, quotes or other bytes is hexadecimal, without quotes (audit_log_untrustedstring).
std::string untrusted(std::string_view value) {
  if (value.empty() || value.size() % 2 != 0) return shown(value);
  bool hexadecimal =
      std::ranges::all_of(value, [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); });
  if (!hexadecimal) return shown(value);
  Result<Bytes> bytes = from_hex([&] {
    std::string lower(value);
    for (char& c : lower) {
      if (c >= 'A') c = static_cast<char>(c - 'A' + 'a');
    }
    return lower;
  }());
  return bytes ? shown(as_text(*bytes)) : shown(value);
}

unsigned number(std::string_view text) {
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// The fields name=value of a record, values in quotes or up to the next space.
class Fields {
 public:
  explicit Fields(std::string_view text) : text_(text) {}

  struct Value {
    std::string_view text;
    bool quoted = false;
  };
  // The first one of this name.
  [[nodiscard]] std::optional<Value> find(std::string_view name) const {
    for (std::size_t at = text_.find(name); at != text_.npos; at = text_.find(name, at + 1)) {
      std::size_t value = at + name.size();
      bool begins = at == 0 || text_[at - 1] == ' ';
      if (begins && value < text_.size() && text_[value] == '=') return value_at(value + 1);
    }
    return std::nullopt;
  }
  // Empty too for a bare "?", which stands for what there is not.
  [[nodiscard]] std::string text(std::string_view name) const {
    auto value = find(name);
    if (!value || (!value->quoted && value->text == "?")) return {};
    return shown(value->text);
  }
  // The same of what a program chose: names and paths.
  [[nodiscard]] std::string chosen_text(std::string_view name) const {
    auto value = find(name);
    if (!value || value->quoted || value->text == "?") return text(name);
    return untrusted(value->text);
  }
  [[nodiscard]] unsigned count(std::string_view name) const {
    auto value = find(name);
    return value ? number(value->text) : 0;
  }

 private:
  [[nodiscard]] Value value_at(std::size_t start) const {
    std::string_view rest = text_.substr(start);
    if (!rest.starts_with('"')) return {rest.substr(0, rest.find(' ')), false};
    rest.remove_prefix(1);
    return {rest.substr(0, rest.find('"')), true};
  }

  std::string_view text_;
};

// "user:role:type:level" -> "type"; empty when there is none.
std::string type_of(std::string_view context) {
  for (int i = 0; i < 2; ++i) {
    std::size_t colon = context.find(':');
    if (colon == context.npos) return {};
    context.remove_prefix(colon + 1);
  }
  return shown(context.substr(0, context.find(':')));
}

std::string between(std::string_view text, std::string_view before, std::string_view after) {
  std::size_t start = text.find(before);
  if (start == text.npos) return {};
  text.remove_prefix(start + before.size());
  std::size_t end = text.find(after);
  return end == text.npos ? std::string() : shown(text.substr(0, end));
}

Denial of_process(const Fields& fields, Denial::Layer layer) {
  Denial denial;
  denial.layer = layer;
  denial.process = fields.count("pid");
  denial.program = fields.chosen_text("comm");
  denial.object = fields.chosen_text("path");
  if (denial.object.empty()) denial.object = fields.chosen_text("name");
  return denial;
}

std::optional<Denial> ipe(std::string_view text) {
  Fields fields(text);
  if (!fields.find("ipe_op")) return std::nullopt;
  Denial denial = of_process(fields, Denial::Layer::ipe);
  denial.wanted = fields.text("ipe_op");
  denial.hook = fields.text("ipe_hook");
  denial.enforced = fields.text("enforcing") != "0";
  denial.rule = fields.text("rule");
  if (denial.rule.ends_with("action=ALLOW")) return std::nullopt;
  return denial;
}

std::optional<Denial> selinux(std::string_view text) {
  std::string wanted = between(text, "denied  { ", " }");
  if (wanted.empty()) return std::nullopt;
  Fields fields(text);
  Denial denial = of_process(fields, Denial::Layer::selinux);
  denial.wanted = std::move(wanted);
  auto source = fields.find("scontext");
  auto target = fields.find("tcontext");
  if (source) denial.domain = type_of(source->text);
  if (target) denial.object_domain = type_of(target->text);
  denial.object_class = fields.text("tclass");
  denial.enforced = fields.text("permissive") != "1";
  return denial;
}

std::optional<Denial> landlock(std::string_view text) {
  Fields fields(text);
  if (!fields.find("blockers")) return std::nullopt;
  Denial denial = of_process(fields, Denial::Layer::landlock);
  denial.domain = fields.text("domain");
  denial.wanted = fields.text("blockers");
  return denial;
}

std::optional<Denial> seccomp(std::string_view text) {
  Fields fields(text);
  if (!fields.find("syscall")) return std::nullopt;
  Denial denial = of_process(fields, Denial::Layer::seccomp);
  denial.wanted = fields.text("syscall");
  denial.object = fields.chosen_text("exe");
  return denial;
}

std::optional<Denial> audit(std::string_view text) {
  Fields fields(text);
  unsigned type = fields.count("type");
  // "type=1420 audit(1764115200.123:45): ..."
  std::size_t start = text.find("): ");
  if (start == text.npos) return std::nullopt;
  text.remove_prefix(start + 3);
  switch (type) {
    case kIpeRecord:
      return ipe(text);
    case kAvcRecord:
      return selinux(text);
    case kLandlockRecord:
      return landlock(text);
    case kSeccompRecord:
      return seccomp(text);
    default:
      return std::nullopt;
  }
}

// "Lockdown: cat: /dev/mem,kmem,port is restricted; see man kernel_lockdown.7"
std::optional<Denial> lockdown(std::string_view text) {
  std::size_t what = text.find(": ");
  std::size_t end = text.find(" is restricted");
  if (what == text.npos || end == text.npos || end < what + 2) return std::nullopt;
  Denial denial;
  denial.layer = Denial::Layer::lockdown;
  denial.program = shown(text.substr(0, what));
  denial.wanted = shown(text.substr(what + 2, end - what - 2));
  return denial;
}

// "ptrace attach of \"cat\"[12] was attempted by \"dash\"[11]"
std::optional<Denial> yama(std::string_view text) {
  std::size_t by = text.find(" was attempted by \"");
  if (by == text.npos) return std::nullopt;
  Denial denial;
  denial.layer = Denial::Layer::yama;
  denial.wanted = "trace";
  denial.object = between(text.substr(0, by), "\"", "\"");
  std::string_view who = text.substr(by);
  denial.program = between(who, "\"", "\"[");
  denial.process = number(between(who, "\"[", "]"));
  return denial;
}

std::string who(const Denial& denial) {
  std::string words = denial.program.empty() ? "Somebody" : denial.program;
  if (denial.process != 0) words += " (process " + std::to_string(denial.process) + ")";
  if (denial.layer == Denial::Layer::selinux && !denial.domain.empty()) words += " in the domain " + denial.domain;
  return words;
}

std::string execution(const Denial& denial) {
  const std::string object = denial.object.empty() ? "memory without a file" : denial.object;
  if (denial.hook == "BPRM_CHECK") return "wanted to run " + object;
  if (denial.hook == "MMAP") return "wanted to map " + object + " to execute it";
  if (denial.hook == "MPROTECT") return "wanted to make " + object + " executable";
  return "wanted " + denial.wanted + " of " + object;
}

// The rule that denied it; where everything is denied that no rule allows, the one that is missing.
std::string rule(const Denial& denial) {
  switch (denial.layer) {
    case Denial::Layer::ipe:
      return denial.rule.empty() ? "" : ", rule \"" + denial.rule + "\"";
    case Denial::Layer::selinux:
      if (denial.domain.empty() || denial.object_domain.empty() || denial.object_class.empty()) return {};
      return ", for want of a rule (allow " + denial.domain + " " + denial.object_domain + " (" + denial.object_class +
             " (" + denial.wanted + ")))";
    case Denial::Layer::landlock:
      return denial.domain.empty() ? "" : ", rules " + denial.domain;
    case Denial::Layer::seccomp:
      return ", since the list of its service does not have it, or not with these arguments";
    case Denial::Layer::lockdown:
    case Denial::Layer::yama:
      return {};
  }
  return {};
}

}  // namespace

std::string_view name_of(Denial::Layer layer) {
  constexpr std::array<std::string_view, 6> kNames = {"IPE", "SELinux", "Landlock", "seccomp", "lockdown", "Yama"};
  return kNames[static_cast<std::size_t>(layer)];
}

std::optional<Denial> parse_denial(std::string_view record) {
  constexpr std::array<std::pair<std::string_view, std::optional<Denial> (*)(std::string_view)>, 3> kKinds = {{
      {"audit: ", audit},
      {"Lockdown: ", lockdown},
      {"ptrace ", yama},
  }};
  for (const auto& [prefix, parse] : kKinds) {
    if (record.starts_with(prefix)) return parse(record.substr(prefix.size()));
  }
  return std::nullopt;
}

std::string in_words(const Denial& denial) {
  std::string words = who(denial) + " ";
  switch (denial.layer) {
    case Denial::Layer::ipe:
      words += execution(denial);
      break;
    case Denial::Layer::selinux:
      words += "wanted to " + denial.wanted + " a " + (denial.object_class.empty() ? "thing" : denial.object_class);
      if (!denial.object.empty()) words += " " + denial.object;
      if (!denial.object_domain.empty()) words += " of the type " + denial.object_domain;
      break;
    case Denial::Layer::landlock:
      words += "wanted " + denial.wanted + (denial.object.empty() ? "" : " of " + denial.object);
      break;
    case Denial::Layer::seccomp:
      words += "made the system call " + system_call_name(number(denial.wanted));
      break;
    case Denial::Layer::lockdown:
      words += "wanted " + denial.wanted;
      break;
    case Denial::Layer::yama:
      words += "wanted to trace " + denial.object;
      break;
  }
  words += denial.enforced ? ". Denied by " : ". Would be denied by ";
  words += name_of(denial.layer);
  return words + rule(denial) + ".";
}

}  // namespace ashlar
