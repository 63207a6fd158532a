// What waits for the next start: what was accepted is written again, and accepted again, as the same.
#include "data/requests.h"
#include "data/users.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Result<Request> request = parse_request({data, size});
  if (!request) return 0;
  if (const auto* add = std::get_if<AddUser>(&*request)) fuzz::require(check_person_name(add->name).has_value());
  Result<Request> again = parse_request(as_bytes(build_request(*request)));
  fuzz::require(again && *again == *request);
  return 0;
}
