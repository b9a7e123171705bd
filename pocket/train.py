"""Train the pocket model, from the corpus to the GGUF file: read from top to bottom.

    python -m pocket.train --minutes 60            # a new model, into var/pocket-training
    python -m pocket.train --minutes 60 --resume   # go on after an interruption
    python -m pocket.train --export-only           # convert the last checkpoint

Needs requirements-train-cpu.txt. Uses a GPU when there is one.
"""

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM

from pocket import convert, corpus, tokens

parser = argparse.ArgumentParser(prog="python -m pocket.train", description=__doc__)
parser.add_argument("--minutes", type=float, default=60, help="training time; sets the schedule")
parser.add_argument("--seed", type=int, default=3407)
parser.add_argument("--folder", type=Path, default=Path("var/pocket-training"))
parser.add_argument("--cache", type=Path, default=Path("var/llama.cpp"))
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--resume", action="store_true")
parser.add_argument("--export-only", action="store_true")
options = parser.parse_args()

CONTEXT = 1024  # tokens: a story twice (in a rewrite's prompt and in its answer)
BATCH_TOKENS = 8192
LEARNING_RATE = 4e-3
WARM_UP = 100  # steps
EVALUATE_EVERY = 200  # steps
HELD_OUT = 96  # examples whose names and keywords are in no training story

torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
device = "cuda" if torch.cuda.is_available() else "cpu"
options.folder.mkdir(parents=True, exist_ok=True)
checkpoint_path = options.folder / "checkpoint.safetensors"

# ---- Tokenizer ----------------------------------------------------------------------------------

if (options.folder / "tokenizer.model").exists():
    tokenizer = tokens.load_tokenizer(options.folder)
else:
    sample = islice(corpus.examples(options.seed + 1), 30_000)
    tokenizer = tokens.train_tokenizer(
        (line for example in sample for line in (example.story, example.prompt)), options.folder
    )

# ---- Model --------------------------------------------------------------------------------------

config = LlamaConfig(
    vocab_size=tokens.VOCABULARY_SIZE,
    hidden_size=192,
    intermediate_size=512,
    num_hidden_layers=8,
    num_attention_heads=6,
    num_key_value_heads=6,
    max_position_embeddings=CONTEXT,
    tie_word_embeddings=True,
    bos_token_id=tokenizer.bos_id(),
    eos_token_id=tokenizer.eos_id(),
    attn_implementation="sdpa",
)
# The arithmetic is in bfloat16; the optimizers keep and change a float32 copy of each weight.
model = LlamaForCausalLM(config).to(device, torch.bfloat16)
weights = list(model.parameters())
masters = [weight.detach().float().clone().requires_grad_() for weight in weights]
matrices = [m for m, (name, _) in zip(masters, model.named_parameters(), strict=True)
            if m.ndim == 2 and "embed" not in name]  # fmt: skip
others = [m for m in masters if not any(m is matrix for matrix in matrices)]
optimizers: list[torch.optim.Optimizer] = [
    # Muon (Jordan et al., 2024) for the layers' matrices; its rate matched to AdamW's.
    torch.optim.Muon(matrices, lr=1.0, weight_decay=0.1, adjust_lr_fn="match_rms_adamw"),
    torch.optim.AdamW(others, lr=1.0, betas=(0.9, 0.95), weight_decay=0.0),
]

# ---- Batches ------------------------------------------------------------------------------------

Row = tuple[list[int], int]  # ids, and how many of them are the prompt


def rows(seed: int, vocabulary: corpus.Vocabulary) -> Iterator[Row]:
    """Yield examples as token ids, those that fit the context."""
    for example in corpus.examples(seed, vocabulary=vocabulary):
        prompt = tokens.chat_ids(tokenizer, example.prompt, example.prefill)
        ids = prompt + tokens.completion_ids(tokenizer, example.completion)
        if len(ids) <= CONTEXT:
            yield ids, len(prompt)


