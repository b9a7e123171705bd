"""Train the pocket model, from the corpus to the GGUF file: read from top to bottom.

    python -m pocket.training.train --minutes 60            # a new model, into var/pocket-training
    python -m pocket.training.train --minutes 60 --resume   # go on after an interruption
    python -m pocket.training.train --minutes 60 --rate 2e-3 --init-from pocket/model  # more of it
    python -m pocket.training.train --export-only           # convert the last checkpoint

Needs requirements-train-cpu.txt. Uses a GPU when there is one. On a busy CPU, processes of one
thread each learn more than threads that wait for each other:

    python -m torch.distributed.run --nproc-per-node 2 -m pocket.training.train \\
      --threads 1 --minutes 60
"""

import argparse
import json
import math
import os
import platform
import random
import shutil
import time
from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import save_file
from torch.nn.functional import (
    cross_entropy,
    linear,
    rms_norm,
    scaled_dot_product_attention,
    silu,
)
from transformers import LlamaConfig, LlamaForCausalLM

from pocket import corpus
from pocket.corpus import banks, words
from pocket.training import convert, emphasis, tokens
from pocket.training.attention import causal_attention
from pocket.training.muon import Muon

parser = argparse.ArgumentParser(prog="python -m pocket.training.train", description=__doc__)
parser.add_argument("--minutes", type=float, default=60, help="training time; sets the schedule")
parser.add_argument("--seed", type=int, default=3407)
parser.add_argument("--folder", type=Path, default=Path("var/pocket-training"))
parser.add_argument("--cache", type=Path, default=Path("var/llama.cpp"))
parser.add_argument("--threads", type=int, default=2)
parser.add_argument("--rate", type=float, default=4e-3, help="learning rate at its highest")
parser.add_argument("--init-from", type=Path, help="folder of a trained model and its facts.json")
parser.add_argument(
    "--blend",
    type=float,
    default=1.0,
    help="the share of what was learned since --init-from in what is exported",
)
parser.add_argument("--resume", action="store_true")
parser.add_argument("--export-only", action="store_true")
options = parser.parse_args()
if options.blend != 1 and not options.init_from:
    parser.error("--blend needs the model of --init-from")

CONTEXT = 1024  # tokens: a story twice (in a rewrite's prompt and in its answer)
BATCH_TOKENS = 8192
WARM_UP = 100  # steps
EVALUATE_EVERY = 100  # steps
HELD_OUT = 96  # examples whose names and keywords are in no training story

torch.manual_seed(options.seed)
torch.set_num_threads(options.threads)
device = "cuda" if torch.cuda.is_available() else "cpu"
# Processors that don't know bfloat16 imitate it, and take ten times as long.
knows_bfloat16 = (
    torch.cpu._is_avx512_bf16_supported()
    if platform.machine() in {"x86_64", "AMD64"}
    else torch.ops.mkldnn._is_mkldnn_bf16_supported()
)
arithmetic = torch.bfloat16 if device == "cuda" or knows_bfloat16 else torch.float32
options.folder.mkdir(parents=True, exist_ok=True)
rank, workers = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
if workers > 1:
    dist.init_process_group("gloo")
checkpoint_path = options.folder / "checkpoint.safetensors"

# ---- Tokenizer ----------------------------------------------------------------------------------

if rank == 0 and options.init_from:
    shutil.copy(options.init_from / "tokenizer.model", options.folder)
elif rank == 0 and not (options.folder / "tokenizer.model").exists():
    sample = islice(corpus.examples(options.seed + 1), 12_000)
    tokens.train_tokenizer(
        (line for example in sample for line in (example.story, example.prompt)),
        options.folder,
        letters=words.ACCENTED_LETTERS,
    )
if rank == 0:
    tokens.add_numbers(options.folder)
if workers > 1:
    dist.barrier()
tokenizer = tokens.load_tokenizer(options.folder)

# ---- Model --------------------------------------------------------------------------------------

