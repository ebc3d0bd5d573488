import type { Context } from 'koa';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { pictureUrl } from '../../domain/pictures/picture-store.ts';
import { chooseLocale, type Locale } from '../../platform/i18n/locale.ts';
import type { Chrome } from '../../platform/web/pages.ts';
import { keepsAddress } from '../../platform/web/request-log.ts';

declare module '../../platform/web/pages.ts' {
  interface Chrome {
    community?: {
      name: string;
      homeUrl: string;
      logoUrl?: string | undefined;
      themeUrl?: string | undefined;
      contactEmail?: string | undefined;
      welcome?: string | undefined;
    };
    signedInAs?:
      | {
          displayName: string;
          username: string;
          pictureUrl?: string | undefined;
          accountUrl: string;
          /** For those who look after the community. */
          consoleUrl?: string | undefined;
          signOutUrl: string;
        }
      | undefined;
    /** Who is signed in to the operators' console. */
    operator?: { email: string; signOut: { action: string; csrf: string } } | undefined;
  }
}

const LOCALE_COOKIE = 'trousseau_locale';
const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

/**
 * The visitor's language: what they chose, what the app asked for (with this request, or with the one
 * that `ctx.state.uiLocales` was kept of), what their browser says.
 */
export function localeOf(ctx: Context, fallback: Locale, uiLocales?: string): Locale {
  const asked = [uiLocales, ctx.state.uiLocales, ctx.query.ui_locales].find(
    (value): value is string => typeof value === 'string',
  );
  return chooseLocale(
    ctx.get('accept-language') || undefined,
    ctx.cookies.get(LOCALE_COOKIE),
    asked,
    fallback,
  );
}

export function keepLocale(ctx: Context, locale: Locale, path: string): void {
  ctx.cookies.set(LOCALE_COOKIE, locale, {
    httpOnly: true,
    sameSite: 'lax',
    path,
    maxAge: YEAR_MS,
    overwrite: true,
  });
}

/** What stands around a community's pages: its name, logo and colour, and the language's switch. */
export function communityChrome(options: {
  ctx: Context;
  community: Community;
  issuer: Issuer;
  locale: Locale;
  csrf: string;
  member?: Member;
}): Chrome {
  const { community, issuer, member } = options;
  return {
    locale: options.locale,
    assetBase: '/assets',
    keepsAddress: keepsAddress(options.ctx),
    community: {
      name: community.name,
      homeUrl: issuer.basePath || '/',
      logoUrl:
        community.logoHash === null
          ? undefined
          : `${issuer.basePath}/logo?v=${community.logoHash.slice(0, 16)}`,
      themeUrl:
        community.accent === null
          ? undefined
          : `${issuer.basePath}/theme.css?v=${community.accent.slice(1)}`,
      contactEmail: community.contactEmail ?? undefined,
      welcome: community.welcome ?? undefined,
    },
    languageForm: {
      action: `${issuer.basePath}/language`,
      returnTo: safeReturnTo(options.ctx, issuer),
      csrf: options.csrf,
    },
    signedInAs: member && {
      displayName: member.displayName,
      username: member.username,
      pictureUrl:
        member.pictureKey === null ? undefined : pictureUrl(issuer.basePath, member.pictureKey),
      consoleUrl: member.role === 'member' ? undefined : `${issuer.basePath}/admin`,
      accountUrl: `${issuer.basePath}/account`,
      signOutUrl: `${issuer.basePath}/oidc/session/end`,
    },
  };
}

/** The page at hand, if a GET can show it again. */
function safeReturnTo(ctx: Context, issuer: Issuer): string {
  const url = ctx.state.publicUrl as string | undefined;
  return ctx.method === 'GET' && url !== undefined ? url : issuer.basePath || '/';
}
