"""A registry worth looking at: fictional vendors over the real collectivités."""

from registry.exchange.demo.bundle import write_demo
from registry.exchange.demo.loading import load_when_empty

__all__ = ["load_when_empty", "write_demo"]
