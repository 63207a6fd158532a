// Text for HTML, SVG and XML.
#pragma once

#include <string>
#include <string_view>

namespace ashlar {

// As content or as a quoted attribute. Control characters but the line end are left out: no such document has them.
std::string escape_xml(std::string_view text);

}  // namespace ashlar
