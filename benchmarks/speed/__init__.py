"""How fast digits is, beside the limits of this machine: `python -m benchmarks.speed`.

`load` asks, `rounds` takes turns, `statistics` condenses, each part measures.
"""
