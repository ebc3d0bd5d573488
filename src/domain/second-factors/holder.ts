import type { Transaction } from '../../platform/database/database.ts';
import type { AuditEvent, Told } from '../../platform/events/record-event.ts';
import type { CommunityAt } from '../communities/issuer.ts';
import type { MailData, MailTemplate } from '../notices/mail.ts';
import { notifyMember } from '../notices/notify-member.ts';
import { endSessionsOfPersons, type SessionsWish, settleOtherSessions } from './other-sessions.ts';

/** What is written to whoever's factors changed, or served. */
export type FactorNotice = {
  template: Extract<
    MailTemplate,
    | 'new-passkey'
    | 'passkey-removed'
    | 'second-factor-added'
    | 'second-factor-removed'
    | 'recovery-code-used'
  >;
  data?: MailData;
};

/**
 * Whose second factors are at hand: a member, where they came, or an operator of the hub. Factors are the
 * person's; a holder knows what a change of them writes beside.
 */
export type FactorHolder = {
  personId: string;
  /** Of what the holder did. */
  event(told: Told): AuditEvent;
  notify(tx: Transaction, notice: FactorNotice): Promise<void>;
  /** All that they have open elsewhere ends; the session of this `uid` goes on. */
  endOthers(tx: Transaction, uid: string): Promise<void>;
  /** What becomes of it when a factor is added. */
  settleOthers(tx: Transaction, wish: SessionsWish): Promise<void>;
};

export function memberHolder(
  { community, issuer }: CommunityAt,
  { personId, subject }: { personId: string; subject: string },
): FactorHolder {
  const communityId = community.id;
  return {
    personId,
    event: (told) => ({ communityId, actor: `member:${subject}`, subject, ...told }),
    notify: (tx, notice) =>
      notifyMember(tx, { communityId, subject, issuerUrl: issuer.url, ...notice }),
    async endOthers(tx, uid) {
      await endSessionsOfPersons(tx, [{ personId, kept: { communityId, uid } }]);
    },
    settleOthers: (tx, wish) => settleOtherSessions(tx, { communityId, personId, subject }, wish),
  };
}
