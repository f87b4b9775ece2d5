// Which model answers: a select of the browser's own, which closes by itself and changes nothing without a choice.

import { make } from "../../browser/js/dom.js";

// Bring a gr.HTML component to life: `props.offered` is a list of [name, label], `props.value` the name in use.
export function mount({ element, props, trigger, watch }) {
  const select = element.querySelector("select");
  const show = () => { select.value = props.value; };
  select.replaceChildren(...props.offered.map(([name, label]) => {
    const option = make("option", "", label);
    option.value = name;
    return option;
  }));
  select.addEventListener("change", () => {
    trigger("choose", { model: select.value });
    show(); // until the server has changed it
  });
  watch("value", show);
  show();
}
