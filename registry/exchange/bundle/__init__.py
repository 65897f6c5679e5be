"""A registry as a folder of CSV files, in and out."""

from registry.exchange.bundle.exporting import export_bundle
from registry.exchange.bundle.faults import BundleRefused, Fault
from registry.exchange.bundle.importing import import_bundle
from registry.exchange.bundle.recording import Report

__all__ = ["BundleRefused", "Fault", "Report", "export_bundle", "import_bundle"]
