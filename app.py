"""Entry point of the Hugging Face Space."""

from tools.settings import get_settings
from ui.app import serve

serve(get_settings(), host="0.0.0.0", port=7860)
