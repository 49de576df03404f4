"""The REST gateway of digits and its browser page.

`python -m digits_gateway` serves; `digits_gateway.app.build` returns the application.
"""

__all__: list[str] = []
