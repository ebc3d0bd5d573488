import { findInvitation } from '../../domain/invitations/invitation-store.ts';
import { findLink, type LinkKind } from '../../domain/links/link-store.ts';
import type { Queryable } from '../../platform/database/database.ts';
import { LINK_PAGES } from '../mails/templates.ts';

type Kind = LinkKind | 'invitation';

/** A piece of a message: text, or an address; `kept` where it opens something, or did. */
export type Piece = { text?: string; url?: string; kept?: 'open' | 'over'; kind?: Kind };

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
    const isOpen =
      communityId !== null &&
      (kind === 'invitation'
        ? (await findInvitation(db, communityId, token))?.state === 'open'
        : (await findLink(db, communityId, kind, token)) !== undefined);
    return { url, kind, kept: isOpen ? 'open' : 'over' };
  }
  return { url };
}
