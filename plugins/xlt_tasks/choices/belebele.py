"""Belebele: questions on passages of FLORES-200, each with four answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xlt_tasks.file_tasks import Choices, ChoiceTask, filled
from xlt_tasks.sources.columns import Columns
from xlt_tasks.sources.on_hub import OnHub
from xlt_tasks.sources.release import Release

LANGUAGES = (
    "acm_Arab", "afr_Latn", "als_Latn", "amh_Ethi", "apc_Arab", "arb_Arab", "arb_Latn", "ars_Arab",
    "ary_Arab", "arz_Arab", "asm_Beng", "azj_Latn", "bam_Latn", "ben_Beng", "ben_Latn", "bod_Tibt",
    "bul_Cyrl", "cat_Latn", "ceb_Latn", "ces_Latn", "ckb_Arab", "dan_Latn", "deu_Latn", "ell_Grek",
    "eng_Latn", "est_Latn", "eus_Latn", "fin_Latn", "fra_Latn", "fuv_Latn", "gaz_Latn", "grn_Latn",
    "guj_Gujr", "hat_Latn", "hau_Latn", "heb_Hebr", "hin_Deva", "hin_Latn", "hrv_Latn", "hun_Latn",
    "hye_Armn", "ibo_Latn", "ilo_Latn", "ind_Latn", "isl_Latn", "ita_Latn", "jav_Latn", "jpn_Jpan",
    "kac_Latn", "kan_Knda", "kat_Geor", "kaz_Cyrl", "kea_Latn", "khk_Cyrl", "khm_Khmr", "kin_Latn",
    "kir_Cyrl", "kor_Hang", "lao_Laoo", "lin_Latn", "lit_Latn", "lug_Latn", "luo_Latn", "lvs_Latn",
    "mal_Mlym", "mar_Deva", "mkd_Cyrl", "mlt_Latn", "mri_Latn", "mya_Mymr", "nld_Latn", "nob_Latn",
    "npi_Deva", "npi_Latn", "nso_Latn", "nya_Latn", "ory_Orya", "pan_Guru", "pbt_Arab", "pes_Arab",
    "plt_Latn", "pol_Latn", "por_Latn", "ron_Latn", "rus_Cyrl", "shn_Mymr", "sin_Latn", "sin_Sinh",
    "slk_Latn", "slv_Latn", "sna_Latn", "snd_Arab", "som_Latn", "sot_Latn", "spa_Latn", "srp_Cyrl",
    "ssw_Latn", "sun_Latn", "swe_Latn", "swh_Latn", "tam_Taml", "tel_Telu", "tgk_Cyrl", "tgl_Latn",
    "tha_Thai", "tir_Ethi", "tsn_Latn", "tso_Latn", "tur_Latn", "ukr_Cyrl", "urd_Arab", "urd_Latn",
    "uzn_Latn", "vie_Latn", "war_Latn", "wol_Latn", "xho_Latn", "yor_Latn", "zho_Hans", "zho_Hant",
    "zsm_Latn", "zul_Latn",
)  # fmt: skip
_ANSWERS = tuple(f"mc_answer{number}" for number in range(1, 5))
COLUMNS = Columns(
    (("link", "question_number", "flores_passage", "question", *_ANSWERS),), ("correct_answer_num",)
)


class Belebele(ChoiceTask):
    """A test set only: a model is trained on another task of the family, e.g. `xcopa`.

    Passages are longer than sentences; `max_length` cuts off what is beyond it.
    """

    api_version = 1
    name = "belebele"
    summary = "questions on passages with four answers, in 122 languages and scripts"
    reference = "Bandarkar et al. 2024, The Belebele Benchmark (ACL); hub: facebook/belebele"
    aligned = True
    source_language = "eng_Latn"
    published_languages = LANGUAGES
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"eng_Latn": "native"}  # noqa: RUF012  (see Task)
    tags = ("low-resource",)
    folder = "belebele"
    releases = (
        Release({"test": "test-{language}"}, COLUMNS),
        Release({"test": "{language}.jsonl"}, COLUMNS),
        Release({"test": "data/{language}.jsonl"}, COLUMNS),
        Release({"test": "Belebele/{language}.jsonl"}, COLUMNS),
    )
    on_hub = OnHub("facebook/belebele", Release(columns=COLUMNS), configs=True)
    first_answer = 1

    def row(self, cells: Mapping[str, Any]) -> Choices:
        link, number, passage, question, *answers, right = cells.values()
        asked = str(filled(question, "the question"))
        name = f"{filled(link, 'the link')}-{filled(number, 'the number of the question')}"
        return Choices(passage, tuple(answers), right, asked, name)
