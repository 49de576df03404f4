"""What can go wrong in training, each with a stable reason.

TrainError
├── DataMissing        DATA_MISSING: a data set is not where it was looked for
├── DataCorrupt        DATA_CORRUPT: a file is not the published one
├── DownloadFailed     DOWNLOAD_FAILED: no mirror gave the file
├── StageMissing       STAGE_MISSING: an earlier stage has not run in this work folder
├── WorkFolderMismatch WORK_FOLDER_MISMATCH: the work folder belongs to another configuration
├── NothingFound       NOTHING_FOUND: the reader finds no character to be fitted on
├── ParityFailed       PARITY_FAILED: ONNX and Keras disagree
└── PublishRefused     PUBLISH_REFUSED: the bundle must not be published as things stand
"""

from typing import ClassVar


class TrainError(Exception):
    """The root of everything that this package raises on purpose.

    `reason` is the stable, machine-readable name; the text is for people and
    says what is wrong and what to do.
    """

    reason: ClassVar[str] = "TRAIN_ERROR"


class DataMissing(TrainError):
    """A data set is not where it was looked for."""

    reason = "DATA_MISSING"


class DataCorrupt(TrainError):
    """A file's content is not the published one."""

    reason = "DATA_CORRUPT"


class DownloadFailed(TrainError):
    """No mirror gave the file."""

    reason = "DOWNLOAD_FAILED"


class StageMissing(TrainError):
    """A file that an earlier stage writes is not in the work folder."""

    reason = "STAGE_MISSING"


class WorkFolderMismatch(TrainError):
    """The work folder holds the files of another configuration."""

    reason = "WORK_FOLDER_MISMATCH"


class NothingFound(TrainError):
    """The reader's net finds no character on any validation page."""

    reason = "NOTHING_FOUND"


class ParityFailed(TrainError):
    """The exported model does not answer as the trained one does."""

    reason = "PARITY_FAILED"


class PublishRefused(TrainError):
    """Something that a published bundle needs is missing or wrong."""

    reason = "PUBLISH_REFUSED"
