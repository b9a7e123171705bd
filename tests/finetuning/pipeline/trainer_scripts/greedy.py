"""Run by the trainer's Python: what transformers writes with a checkpoint, greedily, as JSON."""

import json
import sys
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPT = "You are a writer. Write a story about Anna, a lantern and an old map."


def main() -> None:
    """Print the prompt's ids, the ids written and the five likeliest of the first."""
    tokenizer: Any = AutoTokenizer.from_pretrained(sys.argv[1])
    model: Any = AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32)
    chat = [{"role": "user", "content": PROMPT}]
    text = tokenizer.apply_chat_template(chat, add_generation_prompt=True, tokenize=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    with torch.no_grad():
        written = model.generate(torch.tensor([ids]), max_new_tokens=40, do_sample=False)
        logits = model(torch.tensor([ids])).logits[0, -1]
    top = torch.log_softmax(logits.float(), -1).topk(5)
    pairs = list(zip(top.indices.tolist(), top.values.tolist(), strict=True))
    print(json.dumps({"prompt": ids, "ids": written[0][len(ids) :].tolist(), "top": pairs}))  # noqa: T201


if __name__ == "__main__":
    main()
