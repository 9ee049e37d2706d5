"""Intents and slots of requests to voice assistants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from xlt_cli.api import SPLITS, DataError, Split
from xlt_cli.languages import own_code
from xlt_tasks.file_tasks import UTTERANCE, Columns, IntentTask, OnHub, Release, Utterance, filled
from xlt_tasks.sources.dataset import CONVERTED
from xlt_tasks.sources.naming import SPLIT_NAMES
from xlt_tasks.sources.table import Table

CONLL = Columns((("2", "3"),), ("4",), per_word=True, named=True)
"""A word a line: its number, the word, the intent of the sentence, the tag."""

ANNOTATED = Columns((("id", "locale", "partition", "annot_utt"),), ("intent",))
"""A sentence a line, as JSON, with its slots in brackets; all splits are in one file."""


class XSid(IntentTask):
    """Train on English; the other languages have dev and test rows. Line i is the same item in most
    languages: `ar` has other intents in 26 test rows, and the rows of `de-ba` are in another order.
    35 words that the files tag `Orecurring_datetime` are read as `O`."""

    api_version = 1
    name = "xsid"
    summary = "intents and slots of requests to an assistant, also in dialects of German"
    reference = "van der Goot et al. 2021, xSID (NAACL); version 0.7"
    family = "intent"
    slots = (
        "alarm/alarm_modifier", "album", "artist", "best_rating", "condition_description",
        "condition_temperature", "cuisine", "datetime", "entity_name", "facility", "genre",
        "location", "movie_name", "movie_type", "music_item", "negation", "object_location_type",
        "object_name", "object_part_of_series_type", "object_select", "object_type",
        "party_size_description", "party_size_number", "playlist", "rating_unit", "rating_value",
        "recurring_datetime", "reference", "reference-part", "reminder/reminder_modifier",
        "reminder/todo", "restaurant_name", "restaurant_type", "served_dish", "service", "sort",
        "track", "weather/attribute", "weather/temperatureUnit",
    )  # fmt: skip
    intents = (
        "AddToPlaylist", "BookRestaurant", "GetWeather", "PlayMusic", "RateBook",
        "SearchCreativeWork", "SearchScreeningEvent", "alarm/cancel_alarm", "alarm/modify_alarm",
        "alarm/set_alarm", "alarm/show_alarms", "alarm/snooze_alarm", "alarm/time_left_on_alarm",
        "reminder/cancel_reminder", "reminder/set_reminder", "reminder/show_reminders",
        "weather/checkSunrise", "weather/checkSunset", "weather/find",
    )  # fmt: skip
    published_languages = (
        "ar", "da", "de", "de-ba", "de-muc", "de-st", "en", "gsw", "id", "it", "ja", "lt", "nap",
        "nl", "sr", "tr", "zh",
    )  # fmt: skip
    licence = "CC BY-SA 4.0"
    origin = "human-translated"
    origins = {"en": "native"}  # noqa: RUF012  (see Task)
    folder = "xsid"
    releases = (
        Release(columns=UTTERANCE, label_map={"Orecurring_datetime": "O"}),
        Release("{language}.{split}.conll", CONLL, label_map={"Orecurring_datetime": "O"}),
    )


class Massive(IntentTask):
    """Rows with one id are the same item in every language, whose names are those of the files
    (`de-DE`). Words are those of the annotation, separated by spaces; in Japanese and Chinese they
    are characters, except for words in ASCII, as in its authors' own scripts. On the hub, the
    files are on the branch `refs/convert/parquet`, and `revision` is that branch or a commit of
    it."""

    api_version = 1
    name = "massive"
    summary = "intents and slots of requests to an assistant, in 52 languages"
    reference = "FitzGerald et al. 2023, MASSIVE (ACL); version 1.1; hub: AmazonScience/massive"
    family = "intent"
    aligned = True
    source_language = "en-US"
    slots = (
        "alarm_type", "app_name", "artist_name", "audiobook_author", "audiobook_name",
        "business_name", "business_type", "change_amount", "coffee_type", "color_type",
        "cooking_type", "currency_name", "date", "definition_word", "device_type", "drink_type",
        "email_address", "email_folder", "event_name", "food_type", "game_name", "game_type",
        "general_frequency", "house_place", "ingredient", "joke_type", "list_name", "meal_type",
        "media_type", "movie_name", "movie_type", "music_album", "music_descriptor", "music_genre",
        "news_topic", "order_type", "person", "personal_info", "place_name", "player_setting",
        "playlist_name", "podcast_descriptor", "podcast_name", "radio_name", "relation",
        "song_name", "sport_type", "time", "time_zone", "timeofday", "transport_agency",
        "transport_descriptor", "transport_name", "transport_type", "weather_descriptor",
    )  # fmt: skip
    intents = (
        "alarm_query", "alarm_remove", "alarm_set", "audio_volume_down", "audio_volume_mute",
        "audio_volume_other", "audio_volume_up", "calendar_query", "calendar_remove",
        "calendar_set", "cooking_query", "cooking_recipe", "datetime_convert", "datetime_query",
        "email_addcontact", "email_query", "email_querycontact", "email_sendemail",
        "general_greet", "general_joke", "general_quirky", "iot_cleaning", "iot_coffee",
        "iot_hue_lightchange", "iot_hue_lightdim", "iot_hue_lightoff", "iot_hue_lighton",
        "iot_hue_lightup", "iot_wemo_off", "iot_wemo_on", "lists_createoradd", "lists_query",
        "lists_remove", "music_dislikeness", "music_likeness", "music_query", "music_settings",
        "news_query", "play_audiobook", "play_game", "play_music", "play_podcasts", "play_radio",
        "qa_currency", "qa_definition", "qa_factoid", "qa_maths", "qa_stock",
        "recommendation_events", "recommendation_locations", "recommendation_movies",
        "social_post", "social_query", "takeaway_order", "takeaway_query", "transport_query",
        "transport_taxi", "transport_ticket", "transport_traffic", "weather_query",
    )  # fmt: skip
    published_languages = (
        "af-ZA", "am-ET", "ar-SA", "az-AZ", "bn-BD", "ca-ES", "cy-GB", "da-DK", "de-DE", "el-GR",
        "en-US", "es-ES", "fa-IR", "fi-FI", "fr-FR", "he-IL", "hi-IN", "hu-HU", "hy-AM", "id-ID",
        "is-IS", "it-IT", "ja-JP", "jv-ID", "ka-GE", "km-KH", "kn-IN", "ko-KR", "lv-LV", "ml-IN",
        "mn-MN", "ms-MY", "my-MM", "nb-NO", "nl-NL", "pl-PL", "pt-PT", "ro-RO", "ru-RU", "sl-SL",
        "sq-AL", "sv-SE", "sw-KE", "ta-IN", "te-IN", "th-TH", "tl-PH", "tr-TR", "ur-PK", "vi-VN",
        "zh-CN", "zh-TW",
    )  # fmt: skip
    licence = "CC BY 4.0"
    origin = "human-translated"
    origins = {"en-US": "native"}  # noqa: RUF012  (see Task)
    folder = "massive"
    releases = tuple(
        Release(dict.fromkeys(SPLITS, f"{place}{{language}}.jsonl"), ANNOTATED)
        for place in ("", "data/", "1.1/data/")
    )
    on_hub = OnHub(
        "AmazonScience/massive",
        Release("{language}/{split}/*.parquet", ANNOTATED, languages=published_languages),
        branch=CONVERTED,
    )

    def read(
        self, split: Split, language: str, columns: Columns | None = None
    ) -> tuple[str, list[Table], Release]:
        """What was read, its tables, and the form in which they are.

        Raises:
            DataError: a row is in another language than its file.
        """
        read, tables, release = super().read(split, language, columns)
        for table in tables if columns is None else ():
            for record in table.records:
                locale = record.inputs[1]
                known = locale is None or locale == language
                if not known and own_code(str(locale), [language]) is None:
                    raise DataError(
                        f"the row's locale is {locale!r}, and the file is for '{language}'",
                        table.where(record),
                        "a file has the rows of one language: leave the others out",
                    )
        return read, tables, release

    def row(self, split: Split, cells: Mapping[str, Any]) -> Utterance | None:
        number, locale, partition, annotated, intent = (
            str(filled(cell, f"the column '{name}'")) for name, cell in cells.items()
        )
        if partition not in SPLIT_NAMES[split]:
            return None
        by_character = locale in ("ja-JP", "zh-CN", "zh-TW")
        pairs = list(tagged(annotated, by_character))
        words, tags = [word for word, _ in pairs], [tag for _, tag in pairs]
        return Utterance(words, tags, intent, number)


_SLOT = re.compile(r"\[\s*([^\[\]:]+?)\s*:\s*([^\[\]]*?)\s*\]|[^\[\]]+")


def tagged(annotated: str, by_character: bool = False) -> Iterator[tuple[str, str]]:
    """The words of `wake me at [time : five am]`, each with its tag.

    A word that is only partly in a slot is in it.

    Args:
        by_character: whether each character is a word, except in words in ASCII.

    Raises:
        ValueError: brackets are not in pairs, or have no name of a slot or no words.
    """
    if "".join(match[0] for match in _SLOT.finditer(annotated)) != annotated:
        raise ValueError(f"the brackets of '{annotated}' are not as in '[time : five am]'")
    text, owners = "", []
    for number, match in enumerate(_SLOT.finditer(annotated)):
        if match[1] is not None and not match[2]:
            raise ValueError(f"the slot '{match[1]}' of '{annotated}' has no words")
        own = match[0] if match[1] is None else match[2]
        text += own
        owners += [None if match[1] is None else (match[1], number)] * len(own)
    before = None
    for word in re.finditer(r"\S+", text):
        single = not by_character or word[0].isascii()
        for start, end in [word.span()] if single else [(i, i + 1) for i in range(*word.span())]:
            owner = next(filter(None, owners[start:end]), None)
            mark = "I" if owner == before else "B"
            yield text[start:end], f"{mark}-{owner[0]}" if owner else "O"
            before = owner
