#pragma once

#include <stdint.h>

/// Opens a TCP socket and binds it to an address, so that it can listen there.
///
/// - Parameters:
///   - namespace_fd: The network namespace of the socket; -1 for that of the calling thread, which doesn't enter another one.
///   - address: The 4 bytes of an IPv4 address, or the 16 of an IPv6 address. A socket of the latter kind for all addresses
///     is for those of IPv4, too.
///   - length: The number of bytes.
/// - Returns: The descriptor, or a negative error number.
int node_socket(int namespace_fd, const uint8_t *address, int length, uint16_t port);
