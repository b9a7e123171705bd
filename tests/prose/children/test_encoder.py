"""The model reads a passage with what it was taught."""

import numpy as np

from prose.children import encoder


def test_an_adapter_is_added_to_the_weights_that_it_is_named_for() -> None:
    weights = {"a.weight": np.ones((3, 2), np.float32), "b.weight": np.ones(2, np.float32)}
    up, down = np.array([[1], [2], [0]], np.float16), np.array([[0.5, -1]], np.float16)
    found = encoder.tuned(weights, {"a.up": up, "a.down": down, "biases": np.arange(2)})
    assert sorted(found) == ["a.weight", "b.weight", "biases"]
    assert found["a.weight"].tolist() == [[1.5, 0], [2, -1], [1, 1]]
    assert found["b.weight"] is weights["b.weight"]
