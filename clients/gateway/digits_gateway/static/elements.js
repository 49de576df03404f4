// Making and changing elements.

// Writes a text, unless it stands there: screen readers take every change for news.
export function write(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

export function create(tag, className = "", text = "") {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
}
