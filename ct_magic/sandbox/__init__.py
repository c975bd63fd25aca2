"""A stand-in for the service on loopback: the API's protocol over real generated data."""

from __future__ import annotations

from .faults import Fault, plan
from .sandbox import Sandbox

__all__ = ["Fault", "Sandbox", "plan"]
