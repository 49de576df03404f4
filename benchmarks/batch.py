"""How many files a second `digits batch` reads: MNIST's 10,000 test images as PNG files.

Needs DIGITS_DATA_DIR. Fails unless the table has a row for every file, in order.
"""

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pictures
from serving import origin, own_server


def main() -> None:
    """Write the files, read them and print the rate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, default=os.environ.get("DIGITS_DATA_DIR"))
    chosen = parser.parse_args()
    if chosen.data_dir is None:
        parser.error("name the folder of the data with --data-dir or DIGITS_DATA_DIR")
    images, labels = pictures.mnist_test(chosen.data_dir)
    with tempfile.TemporaryDirectory() as temporary, own_server() as address:
        folder, table = Path(temporary, "images"), Path(temporary, "results.csv")
        folder.mkdir()
        files = [folder / f"{index:05}.png" for index in range(len(images))]
        for file, image in zip(files, images, strict=True):
            file.write_bytes(pictures.png(image))
        start = time.monotonic()
        subprocess.run(
            [
                *(sys.executable, "-c", "from digits_client.cli import main; main()"),
                *("batch", folder, "-o", table, "--address", address),
            ],
            check=True,
        )
        seconds = time.monotonic() - start
        with table.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        if [row["path"] for row in rows] != [str(file) for file in files]:
            sys.exit("the table has other rows than the folder has files")
        right = sum(
            row["prediction"] == str(label) for row, label in zip(rows, labels, strict=True)
        )
        print(origin(address))
        print("| files | seconds, start to end | files a second | right |")
        print("| --- | --- | --- | --- |")
        print(f"| {len(rows):,} | {seconds:.1f} | {len(rows) / seconds:,.0f} | {right:,} |")


if __name__ == "__main__":
    main()
