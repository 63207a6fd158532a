#include "format/session_owner.h"

#include <algorithm>

#include "format/user_accounts.h"

namespace ashlar {
namespace {

constexpr std::size_t kLongestKeyboardName = 32;
constexpr std::string_view kNone = "-";

bool is_keyboard_name(std::string_view text) {
  return !text.empty() && text.size() <= kLongestKeyboardName &&
         std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// Takes what stands before the next blank; all of it where there is none.
std::string_view take_word(std::string_view& text) {
  std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(std::min(text.size(), word.size() + 1));
  return word;
}

Result<SessionOwner> parse(std::string_view line) {
  if (line.size() > kLongestSessionOwner) return fail("too long");
  if (!line.ends_with('\n')) return fail("not a line");
  std::string_view rest = line.substr(0, line.size() - 1);
  SessionOwner owner;
  std::string_view account = take_word(rest);
  for (unsigned user = 1; user <= kUsers; ++user) {
    if (account == account_name(user)) owner.user = user;
  }
  if (owner.user == 0 && account != kNone) return fail("no account of ours");
  owner.layout = take_word(rest);
  std::string_view variant = take_word(rest);
  if (variant != kNone) owner.variant = variant;
  if (!is_keyboard_name(owner.layout) || (variant != kNone && !is_keyboard_name(variant))) {
    return fail("a keyboard layout that is none");
  }
  if (build_session_owner(owner) != line) return fail("in another form than ours");
  return owner;
}

}  // namespace

std::string build_session_owner(const SessionOwner& owner) {
  std::string line(owner.user == 0 ? std::string(kNone) : account_name(owner.user));
  line += " " + owner.layout + " " + (owner.variant.empty() ? std::string(kNone) : owner.variant);
  return line + "\n";
}

Result<SessionOwner> parse_session_owner(std::string_view line) { return in("whose session it is", parse(line)); }

}  // namespace ashlar
