#include "image/toml.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

namespace ashlar::image {

struct TomlTable::Document {
  toml::table root;
  std::string file;
};

namespace {

const toml::table& as_table(const void* table) { return *static_cast<const toml::table*>(table); }
const toml::node* as_node(const void* node) { return static_cast<const toml::node*>(node); }

std::string at_line(const std::string& file, const toml::source_region& source) {
  return source.begin.line == 0 ? file : file + ":" + std::to_string(source.begin.line);
}

}  // namespace

Result<TomlTable> TomlTable::parse(std::string_view text, std::string_view file) {
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    return fail_misuse(at_line(std::string(file), parsed.error().source()) + ": " +
                       std::string(parsed.error().description()));
  }
  auto document = std::make_shared<Document>(Document{std::move(parsed).table(), std::string(file)});
  const toml::table* root = &document->root;
  return TomlTable(std::move(document), root);
}

std::string TomlTable::where() const { return at_line(document_->file, as_table(table_).source()); }

std::string TomlTable::where(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  return (node == nullptr ? where() : at_line(document_->file, node->source())) + ": '" + std::string(key) + "'";
}

bool TomlTable::has(std::string_view key) const { return as_table(table_).contains(key); }

void TomlTable::fault(const void* node, std::string_view key, std::string_view what) {
  if (!fault_.empty()) return;
  fault_ = (node == nullptr ? where() : at_line(document_->file, as_node(node)->source())) + ": '" + std::string(key) +
           "' " + std::string(what);
}

const void* TomlTable::find(std::string_view key, bool required) {
  asked_.emplace(key);
  const toml::node* node = as_table(table_).get(key);
  if (node == nullptr && required) fault(nullptr, key, "is missing");
  return node;
}

std::string TomlTable::text(std::string_view key) {
  const void* node = find(key, true);
  if (node == nullptr) return {};
  const auto* value = as_node(node)->as_string();
  if (value == nullptr || value->get().empty()) {
    fault(node, key, "wants a text that is not empty");
    return {};
  }
  return value->get();
}

std::string TomlTable::text_or(std::string_view key, std::string_view otherwise) {
  return find(key, false) == nullptr ? std::string(otherwise) : text(key);
}

std::int64_t TomlTable::integer(std::string_view key) {
  const void* node = find(key, true);
  if (node == nullptr) return 0;
  const auto* value = as_node(node)->as_integer();
  if (value == nullptr) {
    fault(node, key, "wants a whole number");
    return 0;
  }
  return value->get();
}

std::int64_t TomlTable::integer_or(std::string_view key, std::int64_t otherwise) {
  return find(key, false) == nullptr ? otherwise : integer(key);
}

bool TomlTable::boolean_or(std::string_view key, bool otherwise) {
  const void* node = find(key, false);
  if (node == nullptr) return otherwise;
  const auto* value = as_node(node)->as_boolean();
  if (value == nullptr) {
    fault(node, key, "wants true or false");
    return otherwise;
  }
  return value->get();
}

std::vector<std::string> TomlTable::list(std::string_view key) {
  find(key, true);
  return list_or_empty(key);
}

std::vector<std::string> TomlTable::list_or_empty(std::string_view key) {
  std::vector<std::string> values;
  const void* node = find(key, false);
  if (node == nullptr) return values;
  const auto* array = as_node(node)->as_array();
  if (array == nullptr) {
    fault(node, key, "wants a list of texts");
    return values;
  }
  for (const toml::node& element : *array) {
    const auto* value = element.as_string();
    if (value == nullptr || value->get().empty()) {
      fault(&element, key, "wants texts that are not empty");
    } else {
      values.push_back(value->get());
    }
  }
  return values;
}

std::vector<std::string> TomlTable::choices_or_empty(std::string_view key, std::span<const std::string_view> known) {
  std::vector<std::string> values = list_or_empty(key);
  const void* node = find(key, false);
  for (std::size_t i = 0; i < values.size() && fault_.empty(); ++i) {
    const void* element = as_node(node)->as_array()->get(i);
    if (std::ranges::find(known, values[i]) == known.end()) {
      fault(element, key, fmt::format("has '{}', which is none of: {}", values[i], fmt::join(known, ", ")));
    } else if (std::find(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(i), values[i]) !=
               values.begin() + static_cast<std::ptrdiff_t>(i)) {
      fault(element, key, fmt::format("names '{}' twice", values[i]));
    }
  }
  return values;
}

std::vector<TomlTable> TomlTable::tables(std::string_view key) {
  std::vector<TomlTable> result;
  const void* node = find(key, false);
  if (node == nullptr) return result;
  const auto* array = as_node(node)->as_array();
  if (array == nullptr) {
    fault(node, key, "wants entries written as [[" + std::string(key) + "]]");
    return result;
  }
  for (const toml::node& element : *array) {
    const auto* table = element.as_table();
    if (table == nullptr) {
      fault(&element, key, "wants entries written as [[" + std::string(key) + "]]");
    } else {
      result.push_back(TomlTable(document_, table));
    }
  }
  return result;
}

std::vector<std::pair<std::string, TomlTable>> TomlTable::named_tables(std::string_view key) {
  std::vector<std::pair<std::string, TomlTable>> result;
  const void* node = find(key, false);
  if (node == nullptr) return result;
  const auto* parent = as_node(node)->as_table();
  if (parent == nullptr) {
    fault(node, key, "wants entries written as [" + std::string(key) + ".NAME]");
    return result;
  }
  for (const auto& [name, element] : *parent) {
    const auto* table = element.as_table();
    if (table == nullptr) {
      fault(&element, key, "wants entries written as [" + std::string(key) + ".NAME]");
    } else {
      result.emplace_back(std::string(name.str()), TomlTable(document_, table));
    }
  }
  return result;
}

Status TomlTable::finish() {
  // A key that is misspelt is also one that is missing: its own line says more.
  for (const auto& [name, node] : as_table(table_)) {
    if (asked_.contains(name.str())) continue;
    return fail_misuse(
        fmt::format("{}: '{}' is not a key known here", at_line(document_->file, node.source()), name.str()));
  }
  if (!fault_.empty()) return fail_misuse(fault_);
  return {};
}

}  // namespace ashlar::image
