"""ONNX graphs written down node by node, and ONNX Runtime to run them: what serves networks without PyTorch.

A graph is made in memory from the weights whenever a network is loaded, so that there is one file of weights and no
second one to keep equal to it.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from onnxruntime import InferenceSession, OrtValue

_OPSET = 18
_IR_VERSION = 10
_CONTRIB = "com.microsoft"  # the domain of ONNX Runtime's own operators
_BLOCK = 64  # weights that share a scale in `quantized_linear`


class OnnxGraph:
    """Write a graph: every method adds nodes and gives the name of their output."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._large: dict[str, OrtValue] = {}
        self._names = 0

    def input(self, name: str, dtype: type[np.generic], shape: Sequence[int | str]) -> str:
        """Declare an input; a dimension with a name may have any size."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(np.dtype(dtype))
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def constant(self, value: Any, dtype: type[np.generic] = np.float32) -> str:
        """Add a constant; a small one that is there already is used again."""
        import onnxruntime
        from onnx import TensorProto, helper, numpy_helper

        array = np.ascontiguousarray(value, dtype=dtype)
        key = str(array.dtype), np.shape(value), array.tobytes() if array.nbytes < 256 else b""
        if key[2] and key in self._shared:
            return self._shared[key]
        name = self._new()
        array = array.reshape(np.shape(value))
        if key[2]:
            self._constants.append(numpy_helper.from_array(array, name))
            self._shared[key] = name
        else:  # handed over as it is: written into the graph, it would be copied again and again
            kind = helper.np_dtype_to_tensor_dtype(array.dtype)
            outside = TensorProto(name=name, data_type=kind, dims=array.shape, data_location=TensorProto.EXTERNAL)
            outside.external_data.add(key="location", value="memory")
            self._constants.append(outside)
            self._large[name] = onnxruntime.OrtValue.ortvalue_from_numpy(array)
        return name

    def node(self, operator: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Add a node of one output. `inputs` are names; attributes are those of the ONNX operator."""
        return self.nodes(operator, 1, *inputs, domain=domain, **attributes)[0]

    def nodes(self, operator: str, outputs: int, *inputs: str, domain: str = "", **attributes: Any) -> list[str]:
        """Add a node of several outputs."""
        from onnx import helper

        names = [self._new() for _ in range(outputs)]
        self._nodes.append(helper.make_node(operator, list(inputs), names, domain=domain, **attributes))
        return names

    def times(self, x: str, factor: float, add: float = 0.0) -> str:
        """Multiply by a number and add one."""
        product = self.node("Mul", x, self.constant(factor))
        return self.node("Add", product, self.constant(add)) if add else product

    def squared(self, x: str) -> str:
        """Multiply with itself."""
        return self.node("Mul", x, x)

    def linear(self, x: str, weight: NDArray[np.generic], bias: NDArray[np.generic] | None = None) -> str:
        """Multiply with a matrix and add a bias. Shape: (…, in), (out, in), (out,) -> (…, out)."""
        product = self.node("MatMul", x, self.constant(weight.T))
        return product if bias is None else self.node("Add", product, self.constant(bias))

    def quantized_linear(self, x: str, weight: NDArray[np.int8], scale: NDArray[np.generic]) -> str:
        """Multiply with an int8 matrix, each row of it with its own scale. Shape: (…, in), (out, in), (out, 1).

        The input is quantized by blocks on the way (ONNX Runtime's MatMulNBits at accuracy level 4). Plain products of
        int8 matrices (MatMulInteger) are no alternative: on processors with AVX2 only, their sums overflow.
        """
        rows, columns = weight.shape
        blocks = -(-columns // _BLOCK)
        unsigned = np.full((rows, blocks * _BLOCK), 128, np.uint8)
        np.bitwise_xor(weight.view(np.uint8), 128, out=unsigned[:, :columns])  # 128 more, without a wider copy
        return self.node(
            "MatMulNBits",
            x,
            self.constant(unsigned.reshape(rows, blocks, _BLOCK), np.uint8),
            self.constant(np.repeat(scale, blocks, axis=1).ravel()),
            domain=_CONTRIB,
            K=columns,
            N=rows,
            bits=8,
            block_size=_BLOCK,
            accuracy_level=4,
        )

    def session(self, outputs: Sequence[str], threads: int | None = None) -> "InferenceSession":
        """Finish the graph and open it for running; it gives `outputs` in order.

        `threads` is the number of threads, by default what OMP_NUM_THREADS says, else one a core.
        """
        import onnxruntime
        from onnx import TensorProto, helper

        # all are float32, of shapes that ONNX Runtime infers
        results = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        model = helper.make_model(
            helper.make_graph(self._nodes, "network", self._inputs, results, self._constants),
            opset_imports=[helper.make_opsetid("", _OPSET), helper.make_opsetid(_CONTRIB, 1)],
            ir_version=_IR_VERSION,
        )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or int(os.environ.get("OMP_NUM_THREADS") or 0)
        options.log_severity_level = 3
        options.enable_cpu_mem_arena = False  # it would keep what the largest batch ever took, and is no faster here
        # Waiting threads sleep: other users' work may need the core.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.add_external_initializers(list(self._large), list(self._large.values()))
        return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])

    def _new(self) -> str:
        self._names += 1
        return f"t{self._names}"
