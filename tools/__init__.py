"""What the assistant can do, and the parts beneath: intake, regions, atlas, packs, phantoms, reports."""

VERSION = "0.1.0"  # of the program; the package takes it from here, so that it stands where nothing is installed too
