"""From a chat to the prompt, whatever the template does with a last message of the assistant."""

import pytest

from pocket.server.metadata import read_metadata
from pocket.server.prompts import render
from pocket.server.shipped import BASE, TINY
from pocket.training.convert import CHAT_TEMPLATE

CHAT = [{"role": "user", "content": "Write."}, {"role": "assistant", "content": "Once"}]
LLAMA = (
    "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nWrite.<|eot_id|>"
    "<|start_header_id|>assistant<|end_header_id|>\n\n"
)
CHATML = (
    "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face"
    "<|im_end|>\n<|im_start|>user\nWrite.<|im_end|>\n<|im_start|>assistant\n"
)
LLAMA_TURN, CHATML_TURN = LLAMA[LLAMA.index("<|eot_id|>") :], "<|im_end|>\n<|im_start|>assistant\n"


@pytest.mark.parametrize(
    ("template", "begun", "turn"),
    [
        (CHAT_TEMPLATE, LLAMA, LLAMA_TURN),
        (read_metadata(BASE).chat_template, CHATML, CHATML_TURN),
    ],
    ids=["closes all but the last", "closes all"],
)
def test_a_last_message_of_the_assistant_is_continued(template: str, begun: str, turn: str) -> None:
    assert render(template, CHAT[:1]) == begun
    assert render(template, CHAT) == f"{begun}Once"
    assert render(template, CHAT, is_open=False) == f"{begun}Once{turn}"


def test_an_answer_may_stand_alone() -> None:
    assert render(CHAT_TEMPLATE, CHAT[1:]).endswith("assistant<|end_header_id|>\n\nOnce")


def test_the_tiny_model_has_the_template_of_its_training() -> None:
    assert read_metadata(TINY / "pocket.gguf").chat_template == CHAT_TEMPLATE
