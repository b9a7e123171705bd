"""Run by the trainer's Python: the ids that a checkpoint's tokenizer gives to texts, as JSON."""

import json
import sys
from typing import Any

from transformers import AutoTokenizer


def main() -> None:
    """Print the ids of each text."""
    tokenizer: Any = AutoTokenizer.from_pretrained(sys.argv[1])
    texts = json.loads(sys.argv[2])
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in texts]
    print(json.dumps(ids))  # noqa: T201


if __name__ == "__main__":
    main()
