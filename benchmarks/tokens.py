"""Tokens a byte by language and vocabulary: what `modelserver.counting` estimates with.

    python -m benchmarks.tokens

The vocabularies are those in llama.cpp's sources, and pocket's own; the texts are Django's
translations of its own messages, each a few kilobytes, and the emoji of a list of ours.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import django
import sentencepiece
from gguf import GGUFReader
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

from modelserver.converters import Converters
from modelserver.counting import Counter

ROOT = Path(__file__).parents[1]
LANGUAGES = (
    *("en", "nl", "it", "de", "fr", "pl", "cs", "tr", "vi", "ru", "el", "he", "ar", "hi", "ta"),
    *("th", "zh_Hans", "ja", "ko"),
)
VOCABULARIES = ("llama-bpe", "qwen2", "gpt-2", "deepseek-llm")
EMOJI = "👩‍👩‍👧 🙂 🏮 🗝️ 🌊 🦊 🇮🇹 👍🏽 " * 40
WINDOW = 600  # bytes: a short prompt
# How Llama 3 splits a text before it looks for tokens; the others differ little.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_MESSAGE = re.compile(r'^msgstr(?:\[\d\])? "((?:[^"\\]|\\.)*)"((?:\n"(?:[^"\\]|\\.)*")*)', re.M)

Count = Callable[[str], int]


def vocabulary(folder: Path, name: str) -> Count:
    """Return what counts with one of llama.cpp's vocabularies."""
    fields = GGUFReader(folder / "models" / f"ggml-vocab-{name}.gguf").fields
    tokens = fields["tokenizer.ggml.tokens"].contents()
    merges = [tuple(pair.split(" ")) for pair in fields["tokenizer.ggml.merges"].contents()]
    ids = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=ids, merges=merges, ignore_merges=name == "llama-bpe"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return lambda text: len(tokenizer.encode(text).ids)


def pocket() -> Count:
    """Return what counts with pocket's vocabulary."""
    model = str(ROOT / "pocket" / "model" / "tokenizer.model")
    pieces = sentencepiece.SentencePieceProcessor(model_file=model)
    return lambda text: len(pieces.encode(text))


def text_in(language: str) -> str:
    """Return some kilobytes of prose in `language`."""
    if language == "emoji":
        return EMOJI
    if language == "en":
        return (ROOT / "docs" / "architecture.md").read_text()
    base = Path(django.__file__).parent
    text = ""
    for place in ("conf", "contrib/auth", "contrib/admin"):
        file = base / place / "locale" / language / "LC_MESSAGES" / "django.po"
        for first, rest in _MESSAGE.findall(file.read_text()):
            message = first + "".join(re.findall(r'"(.*)"', rest))
            if len(message) > 30:
                text += message.replace('\\"', '"').replace("\\n", " ") + " "
    return text


def windows(text: str) -> list[str]:
    """Return `text` in pieces as long as a short prompt."""
    data = text.encode()
    cuts = range(0, max(1, len(data) - WINDOW + 1), WINDOW)
    return [data[cut : cut + WINDOW].decode(errors="ignore") for cut in cuts]


def main() -> None:
    """Print the table."""
    scripts = Converters(ROOT / "var" / "llama.cpp", print).scripts()
    counts = {name: vocabulary(scripts, name) for name in VOCABULARIES} | {"pocket": pocket()}
    print(f"{'tokens a byte (dearest window / mean of all)':24}")
    print("language  not ASCII  " + "".join(f"{name:>18}" for name in counts) + "   untold")
    for language in (*LANGUAGES, "emoji"):
        text = text_in(language)
        parts, size = windows(text), len(text.encode())
        other = 1 - len(text.encode("ascii", "ignore")) / size
        row = f"{language:9} {other:9.1%}  "
        for count in counts.values():
            mean = count(text) / size
            most = max(count(part) / len(part.encode()) for part in parts)
            row += f"{mean:8.3f} x{most / mean:4.2f}    "
        print(row, f"{Counter().estimate(text) / size:8.3f}")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
