// How much of the machine is open to a service, as `systemd-analyze security` counts it: the same questions with the
// same weights, answered from what PID 1 sets up (sys/sandbox.h) instead of a unit's settings. 0: nothing is open, 10:
// all.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "image/services.h"

namespace ashlar::image {

struct ExposureItem {
  std::string setting;  // systemd's name for the question
  std::string key;      // of os/services/*.toml, which decides it; "" when every service has the same answer
  std::string why;      // what is open, a sentence; empty when nothing is
  unsigned weight = 0;
  double open = 0;  // 0 to 1
};

struct Exposure {
  std::string service;
  double overall = 0;  // 0 to 10
  std::vector<ExposureItem> items;

  // What an item adds to `overall`.
  [[nodiscard]] double share(const ExposureItem& item) const;
};

Exposure exposure_of(const Service& service);
std::vector<Exposure> exposures_of(const std::vector<Service>& services);

// os/policy/exposure.toml.
Result<double> read_exposure_limit(const fs::path& os);
// The error names each service above `most`, and what is open because of which of its settings.
Status check_exposure(const std::vector<Service>& services, double most);

// Where an image says what the builder found, under its root hash.
inline constexpr std::string_view kExposureFile = "/usr/share/ashlar/exposure.json";
std::string exposure_json(const std::vector<Exposure>& exposures, double most);

struct AuditedServices {
  std::vector<Exposure> exposures;
  double most = 0;
};
// Anybody may have written it: what is not there is empty.
Result<AuditedServices> parse_exposures(std::string_view json);

// `ashlar audit`: a table of all services, and of each what is open and why, the most first.
std::string exposure_table(const AuditedServices& audited);

}  // namespace ashlar::image