config = LlamaConfig(
    vocab_size=tokens.VOCABULARY_SIZE,
    # Finding the keyword whose turn it is takes a chain of attention layers; what the sentences
    # are takes little room. So there are more layers, and narrow ones between them.
    hidden_size=256,
    intermediate_size=512,
    num_hidden_layers=6,
    num_attention_heads=4,
    num_key_value_heads=4,
    max_position_embeddings=CONTEXT,
    tie_word_embeddings=True,
    bos_token_id=tokenizer.bos_id(),
    eos_token_id=tokenizer.eos_id(),
    attn_implementation="sdpa",
)
# The optimizers keep and change a float32 copy of each weight.
model = LlamaForCausalLM(config)
given: Any = model
if options.init_from:
    given = LlamaForCausalLM.from_pretrained(
        options.init_from, gguf_file="pocket.gguf", dtype=torch.float32
    )
with torch.no_grad():
    # A number begins as what digits mean, and by its size: those near each other mean nearly the
    # same, so that hundreds of them are learned together. A model that has numbers keeps its own.
    digits = given.model.embed_tokens.weight[tokenizer.piece_to_id(list("0123456789"))]
    size = torch.tensor(tokens.NUMBERS).log()
    size = math.pi * (size - size.min()) / (size.max() - size.min())
    waves = torch.outer(size, torch.arange(1, 9))
    mixed = torch.randn(16, config.hidden_size, generator=torch.Generator().manual_seed(0))
    waves = torch.cat((waves.cos(), waves.sin()), dim=1) @ mixed / math.sqrt(8)
    pieces = tokenizer.piece_to_id([str(number) for number in tokens.NUMBERS])
    embeddings = model.model.embed_tokens.weight
    embeddings[pieces] = digits.mean(0) + digits.std(0) * waves
    if options.init_from:
        for weight, trained in zip(model.parameters(), given.parameters(), strict=True):
            into = weight[: len(trained)] if weight is embeddings else weight
            into.copy_(trained)
model = model.to(device)
masters = [weight.detach().float().clone().requires_grad_() for weight in model.parameters()]
model = model.to(arithmetic)
weights = list(model.parameters())
matrices = [m for m, (name, _) in zip(masters, model.named_parameters(), strict=True)
            if m.ndim == 2 and "embed" not in name]  # fmt: skip
others = [m for m in masters if not any(m is matrix for matrix in matrices)]
optimizers: list[torch.optim.Optimizer] = [
    Muon(matrices, lr=1.0, weight_decay=0.1, arithmetic=arithmetic, rank=rank, workers=workers),
    torch.optim.AdamW(others, lr=1.0, betas=(0.9, 0.95), weight_decay=0.0),
]

# ---- Batches ------------------------------------------------------------------------------------

# Ids, how many of them are the prompt, and what the others weigh.
Row = tuple[list[int], int, list[float]]


def rows(seed: int, vocabulary: corpus.Vocabulary) -> Iterator[Row]:
    """Yield examples as token ids, those that fit the context."""
    for example in corpus.examples(seed, vocabulary=vocabulary):
        prompt = tokens.chat_ids(tokenizer, example.prompt, example.prefill)
        ids = prompt + tokens.completion_ids(tokenizer, example.completion)
        if len(ids) <= CONTEXT:
            yield ids, len(prompt), emphasis.weights(tokenizer, example)


Batch = tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]


def pad(batch: list[Row]) -> Batch:
    """Return inputs (rows, longest - 1), and of the targets the places, the ids and the weights.

    A place is one in the flattened inputs. Neither prompt nor padding is a target.
    """
    width = max(len(ids) for ids, _, _ in batch) - 1
    inputs = torch.zeros(len(batch), width, dtype=torch.long)
    places: list[int] = []
    targets: list[int] = []
    weight: list[float] = []
    for row, (ids, prompt, weighs) in enumerate(batch):
        inputs[row, : len(ids) - 1] = torch.tensor(ids[:-1])
        places += range(row * width + prompt - 1, row * width + len(ids) - 1)
        targets += ids[prompt:]
        weight += weighs
    batched = (inputs, *(torch.tensor(part) for part in (places, targets, weight)))
    return tuple(tensor.to(device) for tensor in batched)


