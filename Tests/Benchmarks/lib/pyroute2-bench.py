"""Measures a workload with pyroute2, as one would write it: a call per change, and a dump per virtual server.

usage: pyroute2-bench WORKLOAD SERVICES REAL_SERVERS <COMMANDS

COMMANDS is the workload as ipvsadm -R reads it; W2 needs none.
"""

import json
import sys
import time
from socket import IPPROTO_TCP

from pyroute2 import IPVS, IPVSDest, IPVSService


def split(endpoint):
    address, port = endpoint.rsplit(":", 1)
    return {"addr": address, "port": int(port)}


def call(ipvs, line):
    """A line of ipvsadm as a function that makes the call."""
    words = line.split()
    service = IPVSService(protocol=IPPROTO_TCP, sched_name="wrr", **split(words[2]))
    if words[0] in ("-A", "-D"):
        return lambda: ipvs.service("add" if words[0] == "-A" else "del", service=service)
    dest = IPVSDest(fwd_method=0, weight=int(words[7]), **split(words[4]))
    return lambda: ipvs.dest("add" if words[0] == "-a" else "set", service=service, dest=dest)


def read_all(ipvs):
    entries = 0
    for message in ipvs.service("dump"):
        service = IPVSService.from_message(message)
        entries += 1
        for message in ipvs.dest("dump", service=service):
            IPVSDest.from_message(message)
            entries += 1
    return entries


def main():
    workload, services, real_servers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with IPVS() as ipvs:
        calls = [] if workload == "W2" else [call(ipvs, line) for line in sys.stdin]
        start = time.clock_gettime(time.CLOCK_MONOTONIC)
        if workload == "W2" and read_all(ipvs) != services * (1 + real_servers):
            sys.exit("pyroute2-bench: the table has another size")
        for change in calls:
            change()
        seconds = time.clock_gettime(time.CLOCK_MONOTONIC) - start
    line = {"program": "pyroute2", "workload": workload, "services": services, "realServers": real_servers}
    print(json.dumps({**line, "pass": 1, "seconds": seconds}))


main()
