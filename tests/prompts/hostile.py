"""Two hundred texts that tokenizers stumble over, the same in every run."""

from __future__ import annotations

import random

CHOSEN = [
    "",
    " ",
    "\n\t \r\n",
    "a red circle on a blue background",
    "A RED Circle, ON a Blue background!!!",
    "don't won't we've I'm they'll he'd 's 't",
    "\U0001f600\U0001f469‍\U0001f469‍\U0001f467‍\U0001f466\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "قطة حمراء على خلفية زرقاء ١٢٣",
    "שלום עולם",
    "红色的圆圈在蓝色背景上",
    "สวัสดีชาวโลก",
    "नमस्ते दुनिया",
    "def f(x):\n    return {k: [v] for k, v in x.items() if v != None}  # ok\n",
    '<div class="a">&amp;</div><!-- -->',
    "<|startoftext|>red<|endoftext|> circle <|endoftext|>",
    "<|ENDOFTEXT|> <|im_start|>user\nhello<|im_end|>",
    "<pad></s><unk><extra_id_0> [CLS] [MASK]",
    "zero\u200bwidth‍joiner‌and﻿bom⁠",
    "é é ﬁ ① Å ẞ İ ſ",
    "a" * 10_000,
    "red circle, " * 833,
    "\U0001f600" * 2_500,
    "\x00\x01\x7f\x80\xa0   　",
    "ﷺ" * 50,
    "((((red))))1.5 [a:b:0.5] {x|y} __z__ C++ (16:9)",
    "1234567890 3.14159 1e-10 0xFF ½ ²",
    "Z̸͖̉a̵̝͝l̶̺̽g̷̰̈́o̴̗͝",
    "ABCdefGHI_snake-case.dotted/slashed\\back",
    "👍🏽👍🏿✊🏻 ❤️❤ ♥︎",
    "\U0010ffff\U000f0000",
    "ﾊﾛｰ ﾜｰﾙﾄﾞ",
    "ǅ ΑΣ ΣΑΣ ﬆ",
]
"""Texts of known difficulty."""
_LETTERS = "abc XYZ ,.!?;:'\"()[]{}<>|/\\#@~-_=+*&^%$£€ 0189\n\té ñ ß ж 中 あ ا ש ก 😀 ‍ \u200b"


def hostile_texts() -> list[str]:
    """Return two hundred texts: the chosen ones, then drawn ones."""
    drawn = random.Random(9)
    texts = list(CHOSEN)
    while len(texts) < 200:
        length = drawn.choice((1, 3, 20, 80, 300))
        if len(texts) % 3:
            texts.append("".join(drawn.choice(_LETTERS) for _ in range(length)))
        else:
            points = (
                drawn.choice((drawn.randrange(0x20, 0xD800), drawn.randrange(0xE000, 0x11000))) for _ in range(length)
            )
            texts.append("".join(map(chr, points)))
    return texts
