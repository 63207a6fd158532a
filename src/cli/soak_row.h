// The table of soak runs in docs/MEASUREMENTS.md.
#pragma once

#include <string>
#include <string_view>

namespace ashlar::cli {

// `document` with `row`, a line of a Markdown table, behind the last row of the section "## Soak runs"; the section is
// made at the end when there is none.
std::string add_soak_row(std::string_view document, std::string_view row);

}  // namespace ashlar::cli
