"""A stand-in for the service on loopback: the API's protocol over real generated data."""

from __future__ import annotations

from .box import Sandbox
from .faults import Fault, plan

__all__ = ["Fault", "Sandbox", "plan"]
