#include "format/deb.h"

#include <algorithm>
#include <charconv>

namespace ashlar {
namespace {

constexpr std::string_view kArMagic = "!<arch>\n";

// ar(5), as deb(5) restricts it: names of at most 15 characters, decimal numbers padded with spaces.
struct ArHeader {
  std::array<char, 16> name;
  std::array<char, 12> mtime;
  std::array<char, 6> uid;
  std::array<char, 6> gid;
  std::array<char, 8> mode;
  std::array<char, 10> size;
  std::array<char, 2> magic;
};
static_assert(sizeof(ArHeader) == 60);

template <std::size_t N>
std::string_view field(const std::array<char, N>& stored) {
  std::string_view text(stored.data(), N);
  return text.substr(0, text.find_last_not_of(' ') + 1);
}

struct Member {
  std::string name;
  ByteView content;
};

Result<Member> read_member(Reader& reader) {
  auto header = TRY(reader.read<ArHeader>("a member of the package"));
  if (field(header.magic) != "`\n") return fail("a member of the package has no header");
  Member member;
  std::string_view name = field(header.name);
  if (name.ends_with('/')) name.remove_suffix(1);  // as some versions of ar write names
  member.name = name;
  std::string_view digits = field(header.size);
  std::uint64_t size = 0;
  auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) {
    return fail("member " + member.name + " of the package has no size");
  }
  member.content = TRY(reader.take(size, "member " + member.name + " of the package"));
  if (size % 2 != 0 && !reader.at_end()) TRY(reader.take(1, "padding"));
  return member;
}

bool is_tar(std::string_view name, std::string_view stem) {
  if (!name.starts_with(stem)) return false;
  static constexpr std::array<std::string_view, 4> kCompressions = {"", ".gz", ".xz", ".zst"};
  return std::ranges::find(kCompressions, name.substr(stem.size())) != kCompressions.end();
}

}  // namespace

Result<DebMembers> parse_deb(ByteView package) {
  Reader reader(package);
  if (as_text(TRY(reader.take(kArMagic.size(), "the package"))) != kArMagic) return fail("not a Debian package");
  Member version = TRY(read_member(reader));
  if (version.name != "debian-binary") return fail("not a Debian package: " + version.name + " comes first");
  if (as_text(version.content) != "2.0\n") return fail("a Debian package of another format than 2.0");
  Member control = TRY(read_member(reader));
  if (!is_tar(control.name, "control.tar")) return fail("member " + control.name + " where control.tar belongs");
  Member data = TRY(read_member(reader));
  if (!is_tar(data.name, "data.tar")) return fail("member " + data.name + " where data.tar belongs");
  if (!reader.at_end()) return fail("bytes behind the last member of the package");
  return DebMembers{control.content, std::move(control.name), data.content, std::move(data.name)};
}

}  // namespace ashlar
