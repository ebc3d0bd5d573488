import { Browser } from '../support/browser.ts';
import type { TestHub } from '../support/hub.ts';
import { type RawAnswer, sendRaw } from './raw-request.ts';

/** A browser that reaches the hub through a proxy which ends TLS: any host, always https. */
export class ProxiedBrowser extends Browser {
  readonly #hub: TestHub;
  /** Every answer it got. */
  readonly answers: { method: string; url: string; answer: RawAnswer }[] = [];

  constructor(hub: TestHub, headers: Record<string, string> = {}) {
    super({ stopAt: (url) => url.pathname === '/callback', headers });
    this.#hub = hub;
  }

  override async send(url: string, init: RequestInit = {}): Promise<Response> {
    const { host, pathname, search } = new URL(url);
    const cookie = await this.jar.getCookieString(url);
    const answer = await sendRaw(this.#hub, pathname + search, {
      method: init.method,
      headers: {
        ...this.headers,
        host,
        'x-forwarded-for': '192.0.2.1',
        'x-forwarded-proto': 'https',
        ...(cookie === '' ? {} : { cookie }),
        ...(init.headers as Record<string, string>),
      },
      body: init.body as string | undefined,
    });
    this.answers.push({ method: init.method ?? 'GET', url, answer });
    const { 'set-cookie': cookies, ...headers } = answer.headers as RawAnswer['headers'] & {
      'set-cookie'?: string[];
    };
    for (const value of cookies ?? []) {
      await this.jar.setCookie(value, url, { ignoreError: true });
    }
    return new Response(answer.text, { status: answer.status, headers });
  }
}
