import type { Context } from 'koa';
import type { Community } from '../../domain/communities/community.ts';
import type { Issuer } from '../../domain/communities/issuer.ts';
import type { Member } from '../../domain/memberships/member.ts';
import { networkOf } from '../../platform/throttles/network.ts';
import { browserKeyOf } from '../../platform/web/csrf.ts';
import type { EdgeView } from '../../platform/web/edge.ts';
import type { PageModel } from '../../platform/web/pages.ts';
import { allowFormsToLeave } from '../../platform/web/security-headers.ts';
import { rowAdmission } from '../../protocols/oidc/kept-requests.ts';
import type { RequestContext } from '../../protocols/oidc/request-context.ts';
import { runInScope } from '../../protocols/oidc/request-scope.ts';
import { UnitOfWork } from '../../protocols/oidc/unit-of-work.ts';
import { communityChrome, localeOf } from './chrome.ts';
import type { CommunityRequest } from './community-request.ts';
import { readDeviceNote } from './device-note.ts';
import { passwordPlace } from './password-work.ts';
import type { SignedIn } from './signed-in.ts';
import type { WebParts } from './web-parts.ts';

/** A community at the address by which somebody came. */
export type CommunityPlace = Issuer & { community: Community };

/** Makes the object that a community's routes work with; `run` gives them the scope of the request. */
export function openCommunityRequest(
  parts: WebParts,
  ctx: Context,
  route: CommunityPlace,
  path: string,
): CommunityRequest {
  const { community, url, basePath, origin } = route;
  const issuer: Issuer = { url, basePath, origin };
  const { ip } = ctx.state.edge as EdgeView;
  const unit = new UnitOfWork({
    db: parts.database,
    cache: parts.signIns,
    notes: parts.disclosures,
    redeems: path === '/oidc/token',
    communityId: community.id,
    issuer: issuer.url,
    origin: { ip: ip || undefined, userAgent: ctx.get('user-agent') || undefined },
    admitRow: rowAdmission(parts.floods, community, ip),
  });
  const place = passwordPlace(parts, ctx);
  const csrf = () => parts.csrf.token(ctx, issuer.basePath || '/');
  const renderFor = (model: PageModel, member?: Member, uiLocales?: string) => {
    const locale = localeOf(ctx, community.locale, uiLocales);
    ctx.set('Content-Language', locale);
    return parts.renderer.render(
      model,
      communityChrome({ ctx, community, issuer, locale, csrf: csrf(), member }),
    );
  };
  const render: CommunityRequest['render'] = (model, member) => renderFor(model, member);
  const context: RequestContext = {
    community,
    issuer,
    render: (model, uiLocales) => renderFor(model, undefined, uiLocales),
    allowFormsToLeave: () => allowFormsToLeave(ctx),
  };
  return {
    ctx,
    community,
    issuer,
    origin,
    owners: (who) => ({
      tenant: community.id,
      person: (who as SignedIn | undefined)?.personId ?? networkOf(ip),
    }),
    path,
    ip,
    browserKey: () => browserKeyOf(ctx),
    unit,
    render,
    ready: () => parts.providers.get(community, issuer),
    page(model, options = {}) {
      if (options.leaves === true) allowFormsToLeave(ctx);
      ctx.status = options.status ?? 200;
      ctx.type = 'html';
      ctx.body = render(model, options.member);
    },
    csrf,
    enterPasswords(member) {
      const { id: communityId } = community;
      const isKnown = readDeviceNote(ctx, parts.sealer, communityId) !== undefined;
      place.enter(
        member === undefined
          ? { communityId, network: networkOf(ip), isKnown }
          : { communityId, member: member.subject },
      );
    },
    passwords: place.work,
    redirect(target) {
      ctx.status = 303;
      ctx.redirect(issuer.basePath + target || '/');
    },
    run: (work) => runInScope({ unit, context }, work),
  };
}
