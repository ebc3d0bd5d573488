import type { Browser, Page } from '../support/browser.ts';
import type { TestHub } from '../support/hub.ts';

/** A form of ours at the moment before it is sent. */
export type Ready = {
  browser: Browser;
  page: Page;
  form: string;
  fields?: Record<string, string>;
  button?: string;
  /** How it is sent, where that takes more than fields. */
  sendBy?(): Promise<Page>;
};

export type StepsOf = (hub: TestHub) => Promise<StepTried[]>;

/** A step that is tried twice: what leads up to it, and what is looked at after it. */
export type StepTried = {
  name: string;
  /** Routes of the table that the step sends to. */
  routes: readonly string[];
  prepare(): Promise<Ready>;
  /** Fields by which the same form is another's: a wrong password, a wrong code. */
  wrong?: Record<string, string>;
  /** How many at once, where one member has places for fewer than three. */
  atOnce?: number;
  /** Another tab that showed the same form sends it, too. */
  inTabs?: true;
  /** It holds a password, with which any browser may come in, or leads where anybody is led. */
  provesAnywhere?: true;
  /** Where it leads, to be told from anything else: the address without its query, or words of the page. */
  isThere(page: Page): boolean;
  /** What is the same on the page each time. */
  same?(page: Page): string;
  /** What else must hold of the browser that did it. */
  after?(browser: Browser): Promise<void>;
};

export function send(
  { browser, page, form, fields, button, sendBy }: Ready,
  change: Record<string, string> = {},
): Promise<Page> {
  if (sendBy !== undefined) return sendBy();
  return browser.submit(page, form, { ...fields, ...change }, button);
}
