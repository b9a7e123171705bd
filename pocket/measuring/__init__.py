"""How well a served model keeps to what it is asked, on settings that no training story has.

    python -m pocket.measuring --url http://127.0.0.1:11434 --model pocket

`settings.csv` has the held-out settings, `letters.csv` a name for each capital; `clashes` tells
which of them stand in training stories, `blind` lets readers compare two models.
"""