def batches(seed: int) -> Iterator[Batch]:
    """Yield batches of rows of like length, BATCH_TOKENS for all workers, in random order."""
    rng, stream = random.Random(seed), rows(seed, "train")
    while True:
        pool = sorted(islice(stream, 1024), key=lambda row: len(row[0]))
        groups: list[list[Row]] = [[]]
        for row in pool:
            if len(row[0]) * (len(groups[-1]) + 1) > BATCH_TOKENS / workers:
                groups.append([])
            groups[-1].append(row)
        rng.shuffle(groups)
        # A batch of one row would be compiled anew.
        yield from (pad(group) for group in groups if len(group) > 1)


attend = (
    causal_attention if device == "cpu" else partial(scaled_dot_product_attention, is_causal=True)
)

# The model as plain functions of its weights: `torch.compile` makes one program of them, which
# learns half as fast again on a CPU as transformers' own forward pass.


def rotate(heads: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    """Return `heads` (rows, heads, positions, width) turned by their positions (RoPE)."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)


def loss_of(
    inputs: torch.Tensor, places: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor,
    cos: torch.Tensor, sin: torch.Tensor,
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return the weighted and the plain mean loss over the targets.

    Logits are made at the targets' places only.
    """
    width, epsilon = (config.hidden_size,), config.rms_norm_eps
    hidden = model.model.embed_tokens.weight[inputs]
    for layer in model.model.layers:
        attention, feed = layer.self_attn, layer.mlp
        x = rms_norm(hidden, width, layer.input_layernorm.weight, epsilon)
        query, key, value = (
            linear(x, projection.weight).unflatten(-1, (-1, config.head_dim)).transpose(1, 2)
            for projection in (attention.q_proj, attention.k_proj, attention.v_proj)
        )
        query, key = rotate(query, cos, sin), rotate(key, cos, sin)
        x = attend(query, key, value)
        hidden = hidden + linear(x.transpose(1, 2).flatten(2), attention.o_proj.weight)
        x = rms_norm(hidden, width, layer.post_attention_layernorm.weight, epsilon)
        x = silu(linear(x, feed.gate_proj.weight)) * linear(x, feed.up_proj.weight)
        hidden = hidden + linear(x, feed.down_proj.weight)
    hidden = rms_norm(hidden.flatten(0, 1)[places], width, model.model.norm.weight, epsilon)
    logits = linear(hidden, model.lm_head.weight).float()
    losses = cross_entropy(logits, targets, reduction="none")
    return (losses * weight).sum() / weight.sum(), losses.detach().mean()


frequencies = config.rope_parameters["rope_theta"] ** -(
    torch.arange(0, config.head_dim, 2) / config.head_dim
)
angles = torch.outer(torch.arange(CONTEXT), frequencies)
cosines = angles.cos().to(device, arithmetic)
sines = angles.sin().to(device, arithmetic)
# A compiler is not everywhere; without one it only takes longer.
fast_loss_of = torch.compile(loss_of, dynamic=True) if shutil.which("g++") else loss_of


def turns(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the cosines and sines for the positions of `batch`."""
    return cosines[: batch[0].shape[1]], sines[: batch[0].shape[1]]


held_out = [pad([row]) for row in islice(rows(options.seed + 2, "held-out"), HELD_OUT)]


def held_out_loss() -> float:
    """Return the mean loss over the held-out examples."""
    model.eval()
    with torch.no_grad():
        losses = [float(loss_of(*batch, *turns(batch))[1]) for batch in held_out]
    model.train()
    return sum(losses) / len(losses)


# ---- Training -----------------------------------------------------------------------------------

step, spent, seen, curve = 0, 0.0, 0, []
# What the model that this one begins from had behind it.
before: dict[str, Any] = {"steps": 0, "tokens": 0, "minutes": 0.0, "curve": []}
if options.init_from:
    shipped = json.loads((options.init_from / "facts.json").read_text())
    before = {name: shipped.get(name, none) for name, none in before.items()}


def save() -> None:
    """Write the weights, the optimizers' state and the counters aside, then put them in place."""
    tensors = {f"weight.{index}": master.detach() for index, master in enumerate(masters)}
    for number, optimizer in enumerate(optimizers):
        for index, slots in optimizer.state_dict()["state"].items():
            for name, value in slots.items():
                tensors[f"optimizer.{number}.{index}.{name}"] = torch.as_tensor(value).clone()
    counters = {"step": step, "spent": spent, "seen": seen, "curve": curve, "before": before}
    save_file(tensors, checkpoint_path.with_suffix(".part"), {"counters": json.dumps(counters)})
    checkpoint_path.with_suffix(".part").replace(checkpoint_path)


initial = [master.detach().clone() for master in masters]
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
    curve, before = counters["curve"], counters.get("before", before)

model.train()
budget = 0.0 if options.export_only else options.minutes * 60
# A run that goes on draws new stories, and each worker its own.
stream = batches(options.seed + 1000 * (before["steps"] + step) + rank)
started, last_loss = time.monotonic() - spent, 0.0
while spent < budget:
    # Warm-up, then linear down to nothing at the end of the time.
    rate = options.rate * min((step + 1) / WARM_UP, max(0.0, 1 - spent / budget))
    batch = next(stream)
    loss, plain_loss = fast_loss_of(*batch, *turns(batch))
    loss.backward()
    gradient = torch.cat([weight.grad.flatten() for weight in weights]).float()
    if workers > 1:
        dist.all_reduce(gradient)
        gradient /= workers
    parts = gradient.split([weight.numel() for weight in weights])
    for master, weight, part in zip(masters, weights, parts, strict=True):
        master.grad, weight.grad = part.view_as(master), None
    torch.nn.utils.clip_grad_norm_(masters, 1.0)
    for optimizer in optimizers:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    with torch.no_grad():
        for master, weight in zip(masters, weights, strict=True):
            weight.copy_(master)
    last_loss = plain_loss.item()
    if not math.isfinite(last_loss):
        raise SystemExit(f"The loss is {last_loss} at step {step}; the last checkpoint is good.")
    clock = torch.tensor(time.monotonic() - started)
    if workers > 1:
        dist.broadcast(clock, src=0)  # all of them end together
    step, seen, spent = step + 1, seen + workers * batch[0].numel(), clock.item()
    if rank == 0 and step % 20 == 0:
        left = max(0.0, budget - spent) / 60
        print(f"step {step}  loss {last_loss:.3f}  {seen / spent:.0f} tokens/s  "
              f"{left:.0f} min left", flush=True)  # fmt: skip
    if rank == 0 and (step % EVALUATE_EVERY == 0 or spent >= budget):
        curve.append((step, last_loss, held_out_loss()))
        print(f"step {step}  held-out loss {curve[-1][2]:.3f}", flush=True)
        save()

if rank > 0:
    raise SystemExit

# ---- Export -------------------------------------------------------------------------------------

export = options.folder / "export"
exported = LlamaForCausalLM(config)
with torch.no_grad():
    # Between a model and what it became by more training there can be a better one than either
    # (Wortsman et al., 2022).
    for weight, first, master in zip(exported.parameters(), initial, masters, strict=True):
        weight.copy_(first.lerp(master, options.blend))
exported.half().save_pretrained(export)
(export / "tokenizer.model").write_bytes((options.folder / "tokenizer.model").read_bytes())
convert.write_tokenizer_config(export)
convert.to_gguf(export, options.folder / "pocket.gguf", options.cache)
facts = {
    "parameters": sum(weight.numel() for weight in exported.parameters()),
    "layers": config.num_hidden_layers,
    "width": config.hidden_size,
    "vocabulary": config.vocab_size,
    "context": CONTEXT,
    "corpus_hash": corpus.corpus_hash(),
    "patterns": len(banks.patterns()),
    "plots": sum(len(genre.plots) for genre in banks.load().genres.values()),
    "seed": options.seed,
    "steps": before["steps"] + step,
    "tokens": before["tokens"] + seen,
    "minutes": round(before["minutes"] + spent / 60, 1),
    "curve": [*before["curve"], *((before["steps"] + at, *losses) for at, *losses in curve)],
}
(options.folder / "training.json").write_text(json.dumps(facts, indent=1) + "\n")
print(f"wrote {options.folder / 'pocket.gguf'}: {facts['parameters']:,} parameters")
