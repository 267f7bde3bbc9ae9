// The button that kills the server, and the colour of the dot beside the connection's status.
"use strict";

// Killing is no input of the page, which would be sent again after the death it caused: it is a request of its own.
document.addEventListener("click", (e) => {
  const button = e.target.closest("[data-kill-node]");
  if (button) fetch("/kill?node=" + encodeURIComponent(button.dataset.killNode), { method: "POST" }).catch(() => {});
});

// The status is a text of the live script's; the style sheet needs it as an attribute.
const show = () => {
  const status = document.querySelector("[data-live-status]");
  const dot = document.querySelector(".dot");
  if (!status || !dot) return;
  const state = status.textContent.trim().replace(/\s+/g, "-");
  if (dot.dataset.state !== state) dot.dataset.state = state;
};
new MutationObserver(show).observe(document.querySelector(".bar"), { childList: true, characterData: true, attributes: true, subtree: true });
show();
