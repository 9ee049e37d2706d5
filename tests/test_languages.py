"""Every common form of a code or name is one language; what counts as the same errs to "seen"."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlt_cli.errors import UserError
from xlt_cli.languages import (
    Language,
    among,
    language_of,
    likely_script,
    lookup,
    own_code,
    own_codes,
    same_language,
    written_twice,
)

ONE_LANGUAGE = {
    "swa": "sw swa swh swh_Latn sw_KE sw-TZ swc swahili Swahili SWAHILI Kiswahili swahili_Latn",
    "zho": "zh zho chi cmn zh-Hans zh-Hant zh_CN zh_TW zho_Hans zho_Hant yue yue_Hant zh-yue "
    "zh-min-nan zh-classical zh_gsdsimp chinese mandarin Cantonese wuu",
    "ara": "ar ara arb arz ary arq acm apc ajp arb_Arab arb_Latn ar_AR arabic",
    "por": "pt por pt-BR pt_PT por_Latn portuguese",
    "hbs": "sr srp sr-Latn sr-Cyrl srp_Cyrl hr hrv_Latn bs sh hbs scr scc croatian",
    "msa": "ms msa may zsm zsm_Latn id ind ind_Latn in indonesian min minangkabau bjn banjarese",
    "que": "qu que quy quz quy_Latn quechua",
    "aym": "ay aym ayr ayr_Latn aymara",
    "grn": "gn grn gug grn_Latn guarani Guaraní",
    "nor": "no nor nb nn nob_Latn nno no_XX norwegian",
    "fas": "fa fas per pes prs pes_Arab fa_IR farsi persian Dari",
    "sqi": "sq sqi alb als als_Latn aln sq_AL albanian",
    "lav": "lv lav lvs ltg lv_LV latvian",
    "est": "et est ekk vro fiu-vro estonian",
    "uzb": "uz uzb uzn uzs uzbek",
    "mlg": "mg mlg plt plt_Latn malagasy",
    "aze": "az aze azj azb azj_Latn azerbaijani",
    "kur": "ku kur ckb kmr sdh ku_TR kurdish",
    "pus": "ps pus pbt pst ps_AF pashto",
    "yid": "yi yid ydd ji yiddish",
    "ori": "or ori ory ory_Orya odia oriya",
    "nep": "ne nep npi ne_NP nepali",
    "mon": "mn mon khk mvf mongolian",
    "orm": "om orm gaz gaz_Latn oromo",
    "ful": "ff ful fuv fuc fula",
    "aka": "ak aka tw twi fat twi_Latn akan",
    "nah": "nah nci nhn azz Nahuatl",
    "oto": "oto otq ote otomi Otomí",
    "fil": "fil tl tgl tgl_Latn tl_XX tl_ug tl_trg tagalog Filipino",
    "heb": "he heb iw he_IL hebrew",
    "deu": "de deu ger de-AT de-CH de_DE de-st de-ba de-muc deu_Latn de_gsd german Deutsch",
    "eng": "en eng en-GB en_XX eng_Latn en_ewt en_lines english English simple",
    "ron": "ro ron rum mo ro_RO romanian",
    "hat": "ht hat hat_Latn Haitian_Creole Haitian haitian-creole",
    "pcm": "pcm naija pidgin Nigerian_Pidgin",
    "bbc": "bbc toba_batak",
    "nij": "nij ngaju",
    "mya": "my mya bur my_zaw burmese Myanmar",
    "hin": "hi hin hi_rom hin_Deva hindi",
    "tar": "tar Rarámuri",
    "hch": "hch wixarika Wixárika",
    "shp": "shp Shipibo-Konibo",
    "cni": "cni Asháninka",
    "lug": "lg lug luganda",
    "xho": "xh xho isiXhosa",
    "kin": "rw kin Kinyarwanda",
    "qaa": "qaa",
    "x-klingon": "x-klingon",
}
OTHER_DATA_SETS = re.findall(
    r"\S+",
    "ace ban mad sun bug jav luo wol bam bbj ewe fon hau ibo mos nya sna tsn zul amh tir run lin "
    "som bzd gsw nap kpv myv bxr sme ug tt cy br fo mt si ceb bho lua tum kea pap nqo sat tzm kab",
)


def one(forms: str) -> list[str]:
    return forms.split()


@pytest.mark.parametrize(("family", "forms"), ONE_LANGUAGE.items(), ids=list(ONE_LANGUAGE))
def test_every_form_is_one_language(family: str, forms: str) -> None:
    assert {form: language_of(form).macrolanguage for form in one(forms)} == dict.fromkeys(
        one(forms), family
    )


def test_languages_that_are_not_one_stay_apart() -> None:
    assert len(
        {language_of(forms.split()[0]).macrolanguage for forms in ONE_LANGUAGE.values()}
    ) == len(ONE_LANGUAGE)
    pairs = ["de gsw", "hi ur", "nl af", "tr az", "id jv", "en pcm", "bg mk", "cs sk", "ru uk"]
    pairs += ["sw swg", "rw run", "zu xh", "es ast", "kk ky", "id ace", "nah oto", "ha ig", "fr ht"]
    assert [pair for pair in pairs if same_language(*pair.split())] == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("swh_Latn", Language("swh_Latn", "swh", "swa", "Latn")),
        ("zh-Hant-TW", Language("zh-Hant-TW", "zho", "zho", "Hant", "TW")),
        ("ZH_hans", Language("ZH_hans", "zho", "zho", "Hans")),
        ("pt-BR", Language("pt-BR", "por", "por", "", "BR")),
        ("es-419", Language("es-419", "spa", "spa", "", "419")),
        ("iw", Language("iw", "heb", "heb")),
        ("chi", Language("chi", "zho", "zho")),
        ("zh-yue", Language("zh-yue", "yue", "zho")),
        ("de-muc", Language("de-muc", "deu", "deu", "", "", "muc")),
        ("zh_gsdsimp", Language("zh_gsdsimp", "zho", "zho", "", "", "gsdsimp")),
        ("Haitian Creole", Language("Haitian Creole", "hat", "hat")),
        ("swahili_Latn", Language("swahili_Latn", "swa", "swa", "Latn")),
        ("qtz", Language("qtz", "qtz", "qtz")),
        ("x-mine", Language("x-mine", "x-mine", "x-mine")),
    ],
)
def test_what_a_code_says_is_kept(code: str, expected: Language) -> None:
    assert lookup(code) == expected


@pytest.mark.parametrize("code", ["xx", "klingom", "und", "mul", "zxx", "", "en.source", "q", "12"])
def test_an_unknown_code_is_no_language(code: str) -> None:
    assert lookup(code) is None
    with pytest.raises(UserError, match="is not a known language"):
        language_of(code)


@pytest.mark.parametrize(
    ("wrong", "right"), [("swahilli", "Swahili"), ("germn", "German"), ("frr1", "fr (French)")]
)
def test_an_unknown_code_names_the_nearest(wrong: str, right: str) -> None:
    with pytest.raises(UserError) as caught:
        language_of(wrong, "spec.yaml:3")
    assert right in caught.value.hint
    assert caught.value.where == "spec.yaml:3"


def test_equal_unknown_codes_are_the_same_and_different_ones_cannot_be_compared() -> None:
    assert same_language("xx", "xx")
    assert among("xx", ["en", "xx"])
    with pytest.raises(UserError, match="'xx' is not a known language"):
        same_language("en", "xx")
    with pytest.raises(UserError, match="'xx' is not a known language"):
        among("xx", ["en", "de"])
    assert among("sw", ["swh", "xx"])


def test_private_codes_are_languages_of_their_own() -> None:
    assert not same_language("qaa", "qab")
    assert not same_language("x-mine", "en")
    assert language_of("x-mine").name == "x-mine"


def test_names() -> None:
    names = {code: language_of(code).name for code in ("swh_Latn", "zh", "ayr", "pcm", "de-muc")}
    assert names["zh"] == "Chinese"
    assert names["pcm"] == "Nigerian Pidgin"
    assert names["de-muc"] == "German"
    assert "Swahili" in names["swh_Latn"]


@pytest.mark.parametrize(
    ("wanted", "codes", "own"),
    [
        ("de", "de en", "de"),
        ("german", "en de", "de"),
        ("deu", "en de", "de"),
        ("sw", "swh_Latn eng_Latn", "swh_Latn"),
        ("swahili", "sw en", "sw"),
        ("swh_Latn", "sw en", "sw"),
        ("zho_Hans", "zh en", "zh"),
        ("zho_Hant", "zh en", None),
        ("zh_TW", "zho_Hans zho_Hant", "zho_Hant"),
        ("zh-Hant", "zho_Hans zho_Hant", "zho_Hant"),
        ("pt-BR", "pt en", "pt"),
        ("pt-BR", "pt-PT en", None),
        ("pt", "pt-BR en", "pt-BR"),
        ("german", "de de-st de-muc", "de"),
        ("de-muc", "de de-st de-muc", "de-muc"),
        ("de-muc", "de de-st", None),
        ("id", "zsm_Latn ace_Latn", None),
        ("yue", "zh en", None),
        ("hr", "sr en", None),
        ("quz", "quy en", None),
        ("qu", "quy en", "quy"),
        ("ar", "arb_Arab en", "arb_Arab"),
        ("batak toba", "toba_batak english", "toba_batak"),
        ("xx", "en de", None),
        ("fr", "en de", None),
        ("en", "en xx", "en"),
        ("english", "en xx", "en"),
    ],
)
def test_the_code_of_a_tasks_files(wanted: str, codes: str, own: str | None) -> None:
    assert own_code(wanted, codes.split()) == own


@pytest.mark.parametrize(
    ("wanted", "codes"),
    [
        ("zh", "zho_Hans zho_Hant"),
        ("ar", "ary arz"),
        ("fa", "pes_Arab prs_Arab"),
        ("german", "de-st de-muc"),
        ("Banjar", "bjn_Arab bjn_Latn"),
    ],
)
def test_a_request_that_fits_two_files_names_both(wanted: str, codes: str) -> None:
    with pytest.raises(UserError) as caught:
        own_code(wanted, codes.split(), "--languages")
    assert all(f"'{code}'" in caught.value.what for code in codes.split())
    assert caught.value.where == "--languages"


def test_own_codes_keeps_what_the_task_lacks_and_drops_what_is_named_twice() -> None:
    assert own_codes(["german", "de", "fr", "eng"], ["en", "de"]) == ["de", "fr", "en"]


@pytest.mark.parametrize(
    ("code", "script"),
    [("zh", "Hans"), ("zh_TW", "Hant"), ("yue", "Hant"), ("sw", "Latn"), ("sr-Latn", "Latn"),
     ("sr", "Cyrl"), ("en_XX", "Latn"), ("fa", "Arab"), ("x-mine", "")],
)  # fmt: skip
def test_the_likely_script(code: str, script: str) -> None:
    assert likely_script(language_of(code)) == script


CODES = sorted(
    {form for forms in ONE_LANGUAGE.values() for form in one(forms)} | {*OTHER_DATA_SETS}
)


@given(st.sampled_from(CODES), st.sampled_from(CODES), st.sampled_from(CODES))
def test_being_the_same_is_an_equivalence(a: str, b: str, c: str) -> None:
    assert same_language(a, a)
    assert same_language(a, b) == same_language(b, a)
    if same_language(a, b) and same_language(b, c):
        assert same_language(a, c)


@given(st.sampled_from(CODES), st.lists(st.sampled_from(CODES), min_size=1, max_size=4))
def test_a_files_own_code_is_the_same_language(wanted: str, codes: list[str]) -> None:
    try:
        own = own_code(wanted, codes)
    except UserError:
        return
    assert own is None or same_language(own, wanted)
    assert wanted not in codes or own == wanted


@given(st.text(max_size=30))
def test_no_text_breaks_the_look_up(text: str) -> None:
    language = lookup(text)
    assert language is None or language.code == text


def test_codes_that_data_sets_use_are_known() -> None:
    assert [code for code in OTHER_DATA_SETS if lookup(code) is None] == []


DATA = os.environ.get("XLT_DATA_DIR")
NO_LANGUAGE = {
    "amazon", "genre", "ids", "mnli-lines", "newwiki", "reasoning", "reddit", "squad", "xnli-lines",
}  # fmt: skip


@pytest.mark.skipif(not DATA, reason="XLT_DATA_DIR is not set")
def test_every_file_of_real_data_sets_is_in_a_known_language() -> None:
    assert DATA is not None
    named = re.compile(r"(train|dev|test|val)[-.](?P<code>[A-Za-z_-]+)\.(tsv|jsonl|json|parquet)")
    matches = [named.fullmatch(path.name) for path in Path(DATA).rglob("*")]
    codes = {match["code"] for match in matches if match} - NO_LANGUAGE
    codes -= {code for code in codes if code.startswith("context-")}
    assert len(codes) > 300
    assert sorted(code for code in codes if lookup(code) is None) == []
    for form in ("sw swa swh_Latn", "am amh amh_Ethi", "id indonesian ind_Latn", "zh zho_Hans"):
        present = [code for code in form.split() if code in codes]
        assert len(present) > 1
        assert len({language_of(code).language[:2] for code in present}) <= 2
        assert all(same_language(present[0], code) for code in present)


def test_nothing_is_imported_for_codes_that_are_written_the_same() -> None:
    script = (
        "import sys; from xlt_cli.languages import among, own_code; assert among('en', ['en']);"
        "assert own_code('de', ['de']) == 'de';"
        "assert not {'langcodes', 'language_data', 'torch'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


@pytest.mark.parametrize(
    "code",
    ["English;Swahili", "English/Swahili", "English-Swahili", "English and Swahili", "germanx",
     "English Pidgin", "Hindi English", "Turkish German", "Hausa Northern", "hi-en", "sw_en",
     "de-hi"],
)  # fmt: skip
def test_what_only_begins_like_a_language_is_none(code: str) -> None:
    assert lookup(code) is None
    with pytest.raises(UserError):
        same_language(code, "en")


@pytest.mark.parametrize(
    ("name", "language", "script", "territory"),
    [
        ("Chinese (Simplified)", "zho", "Hans", ""),
        ("serbian_latin", "srp", "Latn", ""),
        ("Uzbek Cyrillic", "uzb", "Cyrl", ""),
        ("Spanish Mexico", "spa", "", "MX"),
        ("English language", "eng", "", ""),
        ("Persian (Farsi)", "fas", "", ""),
        ("Sorani Kurdish", "ckb", "", ""),
        ("en_UK", "eng", "", "UK"),
        ("ja_JA", "jpn", "", "JA"),
        ("my_XX", "mya", "", "XX"),
        ("de-ba", "deu", "", "BA"),
    ],
)
def test_names_and_codes_with_more_than_a_language(
    name: str, language: str, script: str, territory: str
) -> None:
    known = lookup(name)
    assert known is not None
    assert (known.language, known.script, known.territory) == (language, script, territory)


@pytest.mark.parametrize(
    ("wanted", "codes", "own"),
    [
        ("id", "ms en", None), ("ms", "id en", None), ("Malay", "id", None), ("min", "ms", None),
        ("yue", "zh", None), ("arz", "ar", None), ("ckb", "ku", None), ("prs", "fa", None),
        ("zsm", "ms", "ms"), ("ms", "zsm_Latn ind_Latn", "zsm_Latn"), ("cmn", "zh", "zh"),
        ("arb", "ar", "ar"), ("swh", "sw", "sw"), ("ps", "pbt_Arab", "pbt_Arab"),
        ("qu", "quy", "quy"), ("nb", "no", "no"), ("no", "nb", "nb"),
        ("uz", "uzn_Latn", "uzn_Latn"), ("ff", "fuv_Latn", "fuv_Latn"),
        ("kmr", "ku", "ku"), ("et", "ekk", "ekk"),
    ],
)  # fmt: skip
def test_a_macrolanguages_code_is_taken_for_the_member_it_is_used_for(
    wanted: str, codes: str, own: str | None
) -> None:
    assert own_code(wanted, codes.split()) == own


@pytest.mark.parametrize(
    ("codes", "groups"),
    [
        ("en et est de ekk", [["et", "est", "ekk"]]),
        ("sw swh_Latn swa fr", [["sw", "swh_Latn", "swa"]]),
        ("zh cmn zh_Hans nb nob no", [["zh", "cmn", "zh_Hans"], ["nb", "nob"]]),
        ("ar arb arz", [["ar", "arb"]]),
        ("sr_Latn sr_Cyrl", []),
        ("sr sr_Cyrl", [["sr", "sr_Cyrl"]]),
        ("zh_Hans zh_Hant yue", []),
        ("pt pt_BR pt_PT", []),
        ("en_ewt en_gum", []),
        ("nb nn", []),
        ("id ms", []),
        ("xx yy qaa x-mine", []),
    ],
)
def test_codes_of_one_language_in_one_form_are_found(codes: str, groups: list[list[str]]) -> None:
    assert written_twice(codes.split()) == groups


def test_a_code_is_first_that_of_the_same_language() -> None:
    assert own_code("zh", ["yue", "zho_Hans"]) == "zho_Hans"
    assert own_code("zh", ["yue"]) == "yue"
    assert own_code("ar", ["arz", "ar_Arab"]) == "ar_Arab"
