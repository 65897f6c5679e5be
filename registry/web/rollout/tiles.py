"""The map of the départements: a tile each, where one looks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from registry.domain.rollout.territories import Share
from registry.web.french import counted, number, percent
from registry.web.rollout.scopes import PATH, Asked

ROWS = """
 .   .   .   .   .   62  59  .   .   .   .   .
 .   .   .   .   76  80  60  02  08  .   .   .
 .   .   50  14  27  95  93  51  55  54  57  67
 29  22  35  61  78  92  75  77  10  52  88  68
 .   56  53  72  28  91  94  89  21  70  90  .
 .   44  49  37  41  45  18  58  71  39  25  .
 .   85  79  86  36  23  03  42  69  01  74  .
 .   17  16  87  19  63  43  07  26  38  73  .
 .   33  24  46  15  12  48  30  84  04  05  .
 .   40  47  82  81  11  34  13  83  06  .   .
 .   64  32  31  09  66  .   .   .   .   .   2B
 .   .   65  .   .   .   .   .   .   .   .   2A
 .   .   .   .   .   .   .   .   .   .   .   .
 .   971 972 973 974 976 .   .   .   .   .   .
"""
PLACES: Mapping[str, tuple[int, int]] = {
    code: (column, row)
    for row, line in enumerate(ROWS.strip().splitlines(), start=1)
    for column, code in enumerate(line.split(), start=1)
    if code != "."
}
"""Column and row of each, from 1."""

TONES = ((50, "best"), (25, "good"), (10, "unsure"), (0, "none"))
"""From which rate of connected collectivités on, in percent."""
LEGEND = (
    ("best", "la moitié ou plus"),
    ("good", "de 25 à 49\u00a0%"),
    ("unsure", "de 10 à 24\u00a0%"),
    ("none", "moins de 10\u00a0%"),
)


@dataclass(frozen=True, slots=True)
class Tile:
    code: str
    name: str
    column: int
    row: int
    address: str
    tone: str
    rate: str
    words: str


def tiles(asked: Asked, shares: Mapping[str, Share]) -> Iterator[Tile]:
    """In the order of the codes, whatever their places."""
    names = {territory.code: territory.name for territory in asked.departements}
    for code in sorted(PLACES):
        share = shares.get(code) or Share(code, 0, 0, 0)
        yield Tile(
            code,
            names.get(code, f"département {code}"),
            *PLACES[code],
            asked.to(PATH, departement=code),
            tone(share),
            percent(share.connected, share.total),
            f"{counted(share.connected, 'raccordée')} sur {number(share.total)}",
        )


def tone(share: Share) -> str:
    if not share.total:
        return "none"
    return next(
        tone for least, tone in TONES if share.connected * 100 >= least * share.total or not least
    )
