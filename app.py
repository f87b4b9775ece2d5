"""Entry point of the Hugging Face Space: `lesion-search serve` from an uninstalled checkout."""

from ui.cli.main import main

main(["serve", "--host", "0.0.0.0", "--port", "7860"])
