import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '../../src/platform/database/database.ts';
import { createSealer } from '../../src/platform/secrets/sealer.ts';
import { type ApplyOptions, applyFile } from '../../src/transfer/apply/apply-file.ts';
import type { Plan } from '../../src/transfer/apply/plan.ts';

export const SEALER = createSealer(['a-sealing-key-for-tests-of-32-characters']);

/** Applies a declarative file with this text, as `hub.yaml` of a folder of its own. */
export async function applyText(
  database: Database,
  text: string,
  options: Partial<ApplyOptions> = {},
  sealer = SEALER,
): Promise<Plan> {
  const folder = await mkdtemp(join(tmpdir(), 'apply-'));
  try {
    const path = join(folder, 'hub.yaml');
    await writeFile(path, text);
    return await applyFile(database, sealer, {
      path,
      hubUrl: 'https://hub.example',
      env: {},
      ...options,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A hub with one operator and one community, of which each test changes a word or two. */
export const HUB = `version: 1
operators:
  - { email: ops@hub.example, password: first-operator-secret }
communities:
  - slug: lamyne
    name: La MYNE
    branding: { accent: "#0A7D5A" }
    groups:
      - { name: membres, groups: [bureau] }
      - { name: bureau }
    members:
      - { username: alice, name: Alice Martin, email: alice@lamyne.example, password: secret-of-alice, role: owner, groups: [bureau] }
      - { username: bob, name: Bob, email: bob@lamyne.example, password: secret-of-bob-b, groups: [membres, bureau] }
    services:
      - slug: wiki
        recipe: generic-oidc
        access: { groups: [membres] }
        client: { id: wiki, secret: secret-of-the-wiki, redirectUris: ["https://wiki.example/cb"] }
        ldap: { password: secret-of-reader }
`;
