"""The pages in a real browser, on the demo registry: ``make tests-browser``."""
