"""Our server beside other people's, on the same net: `make bench-peers`.

`contestants` says who takes part and how each is set, `environment` runs a
process of theirs, `contest` asks all in turn, `replies` checks what they say,
`table` tells what came of it. `fastapi_*`, `triton_server`, `mlserver/` and
`kserve` run in the environments of the peers, `.venv-peers/`.
"""
