"""A proxy that spoils a connection on purpose: TCP or WebSocket, driven by a seed and a script.

`toxics` says what can go wrong and reads scripts, `messages` does it to whole WebSocket messages, `stream` to bytes,
`proxy` carries connections, `certificates` makes good and bad ones. The same seed and the same bytes in give the same
bytes out, however the network cuts them.
"""

from cambist.simulator.chaos.certificates import Certificate, certificates
from cambist.simulator.chaos.proxy import Proxy
from cambist.simulator.chaos.toxics import Counts, Entry, Toxics, load

__all__ = ["Certificate", "Counts", "Entry", "Proxy", "Toxics", "certificates", "load"]
