import { communityUrl } from './community-url.ts';
import type { Outcome } from './output.ts';
import { withHub } from './with-hub.ts';

/** Lets somebody in who asked to join, or refuses them; they are told by mail. */
export function decideRequest(
  slug: string,
  name: string,
  decision: 'admit' | 'refuse',
  reason?: string,
): Promise<Outcome> {
  return withHub(async ({ config, database }) => {
    const { requireCommunity, requireMember } = await import('./resolve.ts');
    const changes = await import('../domain/registration/decide-request.ts');
    const community = await requireCommunity(database, slug);
    const { subject, username } = await requireMember(database, community, name);
    const place = { id: community.id, issuerUrl: communityUrl(config, community) };
    const changed = await database.transaction((tx) =>
      changes.decideRequest(tx, place, { subject, decision, reason }, 'cli'),
    );
    const done = decision === 'admit' ? 'a member of' : 'refused by';
    const text = changed
      ? `${username} is ${done} ${slug} now, and will be told by mail.`
      : `${username} is ${done} ${slug} already; nothing was changed.`;
    const status = decision === 'admit' ? 'active' : 'left';
    return { text, value: { subject, username, status, changed } };
  });
}