def pad(batch: list[Row]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return inputs and targets, shape (rows, longest - 1); prompt and padding are not targets."""
    longest = max(len(ids) for ids, _ in batch)
    inputs = torch.zeros(len(batch), longest - 1, dtype=torch.long)
    targets = torch.full_like(inputs, -100)
    for row, (ids, prompt) in enumerate(batch):
        inputs[row, : len(ids) - 1] = torch.tensor(ids[:-1])
        targets[row, prompt - 1 : len(ids) - 1] = torch.tensor(ids[prompt:])
    return inputs.to(device), targets.to(device)


def batches(seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Yield batches of rows of like length, about BATCH_TOKENS each, in random order."""
    rng, stream = random.Random(seed), rows(seed, "train")
    while True:
        pool = sorted(islice(stream, 1024), key=lambda row: len(row[0]))
        groups: list[list[Row]] = [[]]
        for row in pool:
            if len(row[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        yield from map(pad, groups)


def loss_of(inputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean loss over the targets; logits are made at their positions only."""
    hidden = model.model(input_ids=inputs).last_hidden_state
    wanted = targets != -100
    return cross_entropy(model.lm_head(hidden[wanted]).float(), targets[wanted])


held_out = [pad([row]) for row in islice(rows(options.seed + 2, "held-out"), HELD_OUT)]


def held_out_loss() -> float:
    """Return the mean loss over the held-out examples."""
    model.eval()
    with torch.no_grad():
        losses = [float(loss_of(*pair)) for pair in held_out]
    model.train()
    return sum(losses) / len(losses)


# ---- Training -----------------------------------------------------------------------------------

step, spent, seen, curve = 0, 0.0, 0, []


def save() -> None:
    """Write the weights, the optimizers' state and the counters aside, then put them in place."""
    tensors = {f"weight.{index}": master.detach() for index, master in enumerate(masters)}
    for number, optimizer in enumerate(optimizers):
        for index, slots in optimizer.state_dict()["state"].items():
            for name, value in slots.items():
                tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value).clone()
    counters = {"step": step, "spent": spent, "seen": seen, "curve": curve}
    save_file(tensors, checkpoint_path.with_suffix(".part"), {"counters": json.dumps(counters)})
    checkpoint_path.with_suffix(".part").replace(checkpoint_path)


if (options.resume or options.export_only) and checkpoint_path.exists():
    states: list[dict[int, dict[str, torch.Tensor]]] = [{} for _ in optimizers]
    with safe_open(checkpoint_path, "pt", device=device) as saved, torch.no_grad():
        for key in saved.keys():  # noqa: SIM118 - not a mapping
            kind, *path = key.split(".")
            if kind == "weight":
                masters[int(path[0])].copy_(saved.get_tensor(key))
            else:
                number, index, name = int(path[0]), int(path[1]), path[2]
                states[number].setdefault(index, {})[name] = saved.get_tensor(key)
        counters = json.loads(saved.metadata()["counters"])
        for weight, master in zip(weights, masters, strict=True):
            weight.copy_(master)
    for optimizer, slots in zip(optimizers, states, strict=True):
        optimizer.load_state_dict({**optimizer.state_dict(), "state": slots})
    step, spent, seen = counters["step"], counters["spent"], counters["seen"]
    curve = counters["curve"]

model.train()
budget = 0.0 if options.export_only else options.minutes * 60
# A resumed run draws new stories.
stream = batches(options.seed + 1000 * step)
started, last_loss = time.monotonic() - spent, 0.0
while spent < budget:
    # Warm-up, then linear down to nothing at the end of the time.
    rate = LEARNING_RATE * min((step + 1) / WARM_UP, max(0.0, 1 - spent / budget))
    inputs, targets = next(stream)
    loss = loss_of(inputs, targets)
    loss.backward()
    for master, weight in zip(masters, weights, strict=True):
        master.grad, weight.grad = weight.grad.float() if weight.grad is not None else None, None
    torch.nn.utils.clip_grad_norm_(masters, 1.0)
    for optimizer in optimizers:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        for master, weight in zip(masters, weights, strict=True):
            weight.copy_(master)
    last_loss = loss.item()
    if not math.isfinite(last_loss):
        raise SystemExit(f"The loss is {last_loss} at step {step}; the last checkpoint is good.")
    step, seen, spent = step + 1, seen + inputs.numel(), time.monotonic() - started
    if step % 20 == 0:
        left = max(0.0, budget - spent) / 60
        print(f"step {step}  loss {last_loss:.3f}  {seen / spent:.0f} tokens/s  "
              f"{left:.0f} min left", flush=True)  # fmt: skip
    if step % EVALUATE_EVERY == 0 or spent >= budget:
        curve.append((step, last_loss, held_out_loss()))
        print(f"step {step}  held-out loss {curve[-1][2]:.3f}", flush=True)
        save()

# ---- Export -------------------------------------------------------------------------------------

export = options.folder / "export"
exported = LlamaForCausalLM(config)
with torch.no_grad():
    for weight, master in zip(exported.parameters(), masters, strict=True):
        weight.copy_(master)
exported.half().save_pretrained(export)
(export / "tokenizer.model").write_bytes((options.folder / "tokenizer.model").read_bytes())
convert.write_tokenizer_config(export)
convert.to_gguf(export, options.folder / "pocket.gguf", options.cache)
facts = {
    "parameters": sum(weight.numel() for weight in exported.parameters()),
    "corpus_hash": corpus.corpus_hash(),
    "seed": options.seed,
    "steps": step,
    "tokens": seen,
    "minutes": round(spent / 60, 1),
    "curve": curve,
}
(options.folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
print(f"wrote {options.folder / 'pocket.gguf'}: {facts['parameters']:,} parameters")
