"""TRL's trainer with a cheaper way to the same loss, for the `peft` backend.

TRL makes logits for every token, prompts and padding too, and entropies and accuracies beside
them. The loss needs those at the story's own tokens only; with a small model, that is a third of
the time. Imported inside functions: it needs trl.
"""

from typing import Any

from torch.nn.functional import cross_entropy
from trl import SFTTrainer

_IGNORED = -100


class StoryTrainer(SFTTrainer):  # type: ignore[misc]  # trl is not in the web's environment
    """An `SFTTrainer` for a PEFT model over a causal language model of transformers."""

    tokens_seen = 0

    def compute_loss(
        self,
        model: Any,
        inputs: Any,
        return_outputs: bool = False,
        num_items_in_batch: Any = None,
    ) -> Any:
        """Return the cross-entropy summed over the stories' tokens, divided by their number.

        `num_items_in_batch` counts them over all batches of a step, when batches are accumulated.
        """
        if return_outputs:
            raise NotImplementedError("the logits are not made")
        causal = model.get_base_model()
        hidden = causal.get_decoder()(
            input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], use_cache=False
        ).last_hidden_state[:, :-1]
        targets = inputs["labels"][:, 1:]
        wanted = targets != _IGNORED
        logits = causal.get_output_embeddings()(hidden[wanted]).float()
        loss = cross_entropy(logits, targets[wanted], reduction="sum")
        if model.training:
            self.tokens_seen += int(inputs["attention_mask"].sum())
        return loss / (wanted.sum() if num_items_in_batch is None else num_items_in_batch)

    def log(self, logs: Any, start_time: Any = None) -> None:
        """Add the number of tokens so far, as TRL's own loss does."""
        super().log({**logs, "num_tokens": self.tokens_seen}, start_time)
