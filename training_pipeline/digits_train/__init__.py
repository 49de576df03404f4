"""From MNIST to published bundles: data, augment, model, train, export, parity, calibrate, evaluate, publish."""
