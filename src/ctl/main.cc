#include <cstdio>

int main() {
  std::fputs("ashlarctl: nothing can be asked of this machine yet\n", stderr);
  return 1;
}
