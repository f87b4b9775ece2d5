"""Entry point of the Hugging Face Space."""

from assistant.embedded_base import install
from tools.settings import get_settings
from ui.app import serve

install()  # a Space installs requirements.txt only, which cannot leave out a package's dependencies
serve(get_settings(), host="0.0.0.0", port=7860)
