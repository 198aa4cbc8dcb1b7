"""The catalogue in traditional characters, made of the simplified one, so that nobody translates twice.

    python -m app.setup.traditional

Run by ``make assets``; the result is compiled at once and not kept in the repository. Characters are those used in
Taiwan (the words stay the mainland's, for the department's documents are from there), but for `TERMS`.
"""

from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from opencc import OpenCC

TRANSLATIONS = Path(__file__).resolve().parents[2] / "app" / "panel" / "translations"
SIMPLIFIED = TRANSLATIONS / "zh_Hans" / "LC_MESSAGES" / "messages.po"
TRADITIONAL = TRANSLATIONS / "zh_Hant" / "LC_MESSAGES" / "messages.mo"

TERMS = {
    "諮詢": "咨詢",
    "平臺": "平台",
    "臺賬": "台帳",
    "賬": "帳",
    "退出登錄": "登出",
    "登錄": "登入",
    "發佈": "發布",
    "下周": "下週",
    "本周": "本週",
    "上周": "上週",
    "每周": "每週",
    "“": "「",
    "”": "」",
    "‘": "『",
    "’": "』",
    "簡體中文": "简体中文",
}
"""What the department writes otherwise than the conversion does: its documents' terms, and names of languages."""


@cache
def _converter() -> OpenCC:
    return OpenCC("s2tw")


def traditional(text: str) -> str:
    """A sentence in traditional characters; its places stay."""
    converted = str(_converter().convert(text))
    for made, wanted in TERMS.items():
        converted = converted.replace(made, wanted)
    return converted


def derived(simplified: Catalog) -> Catalog:
    """The catalogue in traditional characters: the same sentences, each translation converted."""
    fresh = Catalog(locale="zh_Hant")
    for message in simplified:
        if message.id:
            strings = message.string or ""
            text = traditional(strings) if isinstance(strings, str) else tuple(traditional(each) for each in strings)
            fresh.add(message.id, text)
    return fresh


def make(source: Path = SIMPLIFIED, target: Path = TRADITIONAL) -> None:
    """Write the compiled catalogue; whoever reads it meanwhile has the old one or the new one whole."""
    with source.open("rb") as handle:
        catalogue = derived(read_po(handle, locale="zh_Hans"))
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_suffix(".new")
    with fresh.open("wb") as handle:
        write_mo(handle, catalogue)
    fresh.replace(target)


if __name__ == "__main__":
    make()
