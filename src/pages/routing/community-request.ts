import type { Context } from 'koa';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import type { Member } from '../../domain/memberships/member.ts';
import type { PasswordWork } from '../../domain/people/passwords.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import type { Owners } from '../../platform/web/uploads.ts';
import type { ReadyProvider } from '../../protocols/oidc/provider-pool.ts';
import type { UnitOfWork } from '../../protocols/oidc/unit-of-work.ts';

/** A request to one community at one of its issuers, with what its routes work with. */
export type CommunityRequest = {
  ctx: Context;
  community: Community;
  issuer: Issuer;
  /** Where this issuer's forms come from. */
  origin: string;
  /** Whose work it is, where there are only so many places for each. */
  owners(who: unknown): Owners;
  /** Path below the issuer, such as `/login`. */
  path: string;
  ip: string;
  /** What stands behind the forms of this browser. */
  browserKey(): string | undefined;
  unit: UnitOfWork;
  ready(): Promise<ReadyProvider>;
  /** A page of the community in the visitor's language. */
  render(model: PageModel, member?: Member): string;
  run(work: () => Promise<void>): Promise<void>;
  /** Answers with a page; `leaves` where its form leads to an app's address in the end. */
  page(model: PageModel, options?: { status?: number; leaves?: boolean; member?: Member }): void;
  /**
   * Leave to check and make hashes of passwords: of a route with `hashes` it is taken before the form is read, and
   * given back when the answer has left.
   * @throws BusyError
   */
  passwords(): PasswordWork;
  /** Takes the place, as a stranger or as a member. */
  enterPasswords(member: { subject: string } | undefined): void;
  /** The token that each form of ours carries. */
  csrf(): string;
  /** 303 to a path below the issuer. */
  redirect(path: string): void;
};
