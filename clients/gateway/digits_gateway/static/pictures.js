// Every way in which a picture reaches the page, other than drawing it.

export function receivePictures({ file, upload, photo, camera, pad }, received) {
  for (const [button, input] of [[upload, file], [camera, photo]]) {
    button.addEventListener("click", () => input.click());
    input.addEventListener("change", () => {
      if (input.files.length) received(input.files[0]);
      input.value = ""; // choosing the same file once more is a choice too
    });
  }

  document.addEventListener("paste", ({ clipboardData }) => {
    const [first] = clipboardData?.files ?? [];
    if (first) received(first);
  });

  let entered = 0; // dragenter and dragleave come for every element on the way
  const show = (count) => {
    entered = count;
    pad.toggleAttribute("data-dropping", entered > 0);
  };
  const carries = (event) => event.dataTransfer?.types.includes("Files");
  document.addEventListener("dragenter", (event) => carries(event) && show(entered + 1));
  document.addEventListener("dragleave", (event) => carries(event) && show(Math.max(0, entered - 1)));
  document.addEventListener("dragover", (event) => carries(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    show(0);
    const [first] = event.dataTransfer.files;
    if (first) received(first);
  });
}
