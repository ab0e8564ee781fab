"""Make the recordings that called customers hear: speech of a synthesiser, small enough to be kept with the source.

In: the texts below; espeak-ng of Debian, found on PATH or fetched into `.local/` as the tests' tools are. Out:
asterisk_conf/prompts/LANGUAGE/NAME.wav, 8 kHz mono. After a change of texts: `python -m scripts.prompts [NAME...]`.
Anybody may put a recording of a person in a file's place; the names are what the dialplan and the policies ask for.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from callserver.recordings import converted
from tests.rig import debian
from tests.rig.provision import prefix_of

FOLDER: Final = Path(__file__).resolve().parents[1] / "asterisk_conf" / "prompts"
VOICES: Final = {"en": "en-us", "zh": "cmn"}
WORDS_A_MINUTE: Final = {"en": 185, "zh": 290}
DIGITS_A_MINUTE: Final = 150
DIGITS: Final = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "zh": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
}
TEXTS: Final[Mapping[str, Mapping[str, str]]] = {
    "return_visit": {
        "en": "Hello. This is your after-sales service. We have dealt with your request. How satisfied are you? "
        "Press a key from 5, very, to 1, not at all. Star repeats this. Press 0 for an agent.",
        "zh": "您好，这里是售后服务热线。您的报修已经处理完毕，请您评价：非常满意请按五，满意按四，一般按三，"
        "不满意按二，非常不满意按一。重听请按星号键，转人工请按零。",
    },
    "survey": {
        "en": "Hello. This is your after-sales service, with one question. How satisfied are you with your appliance? "
        "Press a key from 5, very, to 1, not at all. Star repeats this. Press 0 for an agent.",
        "zh": "您好，这里是售后服务热线。您对我们的产品满意吗？非常满意请按五，满意按四，一般按三，不满意按二，"
        "非常不满意按一。重听请按星号键，转人工请按零。",
    },
    "appointment": {
        "en": "Hello. This is your after-sales service. We remind you of the visit of our engineer, as agreed. "
        "To choose another time, press 0 for an agent. Star repeats this.",
        "zh": "您好，这里是售后服务热线，提醒您：我们的工程师将按约定时间上门服务。"
        "需要改约请按零转人工，重听请按星号键。",
    },
    "reminder": {
        "en": "Hello. This is your after-sales service. Your appliance is due for its regular care. "
        "Please look into its manual, or press 0 to speak with an agent. Star repeats this.",
        "zh": "您好，这里是售后服务热线，提醒您：您的家电到了保养的时候，请参照说明书进行保养。"
        "重听请按星号键，转人工请按零。",
    },
    "thanks": {"en": "Thank you.", "zh": "谢谢您。"},
    "goodbye": {"en": "Goodbye.", "zh": "再见。"},
    "wrong-key": {"en": "There is no such choice.", "zh": "您的按键有误。"},
    "to-an-agent": {
        "en": "One moment please, an agent will speak with you.",
        "zh": "请稍候，正在为您转接人工。",
    },
    "alert-critical": {"en": "This is callserver. A critical alert.", "zh": "这里是呼叫服务器。严重告警。"},
    "alert-warning": {"en": "This is callserver. A warning.", "zh": "这里是呼叫服务器。警告。"},
    "alert-test": {"en": "This is callserver. Only a test.", "zh": "这里是呼叫服务器。这是测试告警。"},
    "alert-links": {"en": "A telephone switch is not seen.", "zh": "与交换机失去联系。"},
    "alert-queues": {"en": "Something is wrong in a queue.", "zh": "排队或座席出现异常。"},
    "alert-trunks": {"en": "A trunk does not take calls.", "zh": "中继线路呼叫失败。"},
    "alert-promises": {"en": "Promised calls are late.", "zh": "承诺的回访已逾期。"},
    "alert-records": {"en": "Calls are missing in the records.", "zh": "存在漏记的通话。"},
    "alert-disk": {"en": "The disk is filling up.", "zh": "磁盘空间不足。"},
    "alert-work": {"en": "Work in the background is late.", "zh": "后台任务积压。"},
    "alert-several": {"en": "There are more alerts.", "zh": "同时还有其他告警。"},
    "alert-press": {
        "en": "Press 1 if you take care of it. Star repeats this.",
        "zh": "由您处理请按一，重听请按星号键。",
    },
    "callback-offer": {
        "en": "If you would rather not wait, press 1: you keep your place, and we call you.",
        "zh": "如果您不想继续等待，请按一，我们会保留您的排队位置并回拨给您。",
    },
    "callback-number": {"en": "We can call you back at", "zh": "我们将回拨您的电话"},
    "callback-confirm": {
        "en": "Press 1 if this is right, 2 for another number, or star to go on waiting.",
        "zh": "确认请按一，更换号码请按二，继续等待请按星号键。",
    },
    "callback-enter": {
        "en": "Please enter the number at which we can call you, and end with the hash key.",
        "zh": "请输入您的回拨号码，以井号键结束。",
    },
    "callback-thanks": {
        "en": "You keep your place. We call you when it is your turn. Goodbye.",
        "zh": "已为您保留排队位置，轮到您时我们会回拨给您。再见。",
    },
}


def texts(language: str) -> dict[str, str]:
    """Every recording of a language by its name."""
    digits = {f"digit-{digit}": word for digit, word in enumerate(DIGITS[language])}
    return {**{name: said[language] for name, said in TEXTS.items()}, **digits}


class Speaker:
    """espeak-ng: the machine's own, else that of its Debian suite. Raises tests.rig.debian.Unavailable."""

    def __init__(self) -> None:
        self._environment = dict(os.environ)
        if own := shutil.which("espeak-ng"):
            self._program = own
            return
        prefix = prefix_of("espeak", lambda into: debian.fetch(["espeak-ng"], debian.codename(), into))
        libraries = [*prefix.glob("usr/lib/*-linux-gnu*"), *prefix.glob("usr/lib/*-linux-gnu*/pulseaudio")]
        self._environment["LD_LIBRARY_PATH"] = os.pathsep.join(map(str, libraries))
        self._environment["ESPEAK_DATA_PATH"] = str(next(prefix.glob("usr/lib/*/espeak-ng-data")))
        self._program = str(prefix / "usr/bin/espeak-ng")

    def says(self, text: str, language: str, speed: int) -> bytes:
        """A WAV file as the synthesiser makes it; `speed`: words a minute."""
        command = [self._program, "-v", VOICES[language], "-s", str(speed), "--stdout"]
        return subprocess.run(
            command, input=text.encode(), env=self._environment, capture_output=True, check=True, timeout=60
        ).stdout


def main(wanted: Sequence[str]) -> None:
    """Make these recordings anew, all of them where none is named."""
    speaker = Speaker()
    for language in VOICES:
        folder = FOLDER / language
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts(language).items():
            if wanted and name not in wanted:
                continue
            speed = DIGITS_A_MINUTE if name.startswith("digit-") else WORDS_A_MINUTE[language]
            sound = converted(speaker.says(text, language, speed))
            (folder / f"{name}.wav").write_bytes(sound.wav)
            print(f"{language}/{name}: {sound.seconds:.1f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
