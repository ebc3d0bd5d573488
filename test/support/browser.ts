import { type HTMLElement, parse } from 'node-html-parser';
import { CookieJar } from 'tough-cookie';

export type Page = {
  url: string;
  status: number;
  headers: Headers;
  text: string;
  document: HTMLElement;
};

/** A browser without scripts: keeps cookies, follows redirects within the hub, fills in and sends forms. */
export class Browser {
  readonly jar = new CookieJar();
  /** Redirects to these origins are not followed: the page is what the hub answered. */
  readonly #stopAt: (url: URL) => boolean;
  readonly headers: Record<string, string>;

  constructor(options: { stopAt?: (url: URL) => boolean; headers?: Record<string, string> } = {}) {
    this.#stopAt = options.stopAt ?? (() => false);
    this.headers = { accept: 'text/html', 'accept-language': 'fr', ...options.headers };
  }

  /** One request, no redirect followed. */
  async send(url: string, init: RequestInit = {}): Promise<Response> {
    const cookie = await this.jar.getCookieString(url);
    const response = await fetch(url, {
      redirect: 'manual',
      ...init,
      headers: {
        ...this.headers,
        ...(cookie === '' ? {} : { cookie }),
        ...(init.headers as Record<string, string>),
      },
    });
    for (const value of response.headers.getSetCookie())
      await this.jar.setCookie(value, url, { ignoreError: true });
    return response;
  }

  async open(url: string, init: RequestInit = {}): Promise<Page> {
    let response = await this.send(url, init);
    let at = url;
    for (let hops = 0; hops < 12 && response.status >= 300 && response.status < 400; hops += 1) {
      const next = new URL(response.headers.get('location') as string, at);
      if (this.#stopAt(next)) return toPage(next.href, response, '');
      await response.body?.cancel();
      at = next.href;
      response = await this.send(at);
    }
    return toPage(at, response, await response.text());
  }

  /** Sends a form of a page as a browser does: hidden fields, the given ones, and the button pressed. */
  submit(
    page: Page,
    form: string,
    fields: Record<string, string> = {},
    button?: string,
  ): Promise<Page> {
    const { url, init } = toSend(page, form, fields, button);
    return this.open(url, init);
  }

  /**
   * Signs in on the page at the address, and looks at nothing behind it.
   * @returns where it led: home, or to what is asked besides the password
   */
  async signIn(url: string, fields: Record<string, string>): Promise<string> {
    const form = toSend(await this.open(url), '#login-form', fields);
    const answer = await this.send(form.url, form.init);
    const to = answer.headers.get('location');
    const text = await answer.text();
    if (answer.status !== 303 || to === null)
      throw new Error(`no sign-in at ${url} (${answer.status}):\n${text}`);
    return to;
  }
}

function toSend(
  page: Page,
  form: string,
  fields: Record<string, string>,
  button?: string,
): { url: string; init: RequestInit } {
  const element = page.document.querySelector(form);
  if (element === null)
    throw new Error(`no ${form} on ${page.url} (${page.status}):\n${page.text.slice(0, 2000)}`);
  const body = new URLSearchParams();
  for (const input of element.querySelectorAll('input')) {
    const name = input.getAttribute('name');
    if (name === undefined || input.getAttribute('type') === 'submit') continue;
    const value = input.getAttribute('value') ?? '';
    if (input.getAttribute('type') === 'hidden') body.append(name, value);
    else body.set(name, value);
  }
  for (const [name, value] of Object.entries(fields)) body.set(name, value);
  const pressed = button === undefined ? null : page.document.querySelector(button);
  if (button !== undefined && pressed === null) throw new Error(`no ${button} on ${page.url}`);
  const name = pressed?.getAttribute('name');
  if (name !== undefined) body.set(name, pressed?.getAttribute('value') ?? '');
  const action = new URL(element.getAttribute('action') ?? page.url, page.url).href;
  if ((element.getAttribute('method') ?? 'get').toLowerCase() === 'get')
    return { url: `${action}?${body}`, init: {} };
  const { origin } = new URL(action);
  return {
    url: action,
    init: {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin,
        ...(new URL(page.url).origin === origin && { referer: page.url }),
      },
      body: body.toString(),
    },
  };
}

function toPage(url: string, { status, headers }: Response, text: string): Page {
  let document: HTMLElement | undefined;
  return {
    url,
    status,
    headers,
    text,
    // Many a page is looked at for its address or status alone.
    get document() {
      document ??= parse(text);
      return document;
    },
  };
}
