"""The HTML door: pages in French, without any script."""
