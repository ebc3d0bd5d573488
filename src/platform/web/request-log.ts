import type { Context } from 'koa';

/**
 * What a log tells of a request's address: the pattern of its route, such as `/recover/:token`, and never
 * the path or the query, which may open an account for whoever reads them.
 */
export function nameRoute(ctx: Context, name: string): void {
  ctx.state.routeName = name;
}

/** Whose page it was, where several have the same. */
export function nameTenant(ctx: Context, name: string): void {
  ctx.state.tenantName = name;
}

/** A request in a line of the log. */
export function aboutOf({ method, state }: Context): {
  method: string;
  tenant?: string;
  route: string;
} {
  const tenant = state.tenantName as string | undefined;
  return {
    method,
    ...(tenant !== undefined && { tenant }),
    route: (state.routeName as string | undefined) ?? '/*',
  };
}

/**
 * Has the page at this address keep it to itself: other requests of the browser, our own for styles included,
 * are told no more than the origin that they come from, so that a proxy's log lines do not hold it either.
 */
export function keepAddress(ctx: Context): void {
  ctx.state.keepsAddress = true;
}

export function keepsAddress(ctx: Context): boolean {
  return ctx.state.keepsAddress === true;
}
