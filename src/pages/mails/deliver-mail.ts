import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import {
  findInvitationById,
  readInvitationToken,
} from '../../domain/invitations/invitation-store.ts';
import { mintLink } from '../../domain/links/link-store.ts';
import { keepMail } from '../../domain/notices/kept-mail-store.ts';
import type { Database } from '../../platform/database/database.ts';
import type { Mailer } from '../../platform/mail/transport.ts';
import { type Claimed, queuedAt } from '../../platform/outbox/outbox-store.ts';
import type { Outcome } from '../../platform/outbox/retry-policy.ts';
import type { Sealer } from '../../platform/secrets/sealer.ts';
import { type MailCommunity, type MailRenderer, oneLine } from './render-mail.ts';
import { LINK_PAGES, PAGES } from './templates.ts';

export type MailParts = {
  database: Database;
  sealer: Sealer;
  renderer: MailRenderer;
  /** Undefined without a mail server: messages are kept for the operator. */
  mailer: Mailer | undefined;
  log: Logger;
};

/** Pictures that mail programs show; an SVG they do not. */
const SHOWN = ['image/png', 'image/jpeg', 'image/webp'];

/**
 * Writes a message and sends it. Its link is made now and never waits in the outbox; another attempt makes
 * another one, since nobody knows whether the first arrived.
 */
export async function deliverMail(
  { database, sealer, renderer, mailer, log }: MailParts,
  { id, communityId, payload }: Claimed<'mail'>,
): Promise<Outcome> {
  const { template, to, locale, issuerUrl, data = {} } = payload;
  const community = await communityOf(database, communityId, issuerUrl);
  if (community === undefined) return { state: 'refused', reason: 'the community is gone' };
  const url = await urlOf({ database, sealer }, { id, communityId, payload });
  if (url === 'gone') return { state: 'done' };
  const mail = renderer.render({ template, locale, community, data, url });
  if (mailer === undefined) {
    await keepMail(database, sealer, { communityId, to, mail });
    log.info({ template, message: id }, 'kept: there is no mail server (SMTP_URL)');
    return { state: 'done' };
  }
  return mailer.send({
    ...mail,
    to,
    locale,
    fromName: oneLine(community.name),
    replyTo: community.contactEmail,
    messageId: `<${hash('sha256', `mail:${communityId}:${id}`).slice(0, 32)}@${new URL(issuerUrl).hostname}>`,
  });
}

/** The same of a message to an operator, which is the hub's own and opens nothing by itself. */
export async function deliverOperatorMail(
  { database, sealer, renderer, mailer, log, hubUrl }: MailParts & { hubUrl: URL },
  { id, payload }: Claimed<'operator-mail'>,
): Promise<Outcome> {
  const { template, to, locale, data } = payload;
  const { origin, hostname } = hubUrl;
  const community = { name: hostname, accent: null, logoUrl: undefined, contactEmail: null };
  const url = origin + (PAGES[template] ?? '');
  const mail = renderer.render({ template, locale, community, data, url });
  if (mailer === undefined) {
    await keepMail(database, sealer, { communityId: null, to, mail });
    log.info({ template, message: id }, 'kept: there is no mail server (SMTP_URL)');
    return { state: 'done' };
  }
  const messageId = `<${hash('sha256', `mail:hub:${id}`).slice(0, 32)}@${hostname}>`;
  return mailer.send({ ...mail, to, locale, fromName: hostname, replyTo: null, messageId });
}

/** Where the button leads; `gone` when what it leads to is no longer there. */
async function urlOf(
  { database, sealer }: Pick<MailParts, 'database' | 'sealer'>,
  { id, communityId, payload }: Pick<Claimed<'mail'>, 'id' | 'communityId' | 'payload'>,
): Promise<string | undefined | 'gone'> {
  const { template, issuerUrl, link, to } = payload;
  if (link === undefined) {
    const page = PAGES[template];
    return page === undefined ? undefined : issuerUrl + page;
  }
  if (link.kind === 'invitation') {
    // Revoked, or over with the role of whoever made it, while the message waited.
    const invitation = await findInvitationById(database, communityId, link.invitation);
    if (invitation?.state !== 'open') return 'gone';
    const token = await readInvitationToken(database, sealer, communityId, link.invitation);
    return token === undefined ? 'gone' : issuerUrl + LINK_PAGES.invitation + token;
  }
  // What was asked for before a new password is worthless after it, however late the message leaves.
  const details = { askedAt: await queuedAt(database, id), ...link.details };
  const token = await mintLink(database, communityId, { ...link, details, email: to });
  return issuerUrl + LINK_PAGES[link.kind] + token;
}

async function communityOf(
  { query }: Pick<Database, 'query'>,
  communityId: string,
  issuerUrl: string,
): Promise<MailCommunity | undefined> {
  const [row] = await query<{
    name: string;
    accent: string | null;
    contactEmail: string | null;
    logo: string | null;
    mediaType: string | null;
  }>(
    `SELECT c.name, c.accent, c.contact_email AS "contactEmail", encode(l.sha256, 'hex') AS logo, l.media_type AS "mediaType"
     FROM communities c LEFT JOIN community_logos l ON l.community_id = c.id WHERE c.id = $1`,
    [communityId],
  );
  if (row === undefined) return undefined;
  const { logo, mediaType, ...rest } = row;
  const isShown =
    logo !== null && SHOWN.includes(mediaType ?? '') && issuerUrl.startsWith('https:');
  return { ...rest, logoUrl: isShown ? `${issuerUrl}/logo?v=${logo.slice(0, 16)}` : undefined };
}
