"""The subject itself, finished: what lessons draw with and are compared to.

    reference    every formula in NumPy, float64: the oracle
    layers       the same as Keras layers
    corpus       French and English sentences, vocabularies, a reader of TSV files
    training     masked loss, schedules, a loop driven by its budget
    baseline     a recurrent encoder and decoder, to compare with
    translate    sentences through a trained model, and where it looked
    decoding     greedy and beam search, BLEU
    weights      trained weights, by name; `recipe` makes them
    pairs        the same from a file of real sentence pairs
    figures      palette, heat maps, arrows, curves; `show(figure, alt)`

TensorFlow writes to stderr when it is imported; this is the one place that asks it not
to, before anybody imports it.
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
