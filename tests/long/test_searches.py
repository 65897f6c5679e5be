"""Every name of the country, typed in every way."""

import random

from registry.domain.name_index import NameIndex
from tests.typed_names import missed, names, typings


def test_every_name_is_found_in_every_way_that_it_is_typed() -> None:
    index = NameIndex(names())
    faults = [
        fault for typed in typings(index.rows, random.Random(1)) if (fault := missed(index, typed))
    ]
    assert faults == []
