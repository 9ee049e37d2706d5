"""How codes and names of languages are written."""

from __future__ import annotations

import re
import unicodedata

ALIASES = {
    # Wikipedia's own codes, which WikiANN and XLM have.
    "simple": "en",
    "bh": "bho",
    "bih": "bho",
    "bat-smg": "sgs",
    "be-x-old": "be",
    "be-tarask": "be",
    "cbk-zam": "cbk",
    "fiu-vro": "vro",
    "map-bms": "jv",
    "nds-nl": "nds",
    "roa-rup": "rup",
    "roa-tara": "nap",
    "zh-classical": "lzh",
    "zh-min-nan": "nan",
    # Names that data sets use and Unicode's and IANA's tables lack.
    "naija": "pcm",
    "pidgin": "pcm",
    "shipibo konibo": "shp",
    "shipibo": "shp",
    "wixarika": "hch",
    "raramuri": "tar",
    "otomi": "oto",
}
"""Forms that are not in langcodes' tables, after `plain` or `as_tag`, and what they stand for."""

TAG = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
PRIVATE = re.compile(r"x(-[a-z0-9]{1,8})+|q[a-t][a-z]")


def as_tag(code: str) -> str:
    """A code as a tag of BCP 47: in lower case, with hyphens."""
    return code.strip().lower().replace("_", "-")


def plain(name: str) -> str:
    """A name in lower case, without accents, with single spaces."""
    letters = unicodedata.normalize("NFKD", name)
    bare = "".join(c for c in letters if not unicodedata.combining(c))
    return " ".join(re.split(r"[\s_-]+", bare.lower().strip()))
