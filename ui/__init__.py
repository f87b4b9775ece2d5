"""People: command line, viewer, chat, gallery."""
