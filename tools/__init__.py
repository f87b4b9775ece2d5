"""What the assistant can do, and the parts beneath: intake, regions, atlas, packs, phantoms, reports."""
