import { readFile } from 'node:fs/promises';
import { parse as parseHtml } from 'node-html-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageFrame } from '../../src/pages/page-frame.ts';
import { createRenderer } from '../../src/platform/web/render.ts';
import { loadStaticFiles } from '../../src/platform/web/static.ts';
import { applyText } from '../support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { SAMPLE_PAGES, sampleChrome } from '../support/sample-pages.ts';

// docs/conformance.md tells how the suite is run: what it has to copy must be true.

let db: TestDatabase;
let page: string;

beforeAll(async () => {
  db = await cloneDatabase();
  page = await readFile(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
});
afterAll(() => db.drop());

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  return text as string;
}

it('the file for the suite’s member and clients applies', async () => {
  const plan = await applyText(db.database, block('yaml').replaceAll('SUITE', 'suite.example'));
  const services = plan.changes.filter(({ kind }) => kind === 'service');
  expect(services).toHaveLength(4);
  // What the suite warns of where it is missing; the picture is given by hand.
  const [tester] = await db.database.query(
    `SELECT nickname, locale, zoneinfo FROM memberships WHERE username = 'tester'`,
  );
  expect(Object.values(tester as object)).not.toContain(null);
  const clients = await db.database.query<{ claimsIn: string; told: boolean }>(
    `SELECT client_id AS id, claims_in AS "claimsIn", backchannel_logout_to_initiator AS told
     FROM service_clients ORDER BY 1`,
  );
  expect(clients).toEqual(
    ['suite', 'suite-backchannel', 'suite-post', 'suite-two'].map((id) => ({
      id,
      claimsIn: 'userinfo',
      told: id === 'suite-backchannel',
    })),
  );
});

it('the clients that the suite is given are those of the file', () => {
  const settings = JSON.parse(block('json')) as Record<string, Record<string, string>>;
  for (const name of ['client', 'client2', 'client_secret_post']) {
    expect(block('yaml')).toContain(`id: ${settings[name]?.client_id}\n`);
    expect(block('yaml')).toContain(`secret: ${settings[name]?.client_secret}\n`);
  }
});

type Task = { match: string; commands?: string[][] };
type Visit = { match: string; tasks: Task[] };

/** Every page that the suite's browser is sent to, those of single modules included. */
function visits(): Visit[] {
  const settings = JSON.parse(block('json'));
  const others = Object.values(settings.override) as { browser: Visit[] }[];
  return [...settings.browser, ...others.flatMap(({ browser }) => browser)];
}

it('the elements that the suite waits for, fills in and clicks are on our pages', () => {
  const renderer = createRenderer(loadStaticFiles(), pageFrame);
  const ids = new Set(
    Object.values(SAMPLE_PAGES).flatMap((model) =>
      parseHtml(renderer.render(model, sampleChrome('fr')))
        .querySelectorAll('[id]')
        .map((element) => element.id),
    ),
  );
  const ours = visits()
    .flatMap(({ tasks }) => tasks)
    .filter(({ match }) => match.startsWith('https://HUB/'));
  const named = ours.flatMap(({ commands = [] }) =>
    commands.filter(([, by]) => by === 'id').map(([, , id]) => id as string),
  );
  expect(new Set(named).size).toBeGreaterThanOrEqual(7);
  for (const id of named) expect(ids).toContain(id);
});

it('what matches the suite’s own pages cannot match ours, whose addresses name it', () => {
  const matches = visits().flatMap(({ match, tasks }) => [
    match,
    ...tasks.map((task) => task.match),
  ]);
  for (const match of matches) expect(match).toMatch(/^https:\/\/(HUB|SUITE)\//);
  const back = visits()
    .flatMap(({ tasks }) => tasks)
    .filter(({ match }) => match.startsWith('https://SUITE/test/a/trousseau'));
  expect(JSON.stringify(back)).toContain('["wait","id","submission_complete",10]');
});

it('the modules that want a picture of the page after a sign-out get that one alone', () => {
  const { override } = JSON.parse(block('json'));
  expect(Object.keys(override)).toEqual([
    'oidcc-rp-initiated-logout-no-params',
    'oidcc-rp-initiated-logout-no-post-logout-redirect-uri',
    'oidcc-rp-initiated-logout-only-state',
  ]);
  for (const { browser } of Object.values(override) as { browser: Visit[] }[]) {
    const [auth, end] = browser;
    expect(auth).toEqual(JSON.parse(block('json')).browser[0]);
    const pictures = (end as Visit).tasks.filter(({ commands }) =>
      JSON.stringify(commands).includes('update-image-placeholder'),
    );
    expect(pictures).toHaveLength(1);
    expect(pictures[0]?.match).toContain('/oidc/session/end/success');
  }
});
