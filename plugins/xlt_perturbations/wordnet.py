"""Synonyms from a WordNet, through the package `wn`: made once into a file of neighbours."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from xlt_cli.api import DataError, OfflineError, PluginError, serves
from xlt_perturbations import downloads

LEXICON = r"[\w.+-]+:[\w.+-]+"
INSTALL = "pip install 'xlt-cli[wordnet]'"


def path(lexicon: str) -> Path:
    """Where the neighbours of a lexicon (`oewn:2024`) are kept; there may be no file yet."""
    return downloads.cache_path(f"{re.sub(':', '-', lexicon)}.json")


def fetch(lexicon: str) -> Path:
    """Makes the file of neighbours, if there is none; wn downloads the lexicon if it lacks it.

    Raises:
        PluginError: the package wn is not installed.
        OfflineError: the lexicon has to be downloaded and cannot be.
        DataError: wn knows no such lexicon, or it is not English.
    """
    file = path(lexicon)
    if file.is_file():
        return file
    # wn's database as well is for one process at a time to write.
    with downloads.one_process(file.name):
        if not file.is_file():
            content = json.dumps(_neighbors(_open(lexicon)), ensure_ascii=False, indent=0)
            downloads.write(file, content.encode())
    return file


def check(lexicon: str) -> None:
    """The neighbours are made, or the package that makes them is installed.

    Raises:
        PluginError: it is not.
    """
    if not path(lexicon).is_file() and find_spec("wn") is None:
        raise _not_installed(lexicon)


def _not_installed(lexicon: str) -> PluginError:
    return PluginError(
        "the package wn, which reads WordNets, is not installed", f"wordnet: {lexicon}", INSTALL
    )


def _open(lexicon: str) -> Any:
    try:
        import wn
    except ImportError as error:
        raise _not_installed(lexicon) from error
    try:
        if not any(installed.specifier() == lexicon for installed in wn.lexicons()):
            _download(lexicon)
        wordnet = wn.Wordnet(lexicon, expand="")
        (installed,) = wordnet.lexicons()
    except wn.Error as error:
        raise DataError(f"wn cannot read its data: {error}", f"wordnet: {lexicon}") from error
    if not serves(("en",), installed.language):
        raise DataError(
            f"the language of the lexicon is '{installed.language}'",
            f"wordnet: {lexicon}",
            "synonyms are for English text: give an English lexicon, e.g. oewn:2024",
        )
    return wordnet


def _download(lexicon: str) -> None:
    import wn

    try:
        wn.config.get_project_info(lexicon)  # type: ignore[attr-defined]
    except wn.Error as error:
        raise DataError(
            "wn knows no such lexicon",
            f"wordnet: {lexicon}",
            f"{error}; `python -m wn projects` lists those that it can download",
        ) from error
    by_hand = (
        f"on a machine with a network, run `python -m wn download {lexicon}` or `xlt fetch SPEC`"
    )
    if downloads.is_offline():
        raise OfflineError(
            "the WordNet is not on this machine, and the network is turned off (HF_HUB_OFFLINE)",
            f"wordnet: {lexicon}",
            by_hand,
        )
    try:
        wn.download(lexicon, progress_handler=None)
    except Exception as error:  # of wn, its HTTP library, TLS, sockets, the disk
        raise OfflineError(
            f"the WordNet is not on this machine, and downloading it failed: {error}",
            f"wordnet: {lexicon}",
            by_hand,
        ) from error


def _neighbors(wordnet: Any) -> dict[str, list[str]]:
    """Each word with those that share a synset with it, the nearest senses first.

    Single words only, so that the number of words in a text is kept. wn is asked for each entry
    once: its questions are slow.
    """
    senses: dict[str, dict[str, None]] = {}
    members: dict[str, dict[str, None]] = {}
    for entry in wordnet.words():
        word = entry.lemma()
        if word.split() != [word]:
            continue
        for synset in entry.synsets():
            senses.setdefault(word, {})[synset.id] = None
            members.setdefault(synset.id, {})[word] = None
    return {word: _others(word, (members[i] for i in ids)) for word, ids in senses.items()}


def _others(word: str, synsets: Iterable[Iterable[str]]) -> list[str]:
    neighbors = dict.fromkeys(near for synset in synsets for near in synset)
    return [near for near in neighbors if near.lower() != word.lower()]
