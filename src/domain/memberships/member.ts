import { VERIFIED } from '../address-standing.ts';
import type { Community, Service } from '../communities/community.ts';
import { endsIn, isInNow, reasonNow, roleNow, statusNow } from '../membership-standing.ts';

/** A membership as sign-in reads it: as it is in the database, or was less than a second ago. */
export type Member = {
  subject: string;
  personId: string;
  username: string;
  /** A name for apps that take lower-case ASCII only; it never changes. Null for who is forgotten. */
  localpart: string | null;
  displayName: string;
  givenName: string | null;
  familyName: string | null;
  nickname: string | null;
  pronouns: string | null;
  /** What the address of the picture ends in. */
  pictureKey: string | null;
  email: string | null;
  emailVerified: boolean;
  locale: string | null;
  zoneinfo: string | null;
  role: 'member' | 'admin' | 'owner';
  status: 'requested' | 'active' | 'suspended' | 'left';
  /** Why a membership is suspended that no admin suspended: the account is about to be deleted, or it has ended. */
  statusReason: 'deletion' | 'ended' | null;
  /** Milliseconds, from when it was read, until it is less than this; null where nothing ends. */
  endsIn: number | null;
  /** Whether the person has one, which then stands between a password and a sign-in. */
  secondFactor: boolean;
  /** Seconds since 1970. */
  updatedAt: number;
  /** Groups that the member is directly in. */
  groupIds: string[];
  /** State of the member's accounts, by service id. */
  accounts: Record<string, 'requested' | 'active' | 'blocked' | 'removed'>;
};

/** A SQL expression that gives a `Member` as JSON, from a row `m` of memberships; null without one. */
export const MEMBER_JSON = `CASE WHEN m.subject IS NULL THEN NULL ELSE jsonb_build_object(
  'subject', m.subject, 'personId', m.person_id, 'username', m.username,
  'localpart', m.localpart, 'displayName', m.display_name,
  'givenName', m.given_name, 'familyName', m.family_name, 'nickname', m.nickname, 'pronouns', m.pronouns,
  'pictureKey', (SELECT i.key FROM member_pictures i WHERE i.community_id = m.community_id AND i.subject = m.subject),
  'email', m.email, 'emailVerified', EXISTS (SELECT 1 FROM person_emails e JOIN persons p ON p.id = e.person_id
     WHERE e.person_id = m.person_id AND e.address = m.email AND ${VERIFIED}),
  'locale', m.locale, 'zoneinfo', m.zoneinfo, 'role', ${roleNow('m')}, 'status', ${statusNow('m')}, 'statusReason', ${reasonNow('m')},
  'endsIn', ${endsIn('m')},
  'secondFactor', has_second_factor(m.person_id),
  'updatedAt', floor(extract(epoch FROM m.updated_at)),
  'groupIds', COALESCE((SELECT jsonb_agg(gm.group_id) FROM group_members gm
     WHERE gm.community_id = m.community_id AND gm.subject = m.subject AND ${isInNow('gm')}), '[]'),
  'accounts', COALESCE((SELECT jsonb_object_agg(a.service_id, a.state) FROM accounts a
     WHERE a.community_id = m.community_id AND a.subject = m.subject), '{}')) END`;

/** Ids of all groups a member is in: the direct ones, and the ones that these are nested in. */
export function allGroupIds(community: Community, member: Member): Set<string> {
  const found = new Set<string>();
  const open = [...member.groupIds];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    open.push(...(community.groups.get(id)?.parents ?? []));
  }
  return found;
}

export type Access =
  | { allowed: true }
  | {
      allowed: false;
      reason: 'membership' | 'community' | 'groups' | 'approval' | 'requested' | 'blocked';
    };

/** Whether a member may use a service now: community, membership, account and access rule together. */
export function accessTo(community: Community, service: Service, member: Member): Access {
  if (community.state !== 'active') return { allowed: false, reason: 'community' };
  if (member.status !== 'active') return { allowed: false, reason: 'membership' };
  const account = member.accounts[service.id];
  if (account === 'blocked') return { allowed: false, reason: 'blocked' };
  if (service.access === 'approval') {
    if (account === 'active') return { allowed: true };
    return { allowed: false, reason: account === 'requested' ? 'requested' : 'approval' };
  }
  if (service.access === 'groups') {
    const groups = allGroupIds(community, member);
    if (!service.accessGroupIds.some((id) => groups.has(id)))
      return { allowed: false, reason: 'groups' };
  }
  return { allowed: true };
}
