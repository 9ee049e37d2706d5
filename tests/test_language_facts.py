"""The facts of languages: family, script and resource class, as far as the tables know them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest
from test_languages import ONE_LANGUAGE, one

from xlt_cli.languages import facts_of, language_of, lookup

DATA = os.environ.get("XLT_DATA_DIR")
KNOWN_FACTS = """
en Indo-European Latn 5 | es Indo-European Latn 5 | de Indo-European Latn 5
fr Indo-European Latn 5 | ja Japonic Jpan 5 | ar Afro-Asiatic Arab 5
zh Sino-Tibetan Hans 5 | zho_Hant Sino-Tibetan Hant 5
ru Indo-European Cyrl 4 | tr Turkic Latn 4 | ko Koreanic Kore 4 | hi Indo-European Deva 4
fa Indo-European Arab 4 | vi Austroasiatic Latn 4 | eu Basque Latn 4 | hu Uralic Latn 4
fi Uralic Latn 4 | sr Indo-European Cyrl 4 | nl Indo-European Latn 4 | pl Indo-European Latn 4
el Indo-European Grek 3 | th Tai-Kadai Thai 3 | id Austronesian Latn 3 | ka Kartvelian Geor 3
he Afro-Asiatic Hebr 3 | ta Dravidian Taml 3 | kk Turkic Cyrl 3 | ur Indo-European Arab 3
et Uralic Latn 3 | bn Indo-European Beng 3 | arz Afro-Asiatic Arab 3 | bg Indo-European Cyrl 3
sw Atlantic-Congo Latn 2 | yo Atlantic-Congo Latn 2 | am Afro-Asiatic Ethi 2
ha Afro-Asiatic Latn 2 | mr Indo-European Deva 2 | mt Afro-Asiatic Latn 2
lo Tai-Kadai Laoo 2 | ht Indo-European Latn 2
te Dravidian Telu 1 | my Sino-Tibetan Mymr 1 | km Austroasiatic Khmr 1 | ig Atlantic-Congo Latn 1
bam Mande Latn 1 | qu Quechuan Latn 1 | gn Tupian Latn 1 | ay Aymaran Latn 1 | ug Turkic Arab 1
pcm Indo-European Latn 0 | shp Pano-Tacanan Latn 0 | nus Nilotic Latn 0 | tar Uto-Aztecan Latn 0
"""
"""Families of Glottolog, and classes of the list of Joshi et al. (2020)."""


@pytest.mark.parametrize("line", [line.strip() for line in re.split(r"[|\n]", KNOWN_FACTS) if line])
def test_facts_of_well_known_languages(line: str) -> None:
    code, family, script, resource = line.split()
    facts = facts_of(code)
    assert (facts.family, facts.script, facts.resource) == (family, script, int(resource))


@pytest.mark.parametrize(
    ("codes", "resource"),
    [
        ("sw swa swh swh_Latn swahili", 2),
        ("zh zho cmn zh-Hant zho_Hans mandarin", 5),
        ("ar ara arb arb_Arab", 5),
        ("arz arz_Arab", 3),
        ("ms msa zsm zsm_Latn", 3),
        ("fa fas pes pes_Arab", 4),
        ("prs prs_Arab", 0),
        ("lv lav lvs", 3),
        ("ltg", 1),
        ("mn khk khk_Cyrl", 1),
        ("ne npi_Deva", 1),
        ("uz uzn_Latn", 3),
        ("ary arq acm apc ajp ars aeb", None),  # the list has Arabic and Egyptian Arabic alone
        ("fuv_Latn", None),
        ("cjk_Latn kmb_Latn", None),
    ],
)
def test_a_class_is_that_of_the_member_whose_code_the_macrolanguage_replaces(
    codes: str, resource: int | None
) -> None:
    assert {code: facts_of(code).resource for code in codes.split()} == dict.fromkeys(
        codes.split(), resource
    )
    assert len({facts_of(code).family for code in codes.split()}) == 1 or codes.startswith("cjk")


def test_the_members_of_a_macrolanguage_have_its_family() -> None:
    for forms in ONE_LANGUAGE.values():
        families = {facts_of(form).family for form in one(forms)} - {None}
        assert len(families) <= 1, forms


@pytest.mark.parametrize("code", ["xx", "qaa", "x-mine", "klingom"])
def test_nothing_is_guessed_of_an_unknown_language(code: str) -> None:
    facts = facts_of(code)
    assert (facts.family, facts.script, facts.resource) == (None, None, None)


def test_the_written_script_comes_before_the_usual_one() -> None:
    scripts = {
        "kas_Deva": "Deva", "kas_Arab": "Arab", "ace_Arab": "Arab", "ace": "Latn",
        "taq_Tfng": "Tfng", "zh_TW": "Hant", "sr-Latn": "Latn", "arb_Latn": "Latn",
    }  # fmt: skip
    assert {code: facts_of(code).script for code in scripts} == scripts


def test_no_language_is_in_a_table_twice() -> None:
    for name in ("families.tsv", "resources.tsv"):
        text = resources.files("xlt_cli.languages").joinpath(name).read_text("utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        codes = [code for line in lines for code in line.split("\t")[1].split()]
        assert sorted(set(codes)) == sorted(codes)
        assert [code for code in codes if language_of(code).language != code] == []


def test_the_classes_of_the_paper_have_their_sizes() -> None:
    """Joshi et al. (2020), table 1, and the length of their list."""
    text = resources.files("xlt_cli.languages").joinpath("resources.tsv").read_text("utf-8")
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        if not line.startswith("#"):
            value, codes = line.split("\t")
            counts[value] += len(codes.split())
    assert {value: counts[value] for value in "2345"} == {"2": 19, "3": 28, "4": 18, "5": 7}
    assert 200 <= counts["1"] <= 222


SIB200 = Path(DATA or "") / "sib200"


@pytest.mark.skipif(not DATA, reason="XLT_DATA_DIR is not set")
def test_every_language_of_sib200_has_a_family_and_a_script_and_most_a_class() -> None:
    codes = {path.stem.partition("-")[2] for path in SIB200.glob("test-*.tsv")}
    assert len(codes) > 190
    facts = {code: facts_of(code) for code in codes}
    assert sorted(code for code, known in facts.items() if known.family is None) == []
    assert all(known.script == code[-4:] for code, known in facts.items())
    without = sorted(code for code, known in facts.items() if known.resource is None)
    assert len(without) < 35, without


@pytest.mark.skipif(not DATA, reason="XLT_DATA_DIR is not set")
def test_every_file_of_real_data_sets_is_in_a_language_with_a_family_and_a_script() -> None:
    assert DATA is not None
    named = re.compile(r"(train|dev|test|val)[-.](?P<code>[A-Za-z_-]+)\.(tsv|jsonl|json|parquet)")
    matches = [named.fullmatch(path.name) for path in Path(DATA).rglob("*")]
    codes = {match["code"] for match in matches if match and lookup(match["code"])}
    facts = {code: facts_of(code) for code in codes}
    assert sorted(code for code, known in facts.items() if known.script is None) == []
    assert sorted(code for code, known in facts.items() if known.family is None) == []


def test_help_reads_no_table_of_languages() -> None:
    script = (
        "import sys, xlt_cli.languages.tables as tables\n"
        "import xlt_cli.cli\n"
        "assert tables._table.cache_info().currsize == 0\n"
        "assert not {'langcodes', 'language_data'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
