// One chat: its thread, its inline keyboards, its text box. Text and entities come as the Bot API
// has them; entity offsets count UTF-16 units, as JavaScript strings do.

import { attempt, copy, element, get, pause, post, toast } from "./dom.js";

const WAIT_SECONDS = 25;
const TAG_OF_ENTITY = {
  bold: "b",
  italic: "i",
  underline: "u",
  strikethrough: "s",
  code: "code",
  pre: "pre",
  blockquote: "blockquote",
  expandable_blockquote: "blockquote",
};

export class Chat {
  constructor(userId, placeholder) {
    this.userId = userId;
    this.messages = new Map();
    this.onMessage = () => {};
    this.empty = element("p", { className: "empty", textContent: placeholder });
    this.thread = element("div", { className: "thread" }, [this.empty]);
    this.thread.setAttribute("role", "log");
    this.input = element("input", { placeholder: "Write to the bot" });
    this.input.setAttribute("aria-label", "Message");
    this.form = element("form", { className: "compose" }, [
      this.input,
      element("button", { type: "submit", className: "primary", textContent: "Send" }),
      element("button", { type: "button", textContent: "/start", onclick: () => this.send("/start") }),
    ]);
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.send(this.input.value);
      this.input.value = "";
    });
    this.follow();
  }

  showIn(panel) {
    panel.append(this.thread, this.form);
    this.scrollToEnd();
  }

  setHidden(isHidden) {
    this.thread.hidden = isHidden;
    this.form.hidden = isHidden;
    this.scrollToEnd();
  }

  send(text) {
    return attempt(() => post(`/sandbox/chats/${this.userId}/text`, { text }));
  }

  async sendFile(name, bytes) {
    let binary = "";
    for (const byte of new Uint8Array(bytes)) {
      binary += String.fromCharCode(byte);
    }
    await post(`/sandbox/chats/${this.userId}/document`, { name, content: btoa(binary) });
  }

  async follow() {
    let revision = 0;
    let answers = null;
    for (;;) {
      try {
        const known = `after=${revision}&answers_after=${answers ?? 0}`;
        const wait = answers === null ? 0 : WAIT_SECONDS;
        const path = `/sandbox/chats/${this.userId}/messages?${known}&wait_seconds=${wait}`;
        const news = await get(path);
        if (answers !== null) {
          news.answers.filter((answer) => answer.text).forEach((answer) => toast(answer.text));
        }
        revision = news.revision;
        answers = news.answer_count;
        news.messages.forEach((message) => this.show(message));
      } catch {
        await pause(1000);
      }
    }
  }

  show(message) {
    const old = this.messages.get(message.message_id)?.place;
    if (message.is_deleted) {
      old?.remove();
      this.messages.delete(message.message_id);
      return;
    }
    this.empty.remove();
    const place = this.render(message);
    if (old) {
      old.replaceWith(place);
    } else {
      this.thread.append(place);
    }
    this.messages.set(message.message_id, { ...message, place });
    this.scrollToEnd();
    this.onMessage(message);
  }

  scrollToEnd() {
    this.thread.scrollTop = this.thread.scrollHeight;
  }

  render(message) {
    const bubble = element("div", { className: "bubble" });
    if (message.photo) {
      const image = element("img", { src: message.photo, alt: "Picture from the bot" });
      image.addEventListener("load", () => this.scrollToEnd());
      bubble.append(image);
    }
    if (message.document) {
      bubble.append(renderDocument(message.document));
    }
    bubble.append(...renderText(message.text, message.entities));
    if (message.is_edited) {
      bubble.append(element("span", { className: "edited", textContent: "edited" }));
    }
    const place = element("div", { className: message.from_bot ? "message" : "message own" }, [bubble]);
    if (message.keyboard.length > 0) {
      place.append(this.renderKeyboard(message));
    }
    return place;
  }

  renderKeyboard(message) {
    const rows = message.keyboard.map((row) =>
      element("div", {}, row.map((button) => this.renderButton(message, button))));
    return element("div", { className: "keyboard" }, rows);
  }

  renderButton(message, button) {
    if (button.url) {
      return element("a", { href: button.url, textContent: button.text, target: "_blank", rel: "noreferrer" });
    }
    const press = () => attempt(() => post(`/sandbox/chats/${this.userId}/press`, {
      message_id: message.message_id,
      label: button.callback_data,
    }));
    const onclick = button.copy_text ? () => copy(button.copy_text.text) : press;
    return element("button", { type: "button", textContent: button.text, onclick });
  }
}

function renderDocument(document) {
  return element("div", { className: "document" }, [
    element("a", { href: document.url, textContent: document.name, download: document.name }),
    element("small", { textContent: `${document.size_bytes} bytes` }),
  ]);
}

// Entities nest and never overlap: the outer one comes first.
export function renderText(text, entities, start = 0, end = text.length) {
  const nodes = [];
  let position = start;
  let rest = entities.filter((entity) => entity.offset >= start && entity.offset + entity.length <= end);
  while (rest.length > 0) {
    const [entity, ...others] = rest;
    const stop = entity.offset + entity.length;
    nodes.push(text.slice(position, entity.offset));
    const inner = others.filter((other) => other.offset < stop);
    nodes.push(renderEntity(entity, text, inner));
    position = stop;
    rest = others.filter((other) => other.offset >= stop);
  }
  nodes.push(text.slice(position, end));
  return nodes;
}

function renderEntity(entity, text, inner) {
  const stop = entity.offset + entity.length;
  const content = renderText(text, inner, entity.offset, stop);
  if (entity.type === "text_link") {
    return element("a", { href: entity.url, target: "_blank", rel: "noreferrer" }, content);
  }
  if (entity.type === "spoiler") {
    const reveal = (event) => event.currentTarget.classList.add("shown");
    return element("span", { className: "spoiler", onclick: reveal }, content);
  }
  const made = element(TAG_OF_ENTITY[entity.type] ?? "span", {}, content);
  if (entity.type === "code") {
    const written = text.slice(entity.offset, stop);
    made.title = "Tap to copy";
    made.tabIndex = 0;
    made.addEventListener("click", () => copy(written));
    made.addEventListener("keydown", (event) => {
      if (event.key === "Enter") copy(written);
    });
  }
  return made;
}
