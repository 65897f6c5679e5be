"""The official geography, loaded into the registry and carried from one vintage to the next."""

from registry.exchange.referential.load import load
from registry.exchange.referential.report import Report
from registry.exchange.referential.vintages import earlier, locate

__all__ = ["Report", "earlier", "load", "locate"]
