// The table of an image without services, and of the unit tests.
#include "format/service_table.h"

namespace ashlar {

std::span<const ServiceDefinition> service_table() { return {}; }

}  // namespace ashlar
