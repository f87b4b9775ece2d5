// Regions, lengths and angles in one line each: in the lists, and for the clipboard. Pure.

export function regionText({ suggested, drawn, slice_index: slice, size, mark, density, volume }) {
  const made = suggested ? "suggested · " : drawn ? "drawn · " : "";
  return `${made}slice ${slice + 1} · ${size}${mark ? ` (${mark})` : ""} · ${density}${volume ? ` · ${volume}` : ""}`;
}

export const annotationText = ({ kind, slice_index: slice, size }) => `slice ${slice + 1} · ${kind} ${size}`;

// Everything that was marked and measured on a series, a line each.
export function listText({ title, regions, annotations }) {
  const line = (id, name, text) => `${id}${name ? ` (${name})` : ""}: ${text.replaceAll(" · ", ", ")}`;
  return [
    title,
    ...regions.map((each) => line(each.region_id, each.name, regionText(each))),
    ...annotations.map((each) => line(each.annotation_id, each.name, annotationText(each))),
  ].join("\n");
}
