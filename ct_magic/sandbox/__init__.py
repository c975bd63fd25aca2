"""A stand-in for the service on loopback: the API's protocol over real generated data."""

from __future__ import annotations

from ct_magic.sandbox.faults import Fault, plan
from ct_magic.sandbox.sandbox import Sandbox

__all__ = ["Fault", "Sandbox", "plan"]
