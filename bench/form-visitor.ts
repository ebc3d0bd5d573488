import { type HTMLElement, parse } from 'node-html-parser';
import { Client } from 'undici';

export type Answer = {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** From the last byte of the request to the last of the answer. */
  milliseconds: number;
};

type Form = { action: string; fields: Record<string, string>; typed: string };

/**
 * Sends one form again and again over one connection: each time from another address, as a proxy would
 * tell it, with the token and the cookie of the page as it was fetched once.
 */
export class FormVisitor {
  readonly #http: Client;
  readonly #cookie: string;
  readonly #form: Form;
  #visits = 0;

  private constructor(http: Client, cookie: string, form: Form) {
    this.#http = http;
    this.#cookie = cookie;
    this.#form = form;
  }

  /** @param selector of the form on the page; its first visible field takes the name */
  static async open(url: string, selector: string): Promise<FormVisitor> {
    const { origin, pathname } = new URL(url);
    const http = new Client(origin);
    const { statusCode, headers, body } = await http.request({
      method: 'GET',
      path: pathname,
      headers: { accept: 'text/html' },
    });
    const form = parse(await body.text()).querySelector(selector);
    if (statusCode !== 200 || form === null)
      throw new Error(`${url}: ${statusCode}, no ${selector}`);
    const cookie = [headers['set-cookie'] ?? []].flat().map((line) => line.split(';')[0]);
    return new FormVisitor(http, cookie.join('; '), readForm(form, pathname));
  }

  /** Sends the form with this name (or address) and whatever else, from an address that never came before. */
  async send(name: string, more: Record<string, string> = {}): Promise<Answer> {
    const { action, fields, typed } = this.#form;
    const body = new URLSearchParams({ ...fields, [typed]: name, ...more }).toString();
    this.#visits += 1;
    const from = `10.${this.#visits >> 8}.${this.#visits & 255}.1`;
    const begin = performance.now();
    const response = await this.#http.request({
      method: 'POST',
      path: action,
      headers: {
        accept: 'text/html',
        'content-type': 'application/x-www-form-urlencoded',
        cookie: this.#cookie,
        'x-forwarded-for': from,
      },
      body,
    });
    const text = await response.body.text();
    const milliseconds = performance.now() - begin;
    const headers = response.headers as Record<string, string>;
    return { status: response.statusCode, headers, text, milliseconds };
  }

  close(): Promise<void> {
    return this.#http.close();
  }
}

function readForm(form: HTMLElement, page: string): Form {
  const fields: Record<string, string> = {};
  let typed = '';
  for (const input of form.querySelectorAll('input')) {
    const name = input.getAttribute('name');
    if (name === undefined) continue;
    fields[name] = input.getAttribute('value') ?? '';
    if (input.getAttribute('type') !== 'hidden') typed ||= name;
  }
  return { action: form.getAttribute('action') ?? page, fields, typed };
}
