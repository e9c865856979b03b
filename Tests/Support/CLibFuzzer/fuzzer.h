// libFuzzer as a library, for which compiler-rt has no header.
#include <stddef.h>
#include <stdint.h>

/// Runs libFuzzer with its options, and ends the process: with the status 0, or another one after a failure.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
