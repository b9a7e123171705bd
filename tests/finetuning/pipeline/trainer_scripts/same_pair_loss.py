"""Run by the trainer's Python: our DPO loss, TRL's on the same batch, and their gradients."""

import json
import sys
from pathlib import Path

import torch
from trl import DPOTrainer

from finetuning.pipeline import backends, base, preferences
from finetuning.pipeline.run_folder import RunFolder, read_json, read_rows
from finetuning.pipeline.trainers import preferring
from finetuning.recipes import Recipe


def main() -> None:
    """Print both losses and the norms of the adapter's gradient, beside an adapter moved away."""
    run = RunFolder(Path(sys.argv[1]))
    recipe = Recipe.from_dict(read_json(run.recipe))
    model, tokenizer = backends.load_peft(recipe, base.checkpoint(run, recipe), 1024)
    rows = read_rows(run.choices_train)[:6]
    examples = [preferences.example(tokenizer, row) for row in rows]
    loaded = (backends.load_peft, model, tokenizer)
    trainer = preferring.trainer(run, recipe, loaded, (examples, examples, 1024), [])
    batch = trainer._prepare_inputs(next(iter(trainer.get_train_dataloader())))
    torch.manual_seed(1)
    for name, weights in model.named_parameters():
        if ".default." in name:
            weights.data += 0.02 * torch.randn_like(weights)
    found = []
    for kind, known in ((preferring.CheapPairTrainer, True), (DPOTrainer, False)):
        model.zero_grad()
        trainer.precompute_ref_logps = known
        loss = kind._compute_loss(trainer, model, dict(batch), return_outputs=False)
        loss.backward()
        norms = [float(p.grad.norm()) for p in model.parameters() if p.grad is not None]
        found.append([float(loss), sum(norms)])
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
