// Passkeys on our forms: asks the server for a question, the browser for its answer, and sends that with
// the form. What a form needs is in its data attributes; without this script the other ways in remain.
const form = document.querySelector('form[data-passkey-options]');
const MINUTES = 60_000;

/** The question that the browser keeps in the username's suggestions. */
let suggestion;

const decode = (text) =>
  Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));
const encode = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const decodeIds = (list) => (list ?? []).map((one) => ({ ...one, id: decode(one.id) }));

/** Shows one of the form's messages, or none. */
function say(name) {
  for (const message of form.querySelectorAll('[data-passkey-message]'))
    message.hidden = message.dataset.passkeyMessage !== name;
}

async function ask(rp = '') {
  const answer = await fetch(form.dataset.passkeyOptions, {
    method: 'POST',
    redirect: 'manual',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ csrf: form.elements.csrf.value, rp }),
  });
  // Sent to sign in again: the page itself goes there.
  if (answer.type === 'opaqueredirect') location.reload();
  if (!answer.ok) throw new DOMException('the question is not given any more', 'StaleError');
  return answer.json();
}

async function get({ options }, extra) {
  const { challenge, allowCredentials } = options;
  const publicKey = {
    ...options,
    challenge: decode(challenge),
    allowCredentials: decodeIds(allowCredentials),
  };
  return navigator.credentials.get({ publicKey, ...extra });
}

async function create({ options }) {
  const { challenge, user, excludeCredentials } = options;
  return navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: decode(challenge),
      user: { ...user, id: decode(user.id) },
      excludeCredentials: decodeIds(excludeCredentials),
    },
  });
}

function send({ id, rawId, type, authenticatorAttachment, response }) {
  const answer = { clientDataJSON: encode(response.clientDataJSON) };
  for (const name of ['authenticatorData', 'signature', 'userHandle', 'attestationObject'])
    if (response[name]) answer[name] = encode(response[name]);
  if (response.getTransports) answer.transports = response.getTransports();
  const attachment = authenticatorAttachment ?? undefined;
  form.elements.response.value = JSON.stringify({
    id,
    rawId: encode(rawId),
    type,
    authenticatorAttachment: attachment,
    response: answer,
  });
  form.submit();
}

/** On a button: what goes wrong is said. */
async function use(rp) {
  suggestion?.abort();
  say();
  let question;
  try {
    question = await ask(rp);
    send(await (form.dataset.passkeyKind === 'create' ? create(question) : get(question)));
  } catch (error) {
    const names = {
      NotAllowedError: 'cancelled',
      AbortError: 'cancelled',
      SecurityError: 'not-here',
      InvalidStateError: 'known',
      StaleError: 'expired',
    };
    say(names[error.name] ?? 'failed');
    if (question !== undefined) await showElsewhere(question.elsewhere ?? []);
    suggest();
  }
}

/** Passkeys that were made at the community's other addresses: tried from here, or there. */
async function showElsewhere(places) {
  const list = form.querySelector('[data-passkey-elsewhere]');
  if (list === null || places.length === 0) return;
  const able = (await PublicKeyCredential.getClientCapabilities?.())?.relatedOrigins === true;
  if (!able && !('links' in list.dataset)) return;
  list.replaceChildren();
  for (const { rpId, host, url } of places) {
    const item = document.createElement('li');
    const way = document.createElement(able ? 'button' : 'a');
    way.textContent = list.dataset[able ? 'try' : 'go'].replace('%', host);
    if (able) {
      way.type = 'button';
      way.addEventListener('click', () => use(rpId));
    } else way.href = url;
    item.append(way);
    list.append(item);
  }
  list.hidden = false;
}

/** Among the suggestions of the username's field, for as long as the page is open. */
async function suggest() {
  if (!('passkeyConditional' in form.dataset)) return;
  if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
  const mine = new AbortController();
  suggestion = mine;
  // A question counts for five minutes.
  const renewal = setTimeout(() => {
    mine.abort();
    suggest();
  }, 4 * MINUTES);
  try {
    send(await get(await ask(), { mediation: 'conditional', signal: mine.signal }));
  } catch {
    // Whoever did not choose one misses nothing.
  } finally {
    clearTimeout(renewal);
  }
}

if (form !== null && window.PublicKeyCredential !== undefined) {
  form.hidden = false;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    use();
  });
  suggest();
} else if (form !== null) say('unsupported');
