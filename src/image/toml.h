// Strict reading of TOML files: every key is asked for by name, and a key nobody asked for is an error that names the
// file, the line and the key.
//
// The getters return an empty value when something is wrong and remember the first fault; finish() reports it. A table
// is not to be trusted before its finish() was called.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace ashlar::image {

class TomlTable {
 public:
  // `file` is only for messages. Errors are misuse: the recipe's author wrote what cannot be read.
  static Result<TomlTable> parse(std::string_view text, std::string_view file);

  std::string text(std::string_view key);  // required, not empty
  std::string text_or(std::string_view key, std::string_view otherwise);
  std::int64_t integer(std::string_view key);
  std::int64_t integer_or(std::string_view key, std::int64_t otherwise);
  bool boolean_or(std::string_view key, bool otherwise);
  std::vector<std::string> list(std::string_view key);  // required
  std::vector<std::string> list_or_empty(std::string_view key);
  // The same, each one of `known` and named once.
  std::vector<std::string> choices_or_empty(std::string_view key, std::span<const std::string_view> known);
  std::vector<TomlTable> tables(std::string_view key);                                // [[key]]; none is fine
  std::vector<std::pair<std::string, TomlTable>> named_tables(std::string_view key);  // [key.name], in name order

  // The first key that no getter asked for, else the first fault the getters found.
  Status finish();

  // "os/profiles/core.toml:12", where this table begins; for errors about what its values mean.
  [[nodiscard]] std::string where() const;
  // "os/services/x.toml:7: 'needs'"; the table's beginning where the key is not there.
  [[nodiscard]] std::string where(std::string_view key) const;
  [[nodiscard]] bool has(std::string_view key) const;

 private:
  struct Document;
  TomlTable(std::shared_ptr<const Document> document, const void* table)
      : document_(std::move(document)), table_(table) {}

  const void* find(std::string_view key, bool required);
  void fault(const void* node, std::string_view key, std::string_view what);

  std::shared_ptr<const Document> document_;
  const void* table_;  // a toml::table of the document
  std::set<std::string, std::less<>> asked_;
  std::string fault_;
};

}  // namespace ashlar::image
