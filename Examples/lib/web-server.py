"""Answers each HTTP request with a name. usage: web-server.py NAME PORT

A request for /source is answered with the address that it came from, too.
Prints its process id once it listens, and goes to the background.
"""

import os
import sys
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer

name, port = sys.argv[1], int(sys.argv[2])


class Handler(BaseHTTPRequestHandler):
    # Connections stay open unless the client closes them.
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        source = f", asked by {self.client_address[0]}" if self.path == "/source" else ""
        body = (name + source).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128

    # Clients that close their connections are not reported.
    def handle_error(self, *_):
        pass


server = Server(("", port), Handler)
if process := os.fork():
    print(process)
    sys.exit()
# The reader of the process ID waits for the end of the output.
os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
server.serve_forever()
