import { Browser } from '../support/browser.ts';
import { buildCommunity } from '../support/factories.ts';
import type { TestHub } from '../support/hub.ts';
import { place } from './sign-in-steps.ts';
import type { Ready, StepTried } from './step.ts';

/** Forms after which nobody is signed in any more. */
export async function leavingSteps(hub: TestHub): Promise<StepTried[]> {
  const { issuer, newMember, login } = place(hub, await buildCommunity(hub.database));
  const confirming = async (what: 'leave' | 'delete'): Promise<Ready> => {
    const { username } = await newMember();
    const browser = new Browser();
    const asked = login(browser, await browser.open(`${issuer}/login`), username);
    await browser.submit(asked.page, asked.form, asked.fields);
    const page = await browser.open(`${issuer}/account/${what}`);
    return { browser, page, form: `#${what}-form`, fields: { confirm: username } };
  };
  return [
    {
      name: 'leaving the community',
      routes: ['POST /account/leave'],
      prepare: () => confirming('leave'),
      isThere: ({ document }) => document.querySelector('#left') !== null,
      same: ({ document }) => document.querySelector('main')?.text ?? '',
    },
    {
      name: 'asking for the account to be deleted',
      routes: ['POST /account/delete'],
      prepare: () => confirming('delete'),
      isThere: ({ document }) => document.querySelector('#left') !== null,
      same: ({ document }) => document.querySelector('main')?.text ?? '',
    },
  ];
}
