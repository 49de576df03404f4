"""The reader of numbers: its pages, its net, its training."""
