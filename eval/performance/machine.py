"""The machine a figure was measured on: figures of different processors do not compare."""

import os
import platform
from pathlib import Path

# as Linux calls them -> as people do, from the plain ones to those that multiply matrices
_INSTRUCTION_SETS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx_vnni": "AVX-VNNI",
    "avx512_vnni": "AVX-512 VNNI",
    "avx512_bf16": "AVX-512 BF16",
    "amx_tile": "AMX",
    "asimd": "NEON",
    "sve": "SVE",
}


def describe_cpu() -> str:
    """Describe the processor: model, cores, instruction sets that matter here, and what holds oneDNN back from some."""
    model, flags = platform.processor() or platform.machine(), set()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                model = value.strip()
            elif name.strip() in ("flags", "Features"):
                flags = set(value.split())
    known = [words for flag, words in _INSTRUCTION_SETS.items() if flag in flags]
    limit = os.environ.get("ONEDNN_MAX_CPU_ISA")
    held = f", PyTorch held to {limit}" if limit else ""
    return f"{model}, {os.cpu_count()} cores, {', '.join(known) or 'no known instruction sets'}{held}"
