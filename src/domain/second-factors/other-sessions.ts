import type { Transaction } from '../../platform/database/database.ts';
import { type Actor, recordEvents } from '../../platform/events/record-event.ts';
import type { Community } from '../communities/community.ts';
import {
  endMemberSessions,
  endOneFactorSessions,
  endOtherSessions,
} from '../sessions/end-sessions.ts';
import { secondFactorRequirement } from './requirement.ts';

/** What becomes of what a person has open elsewhere when what guards their account changes. */
export type OtherSessions = 'keep' | 'end';

/**
 * What goes on: the session at hand with what came of it, or the sign-in on its way of this browser; or an
 * operator's own session, by its `uid`.
 */
export type KeptSession =
  | { communityId: string; uid: string; pending?: Buffer | undefined }
  | { operatorSession: string };

type Whose = {
  personId: string;
  kept?: KeptSession | undefined;
  /** What the person said; where nobody asked them, all end. */
  others?: OtherSessions | undefined;
};

export type EndedOf = {
  communityId: string;
  subject: string;
  personId: string;
  /** How many sessions ended; 0 where nobody asked. */
  sessions: number;
};

type Row = Omit<EndedOf, 'sessions'> & {
  role: string;
  secondFactor: Community['secondFactor'];
  secondFactorFrom: Date | null;
};

/**
 * Ends what people have open in each community that they are in: all of it but what is kept, or, where they
 * said that it goes on, what one factor alone opened in communities that ask for two by now. As operators they
 * sign in again in any case, but for what an operator keeps at their own console.
 * @returns their memberships, in one order for everybody
 */
export async function endSessionsOfPersons(
  tx: Transaction,
  persons: readonly Whose[],
): Promise<EndedOf[]> {
  const personIds = persons.map(({ personId }) => personId);
  const wishes = new Map(persons.map((person) => [person.personId, person]));
  const memberships = await tx.query<Row>(
    `SELECT m.community_id AS "communityId", m.subject, m.person_id AS "personId", m.role,
       c.second_factor AS "secondFactor", c.second_factor_from AS "secondFactorFrom"
     FROM unnest($1::uuid[]) AS p (id) JOIN memberships m ON m.person_id = p.id
       JOIN communities c ON c.id = m.community_id
     ORDER BY m.community_id, m.subject`,
    [personIds],
  );
  const ended: EndedOf[] = [];
  for (const [communityId, here] of Map.groupBy(memberships, (one) => one.communityId)) {
    const losing: string[] = [];
    for (const row of here) {
      const { subject, personId } = row;
      const { kept, others } = wishes.get(personId) ?? {};
      const isHere = kept !== undefined && 'uid' in kept && kept.communityId === communityId;
      const own = isHere ? kept : undefined;
      let sessions = 0;
      if (others === 'keep') {
        if (secondFactorRequirement(row, row).inForce)
          sessions = await endOneFactorSessions(tx, communityId, subject, own?.uid);
      } else if (own !== undefined) {
        sessions = await endOtherSessions(tx, communityId, subject, own.uid, own.pending);
      } else if (others === 'end') {
        sessions = await endMemberSessions(tx, communityId, [subject]);
      } else {
        losing.push(subject);
      }
      ended.push({ communityId, subject, personId, sessions });
    }
    await endMemberSessions(tx, communityId, losing);
  }
  await endOperatorSessions(tx, persons);
  return ended;
}

/** What two factors opened goes on where the operator said so; what one did never does. */
async function endOperatorSessions(tx: Transaction, persons: readonly Whose[]): Promise<void> {
  const own = persons.map(({ kept }) =>
    kept !== undefined && 'operatorSession' in kept ? kept.operatorSession : null,
  );
  const parameters = [
    persons.map(({ personId }) => personId),
    own,
    persons.map(({ others }, index) => others === 'keep' && own[index] !== null),
  ];
  await tx.query(
    `DELETE FROM operator_sessions s USING operators o, unnest($1::uuid[], $2::text[], $3::boolean[]) AS p (id, own, keeps)
     WHERE o.id = s.operator_id AND o.person_id = p.id AND encode(s.token_hash, 'hex') IS DISTINCT FROM p.own
       AND NOT (p.keeps AND 'mfa' = ANY(s.amr))`,
    parameters,
  );
  await tx.query(
    `DELETE FROM pending_operator_sign_ins s USING operators o
     WHERE o.id = s.operator_id AND o.person_id = ANY($1::uuid[])`,
    [persons.map(({ personId }) => personId)],
  );
}

/** What somebody who adds a factor says of their other sessions, and which one is at hand. */
export type SessionsWish = { others: OtherSessions; uid: string; pending?: Buffer | undefined };

/** The same for one person who adds a second factor or a passkey, with its events. */
export async function settleOtherSessions(
  tx: Transaction,
  { communityId, personId, subject }: { communityId: string; personId: string; subject: string },
  { others, uid, pending }: SessionsWish,
): Promise<void> {
  const kept = { communityId, uid, pending };
  const ended = await endSessionsOfPersons(tx, [{ personId, kept, others }]);
  await recordEvents(
    tx,
    ended
      .filter(({ sessions }) => sessions > 0)
      .map(({ communityId: where, subject: whom, sessions }) => ({
        communityId: where,
        type: 'session.others-ended',
        // Elsewhere, who did it here says nothing: and it must not be told.
        actor: (where === communityId ? `member:${subject}` : 'hub') as Actor,
        subject: whom,
        details: { sessions },
      })),
  );
}
