"""From MNIST to published bundles.

The stages, a module each: data, augment, model, train, export, parity,
calibrate, evaluate, publish.
"""
