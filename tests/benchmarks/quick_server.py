"""A service that has every count ready: what is measured against it is our own part."""

import threading

from ct_magic.sandbox.faults import reply
from ct_magic.sandbox.server import Server

server = Server(lambda *request: reply(200, {"status": "success", "count": 7138}))
server.start(0)
print(server.url, flush=True)
threading.Event().wait()
