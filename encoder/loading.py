"""One network is loaded at a time in this process."""

import threading

# While transformers loads a network it changes, for the whole process, torch's default dtype and initialisers, and
# builds on the meta device: two loaders side by side would hand each other empty weights, or leave the changes behind.
MODEL_LOAD_LOCK = threading.RLock()
