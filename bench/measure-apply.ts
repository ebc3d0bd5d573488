import { rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeHubTarget } from './hub-target.ts';
import { startScript } from './processes.ts';

const HASH =
  '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g';

/** The most memory that `apply` takes for a file of many members: new ones, and the same once more. */
export async function measureApply({ people }: { people: readonly number[] }) {
  const results: Record<string, unknown>[] = [];
  for (const members of people) {
    const hub = await makeHubTarget({ communities: 1, members: 1 });
    const path = join(tmpdir(), `trousseau-apply-${process.pid}.yaml`);
    await writeFile(path, city(members));
    try {
      for (const run of ['new', 'again']) {
        const applied = await startScript('apply-process.ts', {
          DATABASE_URL: hub.databaseUrl,
          FILE: path,
        });
        const { rest, peak, seconds, last } = applied.message as Record<string, number>;
        await applied.stop();
        console.log(
          `  ${members} members, ${run}: ${megabytes(peak)} MB at the most (${megabytes(rest)} before), ${seconds?.toFixed(0)} s; ${last}`,
        );
        results.push({ members, run, rest, peak, seconds });
      }
    } finally {
      await rm(path);
      await hub.remove();
    }
  }
  return results;
}

const megabytes = (kilobytes = 0) => (kilobytes / 1024).toFixed(0);

function city(members: number): string {
  const lines = Array.from(
    { length: members },
    (_, n) => `
      - username: member${n}
        name: Member ${n}
        email: member${n}@city.example
        passwordHash: "${HASH}"
        groups: [${n % 2 === 0 ? 'even' : 'odd'}, all]`,
  );
  return `version: 1
communities:
  - slug: city
    name: City
    groups: [{ name: even }, { name: odd }, { name: all }]
    members:${lines.join('')}
`;
}
