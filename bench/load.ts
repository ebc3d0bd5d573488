// The load program: drives one provider from a process of its own, as told over IPC.
import { setTimeout as delay } from 'node:timers/promises';
import { Pool } from 'undici';
import type { LoadAnswer, LoadOrder, Scenario, Target } from './target.ts';
import { openRealm, User } from './user.ts';

let http: Pool;
let target: Target;
let users: { user: User; username: string }[] = [];

process.on('message', (order: LoadOrder) => {
  carryOut(order).then(
    (answer) => process.send?.(answer),
    (error: Error) =>
      process.send?.({
        kind: 'failed',
        message: error.stack ?? error.message,
      } satisfies LoadAnswer),
  );
});
process.on('disconnect', () => process.exit(0));

async function carryOut(order: LoadOrder): Promise<LoadAnswer> {
  switch (order.kind) {
    case 'prepare':
      await prepare(order.target, order.users, order.realms);
      return { kind: 'prepared' };
    case 'touch':
      await inParallel(8, users, ({ user }) => user.sso());
      return { kind: 'touched' };
    case 'run':
      return run(order);
  }
}

/** Signs users in, spread evenly over the first realms. */
async function prepare(to: Target, count: number, realms: number): Promise<void> {
  target = to;
  http = new Pool(new URL(to.realms[0]?.issuer as string).origin, {
    connections: 64,
    pipelining: 1,
  });
  const opened = await Promise.all(
    to.realms.slice(0, realms).map((realm) => openRealm(http, realm)),
  );
  users = Array.from({ length: count }, (_, index) => ({
    user: new User(http, opened[index % opened.length] as (typeof opened)[number]),
    username: to.usernames[Math.floor(index / opened.length) % to.usernames.length] as string,
  }));
  await inParallel(8, users, ({ user, username }) => user.signIn(username, to.password));
}

/** Each of `count` users acts again and again; where there are more, they take turns. */
async function run({
  scenario,
  users: count,
  seconds,
  pause: { least, most },
}: Extract<LoadOrder, { kind: 'run' }>): Promise<LoadAnswer> {
  const documents =
    scenario === 'discovery' || scenario === 'jwks'
      ? users.slice(0, count).map(({ user }) => user.document(scenario))
      : [];
  const latencies: number[] = [];
  const began = performance.now();
  const end = began + seconds * 1000;
  const lanes = Array.from({ length: count }, (_, lane) =>
    users.filter((_, index) => index % count === lane),
  );
  await Promise.all(
    lanes.map(async (lane, number) => {
      // Who pauses does not begin at the same moment as all others.
      if (most > 0) await delay(Math.random() * most);
      for (let turn = 0; performance.now() < end; turn += 1) {
        const { user, username } = lane[turn % lane.length] as (typeof lane)[number];
        const asked = performance.now();
        await (documents[number]?.get() ?? act(scenario, user, username));
        latencies.push(performance.now() - asked);
        if (most > 0) await delay(least + Math.random() * (most - least));
      }
    }),
  );
  for (const document of documents) document.close();
  return { kind: 'done', latencies, seconds: (performance.now() - began) / 1000 };
}

function act(scenario: Scenario, user: User, username: string): Promise<void> {
  switch (scenario) {
    case 'client_credentials':
      return user.clientCredentials();
    case 'sign-in':
      return user.signIn(username, target.password);
    case 'sso':
    case 'userinfo':
    case 'refresh':
      return user[scenario]();
    default:
      throw new Error(`no such act: ${scenario}`);
  }
}

async function inParallel<Item>(
  lanes: number,
  items: Item[],
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}
