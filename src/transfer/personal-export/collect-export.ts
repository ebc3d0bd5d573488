import { listAppPasswords } from '../../domain/app-passwords/app-password-store.ts';
import { listPasskeys } from '../../domain/passkeys/passkey-store.ts';
import { readFactors } from '../../domain/second-factors/factor-store.ts';
import { readSharing } from '../../domain/services/sharing-store.ts';
import { listSessions } from '../../domain/sessions/session-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { listEventsOf } from '../../platform/events/event-store.ts';

/** What is kept of a person beside their memberships. No hash, no secret, no token. */
export type PersonExport = {
  language: string | null;
  since: Date;
  passwordChangedAt: Date | null;
  emails: { address: string; verifiedAt: Date | null; provenAt: Date | null; addedAt: Date }[];
  passkeys: { name: string; host: string; createdAt: Date; lastUsedAt: Date | null }[];
  authenticatorApp: { addedAt: Date; lastUsedAt: Date | null } | null;
  recoveryCodesLeft: number;
};

/** What a community keeps of a person, but for the timeline. */
export type MembershipExport = {
  community: { name: string; slug: string };
  subject: string;
  since: Date;
  changedAt: Date;
  profile: Record<string, unknown>;
  picture: string | null;
  /** When the membership and the role end; null: they do not. */
  until: Date | null;
  roleUntil: Date | null;
  groups: string[];
  /** Of these groups, the ones that the member is in up to a time. */
  groupEnds: { group: string; until: Date }[];
  managedGroups: string[];
  /** Groups that the member asks to come into. */
  askedGroups: { group: string; requestedAt: Date }[];
  answers: { question: string; answer: string }[];
  services: {
    name: string;
    account: string | null;
    received: { claims: Record<string, unknown>; firstAt: Date; lastAt: Date } | null;
    /** `notice`: it was shown; `consent`: it was asked for. */
    agreed: { kind: string; scopes: string[]; claims: string[]; givenAt: Date } | null;
  }[];
  appPasswords: { name: string; service: string; createdAt: Date; lastUsedAt: Date | null }[];
  sessions: {
    browser: string | null;
    address: string | null;
    firstSeen: Date;
    lastSeen: Date;
  }[];
  /** Two admins who wanted to let the member back in. */
  assistedRecoveries: {
    requestedAt: Date;
    approvedAt: Date | null;
    endedAt: Date | null;
    outcome: string | null;
  }[];
};

/**
 * A line of the timeline. Who did it is told as far as it is nobody else's business; `somebody` was not
 * signed in: whoever typed a wrong password, say.
 */
export type EventExport = {
  at: Date;
  type: string;
  by: 'yourself' | 'somebody' | 'the community' | 'the hub';
  details: Record<string, unknown>;
};

export async function collectPerson(db: Queryable, personId: string): Promise<PersonExport> {
  const [person] = await db.query<Pick<PersonExport, 'language' | 'since' | 'passwordChangedAt'>>(
    `SELECT locale AS language, created_at AS since, password_changed_at AS "passwordChangedAt"
     FROM persons WHERE id = $1`,
    [personId],
  );
  if (person === undefined) throw new Error('the person is gone');
  const emails = await db.query<PersonExport['emails'][number]>(
    `SELECT address, verified_at AS "verifiedAt", proven_at AS "provenAt", created_at AS "addedAt"
     FROM person_emails WHERE person_id = $1 ORDER BY created_at, address`,
    [personId],
  );
  const [app] = await db.query<{ addedAt: Date; lastUsedAt: Date | null }>(
    `SELECT created_at AS "addedAt", last_used_at AS "lastUsedAt"
     FROM totp_secrets WHERE person_id = $1 AND confirmed_at IS NOT NULL`,
    [personId],
  );
  const passkeys = await listPasskeys(db, personId);
  const { recoveryCodesLeft } = await readFactors(db, personId);
  return {
    ...person,
    emails,
    passkeys: passkeys.map(({ name, rpId, createdAt, lastUsedAt }) => ({
      name,
      host: rpId,
      createdAt,
      lastUsedAt,
    })),
    authenticatorApp: app ?? null,
    recoveryCodesLeft,
  };
}

export type MembershipKey = { communityId: string; subject: string };

/** Every membership of a person, those that are over included: it is about them. */
export function listMembershipsOf(db: Queryable, personId: string): Promise<MembershipKey[]> {
  return db.query<MembershipKey>(
    `SELECT m.community_id AS "communityId", m.subject FROM memberships m
     JOIN communities c ON c.id = m.community_id WHERE m.person_id = $1 ORDER BY c.name, c.id`,
    [personId],
  );
}

