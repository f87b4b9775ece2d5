"""The machine that figures were measured on, named beside them."""

import os
import platform
from pathlib import Path

INSTRUCTION_SETS = (
    "avx2",
    "avx512f",
    "avx512_vnni",
    "avx_vnni",
    "avx512_bf16",
    "amx_tile",
    "asimd",
    "sve",
)  # fast ones


def machine() -> str:
    """Say processor, cores, memory and which fast instruction sets it has; from /proc, which only Linux has."""
    cpu, memory = Path("/proc/cpuinfo"), Path("/proc/meminfo")
    if not cpu.is_file() or not memory.is_file():
        return f"{platform.machine()}, {os.cpu_count()} cores"
    facts = dict(line.split(":", 1) for line in cpu.read_text().splitlines() if ":" in line)
    facts = {name.strip(): value.strip() for name, value in facts.items()}
    flags = set((facts.get("flags") or facts.get("Features") or "").split())
    sets = ", ".join(name for name in INSTRUCTION_SETS if name in flags) or "none beyond the basic ones"
    gigabytes = int(memory.read_text().split()[1]) / 2**20
    name = facts.get("model name", platform.machine())
    return f"{name}, {os.cpu_count()} cores, {gigabytes:.0f} GB; instruction sets: {sets}"
