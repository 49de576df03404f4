"""Writes the published CNN's architecture as a Keras file, with random weights.

A program of its own, so that TensorFlow is not in the process that compares.
"""

import sys

from digits_train import model

if __name__ == "__main__":
    model.build("cnn", seed=0).save(sys.argv[1])
