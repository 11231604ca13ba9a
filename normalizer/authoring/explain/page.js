"use strict";
// A field and the values that it is made of light up together. Without this, links do the same.
for (const row of document.querySelectorAll("[data-of]")) {
  const others = row.dataset.of.split(" ").map((id) => document.getElementById(id)).filter(Boolean);
  const light = (on) => [row, ...others].forEach((each) => each.classList.toggle("hot", on));
  row.addEventListener("mouseenter", () => light(true));
  row.addEventListener("mouseleave", () => light(false));
}
