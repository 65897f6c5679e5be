"""How modules are loaded where someone waits for it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """What is loaded stays till the end: the collector, which would walk it time and again, a tenth
    of the start of the service, leaves it alone then and later.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
