"""What is wrong with templates, beyond what each field can say of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from xlt_cli.api import did_you_mean
from xlt_tasks.checklist.templates import PLAIN, Templates, Test, reference, slots_of

Loc = list[str | int]
Fault = tuple[Loc, str, str]
"""Where it is, what is wrong, and what to do."""


def faults(templates: Templates) -> Iterator[Fault]:
    """All that is wrong with the templates of a file."""
    for name in templates.slots:
        sizes = {where: len(values) for where, values in templates.lists(name)}
        first = next(iter(sizes))
        for where, size in sizes.items():
            if size != sizes[first]:
                what = f"{size} values, and {sizes[first]} in '{'.'.join(first)}'"
                yield ["slots", name, *where], what, "values have one order in all languages"
    for phrase, texts in templates.phrases.items():
        for language, text in texts.items():
            yield from _of_phrase(templates, ["phrases", phrase, language], text)
    for number, test in enumerate(templates.tests):
        at: Loc = ["tests", number]
        if test.name in [other.name for other in templates.tests[:number]]:
            yield [*at, "name"], f"there are two tests '{test.name}'", "give each its own name"
        yield from _of_labels(templates, at, test)
        wrong = list(_of_texts(templates, at, test))
        yield from wrong
        if wrong:
            continue
        if not templates.languages_of(test):
            yield at, "there is no language that has all its phrases", ""
        for name, numbers in templates.used(test).items():
            if len(numbers) > templates.size(name):
                what = f"it has {len(numbers)} values of '{name}', which has {templates.size(name)}"
                yield at, what, f"give '{name}' more values"


def _of_phrase(templates: Templates, at: Loc, text: str) -> Iterator[Fault]:
    language = str(at[-1])
    try:
        slots = slots_of(text)
    except ValueError as error:
        yield at, str(error), ""
        return
    for (name, _), form in slots:
        if name not in templates.slots:
            yield at, f"there is no slot '{name}'", did_you_mean(name, templates.slots)
        elif language not in templates.slots[name]:
            yield at, f"the slot '{name}' has no values in '{language}'", ""
        else:
            values = templates.slots[name][language]
            forms = list(values) if isinstance(values, Mapping) else [PLAIN]
            if (form or PLAIN) not in forms:
                what = f"'{name}' has no form '{form or PLAIN}' in '{language}'"
                yield at, what, did_you_mean(form, forms)


def _of_labels(templates: Templates, at: Loc, test: Test) -> Iterator[Fault]:
    expected = test.expect.label if test.expect else None
    for field, label in (
        ("label", test.label),
        ("changed_label", test.changed_label),
        ("expect", expected),
    ):
        if label is not None and label not in templates.labels:
            hint = did_you_mean(label, templates.labels)
            yield [*at, field], f"'{label}' is no label of the file", hint


def _of_texts(templates: Templates, at: Loc, test: Test) -> Iterator[Fault]:
    for field, texts in zip(("texts", "changed"), test.versions, strict=False):
        if len(texts) != templates.texts:
            yield [*at, field], f"{len(texts)} texts, and the first test has {templates.texts}", ""
        for text in texts:
            try:
                phrase, renamed = reference(text)
            except ValueError as error:
                yield [*at, field], str(error), ""
                continue
            if phrase not in templates.phrases:
                hint = did_you_mean(phrase, templates.phrases)
                yield [*at, field], f"there is no phrase '{phrase}'", hint
                continue
            said = templates.phrases[phrase].values()
            known = {"".join(slot.value) for own in said for slot in slots_of(own)}
            for absent in {"".join(value) for value in renamed} - known:
                hint = did_you_mean(absent, known)
                yield [*at, field], f"the phrase '{phrase}' has no '{absent}'", hint
