#include "image/maintainer_scripts.h"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <tuple>

#include "format/deb.h"
#include "image/mapped_file.h"
#include "image/parallel.h"
#include "image/toml.h"

namespace ashlar::image {
namespace {

constexpr std::string_view kBlockBegins = "# Automatically added by dh_";
constexpr std::string_view kBlockEnds = "# End automatically added section";
constexpr std::array<const char*, 2> kScripts = {"preinst", "postinst"};
constexpr std::int64_t kLargestControlFile = 16 << 20;

std::string_view trim(std::string_view text) {
  while (!text.empty() && std::string_view(" \t\r").contains(text.front())) text.remove_prefix(1);
  while (!text.empty() && std::string_view(" \t\r").contains(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

struct ArchiveCloser {
  void operator()(archive* reader) const { archive_read_free(reader); }
};

std::unexpected<Error> archive_failure(archive* reader) {
  const char* reason = archive_error_string(reader);
  return fail(std::string("control archive: ") + (reason != nullptr ? reason : "unknown error"));
}

}  // namespace

Result<std::string> handwritten_part(std::string_view script) {
  // In a here-document a line that looks like a comment is content.
  const bool comments_are_content = script.contains("<<");
  std::vector<std::string_view> kept;
  bool generated = false;
  bool first = true;
  for (std::string_view line : lines_of(script)) {
    std::string_view text = trim(line);
    bool interpreter = std::exchange(first, false) && text.starts_with("#!");
    if (text.starts_with(kBlockBegins)) {
      if (generated) return fail("a generated block begins within another");
      generated = true;
    } else if (text.starts_with(kBlockEnds)) {
      if (!generated) return fail("a generated block ends that did not begin");
      generated = false;
    } else if (generated || interpreter || text.empty() || text == "set -e") {
      continue;
    } else if (!text.starts_with('#') || comments_are_content) {
      kept.push_back(text);
    }
  }
  if (generated) return fail("a generated block does not end");
  while (!kept.empty() && (kept.back() == "exit 0" || kept.back() == ":")) kept.pop_back();
  std::string result;
  for (std::string_view line : kept) result.append(line).append("\n");
  return result;
}

Result<std::map<std::string, std::string>> control_files(ByteView deb) {
  DebMembers members = TRY(parse_deb(deb));
  std::unique_ptr<archive, ArchiveCloser> reader(archive_read_new());
  if (reader == nullptr) return fail("libarchive does not start");
  archive_read_support_filter_all(reader.get());
  archive_read_support_format_tar(reader.get());
  if (archive_read_open_memory(reader.get(), members.control.data(), members.control.size()) != ARCHIVE_OK) {
    return archive_failure(reader.get());
  }
  std::map<std::string, std::string> files;
  archive_entry* entry = nullptr;
  for (int got; (got = archive_read_next_header(reader.get(), &entry)) != ARCHIVE_EOF;) {
    if (got != ARCHIVE_OK) return archive_failure(reader.get());
    if (archive_entry_filetype(entry) != AE_IFREG) continue;
    std::int64_t size = archive_entry_size(entry);
    if (size < 0 || size > kLargestControlFile) return fail("control archive: a file is too large");
    std::string content(static_cast<std::size_t>(size), '\0');
    if (archive_read_data(reader.get(), content.data(), content.size()) != size) return archive_failure(reader.get());
    std::string name = fs::path(archive_entry_pathname(entry)).filename().string();
    if (!files.emplace(name, std::move(content)).second) return fail("control archive: '" + name + "' is there twice");
  }
  return files;
}

Result<std::vector<ScriptReview>> parse_script_reviews(std::string_view toml, std::string_view file) {
  TomlTable table = TRY(TomlTable::parse(toml, file));
  std::vector<ScriptReview> reviews;
  for (TomlTable& entry : table.tables("script")) {
    ScriptReview review{.package = entry.text("package"),
                        .script = entry.text("script"),
                        .what = entry.text("what"),
                        .replaced_by = entry.text("replaced-by")};
    std::string hash = entry.text("sha256");
    TRY(entry.finish());
    if (std::ranges::find(kScripts, review.script) == kScripts.end()) {
      return fail_misuse(entry.where() + ": 'script' wants preinst or postinst");
    }
    Result<Sha256Digest> digest = parse_sha256(hash);
    if (!digest) return fail_misuse(entry.where() + ": 'sha256' wants 64 hexadecimal digits");
    review.sha256 = *digest;
    reviews.push_back(std::move(review));
  }
  TRY(table.finish());
  return reviews;
}

Result<std::vector<UnreviewedScript>> find_unreviewed(const std::vector<PackageFile>& packages,
                                                      const std::vector<ScriptReview>& reviews) {
  std::set<std::tuple<std::string, std::string, Sha256Digest>> known;
  for (const ScriptReview& review : reviews) known.emplace(review.package, review.script, review.sha256);
  std::vector<UnreviewedScript> unreviewed;
  std::mutex mutex;
  TRY(parallel_for(packages.size(), [&](std::size_t i) -> Status {
    const std::string& package = packages[i].name;
    MappedFile deb = TRY(MappedFile::open(packages[i].deb));
    auto files = TRY(in(package, control_files(deb.bytes())));
    for (const char* script : kScripts) {
      auto found = files.find(script);
      if (found == files.end()) continue;
      std::string text = TRY(in(fmt::format("{}: {}", package, script), handwritten_part(found->second)));
      Sha256Digest hash = sha256(text);
      if (text.empty() || known.contains({package, script, hash})) continue;
      std::lock_guard guard(mutex);
      unreviewed.push_back({package, script, hash, std::move(text)});
    }
    return {};
  }));
  std::ranges::sort(unreviewed, {}, [](const UnreviewedScript& one) { return std::tie(one.package, one.script); });
  return unreviewed;
}

Status check_maintainer_scripts(const std::vector<PackageFile>& packages, const fs::path& reviews,
                                const fs::path& remainders) {
  std::vector<ScriptReview> known = TRY(parse_script_reviews(TRY(read_text(reviews)), reviews.string()));
  std::vector<UnreviewedScript> unreviewed = TRY(in("maintainer scripts", find_unreviewed(packages, known)));
  if (unreviewed.empty()) return {};
  std::error_code error;
  fs::create_directories(remainders, error);
  if (error) return fail_errno("create " + remainders.string(), error.value());
  std::string text = "maintainer scripts that nobody has reviewed:";
  for (const UnreviewedScript& one : unreviewed) {
    fs::path file = remainders / (one.package + "." + one.script);
    TRY(write_file(file, as_bytes(one.text)));
    text += fmt::format("\n  {} {} {}: {}", one.package, one.script, one.sha256.hex(), file.string());
  }
  text += fmt::format("\nread what is left of each, then list it in {} with what replaces it", reviews.string());
  return fail(text);
}

}  // namespace ashlar::image
