"""Preferences from files: tables and TRL's forms, and what is wrong with a row."""

import json

import pytest

from finetuning.pipeline.material.datastories import preference
from finetuning.pipeline.material.reading import DataError
from finetuning.pipeline.material.reading.preferences import read

ROW = ("Write, please.", 'Zoe said, "Come."', "Zoe left; the end.")


@pytest.mark.parametrize(
    "data",
    [
        'prompt,chosen,rejected\r\n"Write, please.","Zoe said, ""Come.""",Zoe left; the end.\r\n',
        'sep=;\nRejected;Prompt;note;Chosen\n"Zoe left; the end.";Write, please.;x;'
        '"Zoe said, ""Come."""\n',
        json.dumps({"prompt": ROW[0], "chosen": ROW[1], "rejected": ROW[2], "score": 3}),
        json.dumps(
            preference({"prompt": ROW[0], "chosen": ROW[1], "rejected": ROW[2], "key": "pair:1"})
        ),
        json.dumps(
            [
                {
                    side: [
                        {"role": "user", "content": ROW[0]},
                        {"role": "assistant", "content": text},
                    ]
                    for side, text in (("chosen", ROW[1]), ("rejected", ROW[2]))
                }
            ]
        ),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_each_form_is_read(data: str, encoding: str) -> None:
    [found] = read(data.encode(encoding))
    assert (found.prompt, found.chosen, found.rejected) == ROW


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ("prompt,story\nWrite.,Once.\n", "has to name Prompt, Chosen and Rejected"),
        ("prompt,chosen,rejected\nWrite.,Once.\n", r"Row 1 \(line 2\): 2 cells instead of 3"),
        ("prompt,chosen,rejected\nWrite.,Once.,\n", r"Row 1 \(line 2\): .* both texts"),
        ("prompt,chosen,rejected\n", "no preferences"),
        ('{"prompt": "a", "chosen": "b"}', "has to have prompt, chosen and rejected"),
        ('{"prompt": "a", "chosen": "b", "rejected": 3}', "have to be texts"),
        ('{"prompt": "a", "chosen"', "no whole JSON"),
        ('{"chosen": [], "rejected": []}', "one message of the user"),
    ],
)
def test_what_is_wrong_is_told(data: str, told: str) -> None:
    with pytest.raises(DataError, match=told):
        read(data.encode())
