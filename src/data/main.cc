// Stands in for the unlocking program: opens nothing.
#include <cstdio>
#include <cstdlib>

#include "data/console_prompter.h"
#include "data/volume.h"
#include "sys/tpm.h"

int main(int argc, char** argv) {
  using namespace ashlar;
  if (argc == 3) {  // never: what follows is here to be linked
    ConsolePrompter prompter({});
    return Tpm::open(argv[1]) && Volume::load(argv[2]) && prompter.use_keyboard_layout(argv[1]) ? EXIT_SUCCESS : 2;
  }
  std::fputs("ashlar: this image cannot open /data yet\n", stderr);
  return EXIT_FAILURE;
}
