// Counts in the background while a form is filled in, so that machines cannot send it by the thousand.
// The browser's own cryptography does it, beside the page: nothing stands still. Without this script the
// form works all the same; the server then takes fewer of them.
const form = document.querySelector('form[data-challenge]');
const status = document.querySelector('[data-challenge-status]');
/** The server's questions are good for ten minutes. */
const FRESH_MS = 8 * 60_000;

let work;
let begun = 0;

const fromHex = (hex) =>
  Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
const toHex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

async function solve() {
  const answer = await fetch(form.dataset.challenge, { headers: { accept: 'application/json' } });
  if (!answer.ok) throw new Error(`no challenge: ${answer.status}`);
  const challenge = await answer.json();
  const { nonce, salt, cost, keyLength, keyPrefix } = challenge.parameters;
  const start = fromHex(nonce);
  const tried = new Uint8Array(start.length + 4);
  tried.set(start);
  const counterOf = new DataView(tried.buffer);
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt: fromHex(salt), iterations: cost };
  for (let counter = 0; ; counter += 1) {
    counterOf.setUint32(start.length, counter);
    const key = await crypto.subtle.importKey('raw', tried, 'PBKDF2', false, ['deriveBits']);
    const bits = await crypto.subtle.deriveBits(derivation, key, keyLength * 8);
    const derivedKey = toHex(new Uint8Array(bits));
    if (derivedKey.startsWith(keyPrefix)) {
      return btoa(JSON.stringify({ challenge, solution: { counter, derivedKey } }));
    }
  }
}

function begin() {
  if (work !== undefined && Date.now() - begun < FRESH_MS) return work;
  begun = Date.now();
  // Where it cannot be done, the form goes without.
  work = solve().catch(() => '');
  return work;
}

function say(name) {
  if (status !== null) status.textContent = name === undefined ? '' : status.dataset[name];
}

if (form !== null && globalThis.crypto?.subtle !== undefined) {
  form.addEventListener('input', begin, { once: true });
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const button = form.querySelector('[type=submit]');
    // Not `disabled`: the focus would be lost.
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    say('working');
    form.elements.challenge.value = await begin();
    say('done');
    form.submit();
  });
  // Back by the browser's button, the page is as it was left: what was solved is used up.
  window.addEventListener('pageshow', (event) => {
    if (!event.persisted) return;
    work = undefined;
    say();
    form.querySelector('[type=submit]').removeAttribute('aria-disabled');
  });
}
