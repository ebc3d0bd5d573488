import { apiAnswerContext } from '../api-tokens/answer-store.ts';
import { clientSecretContext } from '../communities/community.ts';
import { doneStepContext } from '../done-steps/done-step.ts';
import { invitationContext } from '../invitations/invitation.ts';
import { KEPT_MAIL_CONTEXT } from '../notices/kept-mail-store.ts';
import { shownCodesContext } from '../second-factors/recovery-codes.ts';
import { totpContext } from '../second-factors/totp.ts';
import { signingKeyContext } from '../signing-keys/signing-key.ts';

/** A column of sealed values that last: what they are, and the context in which each was sealed. */
type SealedColumn = {
  column: string;
  /** Gives `sealed`, `what` it is, for an operator, and `ids`, of which the context is made. */
  sql: string;
  context(...ids: string[]): string;
};

/** Every column whose values a key must open. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  {
    column: 'signing_keys.sealed_private_jwk',
    sql: `SELECT k.sealed_private_jwk AS sealed, 'the signing key ' || k.kid || ' of ' || c.slug AS what,
        ARRAY[c.id::text, k.kid] AS ids
      FROM signing_keys k JOIN communities c ON c.id = k.community_id
      WHERE k.expires_at IS NULL OR k.expires_at > now() ORDER BY c.slug, k.kid`,
    context: signingKeyContext,
  },
  {
    column: 'service_clients.sealed_secret',
    sql: `SELECT k.sealed_secret AS sealed, 'the secret of the client ' || k.client_id || ' of ' || c.slug AS what,
        ARRAY[c.id::text, k.service_id::text] AS ids
      FROM service_clients k JOIN communities c ON c.id = k.community_id
      WHERE k.sealed_secret IS NOT NULL ORDER BY c.slug, k.client_id`,
    context: clientSecretContext,
  },
  {
    column: 'totp_secrets.sealed_secret',
    sql: `SELECT sealed_secret AS sealed, 'the authenticator app of the person ' || person_id AS what,
        ARRAY[person_id::text] AS ids FROM totp_secrets ORDER BY person_id`,
    context: totpContext,
  },
  {
    column: 'invitations.sealed_token',
    sql: `SELECT i.sealed_token AS sealed, 'the link of the invitation ' || i.id || ' of ' || c.slug AS what,
        ARRAY[c.id::text, i.id::text] AS ids
      FROM invitations i JOIN communities c ON c.id = i.community_id
      WHERE i.expires_at > now() ORDER BY c.slug, i.id`,
    context: invitationContext,
  },
  {
    column: 'kept_mails.sealed_body',
    sql: `SELECT sealed_body AS sealed, 'the kept message ' || id AS what, '{}'::text[] AS ids
      FROM kept_mails ORDER BY id`,
    context: () => KEPT_MAIL_CONTEXT,
  },
  {
    column: 'done_steps.sealed_answer',
    sql: `SELECT s.sealed_answer AS sealed, 'a step done lately in ' || coalesce(c.slug, 'the console') AS what,
        ARRAY[c.id::text, encode(s.key, 'hex')] AS ids
      FROM done_steps s LEFT JOIN communities c ON c.id = s.community_id
      WHERE s.expires_at > now() ORDER BY c.slug, s.key`,
    context: doneStepContext,
  },
  {
    column: 'api_answers.sealed_answer',
    sql: `SELECT a.sealed_answer AS sealed, 'an answer of the API to the token ' || a.token_id AS what,
        ARRAY[a.token_id::text, encode(a.key_hash, 'hex')] AS ids
      FROM api_answers a WHERE a.expires_at > now() ORDER BY a.token_id, a.key_hash`,
    context: apiAnswerContext,
  },
  {
    column: 'pending_sign_ins.sealed_codes',
    sql: `SELECT s.sealed_codes AS sealed, 'recovery codes being shown in ' || c.slug AS what,
        ARRAY[encode(s.token_hash, 'hex')] AS ids
      FROM pending_sign_ins s JOIN communities c ON c.id = s.community_id
      WHERE s.sealed_codes IS NOT NULL AND s.expires_at > now() ORDER BY c.slug, s.token_hash`,
    context: shownCodesContext,
  },
];
