"""The readings of Chinese characters are pypinyin's, without what importing it costs."""

import subprocess
import sys

from callserver.pinyin import readings


def test_the_readings_are_those_of_the_package() -> None:
    from pypinyin.constants import PINYIN_DICT

    assert readings() == PINYIN_DICT
    assert readings()[ord("王")].startswith("wáng,")


def test_the_package_itself_is_not_imported() -> None:
    asked = "import sys; from callserver.pinyin import readings; readings(); print('pypinyin' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "False\n"


def test_whoever_reads_a_list_begins_without_the_database() -> None:
    asked = "import sys; import callserver.work.reader; print('sqlalchemy' in sys.modules)"
    assert subprocess.check_output([sys.executable, "-c", asked], text=True) == "False\n"
