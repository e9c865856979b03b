#define _GNU_SOURCE
#include "startup.h"

#include <fcntl.h>
#include <unistd.h>

static char **words;
static int word_count;

char *const *startup_arguments(void) { return words; }

int startup_argument_count(void) { return word_count; }

// Sockets and files must not get the number of a standard descriptor that is closed, as output would be written to them.
// What stands in for it can be neither read nor written, and exists without /dev.
static void occupy_standard_descriptors(void) {
  for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
    if (fcntl(number, F_GETFD) >= 0) continue;
    // The lowest free number, which is this one.
    if (open("/", O_PATH) < 0) _exit(1);
  }
}

// glibc passes the words to constructors. Swift finds them only through /proc, which can be missing.
__attribute__((constructor)) static void start(int count, char **arguments) {
  occupy_standard_descriptors();
#ifdef __GLIBC__
  word_count = count;
  words = arguments;
#else
  (void)count, (void)arguments;
#endif
}
