"""Entry point of the Hugging Face Space: `lesion-search serve` from an uninstalled checkout."""

from assistant.understanding.language_model.base_weights import install
from ui.cli.main import main

install()  # a Space installs requirements.txt only, which cannot leave out a package's dependencies
main(["serve", "--host", "0.0.0.0", "--port", "7860"])
