// The JSON of a LUKS2 header: whatever is accepted can be authenticated, with any part of it under change.
#include "data/luks2_metadata.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Luks2Metadata> metadata = parse_luks2_metadata({data, size});
  if (!metadata) return 0;
  std::string whole = metadata->authenticated({}, "uuid");
  fuzz::require(whole == metadata->authenticated({}, "uuid"));
  fuzz::require(whole != metadata->authenticated({}, "another"));
  HeaderParts everything{metadata->keyslots, {}};
  for (const auto& [number, token] : metadata->tokens) everything.tokens.insert(number);
  fuzz::require(everything.empty() || whole != metadata->authenticated(everything, "uuid"));
  fuzz::require(!metadata->authenticated(metadata->hmac.changing, "uuid").empty());
  return 0;
}
