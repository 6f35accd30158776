// Small helpers: elements without innerHTML, requests to the sandbox, a notice at the foot.

export function element(tag, properties = {}, children = []) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export async function get(path) {
  return read(await fetch(path));
}

export async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  return read(await fetch(path, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function read(response) {
  const answer = await response.json();
  if (!response.ok) {
    throw new Error(answer.error ?? `status ${response.status}`);
  }
  return answer;
}

export function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

let toastTimer = 0;

export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  place.hidden = false;
  clearTimeout(toastTimer);
  toastTimer = setTimeout(() => { place.hidden = true; }, 4000);
}

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied ${text}`);
  } catch {
    toast("The browser does not let this page copy: select the text by hand.");
  }
}

// Runs an action of a button and shows what went wrong.
export async function attempt(action) {
  try {
    await action();
  } catch (error) {
    toast(error.message);
  }
}
