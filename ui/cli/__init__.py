import os

os.environ.setdefault("TYPER_USE_RICH", "0")  # boxes around help cost half of its time
