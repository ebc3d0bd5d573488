import type { Browser, Page } from './browser.ts';
import { type BuiltCommunity, type BuiltMember, PASSWORD } from './factories.ts';
import type { TestHub } from './hub.ts';

/** Somebody with an account in one community on their way into another. */
export class JoinVisit {
  readonly #hub: TestHub;
  readonly #home: BuiltCommunity;
  readonly member: BuiltMember;
  readonly browser: Browser;

  constructor(hub: TestHub, home: BuiltCommunity, member: BuiltMember, browser: Browser) {
    this.#hub = hub;
    this.#home = home;
    this.member = member;
    this.browser = browser;
  }

  /** From the new community's page of registration to the page that asks for a confirmation. */
  async toConfirmation({ slug }: BuiltCommunity): Promise<Page> {
    const register = await this.browser.open(`${this.#hub.url}/c/${slug}/register`);
    return this.choose(await this.browser.submit(register, '#join-form'));
  }

  /** From an invitation. */
  async fromInvitation({ slug }: BuiltCommunity, token: string): Promise<Page> {
    const invited = await this.browser.open(`${this.#hub.url}/c/${slug}/invitations/${token}`);
    return this.choose(await this.browser.submit(invited, '#join-form'));
  }

  /** Chooses the community on the hub's page, and signs in there where that is asked for. */
  async choose(choice: Page): Promise<Page> {
    const link = choice.document
      .querySelectorAll('.choices a')
      .map((each) => each.getAttribute('href') as string)
      .find((href) => href.startsWith(`/c/${this.#home.slug}/`));
    const page = await this.browser.open(new URL(link as string, choice.url).href);
    if (page.document.querySelector('#login-form') === null) return page;
    const fields = { username: this.member.username, password: PASSWORD };
    return this.browser.submit(page, '#login-form', fields);
  }

  /** With the address that the browser has chosen, unless another one is named. */
  confirm(page: Page, fields: Record<string, string> = {}): Promise<Page> {
    const chosen =
      page.document.querySelector('#email option[selected]') ??
      page.document.querySelector('#email option');
    const email = chosen?.getAttribute('value') ?? '';
    return this.browser.submit(page, '#join-form', { email, ...fields });
  }

  /** What they are in a community. */
  async membership({ id }: BuiltCommunity) {
    const [row] = await this.#hub.database.query(
      `SELECT subject, username, display_name, given_name, status, role, email FROM memberships
       WHERE community_id = $1 AND person_id = $2`,
      [id, this.member.personId],
    );
    return row;
  }
}
