import { Browser } from '../test/support/browser.ts';
import { makeHubTarget } from './hub-target.ts';
import { median, quantile } from './stats.ts';

/** What the server may take for a page of a list, at the 95th percentile. */
const LIMIT_MS = 100;

type Row = { list: string; bytes: number; p50: number; p95: number };

/** How long the hub needs for the lists of a console whose community has many members. */
export async function measureLists(options: { members: number; times: number }): Promise<Row[]> {
  const hub = await makeHubTarget({
    communities: 1,
    members: options.members,
    alsoSeed: async (database) => {
      await database.query(
        `UPDATE memberships SET display_name = (ARRAY['Élodie', 'Zoé', 'Karim', 'Noémie', 'Jean-Noël'])[1 + uid % 5] || ' ' || md5(username)
         FROM (SELECT subject AS of, row_number() OVER (ORDER BY username) AS uid FROM memberships) AS numbered
         WHERE numbered.of = subject`,
      );
      await database.query(`UPDATE memberships SET role = 'owner' WHERE username = 'membre1'`);
      await database.query('ANALYZE');
    },
  });
  const process = await hub.start();
  const issuer = hub.realms[0]?.issuer as string;
  const lists = {
    'members, the first page': '/admin/members',
    'members, the last page': '/admin/members?page=100000',
    'members, the newest first': '/admin/members?sort=newest',
    'members by part of a name': '/admin/members?search=elodie',
    'members by what nobody has': '/admin/members?search=introuvable',
    'members without a second factor': '/admin/members?factor=no',
  };
  const rows: Row[] = [];
  try {
    const browser = new Browser();
    await browser.signIn(`${issuer}/login`, { username: 'membre1', password: hub.password });
    for (const [list, path] of Object.entries(lists)) {
      const taken: number[] = [];
      let bytes = 0;
      for (let count = 0; count < options.times; count += 1) {
        const begin = performance.now();
        const answer = await browser.send(issuer + path);
        bytes = (await answer.arrayBuffer()).byteLength;
        taken.push(performance.now() - begin);
        if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
      }
      rows.push({ list, bytes, p50: median(taken), p95: quantile(taken, 0.95) });
    }
  } finally {
    await process.stop();
    await hub.remove();
  }
  report(rows, options.members);
  return rows;
}

function report(rows: Row[], members: number): void {
  console.log(`\nLists of ${members} members: milliseconds at the client, one after the other:`);
  for (const { list, bytes, p50, p95 } of rows)
    console.log(
      `  ${list.padEnd(34)} ${(bytes / 1000).toFixed(1)} KB, median ${p50.toFixed(1)} ms, 95 % ${p95.toFixed(1)} ms ${p95 >= LIMIT_MS ? 'TOO SLOW' : ''}`,
    );
}
