"""The peer of attacks.py: run by an interpreter that has TextAttack, which needs no xlt."""

from __future__ import annotations

import collections
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any


def main() -> None:
    given = json.load(sys.stdin)
    with tempfile.TemporaryDirectory() as folder:
        # TextAttack reads NLTK's list of stop words when it is imported; none is used here.
        words = Path(folder) / "corpora" / "stopwords"
        words.mkdir(parents=True)
        (words / "english").write_text("the\n", "utf-8")
        os.environ["NLTK_DATA"] = folder
        print(json.dumps(measured(given)))


def tokenizer_of(model: Path) -> Any:
    """The checkpoint's tokenizer, also one whose class this version of transformers lacks."""
    import transformers

    config = json.loads((model / "tokenizer_config.json").read_text("utf-8"))
    names = [name for name in config if name.endswith("_token") and isinstance(config[name], str)]
    return transformers.PreTrainedTokenizerFast(
        tokenizer_file=str(model / "tokenizer.json"),
        model_max_length=config["model_max_length"],
        **{name: config[name] for name in names},
    )


def measured(given: dict[str, Any]) -> dict[str, Any]:
    import textattack
    import torch
    import transformers
    from textattack import Attack
    from textattack.constraints.pre_transformation import RepeatModification
    from textattack.goal_functions import UntargetedClassification
    from textattack.models.wrappers import HuggingFaceModelWrapper
    from textattack.search_methods import GreedyWordSwapWIR
    from textattack.transformations import WordSwap

    torch.set_num_threads(given["threads"])
    neighbors = json.loads(Path(given["neighbors"]).read_text("utf-8"))

    class Neighbors(WordSwap):  # type: ignore[misc]
        def _get_replacement_words(self, word: str) -> list[str]:
            return list(neighbors.get(word.lower(), ()))[:50]

    tokenizer = tokenizer_of(Path(given["model"]))
    if given["length"]:
        tokenizer.model_max_length = given["length"]
    model = transformers.AutoModelForSequenceClassification.from_pretrained(given["model"])
    textattack.shared.utils.device = given["device"]
    wrapper = HuggingFaceModelWrapper(model.eval().to(given["device"]), tokenizer)
    goal = UntargetedClassification(wrapper, query_budget=given["queries"])
    attack = Attack(goal, [RepeatModification()], Neighbors(), GreedyWordSwapWIR("delete"))
    if given["device"] == "cpu":
        attack.cpu_()
    pairs = [
        (collections.OrderedDict(premise=first, hypothesis=second), label)
        for first, second, label in given["rows"]
    ]
    attack.attack(*pairs[0])  # warm-up
    attack.clear_cache()
    started, worked = time.perf_counter(), time.process_time()
    ended = [attack.attack(text, label) for text, label in pairs]
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    # A row that is wrong already is asked about once, as it is by xlt.
    queries = sum(max(1, end.num_queries) for end in ended)
    kinds = collections.Counter(type(end).__name__ for end in ended)
    return {
        "rows": len(ended),
        "queries": queries,
        "seconds": round(seconds, 2),
        "queries_per_second": round(queries / seconds, 2),
        "queries_per_processor_second": round(queries / processor, 2),
        "results": dict(kinds),
        "padded_to": tokenizer.model_max_length,
        "transformers": transformers.__version__,
    }


if __name__ == "__main__":
    main()
