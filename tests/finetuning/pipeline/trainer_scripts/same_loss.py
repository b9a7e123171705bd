"""Run by the trainer's Python: our loss, TRL's on the same batch, and their gradients, as JSON."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from trl import SFTTrainer

from finetuning.pipeline import backends, train
from finetuning.pipeline.run_folder import RunFolder, read_rows
from finetuning.pipeline.trainers import sft
from finetuning.recipes import RECIPES


def main() -> None:
    """Print both losses and the norms of the first adapter's gradient."""
    recipe = RECIPES["pocket"]
    rows: list[Any] = read_rows(Path(sys.argv[2]))[:6]
    model, tokenizer = backends.load_peft(recipe, sys.argv[1], 1024)
    loaded = (backends.load_peft, model, tokenizer)
    examples = [train.token_ids(tokenizer, row) for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        data = (examples, examples, 1024)
        trainer = sft.trainer(RunFolder(Path(folder)), recipe, loaded, data, [])
        batch = next(iter(trainer.get_train_dataloader()))
        found = []
        for kind in (type(trainer), SFTTrainer):
            model.zero_grad()
            loss = kind.compute_loss(trainer, model, dict(batch), num_items_in_batch=500)
            loss.backward()
            norms = [float(p.grad.norm()) for p in model.parameters() if p.grad is not None]
            found.append([float(loss), sum(norms)])
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
