"""Where the files that were sent are, under their SHA-256 until nobody needs them."""

from pathlib import Path


def path(folder: Path, digest: bytes) -> Path:
    return folder / f"{digest.hex()}.csv"


def gone(days: int) -> str:
    return f"Ce fichier s’efface {days} jours après son traitement : l’envoyer de nouveau."
