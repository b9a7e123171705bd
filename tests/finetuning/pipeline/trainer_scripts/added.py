"""Run by the trainer's Python: a base with its adapter added by us, and by PEFT.

Arguments: the base's GGUF file and its checkpoint, the adapter's GGUF file and its folder, a folder
to unpack into. Prints the largest difference between the two, and between base and tuned.
"""

import json
import sys
from pathlib import Path

from finetuning.pipeline import backends, base


def main() -> None:
    """Print both differences."""
    from peft import PeftModel

    gguf, checkpoint, adapter_gguf, adapter, folder = sys.argv[1:]
    base.unpack(Path(gguf), Path(folder), Path(adapter_gguf))
    ours, untuned, plain = (
        backends.load_base(path, "float32")[0] for path in (folder, checkpoint, checkpoint)
    )
    theirs = PeftModel.from_pretrained(plain, adapter).merge_and_unload().state_dict()
    ours, untuned = ours.state_dict(), untuned.state_dict()
    print(  # noqa: T201
        json.dumps(
            [
                max(float((ours[name] - other[name]).abs().max()) for name in ours)
                for other in (theirs, untuned)
            ]
        )
    )


if __name__ == "__main__":
    main()
