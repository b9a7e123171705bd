"""The pocket model's token ids: its tokenizer's training, and Llama 3.2's chat format in ids.

llama.cpp splits a rendered chat at the special tokens and encodes the pieces between them one by
one; `chat_ids` does the same, so that training sees the ids that the server will send.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

BEGIN = "<|begin_of_text|>"
START_HEADER = "<|start_header_id|>"
END_HEADER = "<|end_header_id|>"
END_OF_TURN = "<|eot_id|>"

# The pieces that training the tokenizer finds, and one of its own for each number from 10 to 999
# and each full hundred to 5,000: as a row of digits a small model takes 140 for 410. In this order
# a number is put together after those that it begins with.
_LEARNED = 4096
NUMBERS = (*range(10, 1000), *range(1000, 5001, 100))
VOCABULARY_SIZE = _LEARNED + len(NUMBERS)


def train_tokenizer(texts: Iterable[str], folder: Path, *, letters: str) -> None:
    """Train a SentencePiece model on `texts` and write `folder`/tokenizer.model.

    Each of `letters` has a token, however seldom it stands in the texts.

    Every option that changes white space is off, or newlines would vanish and a space would
    follow each special token in one runtime and not in the other.
    """
    import sentencepiece

    folder.mkdir(parents=True, exist_ok=True)
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts),
        model_prefix=str(folder / "tokenizer"),
        model_type="bpe",
        vocab_size=_LEARNED,
        normalization_rule_name="identity",
        remove_extra_whitespaces=False,
        add_dummy_prefix=False,
        byte_fallback=True,
        split_digits=True,
        character_coverage=0.9999,
        required_chars=letters,
        unk_piece="<unk>",
        bos_piece=BEGIN,
        eos_piece=END_OF_TURN,
        pad_id=-1,
        control_symbols=[START_HEADER, END_HEADER],
        minloglevel=2,
    )


def add_numbers(folder: Path) -> None:
    """Give `NUMBERS` pieces at the end of `folder`/tokenizer.model, those that are not there.

    They are put together of digits by the merges of any other piece, so that every runtime that
    reads the file finds them: 140 from 14 and 0.
    """
    from sentencepiece import sentencepiece_model_pb2

    path = folder / "tokenizer.model"
    model = sentencepiece_model_pb2.ModelProto.FromString(path.read_bytes())
    score = min(piece.score for piece in model.pieces)
    known = {piece.piece for piece in model.pieces}
    missing = [str(number) for number in NUMBERS if str(number) not in known]
    for place, number in enumerate(missing, start=1):
        model.pieces.add(piece=number, score=score - place)
    model.trainer_spec.vocab_size = len(model.pieces)
    path.with_suffix(".part").write_bytes(model.SerializeToString())
    path.with_suffix(".part").replace(path)


def load_tokenizer(folder: Path) -> Any:
    """Return the SentencePiece tokenizer kept in `folder`."""
    import sentencepiece

    return sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))


def chat_ids(tokenizer: Any, prompt: str, prefill: str = "") -> list[int]:
    """Return the ids of one user turn and the assistant's open turn, begun with `prefill`."""
    special = tokenizer.piece_to_id
    header = special(START_HEADER), special(END_HEADER)
    return [
        *(special(BEGIN), header[0], *tokenizer.encode("user"), header[1]),
        *(*tokenizer.encode(f"\n\n{prompt}"), special(END_OF_TURN)),
        *(header[0], *tokenizer.encode("assistant"), header[1]),
        *tokenizer.encode(f"\n\n{prefill}"),
    ]


def completion_ids(tokenizer: Any, completion: str) -> list[int]:
    """Return the ids of what the model has to write, its end of turn included."""
    return [*tokenizer.encode(completion), tokenizer.piece_to_id(END_OF_TURN)]


def inside(tokenizer: Any, completion: str, spans: Iterable[tuple[int, int]]) -> list[bool]:
    """Tell for each of `completion_ids` whether it has a character within one of `spans`."""
    marked = bytearray(len(completion))
    for start, end in spans:
        marked[start:end] = b"\1" * (end - start)
    offsets = tokenizer.encode(completion, return_type="offset_mapping")["offsets"]
    # The first bytes of a character that has no token are an empty span before it.
    return [*(any(marked[start : max(end, start + 1)]) for start, end in offsets), False]
