"""How Chinese characters are read: the dictionary of pypinyin, and nothing else of it.

In: nothing. Out: a dictionary. Must not know: names. Importing the package would make it learn to cut sentences into
words, which takes half a second, during which nobody's call is answered, and which nobody here needs.
"""

from __future__ import annotations

from functools import cache
from importlib.machinery import PathFinder
from importlib.util import find_spec, module_from_spec


@cache
def readings() -> dict[int, str]:
    """A character's code -> its readings, the commonest first: `lè,yuè`. Read when it is first asked for."""
    package = find_spec("pypinyin")
    assert package is not None, "pypinyin is not installed"
    found = PathFinder.find_spec("pinyin_dict", package.submodule_search_locations)
    assert found is not None and found.loader is not None
    dictionary = module_from_spec(found)
    found.loader.exec_module(dictionary)
    return dict(dictionary.pinyin_dict)
