"""DataPass's YAML of vendors, in."""

from registry.exchange.datapass.importing import Report, import_datapass

__all__ = ["Report", "import_datapass"]
