#pragma once

/// The words of the command line, beginning with the program's name, or a null pointer if the C library doesn't pass
/// them on.
char *const *startup_arguments(void);

/// The number of words.
int startup_argument_count(void);
