"""Workbooks (.xlsx, .ods): their first sheet is read as CSV, and templates are written."""

AS_CSV = "enregistrez sa première feuille au format « CSV UTF-8 »"
REFUSED = 3
"""The status of a reading that ends with a sentence for whoever sent the file."""
