import { type Command, Option } from 'commander';
import { type JsonOption, type Outcome, report, table } from './output.ts';
import { withHub } from './with-hub.ts';

type RotateOptions = JsonOption & { immediately?: boolean; withdraw?: boolean };

export function addKeysCommands(program: Command): void {
  const keys = program.command('keys').description("List and rotate a community's signing keys");
  keys
    .command('list')
    .argument('<community>')
    .description('The keys that are published, and when each signs')
    .option('--json', 'print JSON')
    .action((slug: string, options: JsonOption) => report(options, () => list(slug)));
  keys
    .command('rotate')
    .argument('<community>')
    .description('Publish new keys, which sign once clients have had a day to learn of them')
    .addOption(new Option('--immediately', 'the new keys sign at once').conflicts('withdraw'))
    .option('--withdraw', 'the old keys leaked: what they signed is worth nothing from now on')
    .option('--json', 'print JSON')
    .action((slug: string, options: RotateOptions) => report(options, () => rotate(slug, options)));
}

function list(slug: string): Promise<Outcome> {
  return withHub(async ({ database }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { listKeys } = await import('../domain/signing-keys/signing-key-store.ts');
    const { isActive, isUpcoming } = await import('../domain/signing-keys/signing-key.ts');
    const community = await requireCommunity(database, slug);
    const now = new Date();
    const keys = (await listKeys(database, community.id, now)).map((key) => ({
      ...key,
      state: isActive(key, now) ? 'signs' : isUpcoming(key, now) ? 'upcoming' : 'retired',
    }));
    const text =
      keys.length === 0
        ? `${slug} has no keys yet; they are made when somebody first signs in.`
        : table(
            ['KID', 'ALG', 'STATE', 'SIGNS FROM', 'UNTIL', 'PUBLISHED UNTIL'],
            keys.map((key) => [
              key.kid,
              key.alg,
              key.state,
              ...[key.activatesAt, key.retiresAt, key.expiresAt].map(minute),
            ]),
          );
    return { text, value: { community: slug, keys } };
  });
}

function rotate(slug: string, options: RotateOptions): Promise<Outcome> {
  return withHub(async ({ database, sealer }) => {
    const { requireCommunity } = await import('./resolve.ts');
    const { ensureKeys } = await import('../domain/signing-keys/ensure-keys.ts');
    const { rotateKeys } = await import('../domain/signing-keys/rotate-keys.ts');
    const community = await requireCommunity(database, slug);
    const mode = options.withdraw
      ? 'withdraw'
      : options.immediately
        ? 'immediately'
        : 'overlapping';
    const opened = await sealer();
    // A community that never signed anything gets its first pair, so that one signs until the new does.
    await ensureKeys(database, opened, community.id);
    const rotation = await rotateKeys(database, opened, community.id, {
      mode,
      actor: 'cli',
    });
    const text =
      rotation.kids.length === 0
        ? `A rotation of ${slug}'s keys is under way already; nothing was changed.`
        : `${slug} has new keys; they sign from ${minute(rotation.activatesAt)}.`;
    return { text, value: { community: slug, mode, ...rotation } };
  });
}

/** A time in UTC, to the minute. */
function minute(time: Date | null): string {
  return time === null ? '-' : `${time.toISOString().slice(0, 16).replace('T', ' ')}Z`;
}
