"""Sends one HTTP request. usage: fetch.py ADDRESS PORT PATH SECONDS

Prints the body and, unless it is 200, the status before it; or why there was no answer within the time.
"""

import socket
import sys
from http.client import HTTPConnection, HTTPException

address, port, path, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
try:
    connection = HTTPConnection(address, port, timeout=seconds)
    connection.request("GET", path)
    answer = connection.getresponse()
    status = "" if answer.status == 200 else f"{answer.status} "
    print(status + " ".join(answer.read().decode().split()))
except socket.timeout:
    print("no answer")
except (HTTPException, OSError) as error:
    print(getattr(error, "strerror", None) or str(error) or type(error).__name__)
