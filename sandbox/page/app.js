// Puts the three columns together.

import { Chat } from "./chat.js";
import { attempt, element, get } from "./dom.js";
import { findInvoice, Wallet } from "./wallet.js";

const wallet = new Wallet();

function showShoppers(shopperIds) {
  const panel = document.getElementById("shopper");
  const tabs = document.getElementById("shopper-tabs");
  const shoppers = shopperIds.map((userId, index) => {
    const chat = new Chat(userId, "Press /start to enter the shop.");
    const tab = element("button", { type: "button", textContent: `Shopper ${index + 1}` });
    tab.setAttribute("role", "tab");
    tabs.append(tab);
    chat.showIn(panel);
    return { chat, tab, invoice: null };
  });
  let selected = null;

  function select(shopper) {
    selected = shopper;
    for (const each of shoppers) {
      each.chat.setHidden(each !== shopper);
      each.tab.setAttribute("aria-selected", String(each === shopper));
    }
    wallet.showInvoice(shopper.invoice);
  }

  for (const shopper of shoppers) {
    shopper.tab.addEventListener("click", () => select(shopper));
    shopper.chat.onMessage = (message) => {
      const invoice = message.from_bot ? findInvoice(message) : null;
      if (!invoice) return;
      const isNew = shopper.invoice?.address !== invoice.address || shopper.invoice.amount !== invoice.amount;
      shopper.invoice = invoice;
      // An edit of the same invoice must not undo what a person has typed meanwhile
      if (isNew && shopper === selected) wallet.showInvoice(invoice);
    };
  }
  select(shoppers[0]);
}

function showAdmin(adminId) {
  const chat = new Chat(adminId, "The goods of items.json are for sale already. Send items.txt from above, or a file of your own, to add more.");
  chat.showIn(document.getElementById("admin"));
  document.querySelectorAll("[data-sample]").forEach((button) => {
    button.addEventListener("click", () => attempt(async () => {
      const response = await fetch(`/page/${button.dataset.sample}`);
      await chat.sendFile(button.dataset.sample, await response.arrayBuffer());
    }));
  });
  const input = document.getElementById("admin-file");
  input.addEventListener("change", () => attempt(async () => {
    const [file] = input.files;
    if (file) await chat.sendFile(file.name, await file.arrayBuffer());
    input.value = "";
  }));
}

attempt(async () => {
  const people = await get("/sandbox/people");
  showShoppers(people.shopper_ids);
  showAdmin(people.admin_id);
});
