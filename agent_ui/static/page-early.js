// A form that is sent before its page's script is there: it waits for it. The words of the page may still be on their way
// then, and a form that a browser sends by itself would end on a page that says nothing.
let early = null;

function hold(event) {
  event.preventDefault();
  early = event.target;
}
addEventListener("submit", hold);

/** The page's own script has taken its form over. */
export function ready() {
  removeEventListener("submit", hold);
  early?.requestSubmit();
}
