from __future__ import annotations

import re
import time

import pytest

from tests.ui import catalog
from tests.ui.engine_texts import engine_texts
from xrgui.config.check import judge
from xrgui.config.load import load_text
from xrgui.profiles.problems import problem
from xrgui.ui import words
from xrgui.ui.engine_words import LONGEST, engine_words
from xrgui.ui.language import language

TEXTS = engine_texts()
BAD = """{
  "inbounds": [{"protocol": "vles", "port": "x", "listen": 5},
               {"protocol": "vless", "port": 99999, "settings": {"clients": [{"id": ""}], "fallbacks": [1]}},
               {"protocol": "trojan", "port": 1}],
  "outbounds": [{"protocol": "freedom", "tag": "a"}, {"protocol": "freedom", "tag": "a", "mux": []}],
  "routing": {"rules": [{"outboundTag": "b"}, {"outboundTag": "aa", "inboundTag": "nobody"}]},
  "reverse": {"bridges": [{"tag": "bridge", "domain": "reverse.example"}]}, "logg": 1
}"""


@pytest.mark.parametrize("code", catalog.FORMS)
def test_every_sentence_is_said(code: str) -> None:
    language.choose(code)
    known = catalog.read(code, "engine")
    for text in TEXTS:
        values = [f"<{number}>" for number in range(10)]
        assert engine_words(text.format(*values)) == known[text][0].format(*values), text


def test_what_the_checks_find_holds_no_english() -> None:
    language.choose("ru")
    found = judge(load_text(BAD), probe_ports=False).problems
    assert len(found) > 8
    english = re.compile(r"\b(is|has|the|should|not|use|write|every|no|to)\b")
    for item in found:
        said = words.problem(problem("json", "json.bad", message=item))
        assert not english.search(re.sub(r'"[^"]*"|`[^`]*`', "", said)), (str(item), said)


@pytest.mark.parametrize(
    ("english", "russian", "chinese"),
    [
        ("x.port: should be one port", "x.port: нужен один порт", "x.port：应为单个端口"),
        ("a: should be a list, not an object (put it in [ ])", "a: нужен список, а не объект (заключите в [ ])",
         "a：应为列表，而不是对象（请放进 [ ]）"),
        ("outbounds[0]: xrgui has no tun outbound (use socks)",
         "outbounds[0]: в xrgui этого нет: выход tun (возьмите socks)",
         "outbounds[0]：xrgui 不支持：tun 出站（请用 socks）"),
        ("the link to box is down: connection refused", "связь с box прервана: в соединении отказано",
         "与 box 的链路已断开：连接被拒绝"),
        ("/x.json could not be saved: Read-only file system. What was there is unchanged.",
         "не удалось сохранить /x.json: файловая система только для чтения. Прежнее содержимое не изменилось.",
         "无法保存 /x.json：文件系统只读。原有内容未变。"),
        ("VLESS Encryption, transport kcp", "VLESS Encryption, транспорт kcp", "VLESS Encryption、传输方式 kcp"),
        ("something quite new", "something quite new", "something quite new"),
        ("", "", ""),
    ],
)  # fmt: skip
def test_sentences_of_sentences(english: str, russian: str, chinese: str) -> None:
    assert engine_words(english) == english
    language.choose("ru")
    assert engine_words(ValueError(english)) == russian
    language.choose("zh_CN")
    assert engine_words(english) == chinese


def test_a_strange_text_takes_no_time() -> None:
    language.choose("ru")
    strange = ("a: b (c; d, e) f. g: h (i) is " * 40)[:LONGEST]
    before = time.process_time()
    assert engine_words(strange)
    assert time.process_time() - before < 3