export async function collectMembership(
  db: Queryable,
  { communityId, subject }: MembershipKey,
): Promise<MembershipExport> {
  const appPasswords = await listAppPasswords(db, communityId, subject);
  const sessions = await listSessions(db, communityId, subject);
  return {
    ...(await readProfile(db, communityId, subject)),
    groupEnds: await db.query<MembershipExport['groupEnds'][number]>(
      `SELECT g.name AS group, gm.until FROM group_members gm
         JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
       WHERE gm.community_id = $1 AND gm.subject = $2 AND gm.until IS NOT NULL ORDER BY g.name`,
      [communityId, subject],
    ),
    askedGroups: await db.query<MembershipExport['askedGroups'][number]>(
      `SELECT g.name AS group, r.requested_at AS "requestedAt" FROM group_requests r
         JOIN groups g ON g.community_id = r.community_id AND g.id = r.group_id
       WHERE r.community_id = $1 AND r.subject = $2 ORDER BY g.name`,
      [communityId, subject],
    ),
    answers: await db.query<MembershipExport['answers'][number]>(
      `SELECT question, answer FROM registration_answers
       WHERE community_id = $1 AND subject = $2 ORDER BY position`,
      [communityId, subject],
    ),
    services: await collectServices(db, communityId, subject),
    appPasswords: appPasswords.map(({ name, service, createdAt, lastUsedAt }) => ({
      name,
      service,
      createdAt,
      lastUsedAt,
    })),
    sessions: sessions.map(({ userAgent, ip, createdAt, lastSeenAt }) => ({
      browser: userAgent,
      address: ip,
      firstSeen: createdAt,
      lastSeen: lastSeenAt,
    })),
    assistedRecoveries: await db.query<MembershipExport['assistedRecoveries'][number]>(
      `SELECT created_at AS "requestedAt", approved_at AS "approvedAt", ended_at AS "endedAt", outcome
       FROM assisted_recoveries WHERE community_id = $1 AND subject = $2 ORDER BY created_at`,
      [communityId, subject],
    ),
  };
}

type Profile = Pick<
  MembershipExport,
  | 'community'
  | 'subject'
  | 'since'
  | 'changedAt'
  | 'profile'
  | 'picture'
  | 'until'
  | 'roleUntil'
  | 'groups'
  | 'managedGroups'
>;

async function readProfile(db: Queryable, communityId: string, subject: string): Promise<Profile> {
  const [row] = await db.query<Profile>(
    `SELECT jsonb_build_object('name', c.name, 'slug', c.slug) AS community, m.subject,
       m.created_at AS since, m.updated_at AS "changedAt", m.until, m.role_until AS "roleUntil",
       jsonb_build_object('username', m.username, 'localpart', m.localpart, 'displayName', m.display_name, 'givenName', m.given_name,
         'familyName', m.family_name, 'nickname', m.nickname, 'pronouns', m.pronouns, 'email', m.email,
         'language', m.locale, 'timeZone', m.zoneinfo, 'role', m.role, 'status', m.status,
         'origin', m.origin, 'uidNumber', m.uid_number) AS profile,
       (SELECT 'data:image/jpeg;base64,' || translate(encode(i.bytes, 'base64'), E'\\n', '')
         FROM member_pictures i WHERE i.community_id = m.community_id AND i.subject = m.subject) AS picture,
       ARRAY(SELECT g.name FROM group_members gm JOIN groups g ON g.community_id = gm.community_id AND g.id = gm.group_id
         WHERE gm.community_id = m.community_id AND gm.subject = m.subject ORDER BY g.name) AS groups,
       ARRAY(SELECT g.name FROM group_managers x JOIN groups g ON g.community_id = x.community_id AND g.id = x.group_id
         WHERE x.community_id = m.community_id AND x.subject = m.subject ORDER BY g.name) AS "managedGroups"
     FROM memberships m JOIN communities c ON c.id = m.community_id
     WHERE m.community_id = $1 AND m.subject = $2`,
    [communityId, subject],
  );
  if (row === undefined) throw new Error('the membership is gone');
  return row;
}

/** The services that have, or were asked for, anything of the member's. */
async function collectServices(
  db: Queryable,
  communityId: string,
  subject: string,
): Promise<MembershipExport['services']> {
  const { disclosures, consents } = await readSharing(db, communityId, subject);
  const rows = await db.query<{ id: string; name: string; account: string | null }>(
    `SELECT s.id, s.name, a.state AS account FROM services s
     LEFT JOIN accounts a ON a.community_id = s.community_id AND a.service_id = s.id AND a.subject = $2
     WHERE s.community_id = $1 ORDER BY s.position, s.name`,
    [communityId, subject],
  );
  return rows.flatMap(({ id, name, account }) => {
    const received = disclosures.find(({ serviceId }) => serviceId === id);
    const agreed = consents.find(({ serviceId }) => serviceId === id);
    if (account === null && received === undefined && agreed === undefined) return [];
    return [
      {
        name,
        account,
        received: received
          ? { claims: received.claims, firstAt: received.firstAt, lastAt: received.lastAt }
          : null,
        agreed: agreed
          ? {
              kind: agreed.kind,
              scopes: agreed.scopes,
              claims: agreed.claims,
              givenAt: agreed.givenAt,
            }
          : null,
      },
    ];
  });
}

const PAGE = 1_000;

/** The timeline of a membership, the newest first, a page at a time. */
export async function* collectEvents(
  db: Queryable,
  { communityId, subject }: MembershipKey,
): AsyncGenerator<EventExport[]> {
  let before: string | undefined;
  for (;;) {
    const rows = await listEventsOf(db, communityId, subject, { before, limit: PAGE });
    yield rows.map(({ at, type, actor, details }) => ({
      at,
      type,
      by: byWhom(actor, subject),
      details,
    }));
    if (rows.length < PAGE) return;
    before = rows.at(-1)?.id;
  }
}

function byWhom(actor: string, subject: string): EventExport['by'] {
  if (actor === `member:${subject}`) return 'yourself';
  if (actor === 'anonymous') return 'somebody';
  return actor.startsWith('member:') ? 'the community' : 'the hub';
}
