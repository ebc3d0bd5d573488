import { findInvitation } from '../../domain/invitations/invitation-store.ts';
import { findLink, type LinkKind } from '../../domain/links/link-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { LINK_PAGES } from '../mails/templates.ts';

type Kind = LinkKind | 'invitation';

/** A piece of a message: text, or an address; `kept` where it opens something, or did. */
export type Piece = {
  text?: string;
  url?: string;
  kept?: 'open' | 'over';
  kind?: Kind;
  /** The member whom the link is about. */
  subject?: string;
};

/** Longer pages first: an assisted recovery's begins as a recovery's does. */
const PAGES = (Object.entries(LINK_PAGES) as [Kind, string][]).sort(
  ([, a], [, b]) => b.length - a.length,
);

/** Cuts a message where its addresses are, and finds out what each opens. */
export async function cutLinks(
  db: Queryable,
  { communityId, text }: { communityId: string | null; text: string },
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const [index, part] of text.split(/(https?:\/\/\S+)/).entries()) {
    if (index % 2 === 0) pieces.push({ text: part });
    else pieces.push(await judge(db, communityId, part));
  }
  return pieces;
}

async function judge(db: Queryable, communityId: string | null, url: string): Promise<Piece> {
  for (const [kind, page] of PAGES) {
    const token = url.split(page)[1];
    if (token === undefined || token === '') continue;
    const open = communityId === null ? undefined : await findOpen(db, communityId, kind, token);
    if (open === undefined) return { url, kind, kept: 'over' };
    return { url, kind, kept: 'open', ...(open.subject !== null && { subject: open.subject }) };
  }
  return { url };
}

async function findOpen(
  db: Queryable,
  communityId: string,
  kind: Kind,
  token: string,
): Promise<{ subject: string | null } | undefined> {
  if (kind !== 'invitation') return findLink(db, communityId, kind, token);
  const invitation = await findInvitation(db, communityId, token);
  return invitation?.state === 'open' ? { subject: null } : undefined;
}
