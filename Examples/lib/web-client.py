"""Sends HTTP requests on command. usage: web-client.py ADDRESS PORT

Reads commands, one per line, and answers each with a line: the names of those who answered its requests; then, after a
semicolon, why a request was not answered, if one was not.
  send COUNT  sends this number of requests, each on its own connection, up to the first that is not answered
  open        opens a connection and sends a request on it
  ask         sends one more request on that connection
  close       closes that connection
"""

import socket
import struct
import sys
from http.client import HTTPConnection, HTTPException

address, port = sys.argv[1], int(sys.argv[2])
seconds = 20
kept = None


def ask(connection):
    connection.request("GET", "/")
    return connection.getresponse().read().decode()


def hang_up(connection):
    # With a reset, which the kernel keeps for ten seconds instead of two minutes.
    connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def perform(command, count="0"):
    global kept
    if command == "send":
        for _ in range(int(count)):
            connection = HTTPConnection(address, port, timeout=seconds)
            yield ask(connection)
            hang_up(connection)
    elif command == "open":
        kept = HTTPConnection(address, port, timeout=seconds)
        # It must not be reopened automatically.
        kept.auto_open = 0
        kept.connect()
        yield ask(kept)
    elif command == "ask":
        yield ask(kept)
    else:
        hang_up(kept)


for line in sys.stdin:
    names, reason = [], ""
    try:
        for name in perform(*line.split()):
            names.append(name)
    except (HTTPException, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    print(*names, end="")
    print(";" + reason, flush=True)
