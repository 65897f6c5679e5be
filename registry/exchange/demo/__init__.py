"""A registry worth looking at: fictional vendors over the real collectivités."""

from registry.exchange.demo.bundle import write_demo

__all__ = ["write_demo"]
