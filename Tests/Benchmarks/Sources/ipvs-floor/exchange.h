// Sends requests that were built beforehand.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "requests.h"

// Ends the program with a reason.
_Noreturn void fail(const char *what);

// Opens the socket and the buffer that all exchanges share, and returns the number of the family IPVS.
uint16_t open_exchange(void);

// Sends changes, and fails if the kernel refuses one.
void send_changes(const struct requests *);

// Requests dumps, and returns the number of entries.
size_t read_dumps(const struct requests *);
