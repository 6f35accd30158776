// The wallet: pays what the newest invoice asks for, or whatever is typed; mines; shows the chain.

import { element, get, pause, post } from "./dom.js";

const WAIT_SECONDS = 25;
const LITOSHI_PER_COIN = 100000000n;
const ADDRESS = /^rltc1[0-9a-z]{20,}$/;
const AMOUNT = /^(\d+(?:\.\d{1,8})?)(?:\s*LTC)?$/;

const byId = (id) => document.getElementById(id);

// An invoice has its address and its amount each in <code>.
export function findInvoice(message) {
  const codes = message.entities
    .filter((entity) => entity.type === "code")
    .map((entity) => message.text.slice(entity.offset, entity.offset + entity.length));
  const address = codes.find((code) => ADDRESS.test(code));
  const amount = codes.map((code) => code.match(AMOUNT)?.[1]).find(Boolean);
  return address && amount ? { address, amount } : null;
}

// Whole litoshi, because halves of decimal fractions are not exact.
export function half(amount) {
  const [whole, part = ""] = amount.split(".");
  const litoshi = BigInt(whole) * LITOSHI_PER_COIN + BigInt(part.padEnd(8, "0"));
  const rest = litoshi / 2n;
  return `${rest / LITOSHI_PER_COIN}.${String(rest % LITOSHI_PER_COIN).padStart(8, "0")}`;
}

export class Wallet {
  constructor() {
    byId("pay-form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.pay(byId("pay-amount").value);
    });
    byId("pay-half").addEventListener("click", () => this.payHalf());
    document.querySelectorAll("[data-mine]").forEach((button) => {
      button.addEventListener("click", () => this.mine(Number(button.dataset.mine)));
    });
    this.follow();
  }

  // What the chosen shopper has to pay, or null.
  showInvoice(invoice) {
    byId("pay-address").value = invoice?.address ?? "";
    byId("pay-amount").value = invoice?.amount ?? "";
    byId("invoice-hint").textContent = invoice
      ? "Filled in from this shopper's newest invoice."
      : "This shopper's next invoice fills this in.";
  }

  payHalf() {
    const amount = byId("pay-amount").value.trim().match(AMOUNT)?.[1];
    if (!amount) {
      this.notice("Write an amount such as 0.25 first.", true);
      return undefined;
    }
    return this.pay(half(amount));
  }

  pay(amount) {
    const address = byId("pay-address").value.trim();
    return this.attempt(async () => {
      await post("/sandbox/chain/pay", { address, amount: amount.trim() });
      return `Paid ${amount.trim()} LTC. It waits for a block.`;
    });
  }

  mine(blocks) {
    return this.attempt(async () => {
      await post("/sandbox/chain/mine", { blocks });
      return blocks === 1 ? "Mined 1 block." : `Mined ${blocks} blocks.`;
    });
  }

  async attempt(action) {
    try {
      this.notice(await action(), false);
    } catch (error) {
      this.notice(error.message, true);
    }
  }

  notice(text, isBad) {
    const place = byId("wallet-notice");
    place.textContent = text;
    place.classList.toggle("bad", isBad);
  }

  async follow() {
    let revision = -1;
    for (;;) {
      try {
        const wait = revision < 0 ? 0 : WAIT_SECONDS;
        const chain = await get(`/sandbox/chain?after=${revision}&wait_seconds=${wait}`);
        revision = chain.revision;
        this.show(chain);
      } catch {
        await pause(1000);
      }
    }
  }

  show(chain) {
    byId("height").textContent = String(chain.height);
    const waiting = chain.mempool.flatMap((payment) => renderPayment(payment, "waits for a block"));
    byId("mempool").replaceChildren(...orNothing(waiting, "Nothing waits."));
    byId("blocks").replaceChildren(...chain.blocks.flatMap(renderBlock));
  }
}

function orNothing(items, text) {
  return items.length > 0 ? items : [element("li", { className: "quiet", textContent: text })];
}

function renderBlock(block) {
  const line = element("li", {}, [
    `Block ${block.height} `,
    element("span", { className: "quiet", textContent: `${block.hash.slice(0, 12)}…` }),
  ]);
  const depth = block.confirmations === 1 ? "1 confirmation" : `${block.confirmations} confirmations`;
  return [line, ...block.payments.flatMap((payment) => renderPayment(payment, depth))];
}

function renderPayment(payment, state) {
  return payment.outputs.map((output) => element("li", { title: payment.txid }, [
    element("span", { className: "amount", textContent: `${output.amount} LTC` }),
    element("span", { className: "quiet", textContent: ` to ${shorten(output.address)}, ${state}` }),
  ]));
}

function shorten(address) {
  return address ? `${address.slice(0, 10)}…${address.slice(-5)}` : "an unknown script";
}
