"""The published model in MLServer: a runtime of its own, as its documentation shows.

MLServer's ready-made runtimes know no ONNX. `mlserver start` finds this module
through model-settings.json beside it.
"""

import numpy as np
import onnxruntime as ort
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse
from mlserver.utils import get_model_uri


class Digits(MLModel):
    """In: `image` UINT8 [N, 28, 28], white on black. Out: `logits` FP32 [N, 11]."""

    async def load(self) -> bool:
        """Open the model; each of the parallel workers calls this."""
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self._session = ort.InferenceSession(
            await get_model_uri(self.settings), options, providers=["CPUExecutionProvider"]
        )
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        """Answer a request, or several that adaptive batching has merged into one."""
        pixels = NumpyCodec.decode_input(payload.inputs[0])
        (logits,) = self._session.run(None, {"image": pixels.astype(np.float32) / 255})
        return InferenceResponse(
            model_name=self.name, outputs=[NumpyCodec.encode_output("logits", logits)]
        )
