// What services send to their notify sockets.
#include "format/notify_message.h"
#include "fuzz.h"

using namespace ashlar;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  NotifyMessage message = parse_notify(as_text({data, size}));
  fuzz::require(message.status.size() <= 80);
  for (char c : message.status) fuzz::require(c >= ' ' && c <= '~');
  return 0;
}
