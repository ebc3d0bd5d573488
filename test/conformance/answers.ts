import { Browser } from '../support/browser.ts';

/** A browser that stops where it is sent to an app. */
export function newBrowser(headers: Record<string, string> = {}): Browser {
  return new Browser({
    headers,
    stopAt: (url) => !url.protocol.startsWith('http') || /\.example$|^127\./.test(url.hostname),
  });
}

/** The body of a JSON answer. */
export async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}
