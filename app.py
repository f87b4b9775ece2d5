"""Entry point of the Hugging Face Space."""

from assistant.understanding.language_model.base_weights import install
from tools.settings import get_settings
from ui.server.app import serve

install()  # a Space installs requirements.txt only, which cannot leave out a package's dependencies
serve(get_settings(), host="0.0.0.0", port=7860)
