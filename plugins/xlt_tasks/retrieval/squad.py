"""SQuAD as retrieval: the sentence that answers a question, as models for LAReQA are trained."""

from __future__ import annotations

import re
from itertools import pairwise

from xlt_cli.api import Rows, Split
from xlt_cli.problems import AnswerRetrieval, Candidate, RetrievalExample
from xlt_tasks.question_answering.reading import read_questions
from xlt_tasks.question_answering.rows import examples, with_answers
from xlt_tasks.question_answering.sets import Squad
from xlt_tasks.retrieval.base import RetrievalTask
from xlt_tasks.retrieval.lareqa import with_paragraph

ABBREVIATED = ("Mr", "Mrs", "Ms", "Dr", "St", "Jr", "Gen", "Col", "Lt", "Prof", "Rev", "vs", "No")
_BORDER = re.compile(
    "".join(rf"(?<!\b{word}\.)" for word in ("[A-Z]", *ABBREVIATED))
    + r"""(?<=[.?!])(?:["'”’)\]]*)(?:\[[\w ?]+\])*\s+(?=["'“‘(\[]*[A-Z0-9])"""
)


class SquadRetrieval(RetrievalTask):
    """Reads the files of `squad`, and cuts passages into sentences by their punctuation. A
    candidate is a sentence with its passage behind it, as in `lareqa`.

    In training, a question comes with the sentence of its first answer, and the sentences of the
    other questions in its batch are the wrong ones; on dev and test, all sentences of all passages
    are the pool.
    """

    api_version = 1
    name = "squad-retrieval"
    summary = "questions about English Wikipedia and the sentences that answer them"
    reference = (
        "Rajpurkar et al. 2016, SQuAD (EMNLP); Roy et al. 2020, LAReQA (EMNLP); "
        "hub: rajpurkar/squad"
    )
    problem = AnswerRetrieval
    metric = "map_at_20"
    published_languages = ("en",)
    licence = Squad.licence
    origin = "native"
    folder = Squad.folder
    releases = Squad.releases
    on_hub = Squad.on_hub

    def load(self, split: Split, language: str) -> Rows:
        read, paths = self.source.paths(split, language)
        asked = [question for path in paths for question in read_questions(path)]
        kept, notes = with_answers(asked, read, unanswerable=False)
        numbers: dict[str, int] = {}
        rows = []
        for one in examples(kept, split, language):
            new = one.context not in numbers
            number = numbers.setdefault(one.context, len(numbers) + 1)
            pieces = sentences(one.context)
            at = one.answers[0][1]
            right = next((text for start, text in pieces if start <= at < start + len(text)), None)
            if right is None:
                continue  # only where the answer is white space between sentences
            pool = {f"{number}_{place}": text for place, (_, text) in enumerate(pieces)}
            keys = [key for key, text in pool.items() if text == right]
            given = keys[:1] if split == "train" else pool if new else ()
            found = [Candidate(k, with_paragraph(pool[k], one.context), language) for k in given]
            rows.append(RetrievalExample.of(one.id, one.question, language, found, keys))
        return Rows(tuple(rows), read, notes)


def sentences(text: str) -> list[tuple[int, str]]:
    """The sentences of a passage with the places of their first characters.

    A sentence ends at a full stop, question mark or exclamation mark (and what closes behind it)
    before white space and a capital letter or a digit; not after an initial or one of a few
    abbreviations.
    """
    borders = [0, *(match.end() for match in _BORDER.finditer(text)), len(text)]
    cut = pairwise(borders)
    return [(start, text[start:end].rstrip()) for start, end in cut if text[start:end].strip()]
